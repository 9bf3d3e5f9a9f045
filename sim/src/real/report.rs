//! What our own server's process says of a run: its side of the record, on its way to the process that has the other.

use hdrhistogram::Histogram;
use serde::{Deserialize, Serialize};

use crate::record::{ClassRecord, Record, SubscriberRecord};

#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Report {
    pub(super) subscribers: Vec<SubscriberRecord>,
    /// Publish to flush, by class: values in microseconds, and how often each.
    flush_us: Vec<Vec<(u64, u64)>>,
    pub(super) delivered_in_time: u64,
    pub(super) peak_pinned_bytes: u64,
}

impl Report {
    pub(super) fn of(record: Record) -> Self {
        let counted = |class: &ClassRecord| {
            class.flush_us.iter_recorded().map(|bar| (bar.value_iterated_to(), bar.count_at_value())).collect()
        };
        Self {
            flush_us: record.classes.iter().map(counted).collect(),
            subscribers: record.subscribers,
            delivered_in_time: record.delivered_in_time,
            peak_pinned_bytes: record.peak_pinned_bytes,
        }
    }

    /// Publish to flush, by class.
    pub(super) fn flush_us(&self) -> impl Iterator<Item = Histogram<u64>> {
        self.flush_us.iter().map(|bars| {
            let mut histogram = crate::record::histogram();
            for (value, count) in bars {
                // It grows with what it is given.
                let _ = histogram.record_n(*value, *count);
            }
            histogram
        })
    }
}
