//! The runs of one (subscribers, buffer) pair, put together.

use std::collections::BTreeMap;

use hdrhistogram::Histogram;

use super::document::{ByClass, Cell, Dropped, Memory, Quantiles, WorstSubscriber};
use super::run::{Latencies, RunSummary, Sums};
use super::statistics::{quantiles_ms, rate, ratio_interval};
use crate::record::Digest;

/// A mailbox slot: one handle to a shared event.
pub const SLOT_BYTES: u64 = size_of::<std::sync::Arc<hubbub::Event>>() as u64;

/// What runs of one cell have in common.
#[derive(Debug, Clone, Copy)]
pub struct CellKey<'a> {
    /// N.
    pub subscribers: usize,
    /// K.
    pub buffer: u64,
    /// Names of the classes.
    pub class_names: &'a [String],
    /// Seconds in which events arrive.
    pub seconds: f64,
}

/// Puts a cell together from its runs, in the order of their seeds.
pub fn cell(key: CellKey<'_>, runs: &[RunSummary], latencies: &Latencies) -> Cell {
    let mut all = Sums::default();
    runs.iter().for_each(|run| all.add(&run.all()));
    let per_run: Vec<_> = runs.iter().map(RunSummary::all).map(|run| (run.dropped.buffer_full, run.offered)).collect();
    let in_time: u64 = runs.iter().map(|run| run.delivered_in_time).sum();
    let (flush, receipt) = pooled(latencies);
    Cell {
        subscribers: key.subscribers,
        buffer: key.buffer,
        offered: all.offered,
        delivered: all.delivered,
        received: all.received,
        in_flight: all.in_flight,
        dropped: Dropped {
            buffer_full: all.dropped.buffer_full,
            client_gone: all.dropped.client_gone,
            evicted: all.dropped.evicted,
        },
        drop_rate: rate(all.dropped.buffer_full, all.offered),
        drop_rate_ci95: ratio_interval(&per_run),
        runs_with_drops: runs.iter().filter(|run| run.has_drops()).count() as u64,
        unpublished: runs.iter().map(|run| run.unpublished).sum(),
        delivered_per_second: in_time as f64 / key.seconds / runs.len().max(1) as f64,
        flush_latency_ms: flush,
        receipt_latency_ms: receipt,
        memory_bytes_per_subscriber: memory(key.subscribers, key.buffer, runs),
        by_class: by_class(key.class_names, runs, latencies),
        worst_subscriber: worst(runs),
        digest: Digest::over(runs.iter().map(|run| run.digest)).to_string(),
    }
}

/// Slots that a buffer costs, and the largest peak of payload bytes, of one subscriber.
pub fn memory(subscribers: usize, buffer: u64, runs: &[RunSummary]) -> Memory {
    let peak = runs.iter().map(|run| run.peak_pinned_bytes).max().unwrap_or(0);
    Memory { slots: buffer * SLOT_BYTES, payload: peak as f64 / subscribers.max(1) as f64 }
}

/// Quantiles over all classes: publish to flush, publish to receipt.
pub fn pooled(latencies: &Latencies) -> (Quantiles, Quantiles) {
    let pool = |parts: Vec<&Histogram<u64>>| {
        let Some((first, rest)) = parts.split_first() else { return Quantiles::default() };
        let mut pooled = (*first).clone();
        for part in rest {
            // It grows with what it is given, so adding cannot fail.
            let _ = pooled.add(*part);
        }
        quantiles_ms(&pooled)
    };
    let (flush, receipt) = latencies.0.iter().map(|(flush, receipt)| (flush, receipt)).unzip();
    (pool(flush), pool(receipt))
}

fn by_class(names: &[String], runs: &[RunSummary], latencies: &Latencies) -> BTreeMap<String, ByClass> {
    let mut classes = BTreeMap::new();
    for (index, name) in names.iter().enumerate() {
        let mut sums = Sums::default();
        runs.iter().filter_map(|run| run.classes.get(index)).for_each(|class| sums.add(class));
        let class = ByClass {
            subscribers: sums.subscribers,
            offered: sums.offered,
            drop_rate: rate(sums.dropped.buffer_full, sums.offered),
            flush_latency_ms: latencies.0.get(index).map(|(flush, _)| quantiles_ms(flush)).unwrap_or_default(),
        };
        classes.insert(name.clone(), class);
    }
    classes
}

fn worst(runs: &[RunSummary]) -> Option<WorstSubscriber> {
    let mut worst: Option<WorstSubscriber> = None;
    for run in runs {
        let Some(of_run) = run.worst else { continue };
        if worst.as_ref().is_none_or(|worst| of_run.drop_rate > worst.drop_rate) {
            worst = Some(WorstSubscriber { id: of_run.subscriber, seed: run.seed, drop_rate: of_run.drop_rate });
        }
    }
    worst
}
