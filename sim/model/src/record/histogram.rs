//! Histograms of latencies, in microseconds.

use std::time::Duration;

use hdrhistogram::Histogram;

/// Three significant digits; grows with what it is given.
pub fn histogram() -> Histogram<u64> {
    Histogram::new(3).unwrap_or_else(|_| unreachable!("3 digits are at most 5"))
}

/// Counts a time in whole microseconds.
pub fn count(histogram: &mut Histogram<u64>, latency: Duration) {
    // No latency is too long for 64 bits of microseconds.
    count_us(histogram, u64::try_from(latency.as_micros()).unwrap_or(u64::MAX));
}

pub(super) fn count_us(histogram: &mut Histogram<u64>, latency_us: u64) {
    // `saturating_record` would clamp to the range so far.
    let _ = histogram.record(latency_us);
}
