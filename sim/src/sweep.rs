//! A sweep: the same plans at every buffer size, and the exact size beside them.

use hubbub::{Capacity, Overflow};

use crate::plan::{HubChoice, Plan};
use crate::pruning::Runs;
use crate::runs::{self, Job, RunError, RunLog, Workers};
use crate::scenario::{Arrivals, Scenario, ScenarioError};
use crate::sizing;
use crate::summary::cell::{CellKey, cell};
use crate::summary::document::{ALL_POLICIES, Cell, SCHEMA, Sweep, TraceUsed, ZeroDrop};
use crate::summary::run::{Latencies, RunSummary};
use crate::summary::{load, sizes};

/// Which parts of a sweep are wanted.
#[derive(Debug, Clone, Copy)]
pub struct Parts<'a> {
    /// The grid of cells.
    pub cells: bool,
    /// The grid once for every policy, instead of for the scenario's.
    pub policies: bool,
    /// Exact sizes.
    pub sizes: Sizes<'a>,
    /// Sizes under a changed load.
    pub sensitivity: bool,
}

/// Why there is no sweep.
#[derive(Debug, thiserror::Error)]
pub enum SweepError {
    /// The scenario cannot be run under every policy.
    #[error(transparent)]
    Scenario(#[from] ScenarioError),
    /// A run failed, or two worlds disagree on it.
    #[error(transparent)]
    Run(#[from] RunError),
}

/// How far sizes are worked out.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Sizes<'a> {
    /// Not at all.
    None,
    /// Exact on the scenario's seeds.
    Exact,
    /// Exact, with the marks of so many runs and what they say of the risk, and with fresh runs at the size that is named
    /// as the answer.
    WithRisk {
        /// Number of unbounded runs of each N, the scenario's own seeds among them.
        runs: u64,
        /// A smaller risk than these runs bound, to which sizes are extrapolated.
        extrapolated_risk: Option<f64>,
    },
    /// As `WithRisk`, with the marks of these published sizes, of which only some are repeated.
    AsPublished(&'a [ZeroDrop]),
}

/// Runs a scenario. `sized` is told the exact sizes before all further runs. The same arguments but for `threads`
/// give the same document.
///
/// The recommendation is the next power of two above the largest mark of all runs:
/// ```
/// use hubbub_sim::internals::{runs::{Progress, RunWorld::Specified, Workers}, sweep::{Parts, Sizes, sweep}};
/// # use hubbub_sim::internals::scenario::{Overrides, Scenario}; struct Quiet;
/// # impl Progress for Quiet { fn begin(&self, _: &str, _: u64) {} fn advance(&self, _: u64) {} fn end(&self) {} }
/// let mut few = Overrides { subscribers: Some(vec![3]), seeds: Some(1), ..Overrides::default() };
/// few.duration_seconds = Some(5.0);
/// let scenario = Scenario::named("alpha").and_then(|alpha| alpha.with(few)).expect("a valid scenario");
/// let sizes = Sizes::WithRisk { runs: 20, extrapolated_risk: None };
/// let parts = Parts { cells: false, policies: false, sizes, sensitivity: false };
/// let workers = Workers { threads: 1, world: Specified, checks_a_share: false, known: None, progress: &Quiet };
/// let found = sweep(&scenario, parts, workers, |_| {}).expect("no run fails");
/// let largest = found.zero_drop[0].tolerance.as_ref().expect("20 runs");
/// assert!(largest.risk_upper95 < 0.14, "1 - 0.05^(1 / 20)");
/// assert_eq!(found.recommendation.buffer, Some((largest.buffer + 1).next_power_of_two()));
/// ```
///
/// # Errors
/// A policy whose needs the scenario cannot meet, and the first failure of a world.
pub fn sweep(
    scenario: &Scenario,
    parts: Parts<'_>,
    workers: Workers<'_>,
    sized: impl Fn(&[ZeroDrop]),
) -> Result<Sweep, SweepError> {
    let (run_under, left_out) =
        if parts.policies { under_each_policy(scenario)? } else { (vec![scenario.clone()], Vec::new()) };
    let mut log = RunLog::default();
    let mut grid = if parts.cells { Grid::of(&run_under) } else { Grid::default() };
    if parts.policies {
        grid.take_common_runs(workers, &mut log)?;
    }
    let (mut zero_drop, mut unbounded) = (Vec::new(), sizing::Unbounded::new());
    if parts.sizes != Sizes::None {
        let buffers = if parts.cells { &*scenario.settings().buffers } else { &[] };
        unbounded = sizing::unbounded(scenario, buffers, workers, &mut log, |n, runs| grid.take_what_fits(n, runs))?;
        zero_drop = sizing::sizes(scenario, &unbounded);
    }
    sized(&zero_drop);
    let cells = grid.run(workers, &mut log)?;
    match parts.sizes {
        Sizes::None | Sizes::Exact => {}
        Sizes::WithRisk { runs, extrapolated_risk } => {
            sizing::marks::find(scenario, &unbounded, &mut zero_drop, runs, workers, &mut log)?;
            if let Some(risk) = extrapolated_risk {
                zero_drop.iter_mut().for_each(|size| sizing::marks::extrapolate(size, risk));
            }
        }
        Sizes::AsPublished(published) => {
            sizing::marks::repeat(scenario, published, &mut zero_drop, workers, &mut log)?;
        }
    }
    // Without marks there is no size to run.
    sizing::validate(scenario, &mut zero_drop, workers, &mut log)?;
    let deciding = sizing::deciding(scenario, &zero_drop);
    // Exact sizes alone are a first answer. For that only the deciding runs are checked.
    let mut done =
        if parts.sizes == Sizes::Exact { log.check_only(deciding, workers)? } else { log.check(deciding, workers)? };
    let sensitivity =
        if parts.sensitivity { sizing::sensitivity(scenario, &zero_drop, workers, &mut done)? } else { Vec::new() };
    let settings = scenario.settings();
    // Any N will do, because arrivals do not depend on the number of subscribers.
    let first = settings.subscribers.first().copied().unwrap_or(0);
    // Drawn one at a time, since the plan of a long trace is large.
    let plans = (0..settings.seeds).map(|seed| Plan::draw(scenario, first, seed));
    Ok(Sweep {
        schema: SCHEMA.to_owned(),
        world: "simulated".to_owned(),
        scenario: settings.name.clone(),
        command: String::new(),
        question: settings.question.clone(),
        policy: if parts.policies { ALL_POLICIES } else { settings.server.policy.name() }.to_owned(),
        run_with: run_under.iter().filter_map(load::run_with).collect(),
        trace: trace_used(scenario),
        seeds: (0..settings.seeds).collect(),
        virtual_seconds: scenario.duration().as_secs_f64(),
        drain_seconds: settings.drain_seconds,
        time_scale: settings.time_scale,
        current_buffer: settings.current_buffer,
        arrivals: load::arrivals(plans),
        classes: load::classes(scenario),
        cpu: load::cpu(scenario),
        faults: load::faults(scenario),
        machine: None,
        not_applied: left_out,
        runs: Some(done),
        partial: None,
        cells,
        recommendation: sizes::recommendation(&zero_drop, scenario.duration().as_secs_f64()),
        zero_drop,
        sensitivity,
    })
}

/// The scenario once for every policy that it can be run under, each with what it needs; and in words which policies
/// are left out because they need what the scenario does not have, as conflation needs keys.
///
/// # Errors
/// The first refusal, where no policy can be run.
pub fn under_each_policy(scenario: &Scenario) -> Result<(Vec<Scenario>, Vec<String>), ScenarioError> {
    let (mut scenarios, mut left_out) = (Vec::new(), Vec::new());
    let mut refusals = Vec::new();
    for policy in Overflow::ALL {
        match scenario.under(policy) {
            Ok(under) => scenarios.push(under),
            Err(why) => {
                left_out.push(format!("policy {policy} is left out: {}", why.without_place()));
                refusals.push(why);
            }
        }
    }
    match refusals.into_iter().next() {
        Some(why) if scenarios.is_empty() => Err(why),
        _ => Ok((scenarios, left_out)),
    }
}

fn trace_used(scenario: &Scenario) -> Option<TraceUsed> {
    match &scenario.settings().arrivals {
        Arrivals::Trace { file, speed_up } => {
            // The name alone: a path differs from machine to machine, and the document must not.
            let file = file.rsplit('/').next().unwrap_or(file).to_owned();
            Some(TraceUsed { file, speed_up: *speed_up })
        }
        Arrivals::Constant { .. }
        | Arrivals::Poisson { .. }
        | Arrivals::Bursts { .. }
        | Arrivals::BacklogFlush { .. } => None,
    }
}

/// A cell under way. Records are condensed and merged as they come: a sweep's memory does not grow with its runs.
struct Open<'a> {
    /// With the cell's policy.
    scenario: &'a Scenario,
    subscribers: usize,
    buffer: u64,
    runs: Vec<RunSummary>,
    latencies: Latencies,
}

impl<'a> Open<'a> {
    fn new(scenario: &'a Scenario, subscribers: usize, buffer: u64) -> Self {
        Self { scenario, subscribers, buffer, runs: Vec::new(), latencies: Latencies(Vec::new()) }
    }

