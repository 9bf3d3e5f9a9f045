//! The runs of one (subscribers, buffer) pair, put together.

use std::collections::BTreeMap;

use hdrhistogram::Histogram;

use super::document::{ByClass, Cell, Memory, Quantiles, WorstSubscriber};
use super::restarts;
use super::run::{Latencies, RunSummary, Totals};
use super::statistics::{quantiles_ms, rate, ratio_interval};
use crate::plan::Plan;
use crate::record::Digest;

/// A mailbox slot: one handle to a shared event.
pub const SLOT_BYTES: u64 = size_of::<std::sync::Arc<hubbub::Event>>() as u64;

/// What runs of one cell have in common.
#[derive(Debug, Clone, Copy)]
pub struct CellKey<'a> {
    /// Name of the overflow policy.
    pub policy: &'a str,
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
    let mut all = Totals::default();
    runs.iter().for_each(|run| all.add(&run.all()));
    let per_run: Vec<_> = runs.iter().map(RunSummary::all).map(|run| (run.dropped.by_limits(), run.offered)).collect();
    let in_time: u64 = runs.iter().map(|run| run.delivered_in_time).sum();
    let lives = (all.subscribers * runs.len()).max(1) as f64;
    let (flush, receipt) = pooled(latencies);
    Cell {
        policy: key.policy.to_owned(),
        subscribers: key.subscribers,
        buffer: key.buffer,
        wanted: all.wanted,
        missed: all.missed(),
        duplicates: all.doubled,
        away_seconds: all.away.as_secs_f64() / lives,
        offered: all.offered,
        delivered: all.delivered,
        received: all.received,
        in_flight: all.in_flight,
        dropped: all.dropped,
        // Of the sums: in a mean of rates, a run with few frames would weigh as much as any other.
        drop_rate: rate(all.dropped.by_limits(), all.offered),
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
        publish_lag_ms: None,
        links: None,
        after_restart: restarts::pooled(runs.iter().filter_map(|run| run.after_restarts.as_ref())),
    }
}

/// The cell of a single run.
pub fn of_run(plan: &Plan, policy: &str, buffer: u64, (run, latencies): (RunSummary, Latencies)) -> Cell {
    let class_names: Vec<_> = plan.classes.iter().map(|class| class.name.clone()).collect();
    let (subscribers, seconds) = (plan.subscribers.len(), plan.duration.as_secs_f64());
    cell(CellKey { policy, subscribers, buffer, class_names: &class_names, seconds }, &[run], &latencies)
}

