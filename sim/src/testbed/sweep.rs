//! A sweep of a server: the same plans at every buffer size that it can have, and the sizes beside them.

use std::collections::{BTreeMap, BTreeSet};

use super::size::ServerSize;
use super::swept::ServerSweep;
use super::{Testbed, TestbedError};
use crate::plan::Plan;
use crate::pool;
use crate::scenario::Scenario;
use crate::summary::cell::{CellKey, cell};
use crate::summary::document::{Cell, ObjectiveResult, Recommendation, RunsDone, SCHEMA, Sweep, ZeroDrop};
use crate::summary::load;
use crate::summary::objective::Objective;
use crate::summary::run::{Latencies, RunSummary};
use crate::world::Exactness;

/// One run of a sweep.
#[derive(Debug, Clone, Copy)]
struct Job {
    subscribers: usize,
    frames: usize,
    seed: u64,
}

/// The policy of a server under test: what it does when a buffer is full is its own affair.
const ITS_OWN: &str = "its own";

/// What is kept of the runs of a sweep.
type Runs = BTreeMap<(usize, usize), (Vec<RunSummary>, Latencies)>;

impl Testbed {
    /// Runs a scenario at each of its buffer sizes, N and seeds, and sizes the server for every N.
    ///
    /// # Errors
    /// As [`Testbed::run`].
    pub fn sweep(&self, scenario: &Scenario) -> Result<ServerSweep, TestbedError> {
        let settings = scenario.settings();
        let asked: BTreeSet<usize> = settings.buffers.iter().filter_map(|k| usize::try_from(*k).ok()).collect();
        let effective: BTreeMap<usize, usize> =
            asked.iter().map(|frames| (*frames, self.server.effective_frames(*frames))).collect();
        let (runs, exactness) = self.runs(scenario, &effective.values().copied().collect())?;
        let sizes = self.sizes(scenario, &runs)?;
        let mut cells = cells(scenario, &runs);
        cells.iter_mut().for_each(|cell| self.price(cell));
        let document = document(scenario, &self.name, cells, &sizes);
        Ok(ServerSweep { server: self.name.clone(), document, effective, sizes, exactness })
    }

    fn runs(&self, scenario: &Scenario, frames: &BTreeSet<usize>) -> Result<(Runs, Exactness), TestbedError> {
        let settings = scenario.settings();
        let mut jobs = Vec::new();
        for subscribers in settings.subscribers.iter().copied() {
            for frames in frames.iter().copied() {
                jobs.extend((0..settings.seeds).map(|seed| Job { subscribers, frames, seed }));
            }
        }
        // The long ones first, so that no core is left with one at the end.
        jobs.sort_by_key(|job| std::cmp::Reverse(job.subscribers));
        let (mut runs, mut exact) = (Runs::new(), Exactness::Nanosecond);
        let work = |job: &Job| -> Result<_, TestbedError> {
            let run = self.run(&Plan::draw(scenario, job.subscribers, job.seed), job.frames)?;
            Ok(Some((RunSummary::of(job.seed, run.record), run.exactness)))
        };
        pool::each(&jobs, self.threads, work, |index, ((run, latencies), exactness)| {
            let job = jobs[index];
            let of = runs.entry((job.subscribers, job.frames)).or_insert_with(|| (Vec::new(), Latencies(Vec::new())));
            of.0.push(run);
            of.1.merge(latencies);
            exact = exact.and(exactness);
        })?;
        // Threads finish in any order, and a cell must not depend on it.
        runs.values_mut().for_each(|(runs, _)| runs.sort_by_key(|run| run.seed));
        Ok((runs, exact))
    }

    /// Sets what the slots of a cell's buffer cost, as the server says it.
    pub(super) fn price(&self, cell: &mut Cell) {
        let frames = usize::try_from(cell.buffer).unwrap_or(usize::MAX);
        cell.memory_bytes_per_subscriber.slots = self.server.slot_bytes(frames, cell.subscribers);
    }

