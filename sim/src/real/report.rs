//! What a process says of a run to another: our own server its side of the record, the emulated world all of it.

use hdrhistogram::Histogram;
use serde::{Deserialize, Serialize};

use crate::record::{ClassRecord, Digest, Record, SubscriberRecord};

/// A record, as a process writes it for another.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Report {
    pub(super) subscribers: Vec<SubscriberRecord>,
    /// Publish to flush, by class.
    flush_us: Vec<Bars>,
    /// Publish to receipt, by class.
    receipt_us: Vec<Bars>,
    pub(super) delivered_in_time: u64,
    pub(super) peak_pinned_bytes: u64,
}

/// A histogram: values in microseconds, and how often each.
type Bars = Vec<(u64, u64)>;

impl Report {
    /// What is kept of a record.
    pub(crate) fn of(record: Record) -> Self {
        Self {
            flush_us: record.classes.iter().map(|class| bars(&class.flush_us)).collect(),
            receipt_us: record.classes.iter().map(|class| bars(&class.receipt_us)).collect(),
            subscribers: record.subscribers,
            delivered_in_time: record.delivered_in_time,
            peak_pinned_bytes: record.peak_pinned_bytes,
        }
    }

    /// Publish to flush, by class.
    pub(super) fn flush_us(&self) -> impl Iterator<Item = Histogram<u64>> {
        self.flush_us.iter().map(histogram)
    }

    /// The record. Wall time does not repeat, so there is nothing to compare a digest with, and it is left empty.
    pub(crate) fn into_record(self) -> Record {
        let receipt_us = self.receipt_us.iter().map(histogram);
        let classes = self.flush_us().zip(receipt_us);
        Record {
            classes: classes.map(|(flush_us, receipt_us)| ClassRecord { flush_us, receipt_us }).collect(),
            subscribers: self.subscribers,
            unpublished: 0,
            delivered_in_time: self.delivered_in_time,
            peak_pinned_bytes: self.peak_pinned_bytes,
            retransmissions: Vec::new(),
            tables: Vec::new(),
            after_restarts: None,
            digest: Digest::default(),
        }
    }
}

fn bars(histogram: &Histogram<u64>) -> Bars {
    histogram.iter_recorded().map(|bar| (bar.value_iterated_to(), bar.count_at_value())).collect()
}

fn histogram(bars: &Bars) -> Histogram<u64> {
    let mut histogram = crate::record::histogram();
    for (value, count) in bars {
        // It grows with what it is given.
        let _ = histogram.record_n(*value, *count);
    }
    histogram
}