    fn take(&mut self, (run, latencies): (RunSummary, Latencies)) {
        self.runs.push(run);
        self.latencies.merge(latencies);
    }

    fn close(mut self) -> Cell {
        // Threads finish in any order, and a cell must not depend on it.
        self.runs.sort_by_key(|run| run.seed);
        let settings = self.scenario.settings();
        let class_names: Vec<_> = settings.classes.iter().map(|class| class.name.clone()).collect();
        let key = CellKey {
            policy: settings.server.policy.name(),
            subscribers: self.subscribers,
            buffer: self.buffer,
            class_names: &class_names,
            seconds: self.scenario.duration().as_secs_f64(),
        };
        cell(key, &self.runs, &self.latencies)
    }
}

/// The cells, in grid order: policies first, then subscribers.
///
/// Where an unbounded run fits into a buffer, that buffer would never have overflowed and nothing would have gone
/// differently, digest included: that run stands in for the cell's. So does one that could be pruned.
#[derive(Default)]
struct Grid<'a>(Vec<Open<'a>>);

impl<'a> Grid<'a> {
    fn of(scenarios: &'a [Scenario]) -> Self {
        let mut cells = Vec::new();
        for scenario in scenarios {
            let settings = scenario.settings();
            for subscribers in &settings.subscribers {
                cells.extend(settings.buffers.iter().map(|buffer| Open::new(scenario, *subscribers, *buffer)));
            }
        }
        Self(cells)
    }

