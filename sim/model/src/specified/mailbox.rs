//! One subscriber's mailbox, as plainly as it can be said: frames wait in a row, and everything is looked up when it is
//! needed. It shares nothing with the Hub's mailbox but the names of limits, policies and outcomes.
//!
//! - Of the frames that have been taken and not been flushed only the first is beyond the mailbox. Those behind it wait
//!   in their slots, although no policy can remove them.
//! - A frame that finds nothing waiting fits, whatever its size. Else it must fit into the capacity, the bytes and the
//!   age, looked at in this order.
//! - One that does not fit is refused (*drop-newest*), takes the place of the oldest ones (*drop-oldest*), takes the
//!   place of those that a later frame of their key has made old, first the one that was made old first (*conflate*),
//!   closes the mailbox (*disconnect*, and *conflate* where nothing is old), or is parked (*park*).
//! - From the first parked frame until nothing waits any more, everything offered is parked.

use hubbub::{CloseReason, Counts, EventId, Limits, LossCounts, LossReason, Overflow, PushOutcome};

use super::holes::{Holes, is_told};
use super::marks::{Mark, Marks};
use super::memory::{Memory, Place};
use super::queue::Queue;
use crate::time::nanos;

// In this order in memory: what every frame touches stands first.
#[derive(Debug)]
#[repr(C)]
pub(super) struct Mailbox {
    closed: Option<CloseReason>,
    overflow: Overflow,
    pub(super) is_behind: bool,
    pub(super) parked_for: LossReason,
    /// Not taken yet.
    pub(super) waiting: Queue<Place>,
    /// Taken and not flushed. All but the first still hold their slots.
    in_flight: Queue<Place>,
    pub(super) parked: u64,
    pub(super) last_offered: u64,
    pub(super) last_queued: u64,
    pub(super) offered: u64,
    delivered: u64,
    high_water: u64,
    pub(super) marks: Marks,
    pub(super) limits: Limits,
    /// What the subscriber is to be told; `None` where nobody is told of anything.
    pub(super) holes: Option<Holes>,
    /// Sequence of the first event that may be parked, where any is.
    pub(super) parked_from: u64,
    pub(super) dropped: LossCounts,
}

impl Mailbox {
    pub(super) fn new(limits: Limits, overflow: Overflow, announces_gaps: bool) -> Self {
        Self {
            limits,
            overflow,
            waiting: Queue::new(),
            in_flight: Queue::new(),
            parked: 0,
            parked_for: LossReason::BufferFull,
            parked_from: 0,
            is_behind: false,
            last_offered: 0,
            last_queued: 0,
            holes: announces_gaps.then(Holes::default),
            closed: None,
            offered: 0,
            delivered: 0,
            dropped: LossCounts::default(),
            high_water: 0,
            marks: Marks::default(),
        }
    }

    pub(super) fn closed(&self) -> Option<CloseReason> {
        self.closed
    }

    pub(super) fn holes(&mut self) -> Option<&mut Holes> {
        self.holes.as_mut()
    }

    /// The frames in slots, oldest first.
    fn slots(&self) -> impl Iterator<Item = &Place> {
        self.in_flight.iter().skip(1).chain(self.waiting.iter())
    }

    /// Returns the number of slots that are taken.
    pub(super) fn in_slots(&self) -> usize {
        self.waiting.len() + self.in_flight.len().saturating_sub(1)
    }

    /// Most frames that share a write: a policy that removes waiting frames gets each in a write of its own.
    pub(super) fn frames_per_write(&self, set: usize) -> usize {
        match self.overflow {
            Overflow::DropNewest | Overflow::Disconnect | Overflow::Park => set,
            Overflow::DropOldest | Overflow::Conflate => 1,
        }
    }

    /// Whether nothing is left to take, from slots or the history.
    pub(super) fn is_empty(&self) -> bool {
        self.waiting.is_empty() && self.parked == 0
    }

    /// Whether nothing waits, and nothing is in flight.
    pub(super) fn is_idle(&self) -> bool {
        self.is_empty() && self.in_flight.is_empty()
    }

