//! The exact size of every N, the evidence of many runs for a size, and fresh runs at it.

mod fresh;
pub mod history;
pub mod marks;
pub mod objective;

use std::collections::{BTreeMap, BTreeSet};

use hubbub::mailbox::MAX_CAPACITY;

use crate::first_order;
use crate::plan::Plan;
use crate::pruning::Runs;
use crate::runs::{self, Job, RunError, RunLog, Workers};
use crate::scenario::{Change, Scenario};
use crate::summary::cell::by_class;
use crate::summary::document::{RunsDone, Sensitivity, ZeroDrop};
use crate::summary::run::{Latencies, RunSummary};
use crate::summary::sizes;
pub(crate) use fresh::bounded;
pub use fresh::{FRESH_RUNS, validate};

/// The unbounded runs of one N, in the order of the seeds, with their latencies merged.
#[derive(Debug)]
pub struct UnboundedRuns {
    runs: Vec<RunSummary>,
    latencies: Latencies,
}

/// Unbounded runs by N.
pub type Unbounded = BTreeMap<usize, UnboundedRuns>;

/// Sizes every N of a scenario from its unbounded runs; there are no marks of further runs yet.
pub fn sizes(scenario: &Scenario, unbounded: &Unbounded) -> Vec<ZeroDrop> {
    let settings = scenario.settings();
    let names: Vec<_> = settings.classes.iter().map(|class| class.name.clone()).collect();
    let of_n = |subscribers: &usize| Some(zero_drop(scenario, *subscribers, unbounded.get(subscribers)?, &names));
    settings.subscribers.iter().filter_map(of_n).collect()
}

fn zero_drop(scenario: &Scenario, subscribers: usize, unbounded: &UnboundedRuns, class_names: &[String]) -> ZeroDrop {
    let UnboundedRuns { runs, latencies } = unbounded;
    let plans = (0..scenario.settings().seeds).map(|seed| Plan::draw(scenario, subscribers, seed));
    // One seed at a time: a plan of a long trace is large.
    let (reasons, rules): (Vec<_>, Vec<_>) =
        plans.map(|plan| (first_order::no_finite_size(&plan), first_order::buffer(&plan))).unzip();
    let exact = sizes::exact(runs);
    let too_large = (sizes::with_headroom(exact) > MAX_CAPACITY as u64).then_some(sizes::TOO_LARGE);
    let other_limits = runs.iter().any(RunSummary::has_drops).then_some(sizes::OTHER_LIMITS);
    let reason = reasons.into_iter().flatten().next().map(|reason| reason.as_str()).or(other_limits).or(too_large);
    // At the exact size nothing overflows: an unbounded run is the run at that size.
    let by_class = if reason.is_none() { by_class(class_names, runs, latencies) } else { BTreeMap::new() };
    ZeroDrop {
        subscribers,
        buffer: reason.is_none().then_some(exact),
        by_class,
        reason: reason.map(str::to_owned),
        per_seed: sizes::high_waters(runs),
        binding: sizes::binding(runs, class_names),
        first_order_rule: rules.into_iter().collect::<Option<Vec<_>>>().and_then(|rules| rules.into_iter().max()),
        marks: None,
        tolerance: None,
        risk: Vec::new(),
        extrapolated: None,
        validation: None,
    }
}

/// Runs every N on every seed with mailboxes that never overflow, and at those of `buffers` at which pruning saves
/// something; `seen` is shown each plan's runs.
///
/// # Errors
/// The first failure of a world.
pub fn unbounded<'a>(
    scenario: &'a Scenario,
    buffers: &[u64],
    workers: Workers<'_>,
    log: &mut RunLog<'a>,
    mut seen: impl FnMut(usize, &Runs) + Send,
) -> Result<Unbounded, RunError> {
    let mut by_n = Unbounded::new();
    runs::each_unbounded(scenario, buffers, workers, |subscribers, runs| {
        seen(subscribers, &runs);
        let job = Job::unbounded(scenario, subscribers, runs.unbounded.0.seed);
        log.add(job, &runs.unbounded.0);
        runs.at.iter().for_each(|(_, (run, _))| log.done.add(run.done));
        let new = || UnboundedRuns { runs: Vec::new(), latencies: Latencies(Vec::new()) };
        let (run, latencies) = runs.unbounded;
        let of_n = by_n.entry(subscribers).or_insert_with(new);
        of_n.runs.push(run);
        of_n.latencies.merge(latencies);
    })?;
    // Threads finish in any order, and the sizes of the seeds are listed in theirs.
    by_n.values_mut().for_each(|of_n| of_n.runs.sort_by_key(|run| run.seed));
    Ok(by_n)
}