    /// Sizes for every N; the runs of the sweep are not made again.
    fn sizes(&self, scenario: &Scenario, runs: &Runs) -> Result<Vec<ServerSize>, TestbedError> {
        let mut sizes = Vec::new();
        for subscribers in scenario.settings().subscribers.iter().copied() {
            let of_n = runs.iter().filter(|((n, _), _)| *n == subscribers);
            let known = of_n.map(|((_, frames), (runs, _))| {
                (*frames, runs.iter().map(|run| (run.seed, run.has_drops())).collect())
            });
            sizes.push(self.size_for(scenario, subscribers, known.collect())?);
        }
        Ok(sizes)
    }
}

fn cells(scenario: &Scenario, runs: &Runs) -> Vec<Cell> {
    let settings = scenario.settings();
    let class_names: Vec<_> = settings.classes.iter().map(|class| class.name.clone()).collect();
    let seconds = scenario.duration().as_secs_f64();
    let of = |((subscribers, frames), (runs, latencies)): (&(usize, usize), &(Vec<RunSummary>, Latencies))| {
        let (subscribers, buffer) = (*subscribers, *frames as u64);
        cell(CellKey { policy: ITS_OWN, subscribers, buffer, class_names: &class_names, seconds }, runs, latencies)
    };
    runs.iter().map(of).collect()
}

fn document(scenario: &Scenario, server: &str, cells: Vec<Cell>, sizes: &[ServerSize]) -> Sweep {
    let settings = scenario.settings();
    let first = settings.subscribers.first().copied().unwrap_or(0);
    let simulated = sizes.iter().flat_map(|size| size.tried.values()).map(|(_, runs)| runs).sum();
    Sweep {
        schema: SCHEMA.to_owned(),
        world: "simulated".to_owned(),
        scenario: settings.name.clone(),
        command: String::new(),
        question: settings.question.clone(),
        policy: ITS_OWN.to_owned(),
        run_with: Vec::new(),
        trace: None,
        seeds: (0..settings.seeds).collect(),
        virtual_seconds: scenario.duration().as_secs_f64(),
        drain_seconds: settings.drain_seconds,
        time_scale: settings.time_scale,
        server: Some(server.to_owned()),
        current_buffer: settings.current_buffer,
        arrivals: load::arrivals((0..settings.seeds).map(|seed| Plan::draw(scenario, first, seed))),
        classes: load::classes(scenario),
        cpu: load::cpu(scenario),
        faults: load::faults(scenario),
        machine: None,
        not_applied: Vec::new(),
        runs: Some(RunsDone { simulated, ..RunsDone::default() }),
        partial: None,
        cells,
        zero_drop: sizes.iter().map(zero_drop).collect(),
        recommendation: recommendation(sizes),
        // For the figures, which shade what is good enough: a test of one's own judges.
        objective: Objective::of(scenario).map(|all| ObjectiveResult::of_cells(all.limits(), Vec::new())),
        sensitivity: Vec::new(),
    }
}

fn zero_drop(size: &ServerSize) -> ZeroDrop {
    ZeroDrop {
        subscribers: size.subscribers,
        buffer: size.frames.map(|frames| frames as u64),
        reason: size.frames.is_none().then(|| crate::summary::sizes::TOO_LARGE.to_owned()),
        per_seed: Vec::new(),
        binding: None,
        first_order_rule: None,
        by_class: BTreeMap::new(),
        marks: None,
        tolerance: None,
        risk: Vec::new(),
        extrapolated: None,
        validation: None,
    }
}

/// The number to configure: the largest over N.
fn recommendation(sizes: &[ServerSize]) -> Recommendation {
    let largest =
        sizes.iter().map(|size| size.frames).collect::<Option<Vec<_>>>().and_then(|all| all.into_iter().max());
    let because = match (largest, sizes.first()) {
        (Some(_), Some(size)) => format!(
            "It is the smallest size from which no larger size that was tried lost anything, on {} seeds. A further run \
             loses something with a probability of at most {:.1} % (95 % confidence).",
            size.runs,
            100.0 * size.risk_upper95
        ),
        _ => "Every size up to 65,536 frames lost something.".to_owned(),
    };
    Recommendation { buffer: largest.map(|frames| frames as u64), because }
}
