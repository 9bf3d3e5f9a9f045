//! Runs on fresh seeds at the size that is named as the answer: an independent look at it, with bounded mailboxes.

use std::collections::BTreeMap;

use hubbub::Capacity;

use crate::plan::HubChoice;
use crate::runs::{self, Job, RunError, RunLog, Workers};
use crate::scenario::Scenario;
use crate::summary::cell::{by_class, memory, pooled};
use crate::summary::document::{Validation, ZeroDrop};
use crate::summary::risk::MOST_RUNS;
use crate::summary::run::{Latencies, RunSummary};
use crate::summary::sizes;
use crate::tail::clopper_pearson::upper_bound_95;

/// Fresh runs at the size of each N. Without a loss they alone bound the risk by 5 % (the 95/95 case of the tolerance
/// bound).
pub const FRESH_RUNS: u64 = 59;

/// First of the seeds of fresh runs: behind all that can have a mark.
const FIRST_FRESH_SEED: u64 = MOST_RUNS;

/// Of the fresh runs of every N, as many are repeated by the full stack.
const BY_THE_FULL_STACK: u64 = 3;

/// Runs every named size on fresh seeds, the same for all N.
///
/// # Errors
/// The first failure of a world.
pub fn validate<'a>(
    scenario: &'a Scenario,
    zero_drops: &mut [ZeroDrop],
    workers: Workers<'_>,
    log: &mut RunLog<'a>,
) -> Result<(), RunError> {
    let mut jobs: Vec<_> = zero_drops.iter().flat_map(|size| jobs(scenario, size, FRESH_RUNS)).collect();
    if jobs.is_empty() {
        return Ok(());
    }
    // The long ones first, so that no core is left with one at the end.
    jobs.sort_by_key(|job| std::cmp::Reverse(job.subscribers));
    let mut by_n = BTreeMap::<usize, (Vec<RunSummary>, Latencies)>::new();
    workers.progress.begin("fresh runs", jobs.iter().map(Job::units).sum());
    runs::each(
        &jobs,
        workers,
        |_| true,
        |index, (run, latencies)| {
            log.add(jobs[index], &run);
            let of_n = by_n.entry(jobs[index].subscribers).or_insert_with(|| (Vec::new(), Latencies(Vec::new())));
            of_n.0.push(run);
            of_n.1.merge(latencies);
        },
    )?;
    workers.progress.end();
    let names: Vec<_> = scenario.settings().classes.iter().map(|class| class.name.clone()).collect();
    for size in zero_drops {
        let (Some(buffer), Some((mut runs, latencies))) = (sizes::named(size), by_n.remove(&size.subscribers)) else {
            continue;
        };
        // Threads finish in any order.
        runs.sort_by_key(|run| run.seed);
        let runs_with_drops = runs.iter().filter(|run| run.has_drops()).count() as u64;
        size.validation = Some(Validation {
            buffer,
            seeds: runs.iter().map(|run| run.seed).collect(),
            runs_with_drops,
            run_drop_probability_upper95: upper_bound_95(runs_with_drops, runs.len() as u64),
            flush_latency_ms: pooled(&latencies).0,
            by_class: by_class(&names, &runs, &latencies),
            memory_bytes_per_subscriber: memory(size.subscribers, buffer, &runs),
        });
    }
    Ok(())
}

/// The first fresh runs of every N: those that the full stack repeats in any case.
pub(super) fn decide<'a>(scenario: &'a Scenario, size: &ZeroDrop) -> Vec<Job<'a>> {
    jobs(scenario, size, BY_THE_FULL_STACK)
}

fn jobs<'a>(scenario: &'a Scenario, size: &ZeroDrop, runs: u64) -> Vec<Job<'a>> {
    let Some(buffer) = sizes::named(size) else { return Vec::new() };
    let of = |seed| Job { scenario, subscribers: size.subscribers, choice: bounded(scenario, buffer), seed };
    (FIRST_FRESH_SEED..FIRST_FRESH_SEED + runs).map(of).collect()
}

/// A buffer of so many frames, under the scenario's policy.
pub(crate) fn bounded(scenario: &Scenario, buffer: u64) -> HubChoice {
    // A size that is named is one that the server accepts.
    let capacity = usize::try_from(buffer).ok().and_then(Capacity::new).unwrap_or(Capacity::UNBOUNDED);
    HubChoice { capacity, overflow: scenario.settings().server.policy }
}
