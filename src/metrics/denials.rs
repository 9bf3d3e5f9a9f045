//! Requests that were not allowed, by reason.

use std::sync::atomic::{AtomicU64, Ordering};

use crate::denial::Denial;

#[derive(Debug, Default)]
pub(super) struct Denials([AtomicU64; Denial::ALL.len()]);

impl Denials {
    pub(super) fn count(&self, why: Denial) {
        let place = Denial::ALL.iter().position(|other| *other == why);
        if let Some(count) = place.and_then(|place| self.0.get(place)) {
            // Relaxed: a figure for an operator.
            count.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// Every reason and its number of requests.
    pub(super) fn read(&self) -> Vec<(Denial, u64)> {
        Denial::ALL.into_iter().zip(self.0.iter().map(|count| count.load(Ordering::Relaxed))).collect()
    }
}
