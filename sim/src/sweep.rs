//! A sweep: the same plans at every buffer size, and the exact size beside them.

mod grid;

use hubbub::Overflow;

use crate::plan::Plan;
use crate::runs::{RunError, RunLog, Workers};
use crate::scenario::{Arrivals, Scenario, ScenarioError};
use crate::sizing;
use crate::summary::document::{ALL_POLICIES, Cell, ObjectiveResult, SCHEMA, Sweep, TraceUsed, ZeroDrop};
use crate::summary::objective::Objective;
use crate::summary::{load, sizes};
use grid::Grid;

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
    /// What is held against the scenario's objective, where it has one.
    pub objective: Judge<'a>,
}

/// What has to keep an objective.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Judge<'a> {
    /// Nothing.
    Nothing,
    /// The cells of these buffer sizes.
    At(&'a [u64]),
    /// A size that is searched: the smallest that keeps all limits.
    Search {
        /// Under every policy that the scenario can be run under, instead of its own alone.
        every_policy: bool,
    },
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
/// # use hubbub_sim::internals::{scenario::{Overrides, Scenario}, sweep::Judge}; struct Quiet;
/// # impl Progress for Quiet { fn begin(&self, _: &str, _: u64) {} fn advance(&self, _: u64) {} fn end(&self) {} }
/// let mut few = Overrides { subscribers: Some(vec![3]), seeds: Some(1), ..Overrides::default() };
/// few.duration_seconds = Some(5.0);
/// let scenario = Scenario::named("alpha").and_then(|alpha| alpha.with(few)).expect("a valid scenario");
/// let sizes = Sizes::WithRisk { runs: 20, extrapolated_risk: None };
/// let parts = Parts { cells: false, policies: false, sizes, sensitivity: false, objective: Judge::Nothing };
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
    let objective = Objective::of(scenario);
    let searched = searched_policies(scenario, parts.objective)?;
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
    bound_risk(scenario, parts.sizes, (&unbounded, &mut zero_drop[..]), workers, &mut log)?;
    let mut deciding = sizing::deciding(scenario, &zero_drop);
    let objective = match (&objective, parts.objective) {
        (None, _) | (_, Judge::Nothing) => None,
        (Some(objective), Judge::At(buffers)) => Some(judged(objective, &cells, buffers)),
        (Some(objective), Judge::Search { .. }) => {
            let found = sizing::objective::search(&searched, objective, workers, &mut log)?;
            deciding.extend(found.deciding);
            Some(found.result)
        }
    };
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
        server: None,
        current_buffer: Some(settings.current_frames()),
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
        objective,
        sensitivity,
    })
}

/// Adds to exact sizes what further runs say of their risk, where such runs are wanted.
fn bound_risk<'a>(
    scenario: &'a Scenario,
    sizes: Sizes<'_>,
    (unbounded, zero_drop): (&sizing::Unbounded, &mut [ZeroDrop]),
    workers: Workers<'_>,
    log: &mut RunLog<'a>,
) -> Result<(), RunError> {
    match sizes {
        Sizes::None | Sizes::Exact => {}
        Sizes::WithRisk { runs, extrapolated_risk } => {
            sizing::marks::find(scenario, unbounded, zero_drop, runs, workers, log)?;
            if let Some(risk) = extrapolated_risk {
                zero_drop.iter_mut().for_each(|size| sizing::marks::extrapolate(size, risk));
            }
        }
        Sizes::AsPublished(published) => {
            sizing::marks::repeat(scenario, published, zero_drop, workers, log)?;
        }
    }
    // Without marks there is no size to run.
    sizing::validate(scenario, zero_drop, workers, log)
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

/// The scenarios whose sizes are searched, the scenario's own policy first: of equal answers it is named.
fn searched_policies(scenario: &Scenario, judge: Judge<'_>) -> Result<Vec<Scenario>, ScenarioError> {
    match judge {
        Judge::Search { every_policy: true } => {
            let (mut scenarios, _) = under_each_policy(scenario)?;
            let own = scenario.settings().server.policy;
            scenarios.sort_by_key(|other| other.settings().server.policy != own);
            Ok(scenarios)
        }
        Judge::Search { every_policy: false } => Ok(vec![scenario.clone()]),
        Judge::Nothing | Judge::At(_) => Ok(Vec::new()),
    }
}

/// The cells of these sizes, held against an objective.
fn judged(objective: &Objective, cells: &[Cell], buffers: &[u64]) -> ObjectiveResult {
    let judged = cells.iter().filter(|cell| buffers.contains(&cell.buffer)).map(|cell| objective.judged(cell));
    ObjectiveResult::of_cells(objective.limits(), judged.collect())
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
