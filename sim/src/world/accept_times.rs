//! Which bytes of a connection the server's socket accepted when, for clients that ask for that.

use std::collections::VecDeque;
use std::time::Duration;

/// The times at which the bytes of one connection were accepted.
#[derive(Default)]
pub(super) struct AcceptTimes {
    accepted: u64,
    /// Up to which offset, and when; oldest first.
    log: VecDeque<(u64, Duration)>,
}

impl AcceptTimes {
    /// Records that `bytes` more bytes were accepted at a time.
    pub(super) fn note(&mut self, bytes: usize, at: Duration) {
        self.accepted += bytes as u64;
        self.log.push_back((self.accepted, at));
    }

    /// When the byte at an offset was accepted. Times of bytes before it are forgotten.
    pub(super) fn of(&mut self, offset: u64) -> Option<Duration> {
        // Offsets that are asked for never decrease, so an earlier one is not asked for again.
        while self.log.front().is_some_and(|(end, _)| *end <= offset) {
            self.log.pop_front();
        }
        self.log.front().map(|(_, at)| *at)
    }
}
