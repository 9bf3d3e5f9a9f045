//! Runs of a search: condensed, and those with unbounded mailboxes shared by policies.

use crate::runs::{self, Job, RunError, RunLog, Workers};
use crate::scenario::Scenario;
use crate::summary::run::{Latencies, RunSummary};

/// A run, condensed.
pub(super) type Run = (RunSummary, Latencies);

/// Unbounded runs, shared by policies that need the same: where nothing overflows, they are the same runs.
#[derive(Default)]
pub(super) struct UnboundedOf<'a>(Vec<(&'a Scenario, usize, Vec<Run>)>);

impl<'a> UnboundedOf<'a> {
    pub(super) fn of(
        &mut self,
        scenario: &'a Scenario,
        subscribers: usize,
        workers: Workers<'_>,
        log: &mut RunLog<'a>,
    ) -> Result<Vec<Run>, RunError> {
        let same = self.0.iter().find(|(other, n, _)| *n == subscribers && other.runs_as(scenario));
        if let Some((_, _, runs)) = same {
            return Ok(runs.clone());
        }
        let seeds = 0..scenario.settings().seeds;
        let runs =
            done(&seeds.map(|seed| Job::unbounded(scenario, subscribers, seed)).collect::<Vec<_>>(), workers, log)?;
        self.0.push((scenario, subscribers, runs.clone()));
        Ok(runs)
    }
}

/// Makes runs, and adds each to the log.
pub(super) fn done<'a>(jobs: &[Job<'a>], workers: Workers<'_>, log: &mut RunLog<'a>) -> Result<Vec<Run>, RunError> {
    let mut runs = Vec::new();
    let take = |index: usize, run: Run| {
        log.add(jobs[index], &run.0);
        runs.push(run);
    };
    runs::each(jobs, workers, |_| true, take)?;
    Ok(runs)
}
