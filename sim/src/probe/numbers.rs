//! The numbers of a probe's events, by which it knows them from those of others.

use hyper::body::Bytes;

use crate::client::payload;
use crate::real::monotonic_ns;

/// Numbers between the first ones of probes that begin a millisecond apart. No probe publishes as many in a millisecond, so
/// the numbers of a probe that begins after another has ended are all larger.
const APART: u64 = 1_000_000;

/// Digits that are left to the clock, so that a number stays short.
const CLOCKS: u64 = 1_000_000_000;

/// The numbers of a probe's events.
#[derive(Debug)]
pub(super) struct Numbers {
    first: u64,
    published: u64,
}

impl Numbers {
    /// Begins at a number that no other probe has used within days.
    pub(super) fn new() -> Self {
        let first = (monotonic_ns() / 1_000_000) % CLOCKS * APART;
        Self { first, published: 0 }
    }

    /// The next event to publish.
    pub(super) fn next(&mut self, bytes: u32) -> Bytes {
        let number = self.first + self.published;
        // A key of its own for each, so that no policy replaces one by another.
        let key = u32::try_from(self.published).unwrap_or(u32::MAX);
        self.published += 1;
        payload(usize::try_from(number).unwrap_or(usize::MAX), key, bytes)
    }

    /// The number of events that this probe has published.
    pub(super) fn count(&self) -> u64 {
        self.published
    }

    /// The position of an event among those of this probe; `None` if it is none of them.
    pub(super) fn position(&self, number: Option<u64>) -> Option<u64> {
        number?.checked_sub(self.first).filter(|position| *position < self.published)
    }
}