/// Units of work, as [`Job::units`] counts them, of `runs` unbounded runs of every N that has a size, and of the runs on
/// fresh seeds, without those on the scenario's own seeds, which are done.
pub fn units_of_evidence(scenario: &Scenario, zero_drops: &[ZeroDrop], runs: u64) -> u64 {
    let more = runs.saturating_sub(scenario.settings().seeds) + FRESH_RUNS;
    let sized = zero_drops.iter().filter(|size| size.buffer.is_some());
    sized.map(|size| more * runs::units(size.subscribers)).sum()
}

/// The runs that decide, for every N that has a size: the seed that needs the exact size, at that size and at one frame
/// less; the seed with the largest mark of all runs, likewise and at the size that is named as the answer; and the first
/// fresh runs. For a first answer, without marks, the run at the exact size is enough.
pub fn deciding<'a>(scenario: &'a Scenario, zero_drops: &[ZeroDrop]) -> Vec<Job<'a>> {
    let mut jobs = Vec::new();
    for size in zero_drops {
        let (Some(exact), Some(binding)) = (size.buffer, &size.binding) else { continue };
        let subscribers = size.subscribers;
        // A set, because the seeds that decide may be one and the same.
        let mut runs = BTreeSet::from([(binding.seed, exact)]);
        if let Some(tolerance) = &size.tolerance {
            let largest = tolerance.buffer;
            let below = [(binding.seed, exact - 1), (tolerance.seed, largest), (tolerance.seed, largest - 1)];
            let named = sizes::named(size).map(|named| (tolerance.seed, named));
            // A mailbox has at least one slot.
            runs.extend(below.into_iter().chain(named).filter(|(_, buffer)| *buffer > 0));
        }
        let of = |(seed, buffer)| Job { scenario, subscribers, choice: fresh::bounded(scenario, buffer), seed };
        jobs.extend(runs.into_iter().map(of));
        jobs.extend(fresh::decide(scenario, size));
    }
    jobs.sort_by_key(|job| std::cmp::Reverse(job.subscribers));
    jobs
}

/// How the exact sizes move under each change of the load.
///
/// # Errors
/// The first failure of a world.
pub fn sensitivity(
    scenario: &Scenario,
    as_planned: &[ZeroDrop],
    workers: Workers<'_>,
    done: &mut RunsDone,
) -> Result<Vec<Sensitivity>, RunError> {
    let row = |change: &str, size: &ZeroDrop| Sensitivity {
        subscribers: size.subscribers,
        change: change.to_owned(),
        buffer: size.buffer,
        reason: size.reason.clone(),
    };
    let mut rows: Vec<_> = as_planned.iter().map(|size| row("as planned", size)).collect();
    for change in Change::ALL {
        match scenario.changed(change) {
            Ok(changed) => {
                let mut log = RunLog::default();
                let sizes = sizes(&changed, &unbounded(&changed, &[], workers, &mut log, |_, _| {})?);
                done.add(log.check_share(workers)?);
                rows.extend(sizes.iter().map(|size| row(change.as_str(), size)));
            }
            Err(refused) => rows.extend(scenario.settings().subscribers.iter().map(|subscribers| Sensitivity {
                subscribers: *subscribers,
                change: change.as_str().to_owned(),
                buffer: None,
                reason: Some(refused.to_string()),
            })),
        }
    }
    // The sort is stable: within an N the changes stay in their order.
    rows.sort_by_key(|row| as_planned.iter().position(|size| size.subscribers == row.subscribers));
    Ok(rows)
}
