//! Runs of a search without a limit in frames, shared by policies.

use std::collections::BTreeMap;

use crate::plan::Plan;
use crate::runs::{self, Job, RunError, RunLog, Workers};
use crate::scenario::Scenario;
use crate::summary::run::{Latencies, RunSummary};

/// A run, condensed.
pub(super) type Run = (RunSummary, Latencies);

/// What is known of the seeds of a scenario and an N before any size is tried.
#[derive(Clone)]
pub(super) struct Seeds {
    /// The unbounded run of each seed.
    pub(super) unbounded: Vec<Run>,
    /// By seed: the most that the members of each class can want, whatever the size and the policy.
    pub(super) most_wanted: BTreeMap<u64, Vec<u64>>,
}

/// Seeds, shared by policies that need the same: where nothing overflows, they are the same runs.
#[derive(Default)]
pub(super) struct SeedsOf<'a>(Vec<(&'a Scenario, usize, Seeds)>);

impl<'a> SeedsOf<'a> {
    pub(super) fn of(
        &mut self,
        scenario: &'a Scenario,
        subscribers: usize,
        workers: Workers<'_>,
        log: &mut RunLog<'a>,
    ) -> Result<Seeds, RunError> {
        let same =
            self.0.iter().find(|(other, n, _)| *n == subscribers && runs::are_alike_without_a_bound(other, scenario));
        if let Some((_, _, seeds)) = same {
            return Ok(seeds.clone());
        }
        let seeds = 0..scenario.settings().seeds;
        let jobs: Vec<_> = seeds.clone().map(|seed| Job::unbounded(scenario, subscribers, seed)).collect();
        let mut unbounded = Vec::new();
        let take = |index: usize, run: Run| {
            log.add(jobs[index], &run.0);
            unbounded.push(run);
        };
        runs::each(&jobs, workers, |_| true, take)?;
        // Threads finish in any order.
        unbounded.sort_by_key(|(run, _)| run.seed);
        // One plan at a time: that of a long trace is large.
        let most_wanted = seeds.map(|seed| (seed, Plan::draw(scenario, subscribers, seed).most_wanted())).collect();
        let seeds = Seeds { unbounded, most_wanted };
        self.0.push((scenario, subscribers, seeds.clone()));
        Ok(seeds)
    }
}
