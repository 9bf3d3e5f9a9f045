//! A load test: a scenario's plans in the real world, one run after the other, and the document of them.

mod machine;
mod not_applied;

pub(crate) use machine::this as machine;

use std::cell::Cell as Shared;
use std::time::Duration;

use hubbub::Capacity;

use crate::client::StreamFormat;
use crate::emulated::{self, EmulatedError, EmulatedRun};
use crate::plan::{HubChoice, Plan};
use crate::real::{self, PerSubscriber, RealError, RealRun, Route, Sockets, Target};
use crate::runs::Progress;
use crate::scenario::Scenario;
use crate::summary::cell::{CellKey, cell};
use crate::summary::document::{Cell, EmulatedLinks, ObjectiveResult, Recommendation, SCHEMA, Sweep};
use crate::summary::load;
use crate::summary::objective::Objective;
use crate::summary::run::{Latencies, RunSummary};
use not_applied::not_applied;

/// Who is put to the test.
#[derive(Debug, Clone)]
pub enum LoadTarget {
    /// Our own server, at each of the scenario's buffer sizes, over loopback.
    Own,
    /// Our own server, at each of the scenario's buffer sizes, over emulated paths.
    Emulated,
    /// A server that runs already; its buffers are its own affair.
    Other {
        /// Where clients watch.
        stream: Route,
        /// How the bytes of its stream become events.
        format: StreamFormat,
        /// Where events are posted.
        ingest: Route,
    },
}

/// What came of it.
#[derive(Debug)]
pub struct Loaded {
    /// The cells that were measured.
    pub sweep: Sweep,
    /// Why cells are missing, if some are.
    pub ended_by: Option<LoadError>,
}

