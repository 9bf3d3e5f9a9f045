//! `herd`: what it does to those who watch that all clients come back at once after a restart of the server, and what the
//! jitter of `retry:` takes from that.

use hubbub::Capacity;

use crate::plan::HubChoice;
use crate::runs::{self, Job, RunError, RunLog, Workers};
use crate::scenario::{Scenario, ScenarioError};
use crate::summary::herd::{Herd, HerdRow, SCHEMA};
use crate::summary::restarts::pooled;
use crate::summary::run::RunSummary;

/// The scenario of the restart.
const SCENARIO: &str = "thundering-herd";

/// A connection's price in microseconds beside the scenario's own: assumed, as with TLS in the same process.
const DEAR_US: f64 = 1000.0;

/// N, and whether a connection is dear. The full stack repeats the first seed where it is not.
const CASES: [(usize, bool); 3] = [(100, false), (1000, false), (1000, true)];

/// What can go wrong.
#[derive(Debug, thiserror::Error)]
pub enum HerdError {
    /// The scenario cannot be run so.
    #[error(transparent)]
    Scenario(#[from] ScenarioError),
    /// A run failed.
    #[error(transparent)]
    Run(#[from] RunError),
}

/// A row under way.
struct Open {
    scenario: Scenario,
    subscribers: usize,
    runs: Vec<RunSummary>,
}

/// Runs the scenario with and without a `retry:`, on so many seeds. The same `seeds` give the same document.
///
/// # Errors
/// The first failure, and the first run on which the full stack and the specification do not agree.
pub fn herd(seeds: u64, workers: Workers<'_>) -> Result<Herd, HerdError> {
    let whole = Scenario::named(SCENARIO)?;
    let mut rows = Vec::new();
    for (subscribers, is_dear) in CASES {
        let with_retry = if is_dear { with_dear_connections(&whole)? } else { whole.clone() };
        let without = with_retry.with_retry_seconds(0.0)?;
        rows.extend([without, with_retry].map(|scenario| Open { scenario, subscribers, runs: Vec::new() }));
    }
    // Copied, so that the jobs do not hold the rows that their runs go into.
    let scenarios: Vec<_> = rows.iter().map(|row| (row.scenario.clone(), row.subscribers)).collect();
    let mut jobs = Vec::new();
    for (row, (scenario, subscribers)) in scenarios.iter().enumerate() {
        jobs.extend((0..seeds).map(|seed| (row, job(scenario, *subscribers, seed))));
    }
    let (places, jobs): (Vec<usize>, Vec<Job<'_>>) = jobs.into_iter().unzip();
    workers.progress.begin("herd", jobs.iter().map(Job::units).sum());
    let mut log = RunLog::default();
    let mut done = Vec::new();
    runs::each(&jobs, workers, |_| true, |index, (run, _)| done.push((index, run)))?;
    workers.progress.end();
    // Threads finish in any order.
    done.sort_by_key(|(index, _)| *index);
    for (index, run) in done {
        log.add(jobs[index], &run);
        rows[places[index]].runs.push(run);
    }
    let price = |scenario: &Scenario| scenario.settings().server.cpu.map(|cpu| cpu.connect_us);
    let repeated = scenarios.iter().filter(|(scenario, _)| price(scenario) == price(&whole));
    let repeated = repeated.map(|(scenario, subscribers)| job(scenario, *subscribers, 0)).collect();
    let runs = log.check_only(repeated, workers)?;
    let restart: Vec<_> = whole.settings().faults.iter().map(ToString::to_string).collect();
    Ok(Herd {
        schema: SCHEMA.to_owned(),
        command: String::new(),
        scenario: SCENARIO.to_owned(),
        restart: restart.join(", "),
        seeds: (0..seeds).collect(),
        runs,
        rows: rows.iter().map(Open::row).collect(),
    })
}

fn with_dear_connections(scenario: &Scenario) -> Result<Scenario, ScenarioError> {
    let prices = scenario.settings().server.cpu;
    prices.map_or_else(
        || Ok(scenario.clone()),
        |mut prices| {
            prices.connect_us = DEAR_US;
            scenario.with_cpu(prices)
        },
    )
}

/// A run at the scenario's present buffer.
fn job(scenario: &Scenario, subscribers: usize, seed: u64) -> Job<'_> {
    let settings = scenario.settings();
    let frames = usize::try_from(settings.current_frames()).ok();
    let capacity = frames.and_then(Capacity::new).unwrap_or(Capacity::UNBOUNDED);
    Job { scenario, subscribers, choice: HubChoice { capacity, overflow: settings.server.policy }, seed }
}

impl Open {
    fn row(&self) -> HerdRow {
        let server = &self.scenario.settings().server;
        HerdRow {
            subscribers: self.subscribers,
            connect_us: server.cpu.map_or(0.0, |cpu| cpu.connect_us),
            retry_seconds: server.retry().map(|retry| retry.as_secs_f64()),
            after: pooled(self.runs.iter().filter_map(|run| run.after_restarts.as_ref())).unwrap_or_default(),
        }
    }
}
