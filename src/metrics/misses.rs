//! Clients that came back and did not find all that they had missed, by reason.

use std::sync::atomic::{AtomicU64, Ordering};

use crate::event::GapReason;

/// The names of the reasons in the metric. A stream begins with no other.
const REASONS: [&str; 3] = ["out_of_reach", "restarted", "unknown_cursor"];

#[derive(Debug, Default)]
pub(super) struct Misses([AtomicU64; REASONS.len()]);

impl Misses {
    pub(super) fn count(&self, why: GapReason) {
        let place = REASONS.iter().position(|name| *name == why.name());
        if let Some(count) = place.and_then(|place| self.0.get(place)) {
            // Relaxed: a figure for an operator.
            count.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// Every reason and its number of streams.
    pub(super) fn read(&self) -> Vec<(&'static str, u64)> {
        REASONS.into_iter().zip(self.0.iter().map(|count| count.load(Ordering::Relaxed))).collect()
    }
}
