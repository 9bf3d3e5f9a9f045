//! `stages`: what a second buffer behind the mailbox costs, as the server of the request had it for its WebSockets: 64
//! slots twice, and a frame thrown away where either is full.

use hubbub::{Capacity, Overflow};

use crate::plan::{HubChoice, Plan};
use crate::pool;
use crate::runs::{self, Progress, RunError};
use crate::scenario::{Scenario, ScenarioError};
use crate::summary::cell::{SLOT_BYTES, pooled};
use crate::summary::run::{Latencies, RunSummary, Totals};
use crate::summary::stages::{SCHEMA, Stages, StagesRow};
use crate::{specified, world};

/// What every stage of the original had.
const FRAMES: u64 = 64;

/// One mailbox; one of as many slots as both stages have; both stages.
const WAYS: [&[u64]; 3] = [&[FRAMES], &[2 * FRAMES], &[FRAMES, FRAMES]];

/// Scenarios, and N. Their classes have plain windows, so that all three ways send the same segments.
const CASES: [(&str, usize); 3] = [("backlog-flush", 6), ("ci-build", 100), ("steady-overload", 10)];

/// What can go wrong.
#[derive(Debug, thiserror::Error)]
pub enum StagesError {
    /// A scenario cannot be run so.
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
    frames: &'static [u64],
    runs: Vec<RunSummary>,
    latencies: Latencies,
}

/// Runs every scenario on so many seeds, over WebSockets, on every way. The same `seeds` give the same document.
///
/// # Errors
/// The first failure.
pub fn stages(seeds: u64, threads: usize, progress: &dyn Progress) -> Result<Stages, StagesError> {
    let mut rows = Vec::new();
    for (name, subscribers) in CASES {
        let scenario = Scenario::named(name)?.over_websockets()?;
        rows.extend(WAYS.map(|frames| Open {
            scenario: scenario.clone(),
            subscribers,
            frames,
            runs: Vec::new(),
            latencies: Latencies(Vec::new()),
        }));
    }
    let jobs: Vec<_> = (0..rows.len()).flat_map(|row| (0..seeds).map(move |seed| (row, seed))).collect();
    let units = |row: &Open| runs::units(row.subscribers);
    progress.begin("stages", rows.iter().map(units).sum::<u64>() * seeds);
    let mut done = Vec::new();
    let work = |(row, seed): &(usize, u64)| -> Result<_, RunError> {
        let run = rows[*row].run(*seed)?;
        progress.advance(units(&rows[*row]));
        Ok(Some(run))
    };
    pool::each(&jobs, threads, work, |index, run| done.push((jobs[index].0, run)))?;
    progress.end();
    // In the order in which threads finished. It does not show: rows are sums and merged histograms.
    for (row, (run, latencies)) in done {
        rows[row].runs.push(run);
        rows[row].latencies.merge(latencies);
    }
    let rows = rows.iter().map(Open::row).collect();
    Ok(Stages { schema: SCHEMA.to_owned(), command: String::new(), seeds: (0..seeds).collect(), rows })
}

impl Open {
    fn run(&self, seed: u64) -> Result<(RunSummary, Latencies), RunError> {
        let mut plan = Plan::draw(&self.scenario, self.subscribers, seed);
        // A channel behind the mailbox takes one frame at a time.
        plan.server.frames_per_write = 1;
        let capacity =
            |frames: u64| usize::try_from(frames).ok().and_then(Capacity::new).unwrap_or(Capacity::UNBOUNDED);
        let choice = HubChoice { capacity: capacity(self.frames[0]), overflow: Overflow::DropNewest };
        let record = match self.frames.get(1) {
            // The specification knows one mailbox.
            Some(second) => world::run_two_stages(&plan, choice, capacity(*second))?,
            None if seed == 0 => {
                runs::agree(plan, choice, || format!("{} with one mailbox, seed 0", self.scenario.settings().name))?
            }
            None => specified::run(&plan, choice)?,
        };
        Ok(RunSummary::of(seed, record))
    }

    fn row(&self) -> StagesRow {
        let mut all = Totals::default();
        self.runs.iter().for_each(|run| all.add(&run.all()));
        let (lost, missed, frames) = (all.dropped.total(), all.missed(), self.frames.to_vec());
        StagesRow {
            scenario: self.scenario.settings().name.clone(),
            subscribers: self.subscribers,
            wanted: all.wanted,
            lost,
            missed,
            uncounted: missed.saturating_sub(lost + all.in_flight),
            age_ms: pooled(&self.latencies).1,
            slots_bytes: frames.iter().sum::<u64>() * SLOT_BYTES,
            frames,
        }
    }
}
