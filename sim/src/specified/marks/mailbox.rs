//! Marks of one mailbox.

use hubbub::LossReason;

use super::{Mark, Marks};
use crate::specified::mailbox::Mailbox;
use crate::specified::memory::{Memory, Place};

impl Mailbox {
    /// Everything that the mailbox and its holes have reached.
    pub(super) fn marks(&self) -> Marks {
        let mut marks = self.marks;
        self.holes.iter().for_each(|holes| marks.extend(holes.marks));
        marks
    }

    /// Whether its subscriber has come back, and waits for events from the history.
    pub(in crate::specified) fn is_replaying(&self) -> bool {
        self.is_behind && self.parked_for == LossReason::OutOfReach
    }

    /// An event is offered, and a limit keeps it out, or none does.
    pub(in crate::specified) fn mark_bound(&mut self, memory: &Memory, event: Place, bound: Option<LossReason>) {
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
    pub(in crate::specified) fn mark_keys(&mut self, memory: &Memory, event: Place) {
        let key = memory.get(event).key;
        let is_one = key.is_some() && self.waiting.iter().all(|place| memory.get(*place).key == key);
        self.marks.add_if(is_one, Mark::ConflationOfOneKey);
    }
}
