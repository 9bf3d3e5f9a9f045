//! The record of a run, put together from what the server says and what clients have received.

use super::report::Report;
use crate::client::Receipts;
use crate::plan::Plan;
use crate::record::{ClassRecord, Digest, Record};

/// The record of both sides: what our own server says, and what clients have received.
pub(super) fn of_report(report: Report, receipts: &mut Receipts) -> Record {
    let flush_us = report.flush_us();
    let classes =
        flush_us.zip(receipts.receipt_us()).map(|(flush_us, receipt_us)| ClassRecord { flush_us, receipt_us });
    let classes = classes.collect();
    let mut subscribers = report.subscribers;
    for (index, subscriber) in subscribers.iter_mut().enumerate() {
        receipts.complete(index, subscriber);
    }
    Record {
        subscribers,
        classes,
        unpublished: 0,
        delivered_in_time: report.delivered_in_time,
        peak_pinned_bytes: report.peak_pinned_bytes,
        retransmissions: Vec::new(),
        tables: Vec::new(),
        after_restarts: None,
        // Left empty: wall time does not repeat, so there is nothing to compare a digest with.
        digest: Digest::default(),
    }
}

/// The record of what clients saw of a server that says nothing itself.
pub(super) fn as_seen(plan: &Plan, receipts: &mut Receipts) -> Record {
    let classes = receipts.receipt_us().into_iter();
    Record {
        subscribers: (0..plan.subscribers.len()).map(|index| receipts.as_seen(index)).collect(),
        classes: classes.map(|receipt_us| ClassRecord { flush_us: crate::record::histogram(), receipt_us }).collect(),
        unpublished: 0,
        delivered_in_time: receipts.in_time(),
        peak_pinned_bytes: 0,
        retransmissions: Vec::new(),
        tables: Vec::new(),
        after_restarts: None,
        digest: Digest::default(),
    }
}