    /// Where nothing ever overflows, policies that need the same are the same run; unless somebody comes back, who is
    /// given what it missed a mailbox full at a time.
    fn take_common_runs(&mut self, workers: Workers<'_>, log: &mut RunLog<'a>) -> Result<(), RunError> {
        let mut jobs: Vec<Job<'a>> = Vec::new();
        for cell in &self.0 {
            let is_had = |job: &Job<'_>| job.subscribers == cell.subscribers && job.scenario.runs_as(cell.scenario);
            if !jobs.iter().any(is_had) {
                let seeds = 0..cell.scenario.settings().seeds;
                jobs.extend(seeds.map(|seed| Job::unbounded(cell.scenario, cell.subscribers, seed)));
            }
        }
        workers.progress.begin("common runs", jobs.iter().map(Job::units).sum());
        let take = |index: usize, run: (RunSummary, Latencies)| {
            let job: &Job<'a> = &jobs[index];
            log.add(*job, &run.0);
            let fits = |cell: &&mut Open<'_>| {
                cell.subscribers == job.subscribers && cell.scenario.runs_as(job.scenario) && run.0.fits(cell.buffer)
            };
            // Cloned, because one run may stand in for several sizes and policies.
            self.0.iter_mut().filter(fits).for_each(|cell| cell.take(run.clone()));
        };
        runs::each(&jobs, workers, |_| true, take)?;
        workers.progress.end();
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
    fn run(mut self, workers: Workers<'_>, log: &mut RunLog<'a>) -> Result<Vec<Cell>, RunError> {
        let mut jobs = Vec::new();
        for (index, cell) in self.0.iter().enumerate() {
            let Open { scenario, subscribers, .. } = *cell;
            // The scenario's check has seen that every buffer is a capacity.
            let Some(capacity) = usize::try_from(cell.buffer).ok().and_then(Capacity::new) else { continue };
            let choice = HubChoice { capacity, overflow: scenario.settings().server.policy };
            let seeds = 0..scenario.settings().seeds;
            let missing = seeds.filter(|seed| cell.runs.iter().all(|run| run.seed != *seed));
            jobs.extend(missing.map(|seed| (index, Job { scenario, subscribers, choice, seed })));
        }
        // The long ones first, so that no core is left with one at the end.
        jobs.sort_by_key(|(_, job)| std::cmp::Reverse(job.subscribers));
        let (indices, jobs): (Vec<_>, Vec<_>) = jobs.into_iter().unzip();
        workers.progress.begin("sweep", jobs.iter().map(Job::units).sum());
        let take = |index: usize, run: (RunSummary, Latencies)| {
            log.add(jobs[index], &run.0);
            self.0[indices[index]].take(run);
        };
        runs::each(&jobs, workers, |_| true, take)?;
        workers.progress.end();
        Ok(self.0.into_iter().map(Open::close).collect())
    }
}