    /// Whether parked frames are all that waits.
    pub(super) fn is_behind_and_empty(&self) -> bool {
        self.waiting.is_empty() && self.parked > 0
    }

    /// Offers an event. `observe` is told what becomes of it, and before that of each event but the last that is lost for
    /// it. Nothing is observed of a closed mailbox.
    pub(super) fn offer(&mut self, memory: &mut Memory, event: Place, mut observe: impl FnMut(PushOutcome<EventId>)) {
        if self.closed.is_some() {
            return;
        }
        let sequence = memory.get(event).id.sequence;
        self.last_offered = sequence;
        self.offered += 1;
        // Even with a free slot: the parked events are older, and ids must reach the client in order.
        if self.is_behind {
            let has_one_slot = self.in_slots() + 1 == self.limits.capacity.frames();
            self.marks.add_if(has_one_slot && self.is_replaying(), Mark::OfferedDuringAReplay);
            return observe(self.park(sequence));
        }
        let bound = self.bound(memory, event);
        self.mark_bound(memory, event, bound);
        let outcome = match bound {
            None => {
                self.queue(memory, event);
                // Measured only here: an event that displaces others never makes more wait than before.
                self.high_water = self.high_water.max(self.in_slots() as u64);
                PushOutcome::Queued { waiting: self.in_slots() }
            }
            Some(reason) => match self.overflow {
                Overflow::DropNewest => self.refuse(sequence, reason),
                Overflow::DropOldest => self.displace(memory, event, reason, &mut observe),
                Overflow::Conflate => self.conflate(memory, event, reason, &mut observe),
                Overflow::Disconnect => self.cut_off(memory, reason),
                Overflow::Park => {
                    self.parked_for = reason;
                    self.parked_from = sequence;
                    self.is_behind = true;
                    self.park(sequence)
                }
            },
        };
        observe(outcome);
    }

    fn refuse(&mut self, sequence: u64, reason: LossReason) -> PushOutcome<EventId> {
        *self.dropped.of(reason) += 1;
        let last_queued = self.last_queued;
        if let Some(holes) = self.holes.as_mut().filter(|_| is_told(reason)) {
            holes.lose((sequence, sequence), 1, reason, last_queued);
        }
        PushOutcome::Refused { reason }
    }

    fn displace(
        &mut self,
        memory: &mut Memory,
        event: Place,
        mut reason: LossReason,
        observe: &mut impl FnMut(PushOutcome<EventId>),
    ) -> PushOutcome<EventId> {
        let mut lost = None;
        let waiting = self.waiting.len();
        while let Some(oldest) = self.waiting.pop_front() {
            self.lose(memory, oldest, reason, &mut lost, observe);
            // Each frame counts for the limit that made it go, and that may change from one frame to the next.
            match self.bound(memory, event) {
                Some(next) => {
                    self.marks.add_if(next != reason, Mark::TwoLimitsForOneEvent);
                    reason = next;
                }
                None => break,
            }
        }
        self.marks.add_if(waiting > 1 && self.waiting.is_empty(), Mark::EverythingDisplaced);
        self.queue(memory, event);
        displaced(memory, lost, self.waiting.len())
    }

    pub(super) fn cut_off(&mut self, memory: &mut Memory, reason: LossReason) -> PushOutcome<EventId> {
        *self.dropped.of(reason) += 1;
        self.close(memory, CloseReason::Evicted);
        PushOutcome::Disconnected { reason }
    }

    /// A waiting frame is lost. The one lost before it is observed now; the last is part of the event's own outcome.
    pub(super) fn lose(
        &mut self,
        memory: &mut Memory,
        frame: Place,
        reason: LossReason,
        last: &mut Option<(Place, LossReason)>,
        observe: &mut impl FnMut(PushOutcome<EventId>),
    ) {
        *self.dropped.of(reason) += 1;
        let sequence = memory.get(frame).id.sequence;
        let last_queued = self.last_queued;
        if let Some(holes) = self.holes.as_mut().filter(|_| is_told(reason)) {
            holes.lose((sequence, sequence), 1, reason, last_queued);
        }
        memory.release(frame);
        if let Some((lost, reason)) = last.replace((frame, reason)) {
            let lost = memory.get(lost).id;
            observe(PushOutcome::Shed { lost, reason });
        }
    }

