//! A sweep: the same plans at every buffer size, and the exact size beside them.

use hubbub::{Capacity, Overflow};

use crate::plan::Plan;
use crate::pruning::Runs;
use crate::runs::{self, Job, Progress};
use crate::scenario::{Arrivals, Scenario};
use crate::sizing;
use crate::summary::cell::{CellKey, cell, compared};
use crate::summary::document::{Cell, SCHEMA, Sweep, TraceUsed, ZeroDrop};
use crate::summary::run::{Latencies, RunSummary};
use crate::summary::{load, sizes};
use crate::world::{HubChoice, WorldError};

/// Which parts of a sweep are wanted.
#[derive(Debug, Clone, Copy)]
pub struct Parts {
    /// The grid of cells.
    pub cells: bool,
    /// The grid once for every policy, instead of for the scenario's.
    pub policies: bool,
    /// Exact sizes.
    pub sizes: bool,
    /// The validation of the sizes.
    pub validation: bool,
    /// Sizes under a changed load.
    pub sensitivity: bool,
}

/// Runs a scenario. `sized` is told the exact sizes before they are validated. The same arguments but for `threads`
/// give the same document.
///
/// # Errors
/// The first failure of a world.
pub fn sweep(
    scenario: &Scenario,
    parts: Parts,
    threads: usize,
    progress: &dyn Progress,
    sized: impl Fn(&[ZeroDrop]),
) -> Result<Sweep, WorldError> {
    let mut grid = match parts {
        Parts { cells: false, .. } => Grid::default(),
        Parts { policies: true, .. } => Grid::of_policies(scenario),
        Parts { policies: false, .. } => Grid::new(scenario),
    };
    if parts.policies {
        grid.take_common_runs(scenario, threads, progress)?;
    }
    let mut zero_drop = Vec::new();
    if parts.sizes {
        let buffers = if parts.cells { &*scenario.settings().buffers } else { &[] };
        let unbounded =
            sizing::unbounded(scenario, buffers, threads, progress, |n, runs| grid.take_what_fits(n, runs))?;
        zero_drop = sizing::sizes(scenario, &unbounded);
    }
    sized(&zero_drop);
    let cells = grid.run(scenario, threads, progress)?;
    if parts.validation {
        sizing::validate(scenario, &mut zero_drop, threads, progress)?;
    }
    let sensitivity =
        if parts.sensitivity { sizing::sensitivity(scenario, &zero_drop, threads, progress)? } else { Vec::new() };
    let settings = scenario.settings();
    let first = settings.subscribers.first().copied().unwrap_or(0);
    let plans = (0..settings.seeds).map(|seed| Plan::draw(scenario, first, seed));
    Ok(Sweep {
        schema: SCHEMA.to_owned(),
        world: "simulated".to_owned(),
        scenario: settings.name.clone(),
        command: String::new(),
        question: settings.question.clone(),
        policy: if parts.policies { ALL_POLICIES } else { settings.server.policy.name() }.to_owned(),
        trace: trace_used(scenario),
        seeds: (0..settings.seeds).collect(),
        virtual_seconds: scenario.duration().as_secs_f64(),
        drain_seconds: settings.drain_seconds,
        time_scale: settings.time_scale,
        arrivals: load::arrivals(plans),
        classes: load::classes(scenario),
        cpu: load::cpu(scenario),
        faults: load::faults(scenario),
        machine: None,
        not_applied: Vec::new(),
        partial: None,
        cells,
        recommendation: sizes::recommendation(&zero_drop),
        zero_drop,
        sensitivity,
    })
}

fn trace_used(scenario: &Scenario) -> Option<TraceUsed> {
    match &scenario.settings().arrivals {
        Arrivals::Trace { file, speed_up } => {
            let file = file.rsplit('/').next().unwrap_or(file).to_owned();
            Some(TraceUsed { file, speed_up: *speed_up })
        }
        Arrivals::Constant { .. }
        | Arrivals::Poisson { .. }
        | Arrivals::Bursts { .. }
        | Arrivals::BacklogFlush { .. } => None,
    }
}

/// In the place of a policy, where all are compared.
pub const ALL_POLICIES: &str = "all";

/// A cell under way. Records are condensed and merged as they come: a sweep's memory does not grow with its runs.
struct Open {
    /// The scenario's, unless policies are compared.
    policy: Option<Overflow>,
    subscribers: usize,
    buffer: u64,
    runs: Vec<RunSummary>,
    latencies: Latencies,
}

impl Open {
    fn new(policy: Option<Overflow>, subscribers: usize, buffer: u64) -> Self {
        Self { policy, subscribers, buffer, runs: Vec::new(), latencies: Latencies(Vec::new()) }
    }

