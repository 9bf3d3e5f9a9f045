//! A sweep: the same plans at every buffer size, and the exact size beside them.

use hubbub::Capacity;

use crate::plan::Plan;
use crate::runs::{self, Job, Progress};
use crate::scenario::{Arrivals, Scenario};
use crate::sizing;
use crate::summary::cell::{CellKey, cell};
use crate::summary::document::{Cell, SCHEMA, Sweep, TraceUsed, ZeroDrop};
use crate::summary::run::{Latencies, RunSummary};
use crate::summary::{load, sizes};
use crate::world::{HubChoice, WorldError};

/// Which parts of a sweep are wanted.
#[derive(Debug, Clone, Copy)]
pub struct Parts {
    /// The grid of cells.
    pub cells: bool,
    /// Exact sizes, validated.
    pub sizes: bool,
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
    let mut zero_drop = if parts.sizes { sizing::sizes(scenario, threads, progress)? } else { Vec::new() };
    sized(&zero_drop);
    let cells = if parts.cells { cells(scenario, threads, progress)? } else { Vec::new() };
    sizing::validate(scenario, &mut zero_drop, threads, progress)?;
    let sensitivity =
        if parts.sensitivity { sizing::sensitivity(scenario, &zero_drop, threads, progress)? } else { Vec::new() };
    let settings = scenario.settings();
    let first = settings.subscribers.first().copied().unwrap_or(0);
    let plans: Vec<_> = (0..settings.seeds).map(|seed| Plan::draw(scenario, first, seed)).collect();
    Ok(Sweep {
        schema: SCHEMA.to_owned(),
        world: "simulated".to_owned(),
        scenario: settings.name.clone(),
        command: String::new(),
        question: settings.question.clone(),
        policy: settings.server.policy.name().to_owned(),
        trace: trace_used(scenario),
        seeds: (0..settings.seeds).collect(),
        virtual_seconds: scenario.duration().as_secs_f64(),
        drain_seconds: settings.drain_seconds,
        time_scale: settings.time_scale,
        arrivals: load::arrivals(&plans),
        classes: load::classes(scenario),
        cpu: load::cpu(scenario),
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

/// A cell under way. Records are condensed and merged as they come: a sweep's memory does not grow with its runs.
struct Open {
    subscribers: usize,
    buffer: u64,
    runs: Vec<RunSummary>,
    latencies: Latencies,
}

fn cells(scenario: &Scenario, threads: usize, progress: &dyn Progress) -> Result<Vec<Cell>, WorldError> {
    let settings = scenario.settings();
    let mut open = Vec::new();
    let mut jobs = Vec::new();
    for subscribers in &settings.subscribers {
        for buffer in &settings.buffers {
            let index = open.len();
            let (runs, latencies) = (Vec::new(), Latencies(Vec::new()));
            open.push(Open { subscribers: *subscribers, buffer: *buffer, runs, latencies });
            let frames = usize::try_from(*buffer).ok().and_then(Capacity::new).unwrap_or(Capacity::UNBOUNDED);
            let choice = HubChoice { capacity: frames, overflow: settings.server.policy };
            jobs.extend((0..settings.seeds).map(|seed| (index, Job { subscribers: *subscribers, choice, seed })));
        }
    }
    // The long ones first, so that no core is left with one at the end.
    jobs.sort_by_key(|(_, job)| std::cmp::Reverse(job.subscribers));
    let (indices, jobs): (Vec<_>, Vec<_>) = jobs.into_iter().unzip();
    progress.begin("sweep", jobs.iter().map(Job::units).sum());
    runs::each(
        scenario,
        &jobs,
        threads,
        progress,
        |_| true,
        |index, (run, latencies)| {
            let cell = &mut open[indices[index]];
            cell.runs.push(run);
            cell.latencies.merge(latencies);
        },
    )?;
    progress.end();
    let class_names: Vec<_> = settings.classes.iter().map(|class| class.name.clone()).collect();
    let seconds = scenario.duration().as_secs_f64();
    let closed = open.into_iter().map(|mut open| {
        open.runs.sort_by_key(|run| run.seed);
        let key = CellKey { subscribers: open.subscribers, buffer: open.buffer, class_names: &class_names, seconds };
        cell(key, &open.runs, &open.latencies)
    });
    Ok(closed.collect())
}
