//! Marks that take more than a line to find.

use hubbub::LossReason;

use super::mailbox::Mailbox;
use super::marks::{Mark, Marks};
use super::memory::{Memory, Place};
use super::run::Run;
use super::time::ticks;
use crate::time::nanos;

impl Run<'_> {
    /// Everything that the run has reached.
    pub(super) fn marks(&self) -> Marks {
        let mut marks = self.marks;
        self.connections.iter().for_each(|connection| marks.extend(connection.mailbox.marks()));
        marks
    }

    /// A stream begins, and its client has that cursor.
    pub(super) fn mark_cursor(&mut self, cursor: Option<(usize, u64)>) {
        let Some((process, sequence)) = cursor else { return };
        let kept_from = self.history.kept_from(&self.memory);
        let last = self.memory.last_sequence();
        if process == self.process {
            let from = sequence + 1;
            self.marks.add_if(kept_from > 1 && from == kept_from && from <= last, Mark::CursorAtTheOldestKept);
            self.marks.add_if(from + 1 == kept_from, Mark::CursorOneTooOld);
            self.marks.add_if(from > last, Mark::CursorAtTheEnd);
        } else {
            self.marks.add_if(last == 0, Mark::NothingSinceTheRestart);
            self.marks.add_if(process + 2 <= self.process, Mark::CursorTwoProcessesOld);
        }
    }

    /// The server's process is about to end.
    pub(super) fn mark_end_of_process(&mut self) {
        let keepalive = ticks(nanos(self.plan.server.keepalive));
        for index in &self.streams {
            let connection = &self.connections[*index];
            // The silence is counted anew from the beginning of a stream, and from a comment.
            let begins = connection.silence == self.tick + keepalive && connection.commented_in != self.tick;
            self.marks.add_if(connection.mailbox.is_replaying(), Mark::ProcessEndsDuringAReplay);
            self.marks.add_if(begins, Mark::ProcessEndsAsAStreamBegins);
            let is_ill = self.over_paths.as_ref().is_some_and(|paths| paths.is_timing_out(connection.subscriber));
            self.marks.add_if(is_ill, Mark::ProcessEndsDuringALoss);
        }
    }

    /// What else happens at the exact time `first` of what is due next, which is an arrival.
    pub(super) fn mark_ties(&mut self, first: u64, others: [(Option<u64>, Mark); 3]) {
        others.into_iter().for_each(|(at, mark)| self.marks.add_if(at == Some(first), mark));
    }
}

impl Mailbox {
    /// Everything that the mailbox and its holes have reached.
    fn marks(&self) -> Marks {
        let mut marks = self.marks;
        self.holes.iter().for_each(|holes| marks.extend(holes.marks));
        marks
    }

    /// Whether its subscriber has come back, and waits for events from the history.
    pub(super) fn is_replaying(&self) -> bool {
        self.is_behind && self.parked_for == LossReason::OutOfReach
    }

    /// An event is offered, and a limit keeps it out, or none does.
    pub(super) fn mark_bound(&mut self, memory: &Memory, event: Place, bound: Option<LossReason>) {
        match bound {
            None if self.waiting.is_empty() => {
                let is_larger = !self.has_bytes_for(memory, event);
                self.marks.add_if(is_larger, Mark::LargerThanTheByteLimit);
            }
            Some(LossReason::BufferFull) => {
                self.marks.add_if(self.limits.capacity.frames() == 1, Mark::MailboxOfOneOverflows);
            }
            Some(LossReason::Bytes) => self.marks.add(Mark::BytesBeforeFrames),
            Some(_) | None => {}
        }
    }

    /// Conflation is about to make room for an event.
    pub(super) fn mark_keys(&mut self, memory: &Memory, event: Place) {
        let entity = memory.get(event).entity();
        let is_one = entity.is_some() && self.waiting.iter().all(|place| memory.get(*place).entity() == entity);
        self.marks.add_if(is_one, Mark::ConflationOfOneKey);
    }
}
