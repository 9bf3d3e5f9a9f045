//! The cells of a sweep, and the runs that each of them is made of.

use hubbub::Capacity;

use crate::plan::HubChoice;
use crate::pruning::Runs;
use crate::runs::{self, Job, RunError, RunLog, Workers};
use crate::scenario::Scenario;
use crate::summary::cell::{CellKey, cell};
use crate::summary::document::Cell;
use crate::summary::run::{Latencies, RunSummary};

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
pub(super) struct Grid<'a>(Vec<Open<'a>>);

impl<'a> Grid<'a> {
    pub(super) fn of(scenarios: &'a [Scenario]) -> Self {
        let mut cells = Vec::new();
        for scenario in scenarios {
            let settings = scenario.settings();
            for subscribers in &settings.subscribers {
                cells.extend(settings.buffers.iter().map(|buffer| Open::new(scenario, *subscribers, *buffer)));
            }
        }
        Self(cells)
    }

    /// Where nothing ever overflows, policies that need the same and write alike are the same run; unless somebody comes back,
    /// who is given what it missed a mailbox full at a time.
    pub(super) fn take_common_runs(&mut self, workers: Workers<'_>, log: &mut RunLog<'a>) -> Result<(), RunError> {
        let mut jobs: Vec<Job<'a>> = Vec::new();
        for cell in &self.0 {
            let is_had = |job: &Job<'_>| {
                job.subscribers == cell.subscribers && runs::are_alike_without_a_bound(job.scenario, cell.scenario)
            };
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
                cell.subscribers == job.subscribers
                    && runs::are_alike_without_a_bound(job.scenario, cell.scenario)
                    && run.0.fits(cell.buffer)
            };
            // Cloned, because one run may stand in for several sizes and policies.
            self.0.iter_mut().filter(fits).for_each(|cell| cell.take(run.clone()));
        };
        runs::each(&jobs, workers, |_| true, take)?;
        workers.progress.end();
        Ok(())
    }

    pub(super) fn take_what_fits(&mut self, subscribers: usize, runs: &Runs) {
        for cell in self.0.iter_mut().filter(|cell| cell.subscribers == subscribers) {
            let pruned = runs.at.iter().find(|(buffer, _)| *buffer == cell.buffer).map(|(_, run)| run);
            let whole = Some(&runs.unbounded).filter(|(run, _)| run.fits(cell.buffer));
            pruned.or(whole).cloned().into_iter().for_each(|run| cell.take(run));
        }
    }

    /// Runs what is missing.
    pub(super) fn run(mut self, workers: Workers<'_>, log: &mut RunLog<'a>) -> Result<Vec<Cell>, RunError> {
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
