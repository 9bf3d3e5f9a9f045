//! The exact size, its headroom, and its validation on seeds that did not choose it.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};

use hubbub::Capacity;
use hubbub::mailbox::MAX_CAPACITY;

use crate::first_order;
use crate::plan::{HubChoice, Plan};
use crate::pruning::Runs;
use crate::runs::{self, Job, RunError, RunLog, Workers};
use crate::scenario::{Change, Scenario};
use crate::summary::cell::{by_class, memory, pooled};
use crate::summary::document::{FailedSize, RunsDone, Sensitivity, Validation, ZeroDrop};
use crate::summary::run::{Latencies, RunSummary};
use crate::summary::sizes;
use crate::tail::clopper_pearson::upper_bound_95;

/// Clean runs that bound the probability of a drop by 5 % at 95 % confidence: 1 − 0.05^(1/59) = 0.0495.
pub const VALIDATION_RUNS: u64 = 59;

/// First of the seeds that validate: far from those that a scenario sweeps.
pub const FIRST_VALIDATION_SEED: u64 = 1_000_000;

/// The unbounded runs of one N, in the order of the seeds, with their latencies merged.
#[derive(Debug)]
pub struct UnboundedRuns {
    runs: Vec<RunSummary>,
    latencies: Latencies,
}

/// Unbounded runs by N.
pub type Unbounded = BTreeMap<usize, UnboundedRuns>;

/// Sizes every N of a scenario from its unbounded runs; nothing is validated yet.
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
    by_n.values_mut().for_each(|of_n| of_n.runs.sort_by_key(|run| run.seed));
    Ok(by_n)
}

/// Validates every size that there is: at the size with headroom on fresh seeds, and where one of them drops, at twice
/// the size on fresh seeds again.
///
/// # Errors
/// The first failure of a world.
pub fn validate<'a>(
    scenario: &'a Scenario,
    zero_drops: &mut [ZeroDrop],
    workers: Workers<'_>,
    log: &mut RunLog<'a>,
) -> Result<(), RunError> {
    let names: Vec<_> = scenario.settings().classes.iter().map(|class| class.name.clone()).collect();
    let mut first_seed = FIRST_VALIDATION_SEED;
    let mut failed = BTreeMap::<usize, Vec<FailedSize>>::new();
    let sized = zero_drops.iter().filter_map(|size| Some((size.subscribers, sizes::with_headroom(size.buffer?))));
    let mut open: Vec<(usize, u64)> = sized.collect();
    while !open.is_empty() {
        let tries = one_round(scenario, &open, first_seed, workers)?;
        first_seed += VALIDATION_RUNS;
        open.clear();
        for tried in tries {
            let Try { subscribers, buffer, .. } = tried;
            tried.runs.iter().for_each(|run| log.add(tried.job(scenario, run.seed), run));
            let dropped_at = tried.runs.iter().position(RunSummary::has_drops);
            let before = failed.entry(subscribers).or_default();
            if let Some(last) = dropped_at
                && buffer * 2 <= MAX_CAPACITY as u64
            {
                before.push(FailedSize { buffer, runs: last as u64 + 1, runs_with_drops: 1 });
                open.push((subscribers, buffer * 2));
                continue;
            }
            let validation = tried.validation(&names, std::mem::take(before));
            zero_drops.iter_mut().filter(|size| size.subscribers == subscribers).for_each(|size| {
                size.validation = Some(validation.clone());
            });
        }
    }
    Ok(())
}

/// The runs of one size.
struct Try {
    subscribers: usize,
    buffer: u64,
    /// In the order of their seeds, up to the first that dropped.
    runs: Vec<RunSummary>,
    /// Of all that were run: only where none dropped do these not depend on the number of threads.
    latencies: Latencies,
}

impl Try {
    fn job<'a>(&self, scenario: &'a Scenario, seed: u64) -> Job<'a> {
        Job { scenario, subscribers: self.subscribers, choice: bounded(scenario, self.buffer), seed }
    }

    fn validation(&self, class_names: &[String], failed: Vec<FailedSize>) -> Validation {
        let runs_with_drops = self.runs.iter().filter(|run| run.has_drops()).count() as u64;
        let none = Latencies(Vec::new());
        let latencies = if runs_with_drops == 0 { &self.latencies } else { &none };
        Validation {
            buffer: self.buffer,
            seeds: self.runs.iter().map(|run| run.seed).collect(),
            runs_with_drops,
            run_drop_probability_upper95: upper_bound_95(runs_with_drops, self.runs.len() as u64),
            failed,
            flush_latency_ms: pooled(latencies).0,
            by_class: by_class(class_names, &self.runs, latencies),
            memory_bytes_per_subscriber: memory(self.subscribers, self.buffer, &self.runs),
        }
    }
}

