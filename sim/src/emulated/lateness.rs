//! How late an emulated link delivers: a packet is due at a nanosecond, and a thread that sleeps wakes up after it.

use hdrhistogram::Histogram;
use serde::{Deserialize, Serialize};

/// By how much packets were delivered after they were due, in milliseconds.
///
/// It includes what the thread slept too long and what it waited for a processor. The time between a packet's entry into
/// a TUN device and its reading is not measured; a thread that is late here is as late there.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
pub struct Lateness {
    /// Packets that were delivered.
    pub packets: u64,
    /// The median.
    pub p50_ms: f64,
    /// The 99th percentile.
    pub p99_ms: f64,
    /// The largest.
    pub max_ms: f64,
}

/// Takes the lateness of each packet of a run.
#[derive(Debug)]
pub(super) struct LatenessCounter {
    micros: Histogram<u64>,
}

impl LatenessCounter {
    pub(super) fn new() -> Self {
        Self { micros: crate::record::histogram() }
    }

    pub(super) fn late_by(&mut self, nanos: u64) {
        // The histogram grows with what it is given.
        let _ = self.micros.record(nanos / 1_000);
    }

    pub(super) fn lateness(&self) -> Lateness {
        let millis = |micros: u64| micros as f64 / 1_000.0;
        Lateness {
            packets: self.micros.len(),
            p50_ms: millis(self.micros.value_at_quantile(0.5)),
            p99_ms: millis(self.micros.value_at_quantile(0.99)),
            max_ms: millis(self.micros.max()),
        }
    }
}
