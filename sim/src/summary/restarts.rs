//! What restarts of the server did to those who watched, condensed: how late events were, and when the last client was back.

use serde::{Deserialize, Serialize};

use super::document::AfterRestart;
use super::statistics::quantiles_ms;
use super::stored_histogram::{StoredHistogram, read, stored};
use crate::record::AfterRestarts;

/// One run's part, as it is kept and stored: latencies as counts of values, times in microseconds of plan time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RestartsSummary {
    receipt_us: StoredHistogram,
    live_us: StoredHistogram,
    last_back_after_us: Option<u64>,
    not_back: u64,
}

impl RestartsSummary {
    /// Condenses what was recorded.
    pub(super) fn of(after: &AfterRestarts) -> Self {
        let microseconds = |time: std::time::Duration| u64::try_from(time.as_micros()).unwrap_or(u64::MAX);
        Self {
            receipt_us: stored(&after.receipt_us),
            live_us: stored(&after.live_us),
            last_back_after_us: after.last_back_after.map(microseconds),
            not_back: after.not_back,
        }
    }
}

/// All runs together; `None` where none had a restart.
pub fn pooled<'a>(runs: impl Iterator<Item = &'a RestartsSummary>) -> Option<AfterRestart> {
    let (mut receipt_us, mut live_us) = (Vec::new(), Vec::new());
    let (mut last_back_after_us, mut not_back, mut count) = (None, 0, 0);
    for run in runs {
        receipt_us.extend_from_slice(&run.receipt_us);
        live_us.extend_from_slice(&run.live_us);
        last_back_after_us = last_back_after_us.max(run.last_back_after_us);
        not_back += run.not_back;
        count += 1;
    }
    (count > 0).then(|| AfterRestart {
        receipt_latency_ms: quantiles_ms(&read(&receipt_us)),
        live_receipt_latency_ms: quantiles_ms(&read(&live_us)),
        last_back_after_ms: last_back_after_us.map(|us| us as f64 / 1000.0),
        not_back,
    })
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::record::histogram;

    #[test]
    fn runs_are_pooled_and_the_last_client_of_all_counts() {
        let run = |ms: u64, not_back| {
            let mut after = AfterRestarts {
                receipt_us: histogram(),
                live_us: histogram(),
                last_back_after: Some(Duration::from_millis(ms)),
                not_back,
            };
            after.receipt_us += 1000 * ms;
            RestartsSummary::of(&after)
        };
        let pooled_of = pooled([run(5000, 1), run(3000, 2)].iter()).unwrap();
        assert_eq!((pooled_of.last_back_after_ms, pooled_of.not_back), (Some(5000.0), 3));
        assert!(pooled_of.receipt_latency_ms.max.is_some_and(|max| (max / 5000.0 - 1.0).abs() < 1e-3));
        assert_eq!(pooled_of.live_receipt_latency_ms.p99, None);
        assert_eq!(pooled(std::iter::empty()), None);
    }
}
