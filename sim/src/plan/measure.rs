//! Figures of a plan: what arrives, how fast and how large.

use std::time::Duration;

use super::Plan;
use crate::scenario::busiest;

impl Plan {
    /// Events a second over the whole run.
    #[must_use]
    pub fn mean_per_second(&self) -> f64 {
        self.arrivals.len() as f64 / self.duration.as_secs_f64()
    }

    /// Most events in any stretch `[t, t + length)`.
    #[must_use]
    pub fn most_events_in(&self, length: Duration) -> u64 {
        let times: Vec<Duration> = self.arrivals.iter().map(|arrival| arrival.at).collect();
        busiest(&times, length)
    }

    /// Bytes of all payloads.
    #[must_use]
    pub fn payload_bytes(&self) -> u64 {
        self.arrivals.iter().map(|arrival| u64::from(arrival.payload_bytes)).sum()
    }

    /// Mean payload, `None` where nothing arrives.
    #[must_use]
    pub fn mean_payload_bytes(&self) -> Option<f64> {
        (!self.arrivals.is_empty()).then(|| self.payload_bytes() as f64 / self.arrivals.len() as f64)
    }
}
