//! Frames that wait in the history: those of a subscriber that was parked, and those that a cursor asks for.

use hubbub::{EventId, LossReason, PushOutcome};

use super::holes::is_told;
use super::mailbox::Mailbox;
use super::marks::Mark;
use super::memory::Memory;
use super::run::Run;
use super::selections::Wanted;
use super::time::at;

/// Events with which a mailbox is filled at a time, for a subscriber that is behind.
// The Hub's own number, which bounds the work of one poll.
const MOST_AT_A_TIME: usize = 256;

impl Mailbox {
    /// The stream begins after `last`, and `count` events from `from` on wait in the history.
    pub(super) fn begin_after(&mut self, last: u64, from: u64, count: u64) {
        self.last_offered = last;
        self.parked_from = from;
        // Counted as offered, so that the account holds for replayed events as it does for live ones.
        self.offered += count;
        self.parked += count;
        // With nothing to replay, the subscriber is not behind: the next live event must get a slot.
        if count > 0 {
            self.parked_for = LossReason::OutOfReach;
            self.is_behind = true;
        }
    }

    pub(super) fn park(&mut self, sequence: u64) -> PushOutcome<EventId> {
        // Nothing is parked once all has moved into slots, and yet the subscriber is behind until these are empty.
        if self.parked == 0 {
            self.parked_from = sequence;
        }
        self.parked += 1;
        PushOutcome::Parked { waiting: self.in_slots() + usize::try_from(self.parked).unwrap_or(usize::MAX) }
    }

    /// Fills the mailbox with parked events, `most` of them at a time, from a history that reaches back to `kept_from`.
    /// Returns how many it has not kept, and why they had been parked.
    pub(super) fn catch_up(
        &mut self,
        memory: &mut Memory,
        wanted: &Wanted,
        kept_from: u64,
        most: usize,
    ) -> Option<(u64, LossReason)> {
        // In one go. The Hub looks again for every chunk of its log, but nothing is published in between: both agree.
        let until = self.last_offered;
        let kept = wanted.count(memory.place(kept_from.max(self.parked_from)), memory.place(until + 1));
        // Everything from there on that is selected was offered, so what the history no longer has of it is lost.
        let lost = if kept_from > self.parked_from { self.parked - kept.min(self.parked) } else { 0 };
        let reached = kept_from.min(until + 1);
        if lost > 0 {
            let range = (self.parked_from, reached - 1);
            let last_queued = self.last_queued;
            let is_replay = self.parked_for == LossReason::OutOfReach;
            let mark = if is_replay { Mark::ReplayOutOfTheHistory } else { Mark::ParkedOutOfTheHistory };
            self.marks.add(mark);
            self.marks.add_if(lost == 1, Mark::HoleOfOne);
            self.marks.add_if(reached - self.parked_from > lost, Mark::HoleOverOtherTables);
            self.parked -= lost;
            // Without this, a subscriber whose parked events are all lost would park for ever.
            self.is_behind &= self.parked > 0 || self.in_slots() > 0;
            *self.dropped.of(self.parked_for) += lost;
            if let Some(holes) = self.holes.as_mut().filter(|_| is_told(self.parked_for)) {
                holes.lose(range, lost, self.parked_for, last_queued);
            }
        }
        self.parked_from = self.parked_from.max(reached);
        let most = most.min(self.limits.capacity.frames());
        for _ in 0..most.min(usize::try_from(self.parked).unwrap_or(usize::MAX)) {
            let event = wanted.first_from(memory, memory.place(self.parked_from));
            // A limit of age is not looked at: a parked event is old by its nature.
            let has_room = self.waiting.len() < self.limits.capacity.frames() && self.has_bytes_for(memory, event);
            // The first is taken in any case: an event above the byte limit would stay parked for ever otherwise.
            if !self.waiting.is_empty() && !has_room {
                let has_slots = self.waiting.len() < self.limits.capacity.frames();
                self.marks.add_if(has_slots, Mark::FilledUpToTheByteLimit);
                break;
            }
            let sequence = memory.get(event).id.sequence;
            self.marks.add_if(sequence > self.parked_from, Mark::ReplayOverOtherTables);
            self.parked_from = sequence + 1;
            self.parked -= 1;
            // The high-water mark stays: it measures offers, and catching up may fill a mailbox of any size.
            self.queue(memory, event);
        }
        (lost > 0).then_some((lost, self.parked_for))
    }
}

impl Run<'_> {
    /// Fills the mailbox of a subscriber that is behind, and whose mailbox is empty.
    pub(super) fn catch_up(&mut self, index: usize) {
        let kept_from = self.history.kept_from(&self.memory);
        let mailbox = &self.connections[index].mailbox;
        if mailbox.parked > 0 {
            self.reach_back_to(index, mailbox.parked_from);
        }
        let connection = &mut self.connections[index];
        let wanted = self.selections.of_class(connection.class);
        let forgotten = connection.mailbox.catch_up(&mut self.memory, wanted, kept_from, MOST_AT_A_TIME);
        if let Some((count, reason)) = forgotten {
            let forgotten = hubbub::hub::Forgotten { count, reason };
            self.recorder.forgot(at(self.clock), connection.server_side(), forgotten);
        }
    }
}