    fn take(&mut self, (run, latencies): (RunSummary, Latencies)) {
        self.runs.push(run);
        self.latencies.merge(latencies);
    }

    fn close(mut self, class_names: &[String], seconds: f64) -> Cell {
        self.runs.sort_by_key(|run| run.seed);
        let key = CellKey { subscribers: self.subscribers, buffer: self.buffer, class_names, seconds };
        let mut cell = cell(key, &self.runs, &self.latencies);
        cell.compared = self.policy.map(|policy| compared(policy, &self.runs, cell.receipt_latency_ms));
        cell
    }
}

/// The cells, in grid order.
///
/// Where an unbounded run fits into a buffer, that buffer would never have overflowed and nothing would have gone
/// differently, digest included: that run stands in for the cell's. So does one that could be pruned.
#[derive(Default)]
struct Grid(Vec<Open>);

impl Grid {
    fn new(scenario: &Scenario) -> Self {
        Self(Self::cells(scenario, None).collect())
    }

    fn of_policies(scenario: &Scenario) -> Self {
        Self(Overflow::ALL.into_iter().flat_map(|policy| Self::cells(scenario, Some(policy))).collect())
    }

    fn cells(scenario: &Scenario, policy: Option<Overflow>) -> impl Iterator<Item = Open> {
        let settings = scenario.settings();
        let of_n = move |subscribers: &usize| {
            let subscribers = *subscribers;
            settings.buffers.iter().map(move |buffer| Open::new(policy, subscribers, *buffer))
        };
        settings.subscribers.iter().flat_map(of_n)
    }

    /// Where nothing ever overflows all policies are the same run; unless somebody comes back, who is given what it
    /// missed a mailbox full at a time.
    fn take_common_runs(
        &mut self,
        scenario: &Scenario,
        threads: usize,
        progress: &dyn Progress,
    ) -> Result<(), WorldError> {
        let settings = scenario.settings();
        let of_n = |subscribers: &usize| (0..settings.seeds).map(|seed| Job::unbounded(*subscribers, seed)).collect();
        let jobs: Vec<_> = settings.subscribers.iter().flat_map(|n| -> Vec<Job> { of_n(n) }).collect();
        progress.begin("common runs", jobs.iter().map(Job::units).sum());
        runs::each(
            scenario,
            &jobs,
            threads,
            progress,
            |_| true,
            |index, run| {
                let of_n = self.0.iter_mut().filter(|cell| cell.subscribers == jobs[index].subscribers);
                of_n.filter(|cell| run.0.fits(cell.buffer)).for_each(|cell| cell.take(run.clone()));
            },
        )?;
        progress.end();
        Ok(())
    }

    fn take_what_fits(&mut self, subscribers: usize, runs: &Runs) {
        for cell in self.0.iter_mut().filter(|cell| cell.subscribers == subscribers) {
            let pruned = runs.at.iter().find(|(buffer, _)| *buffer == cell.buffer).map(|(_, run)| run);
            let whole = Some(&runs.unbounded).filter(|(run, _)| run.fits(cell.buffer));
            pruned.or(whole).cloned().into_iter().for_each(|run| cell.take(run));
        }
    }

    /// Runs what is missing.
    fn run(mut self, scenario: &Scenario, threads: usize, progress: &dyn Progress) -> Result<Vec<Cell>, WorldError> {
        let settings = scenario.settings();
        let mut jobs = Vec::new();
        for (index, cell) in self.0.iter().enumerate() {
            // The scenario's check has seen that every buffer is a capacity.
            let Some(capacity) = usize::try_from(cell.buffer).ok().and_then(Capacity::new) else { continue };
            let choice = HubChoice { capacity, overflow: cell.policy.unwrap_or(settings.server.policy) };
            let missing = (0..settings.seeds).filter(|seed| cell.runs.iter().all(|run| run.seed != *seed));
            jobs.extend(missing.map(|seed| (index, Job { subscribers: cell.subscribers, choice, seed })));
        }
        // The long ones first, so that no core is left with one at the end.
        jobs.sort_by_key(|(_, job)| std::cmp::Reverse(job.subscribers));
        let (indices, jobs): (Vec<_>, Vec<_>) = jobs.into_iter().unzip();
        progress.begin("sweep", jobs.iter().map(Job::units).sum());
        runs::each(scenario, &jobs, threads, progress, |_| true, |index, run| self.0[indices[index]].take(run))?;
        progress.end();
        let class_names: Vec<_> = settings.classes.iter().map(|class| class.name.clone()).collect();
        let seconds = scenario.duration().as_secs_f64();
        Ok(self.0.into_iter().map(|open| open.close(&class_names, seconds)).collect())
    }
}
