//! Histograms of latencies as they are stored: what is read back has the same counts.

use hdrhistogram::Histogram;

/// Pairs of a recorded value and how often it was recorded.
pub(super) type StoredHistogram = Vec<[u64; 2]>;

/// Digits that a histogram of latencies keeps apart, as the recorder's do.
pub(super) const DIGITS: u8 = 3;

pub(super) fn stored(histogram: &Histogram<u64>) -> StoredHistogram {
    // The value falls into the same bucket again, so what is read back has the same counts.
    histogram.iter_recorded().map(|step| [step.value_iterated_to(), step.count_since_last_iteration()]).collect()
}

pub(super) fn read(stored: &StoredHistogram) -> Histogram<u64> {
    let mut histogram = Histogram::new(DIGITS).unwrap_or_else(|_| unreachable!("3 digits are at most 5"));
    for [value, count] in stored {
        // A histogram that grows takes every value.
        let _ = histogram.record_n(*value, *count);
    }
    histogram
}