/// A run that could not be done.
#[derive(Debug, thiserror::Error)]
pub enum LoadError {
    /// Over the network that there is.
    #[error("{0}")]
    Real(#[from] RealError),
    /// Over emulated paths.
    #[error("{0}")]
    Emulated(#[from] EmulatedError),
}

/// Runs every cell in wall time; what has been measured is kept whatever happens then.
pub fn load(scenario: &Scenario, target: &LoadTarget, progress: &dyn Progress, is_wanted: &dyn Fn() -> bool) -> Loaded {
    let settings = scenario.settings();
    let cells: Vec<_> = match target {
        LoadTarget::Own | LoadTarget::Emulated => {
            settings.subscribers.iter().flat_map(|n| settings.buffers.iter().map(|k| (*n, *k))).collect()
        }
        // Its buffers are not known. 0, which no mailbox has, stands for that.
        LoadTarget::Other { .. } => settings.subscribers.iter().map(|n| (*n, 0)).collect(),
    };
    let run_ms = millis(scenario.duration());
    progress.begin("load", run_ms * settings.seeds * cells.len() as u64);
    let mut sweep = document(scenario, target);
    let mut ended_by = None;
    for (subscribers, buffer) in cells {
        match measured(scenario, target, (subscribers, buffer), progress, is_wanted) {
            Ok(cell) => sweep.cells.push(cell),
            Err(why) => {
                // No further cell is tried: a server that fails, or a Ctrl-C, ends all that would follow.
                sweep.partial = Some(format!("ended before N = {subscribers} was measured whole: {why}"));
                ended_by = Some(why);
                break;
            }
        }
    }
    progress.end();
    sweep.objective = judged(scenario, target, &sweep.cells);
    Loaded { sweep, ended_by }
}

/// What of a scenario's objective the target can be held against; `None` where that is nothing.
pub(crate) fn objective(scenario: &Scenario, target: &LoadTarget) -> Option<Objective> {
    let objective = Objective::of(scenario)?;
    let objective = match target {
        LoadTarget::Own | LoadTarget::Emulated => objective,
        LoadTarget::Other { .. } => objective.without_memory(),
    };
    (!objective.limits().is_empty()).then_some(objective)
}

/// Every cell that was measured, held against the scenario's objective.
fn judged(scenario: &Scenario, target: &LoadTarget, cells: &[Cell]) -> Option<ObjectiveResult> {
    let objective = objective(scenario, target)?;
    let judged = cells.iter().map(|cell| objective.judged(cell)).collect();
    Some(ObjectiveResult::of_cells(objective.limits(), judged))
}

/// One cell: a run for each seed.
fn measured(
    scenario: &Scenario,
    target: &LoadTarget,
    (subscribers, buffer): (usize, u64),
    progress: &dyn Progress,
    is_wanted: &dyn Fn() -> bool,
) -> Result<Cell, LoadError> {
    let settings = scenario.settings();
    let mut runs = Vec::new();
    let mut latencies = Latencies(Vec::new());
    let mut lag = Duration::ZERO;
    let mut memory = None;
    let mut links = None;
    for seed in 0..settings.seeds {
        let plan = Plan::draw(scenario, subscribers, seed);
        let told = Shared::new(0);
        let watch = |at: Duration| {
            let now = millis(at.min(plan.duration));
            // A run tells the time since it began, and `progress` wants what has come since it was last told. A run over
            // emulated links that were late is repeated, and tells its time from the beginning on.
            let before = told.replace(now.max(told.get()));
            progress.advance(now.saturating_sub(before));
            is_wanted()
        };
        let run = match target {
            LoadTarget::Own => {
                let own = Target::Own { choice: choice(scenario, buffer), sockets: Sockets::default() };
                real::run(&plan.without_paths(), &own, &watch)?
            }
            LoadTarget::Other { stream, format, ingest } => {
                let other = Target::Other { stream: stream.clone(), format: *format, ingest: ingest.clone() };
                real::run(&plan.without_paths(), &other, &watch)?
            }
            LoadTarget::Emulated => {
                let (run, of_run) = over_paths(plan.clone(), choice(scenario, buffer), &watch)?;
                links = Some(worst(links, of_run));
                run
            }
        };
        let RealRun { record, memory: costs, publish_lag } = run;
        lag = lag.max(publish_lag);
        memory = most(memory, costs);
        let (run, more) = RunSummary::of(seed, record);
        runs.push(run);
        latencies.merge(more);
    }
    let class_names: Vec<_> = settings.classes.iter().map(|class| class.name.clone()).collect();
    let policy = policy_name(scenario, target);
    let seconds = scenario.duration().as_secs_f64();
    let key = CellKey { policy, subscribers, buffer, class_names: &class_names, seconds };
    let mut cell = cell(key, &runs, &latencies);
    // Wall time does not repeat itself, and there is nothing to compare.
    cell.digest = String::new();
    cell.publish_lag_ms = Some(lag.as_secs_f64() * 1000.0);
    cell.links = links;
    if let Some(memory) = memory {
        let of = &mut cell.memory_bytes_per_subscriber;
        of.allocator = Some(memory.allocator);
        of.resident = Some(memory.resident);
        of.kernel = Some(memory.kernel);
    }
    Ok(cell)
}

fn choice(scenario: &Scenario, buffer: u64) -> HubChoice {
    // The scenario's check has seen that every buffer is a capacity.
    let capacity = usize::try_from(buffer).ok().and_then(Capacity::new).unwrap_or(Capacity::UNBOUNDED);
    HubChoice { capacity, overflow: scenario.settings().server.policy }
}

/// A run over emulated paths, again where these were late, and what is to be known of them.
fn over_paths(
    plan: Plan,
    choice: HubChoice,
    watch: &dyn Fn(Duration) -> bool,
) -> Result<(RealRun, EmulatedLinks), EmulatedError> {
    let run = EmulatedRun { plan, choice, congestion: None };
    let outcome = emulated::run_as_evidence(&[run], watch)?.pop();
    let outcome = outcome.ok_or_else(|| EmulatedError::Failed("the run has no outcome".to_owned()))?;
    let links = EmulatedLinks {
        is_evidence: outcome.is_evidence(),
        congestion: outcome.congestion,
        late_p50_ms: outcome.lateness.p50_ms,
        late_p99_ms: outcome.lateness.p99_ms,
        late_max_ms: outcome.lateness.max_ms,
    };
    Ok((RealRun { record: outcome.record, memory: None, publish_lag: outcome.publish_lag }, links))
}

/// The links of both runs: what was worse of each.
fn worst(one: Option<EmulatedLinks>, other: EmulatedLinks) -> EmulatedLinks {
    let Some(one) = one else { return other };
    let mut congestion = [one.congestion, other.congestion].concat();
    congestion.sort_unstable();
    congestion.dedup();
    EmulatedLinks {
        is_evidence: one.is_evidence && other.is_evidence,
        congestion,
        late_p50_ms: one.late_p50_ms.max(other.late_p50_ms),
        late_p99_ms: one.late_p99_ms.max(other.late_p99_ms),
        late_max_ms: one.late_max_ms.max(other.late_max_ms),
    }
}

fn most(one: Option<PerSubscriber>, other: Option<PerSubscriber>) -> Option<PerSubscriber> {
    let (Some(one), Some(other)) = (one, other) else { return one.or(other) };
    Some(PerSubscriber {
        allocator: one.allocator.max(other.allocator),
        resident: one.resident.max(other.resident),
        kernel: one.kernel.max(other.kernel),
    })
}

fn document(scenario: &Scenario, target: &LoadTarget) -> Sweep {
    let settings = scenario.settings();
    let first = settings.subscribers.first().copied().unwrap_or(0);
    let plans = (0..settings.seeds).map(|seed| Plan::draw(scenario, first, seed));
    Sweep {
        schema: SCHEMA.to_owned(),
        world: match target {
            LoadTarget::Own | LoadTarget::Other { .. } => "real",
            LoadTarget::Emulated => "emulated",
        }
        .to_owned(),
        scenario: settings.name.clone(),
        // Left to the caller, which knows the options that were given.
        command: String::new(),
        question: settings.question.clone(),
        policy: policy_name(scenario, target).to_owned(),
        run_with: match target {
            LoadTarget::Own | LoadTarget::Emulated => load::run_with(scenario).into_iter().collect(),
            LoadTarget::Other { .. } => Vec::new(),
        },
        trace: None,
        seeds: (0..settings.seeds).collect(),
        virtual_seconds: scenario.duration().as_secs_f64(),
        drain_seconds: settings.drain_seconds,
        time_scale: 1,
        server: None,
        current_buffer: match target {
            LoadTarget::Own | LoadTarget::Emulated => Some(settings.current_frames()),
            LoadTarget::Other { .. } => settings.current_buffer,
        },
        arrivals: load::arrivals(plans),
        classes: load::classes(scenario),
        // The server has a real CPU, whatever the scenario models.
        cpu: None,
        faults: load::faults(scenario),
        machine: Some(machine()),
        not_applied: not_applied(scenario, target),
        runs: None,
        partial: None,
        cells: Vec::new(),
        zero_drop: Vec::new(),
        recommendation: Recommendation {
            buffer: None,
            because: "a load test measures the sizes it is given; cargo sim size finds the one to give".to_owned(),
        },
        objective: None,
        sensitivity: Vec::new(),
    }
}

/// The policy of the server's mailboxes; a foreign server does not say its own.
fn policy_name(scenario: &Scenario, target: &LoadTarget) -> &'static str {
    match target {
        LoadTarget::Own | LoadTarget::Emulated => scenario.settings().server.policy.name(),
        LoadTarget::Other { .. } => "its own",
    }
}

fn millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}