/// Slots that a buffer costs, and the largest peak of payload bytes, of one subscriber.
pub fn memory(subscribers: usize, buffer: u64, runs: &[RunSummary]) -> Memory {
    let peak = runs.iter().map(|run| run.peak_pinned_bytes).max().unwrap_or(0);
    Memory { slots: buffer * SLOT_BYTES, payload: peak as f64 / subscribers.max(1) as f64, ..Memory::default() }
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

/// Each class's part of some runs, by its name.
pub fn by_class(names: &[String], runs: &[RunSummary], latencies: &Latencies) -> BTreeMap<String, ByClass> {
    let mut classes = BTreeMap::new();
    for (index, name) in names.iter().enumerate() {
        let mut sums = Totals::default();
        runs.iter().filter_map(|run| run.classes.get(index)).for_each(|class| sums.add(class));
        let class = ByClass {
            subscribers: sums.subscribers,
            offered: sums.offered,
            drop_rate: rate(sums.dropped.by_limits(), sums.offered),
            wanted: sums.wanted,
            missed: sums.missed(),
            flush_latency_ms: latencies.0.get(index).map(|(flush, _)| quantiles_ms(flush)).unwrap_or_default(),
            receipt_latency_ms: latencies.0.get(index).map(|(_, receipt)| quantiles_ms(receipt)).unwrap_or_default(),
            high_water: sums.high_water,
        };
        classes.insert(name.clone(), class);
    }
    classes
}

fn worst(runs: &[RunSummary]) -> Option<WorstSubscriber> {
    let mut worst: Option<WorstSubscriber> = None;
    for run in runs {
        let Some(of_run) = run.worst else { continue };
        // Strictly above, so that of equals the first seed is named.
        if worst.as_ref().is_none_or(|worst| of_run.drop_rate > worst.drop_rate) {
            worst = Some(WorstSubscriber { id: of_run.subscriber, seed: run.seed, drop_rate: of_run.drop_rate });
        }
    }
    worst
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::summary::fixture;
    use hubbub::LossCounts;

    /// Two runs, the second ten times as busy.
    fn of_two_runs() -> (Vec<RunSummary>, Latencies) {
        let mut latencies = Latencies(Vec::new());
        let runs = [(3, 1), (4, 10)].map(|(seed, factor)| {
            let (run, of_run) = RunSummary::of(seed, fixture::record(factor));
            latencies.merge(of_run);
            run
        });
        (runs.into(), latencies)
    }

    fn made(runs: &[RunSummary], latencies: &Latencies) -> Cell {
        let class_names = ["near".to_owned(), "far".to_owned()];
        let (policy, class_names) = ("park", &class_names);
        cell(CellKey { policy, subscribers: 3, buffer: 16, class_names, seconds: 10.0 }, runs, latencies)
    }

    #[test]
    fn a_cell_has_the_sums_of_its_runs() {
        let (runs, latencies) = of_two_runs();
        let cell = made(&runs, &latencies);
        assert_eq!((cell.subscribers, cell.buffer, cell.offered, cell.delivered), (3, 16, 3300, 2662));
        assert_eq!((cell.received, cell.in_flight, cell.unpublished, cell.runs_with_drops), (2596, 99, 44, 2));
        assert_eq!(
            cell.dropped,
            LossCounts { buffer_full: 440, client_gone: 33, evicted: 66, ..LossCounts::default() }
        );
        assert_eq!((cell.drop_rate, cell.drop_rate_ci95), (Some(440.0 / 3300.0), None), "two runs make no interval");
        assert_eq!(cell.delivered_per_second, 2200.0 / 10.0 / 2.0);
        assert_eq!(cell.digest, Digest::over([Digest(1), Digest(10)]).to_string());
    }

    #[test]
    fn a_cell_has_what_was_missed_read_twice_and_how_long_subscribers_were_away() {
        let runs = [1, 10].map(|factor| {
            let mut record = fixture::record(factor);
            for subscriber in &mut record.subscribers {
                subscriber.wanted = subscriber.offered + 20;
                subscriber.doubled = 5;
                subscriber.away = std::time::Duration::from_secs(6);
            }
            RunSummary::of(factor, record).0
        });
        let cell = made(&runs, &Latencies(Vec::new()));
        // Of 3 subscribers in 2 runs: offered 3,300 and 20 more each; read 2,596, of which 5 each for a second time.
        assert_eq!(cell.policy, "park");
        assert_eq!(cell.wanted, 3420);
        assert_eq!(cell.missed, 3420 - (2596 - 30));
        assert_eq!(cell.duplicates, 30);
        assert_eq!(cell.away_seconds, 6.0, "each of them, in each run");
    }

    #[test]
    fn eight_runs_make_an_interval_and_those_that_lost_are_counted() {
        let runs: Vec<_> = (0..8).map(|seed| RunSummary::of(seed, fixture::record(1 + seed % 2)).0).collect();
        let of_all = made(&runs, &Latencies(Vec::new()));
        let per_run: Vec<_> = (0..8).map(|seed| (40 * (1 + seed % 2), 300 * (1 + seed % 2))).collect();
        assert_eq!(of_all.drop_rate_ci95, ratio_interval(&per_run));
        let mut clean = fixture::record(1);
        clean.subscribers.iter_mut().for_each(|subscriber| subscriber.dropped.buffer_full = 0);
        let runs = [runs[0].clone(), RunSummary::of(8, clean).0];
        assert_eq!(made(&runs, &Latencies(Vec::new())).runs_with_drops, 1);
    }

    #[test]
    fn each_class_has_its_own_part_and_latency_and_all_of_them_are_pooled() {
        let (runs, latencies) = of_two_runs();
        let cell = made(&runs, &latencies);
        let near = |value: Option<f64>, ms: f64| value.is_some_and(|value| (value / ms - 1.0).abs() < 1e-3);
        let (close, far) = (&cell.by_class["near"], &cell.by_class["far"]);
        assert_eq!((close.subscribers, close.offered, close.drop_rate), (2, 2200, Some(0.05)));
        assert_eq!((far.subscribers, far.offered, far.drop_rate), (1, 1100, Some(0.3)));
        assert!(near(close.flush_latency_ms.max, 10.0) && near(far.flush_latency_ms.max, 40.0));
        assert!(near(cell.flush_latency_ms.max, 40.0) && near(cell.receipt_latency_ms.max, 80.0));
        assert!(near(cell.flush_latency_ms.p50, 4.0), "of 1, 4, 10 and 40 ms");
    }

    #[test]
    fn without_a_run_there_is_no_rate_no_latency_and_nobody_worst() {
        let cell = made(&[], &Latencies(Vec::new()));
        assert_eq!((cell.drop_rate, cell.delivered_per_second), (None, 0.0));
        assert_eq!((cell.flush_latency_ms, cell.worst_subscriber), (Quantiles::default(), None));
        assert_eq!(cell.by_class["far"].flush_latency_ms, Quantiles::default());
    }

    #[test]
    fn slots_are_paid_by_each_and_the_largest_peak_of_payloads_by_all() {
        let (runs, latencies) = of_two_runs();
        let memory = made(&runs, &latencies).memory_bytes_per_subscriber;
        assert_eq!((memory.slots, memory.payload), (16 * SLOT_BYTES, 10_000.0));
        assert_eq!(super::memory(0, 1, &runs).payload, 30_000.0, "nobody pays for it all");
    }

    #[test]
    fn the_worst_of_all_runs_is_named_with_its_seed_and_of_equals_the_first() {
        let (mut runs, latencies) = of_two_runs();
        let worst = |runs: &[RunSummary]| made(runs, &latencies).worst_subscriber.map(|worst| (worst.id, worst.seed));
        assert_eq!(worst(&runs), Some((2, 3)), "both lost three tenths");
        runs[1].worst = Some(crate::summary::run::Worst { subscriber: 1, drop_rate: 0.4 });
        assert_eq!(worst(&runs), Some((1, 4)));
        runs[0].worst = None;
        assert_eq!(worst(&runs), Some((1, 4)));
    }
}
