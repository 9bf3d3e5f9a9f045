//! The last events of the running process, kept for subscribers that come back or are behind: at most so many, and at
//! most so many bytes of payload, the newest always.

use super::memory::{Memory, Place};
use crate::plan::Recovery;

#[derive(Debug)]
pub(super) struct History {
    most_events: u64,
    most_bytes: u64,
    /// The oldest event that is kept, and the bytes of all.
    first: Place,
    bytes: u64,
}

impl History {
    /// A server without recovery keeps nothing.
    pub(super) fn new(recovery: Option<Recovery>, memory: &Memory) -> Self {
        let (most_events, most_bytes) =
            recovery.map_or((0, 0), |recovery| (recovery.history_events as u64, recovery.history_bytes as u64));
        Self { most_events, most_bytes, first: memory.published(), bytes: 0 }
    }

    /// The newest event is kept, and the oldest are let go as far as they are too many.
    pub(super) fn push(&mut self, memory: &mut Memory, event: Place) {
        if self.most_events == 0 {
            // Moved on all the same, as in the Hub: what is kept then begins with the next event.
            self.first = event + 1;
            return;
        }
        memory.hold(event);
        self.bytes += memory.get(event).payload_bytes;
        loop {
            let kept = u64::from(event + 1 - self.first);
            if kept <= self.most_events && (self.bytes <= self.most_bytes || kept == 1) {
                return;
            }
            self.bytes -= memory.get(self.first).payload_bytes;
            memory.release(self.first);
            self.first += 1;
        }
    }

    /// Whether the one event that is always kept has more bytes than the limit.
    pub(super) fn is_over_its_bytes(&self) -> bool {
        self.bytes > self.most_bytes
    }

    /// The first sequence from which on every event is kept.
    pub(super) fn kept_from(&self, memory: &Memory) -> u64 {
        // Sequences begin at 1 in every process, and places count from 0 over all of them.
        u64::from(self.first - memory.published_before) + 1
    }
}