/// How many units of work it takes to validate sizes, as [`Job::units`] counts them, if none has to be doubled.
pub fn validation_units(zero_drops: &[ZeroDrop]) -> u64 {
    let sized = zero_drops.iter().filter(|size| size.buffer.is_some());
    sized.map(|size| VALIDATION_RUNS * runs::units(size.subscribers)).sum()
}

/// Tries every size on the same fresh seeds. Once a run has dropped, later seeds of that size are called off, and
/// those already done are left out: what remains does not depend on the number of threads.
fn one_round(
    scenario: &Scenario,
    open: &[(usize, u64)],
    first_seed: u64,
    workers: Workers<'_>,
) -> Result<Vec<Try>, RunError> {
    let mut jobs = Vec::new();
    for (subscribers, buffer) in open {
        let choice = bounded(scenario, *buffer);
        let seeds = first_seed..first_seed + VALIDATION_RUNS;
        jobs.extend(seeds.map(|seed| Job { scenario, subscribers: *subscribers, choice, seed }));
    }
    jobs.sort_by_key(|job| std::cmp::Reverse(job.subscribers));
    let first_drop: BTreeMap<usize, AtomicU64> = open.iter().map(|(n, _)| (*n, AtomicU64::new(u64::MAX))).collect();
    let is_wanted = |job: &Job<'_>| job.seed <= first_drop[&job.subscribers].load(Ordering::Relaxed);
    let mut tries: BTreeMap<usize, Try> = BTreeMap::new();
    for (subscribers, buffer) in open {
        let (runs, latencies) = (Vec::new(), Latencies(Vec::new()));
        tries.insert(*subscribers, Try { subscribers: *subscribers, buffer: *buffer, runs, latencies });
    }
    workers.progress.begin("validation", jobs.iter().map(Job::units).sum());
    runs::each(&jobs, workers, is_wanted, |index, (run, latencies)| {
        let subscribers = jobs[index].subscribers;
        if run.has_drops() {
            first_drop[&subscribers].fetch_min(run.seed, Ordering::Relaxed);
        }
        if let Some(tried) = tries.get_mut(&subscribers) {
            tried.latencies.merge(latencies);
            tried.runs.push(run);
        }
    })?;
    workers.progress.end();
    let mut tries: Vec<_> = open.iter().filter_map(|(subscribers, _)| tries.remove(subscribers)).collect();
    for tried in &mut tries {
        let last = first_drop[&tried.subscribers].load(Ordering::Relaxed);
        tried.runs.retain(|run| run.seed <= last);
        tried.runs.sort_by_key(|run| run.seed);
    }
    Ok(tries)
}

/// A buffer of so many frames, under the scenario's policy. A size with headroom has been found to be within limits, and
/// is only doubled within them.
fn bounded(scenario: &Scenario, buffer: u64) -> HubChoice {
    let capacity = usize::try_from(buffer).ok().and_then(Capacity::new).unwrap_or(Capacity::UNBOUNDED);
    HubChoice { capacity, overflow: scenario.settings().server.policy }
}

/// The runs that decide: for every N that has a size, the seed that needs it, at that size, at one frame less, and at
/// the size that is named as the answer. For a first answer the run at the size itself is enough.
pub fn deciding<'a>(scenario: &'a Scenario, zero_drops: &[ZeroDrop]) -> Vec<Job<'a>> {
    let mut jobs = Vec::new();
    for size in zero_drops {
        let (Some(exact), Some(binding)) = (size.buffer, &size.binding) else { continue };
        let named = size.validation.as_ref().map(|validation| validation.buffer);
        let others = [(exact > 1).then_some(exact - 1), named];
        let others = others.into_iter().flatten().filter(|_| named.is_some());
        let of = |buffer| Job {
            scenario,
            subscribers: size.subscribers,
            choice: bounded(scenario, buffer),
            seed: binding.seed,
        };
        jobs.extend(std::iter::once(exact).chain(others).map(of));
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
    rows.sort_by_key(|row| as_planned.iter().position(|size| size.subscribers == row.subscribers));
    Ok(rows)
}