    pub(super) fn queue(&mut self, memory: &mut Memory, event: Place) {
        memory.hold(event);
        self.waiting.push_back(event);
        self.last_queued = memory.get(event).id.sequence;
    }

    /// The limit that keeps an event out, if one does.
    pub(super) fn bound(&self, memory: &Memory, event: Place) -> Option<LossReason> {
        // Where nothing waits, no limit binds: an event above one could never be delivered otherwise.
        if self.in_slots() == 0 {
            return None;
        }
        if self.in_slots() >= self.limits.capacity.frames() {
            return Some(LossReason::BufferFull);
        }
        if !self.has_bytes_for(memory, event) {
            return Some(LossReason::Bytes);
        }
        let most = nanos(self.limits.age?);
        let oldest = memory.get(*self.slots().next()?);
        // Between planned times, as the driver publishes: a wait for the CPU makes no event older.
        let age = memory.get(event).at.saturating_sub(oldest.at);
        (age > most).then_some(LossReason::Age)
    }

    pub(super) fn has_bytes_for(&self, memory: &Memory, event: Place) -> bool {
        let Some(most) = self.limits.bytes else { return true };
        // Added up at every question. The Hub keeps a running sum, which this one checks.
        let frames = self.slots().chain([&event]);
        frames.map(|place| memory.get(*place).payload_bytes).sum::<u64>() <= most.get() as u64
    }

    /// The oldest frame that waits goes into flight, with what is to be told before it.
    pub(super) fn take(&mut self, memory: &Memory) -> Option<(Place, Option<hubbub::Gap>)> {
        let frame = self.waiting.pop_front()?;
        self.in_flight.push_back(frame);
        self.see_whether_behind();
        let gap = self.holes.as_mut().and_then(|holes| holes.before(memory.get(frame).id));
        Some((frame, gap))
    }

    /// The oldest frame in flight has been flushed; it is still held by whoever wrote it.
    pub(super) fn flushed(&mut self) -> Option<Place> {
        let frame = self.in_flight.pop_front()?;
        self.delivered += 1;
        self.see_whether_behind();
        Some(frame)
    }

    /// Behind ends with no slot taken and nothing parked, so that old and new events never mix.
    fn see_whether_behind(&mut self) {
        if self.in_slots() == 0 {
            self.is_behind = self.parked > 0;
        }
    }

    /// Closes it; everything that waits, is parked or is in flight is lost.
    pub(super) fn close(&mut self, memory: &mut Memory, why: CloseReason) {
        if self.closed.is_some() {
            return;
        }
        self.closed = Some(why);
        let lost = (self.waiting.len() + self.in_flight.len()) as u64 + self.parked;
        match why {
            CloseReason::ClientGone => self.dropped.client_gone += lost,
            CloseReason::Evicted => self.dropped.evicted += lost,
        }
        self.waiting.drain().for_each(|frame| memory.release(frame));
        // Those in flight are held by the connection that writes them.
        self.in_flight = Queue::new();
        self.parked = 0;
    }

    pub(super) fn counts(&self) -> Counts {
        Counts {
            offered: self.offered,
            delivered: self.delivered,
            dropped: self.dropped,
            waiting: self.in_slots() as u64 + self.parked,
            in_flight: self.in_flight.len().min(1) as u64,
            high_water: self.high_water,
        }
    }
}

pub(super) fn displaced(memory: &Memory, lost: Option<(Place, LossReason)>, waiting: usize) -> PushOutcome<EventId> {
    match lost {
        Some((lost, reason)) => PushOutcome::Displaced { lost: memory.get(lost).id, reason },
        None => PushOutcome::Queued { waiting },
    }
}
