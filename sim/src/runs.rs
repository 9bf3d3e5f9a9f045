//! Runs of a scenario: which ones, and each of them from plan to summary.

mod histories;
mod known;
mod worlds;

use std::sync::atomic::{AtomicBool, Ordering};

use hubbub::{Capacity, Overflow};

use crate::plan::{HubChoice, Plan};
use crate::pool;
use crate::pruning::{self, Runs};
use crate::scenario::Scenario;
use crate::summary::run::{Latencies, RunSummary};
pub use histories::{ExactHistory, Reach, check_histories, each_history};
pub use known::{KnownRun, KnownRuns};
pub use worlds::{CHECKED_SHARE, Disagreement, RunError, RunLog, RunWorld, is_checked};

/// One run to do.
#[derive(Debug, Clone, Copy)]
pub struct Job<'a> {
    /// What is run.
    pub scenario: &'a Scenario,
    /// N.
    pub subscribers: usize,
    /// K and the policy.
    pub choice: HubChoice,
    /// The seed.
    pub seed: u64,
}

/// Whoever wants to know how far the work is.
pub trait Progress: Sync {
    /// A piece of work begins, of so many units.
    fn begin(&self, what: &str, units: u64);
    /// A piece of work begins, of so many units at most: it may end before all are done.
    fn begin_at_most(&self, what: &str, units: u64) {
        self.begin(what, units);
    }
    /// Some units are done.
    fn advance(&self, units: u64);
    /// A piece of work is done.
    fn end(&self);
}

/// How runs are done.
#[derive(Clone, Copy)]
pub struct Workers<'a> {
    /// On so many threads at most; the results do not depend on it.
    pub threads: usize,
    /// By which world.
    pub world: RunWorld,
    /// Whether the full stack repeats a share of the specification's runs beside those that decide.
    pub checks_a_share: bool,
    /// Runs that other machines have done already; they are not done again.
    pub known: Option<&'a KnownRuns>,
    /// Told how far the work is.
    pub progress: &'a dyn Progress,
}

/// Does jobs; `wanted` may call a job off before it begins.
///
/// # Errors
/// The first failure of a world.
pub fn each(
    jobs: &[Job<'_>],
    workers: Workers<'_>,
    wanted: impl Fn(&Job<'_>) -> bool + Sync,
    done: impl FnMut(usize, (RunSummary, Latencies)) + Send,
) -> Result<(), RunError> {
    let work = |job: &Job<'_>| {
        let result = if wanted(job) { Some(worlds::one(job, workers)?) } else { None };
        workers.progress.advance(job.units());
        Ok(result)
    };
    pool::each(jobs, workers.threads, work, done)
}

/// Does jobs, begun in their order, until `done` says of a result that no more are needed. Those that are under way by then
/// are done as well.
///
/// # Errors
/// The first failure of a world.
pub fn until(
    jobs: &[Job<'_>],
    workers: Workers<'_>,
    mut done: impl FnMut(usize, (RunSummary, Latencies)) -> bool + Send,
) -> Result<(), RunError> {
    let is_enough = AtomicBool::new(false);
    let work = |job: &Job<'_>| {
        // Relaxed: a thread that sees it late makes a run that is not needed.
        if is_enough.load(Ordering::Relaxed) {
            return Ok(None);
        }
        let result = worlds::one(job, workers)?;
        workers.progress.advance(job.units());
        Ok(Some(result))
    };
    pool::each(jobs, workers.threads, work, |index, run| is_enough.store(done(index, run), Ordering::Relaxed))
}

/// Of these jobs, those that the full stack repeats, whatever they decide, are done by it; their records must agree with
/// the specification's. Returns for each job whether it was done by both.
///
/// # Errors
/// The first disagreement, and the first failure of a world.
pub fn check_share(jobs: &[Job<'_>], workers: Workers<'_>) -> Result<Vec<bool>, RunError> {
    let is_checked: Vec<bool> = jobs.iter().map(Job::is_checked).collect();
    let checked: Vec<Job<'_>> = jobs.iter().filter(|job| job.is_checked()).copied().collect();
    worlds::check(&checked, workers)?;
    Ok(is_checked)
}

/// Runs every N of a scenario on every seed with mailboxes that never overflow. The full stack runs it at those of
/// `buffers`, too, at which that saves something. `done` is told each plan's runs with its N.
///
/// # Errors
/// The first failure of a world.
pub fn each_unbounded(
    scenario: &Scenario,
    buffers: &[u64],
    workers: Workers<'_>,
    mut done: impl FnMut(usize, Runs) + Send,
) -> Result<(), RunError> {
    let policy = scenario.settings().server.policy;
    let jobs = unbounded_jobs(scenario);
    workers.progress.begin("exact sizes", jobs.iter().map(Job::units).sum());
    let work = |job: &Job<'_>| -> Result<Option<Runs>, RunError> {
        let runs = match workers.world {
            RunWorld::Specified => Runs { unbounded: worlds::one(job, workers)?, at: Vec::new() },
            RunWorld::Simulated => pruning::runs(&Plan::draw(scenario, job.subscribers, job.seed), policy, buffers)?,
        };
        workers.progress.advance(job.units());
        Ok(Some(runs))
    };
    pool::each(&jobs, workers.threads, work, |index, runs| done(jobs[index].subscribers, runs))?;
    workers.progress.end();
    Ok(())
}

/// The unbounded runs of a scenario, the long ones first.
fn unbounded_jobs(scenario: &Scenario) -> Vec<Job<'_>> {
    let settings = scenario.settings();
    let of_n = |subscribers: &usize| {
        let subscribers = *subscribers;
        (0..settings.seeds).map(move |seed| Job::unbounded(scenario, subscribers, seed))
    };
    let mut jobs: Vec<_> = settings.subscribers.iter().flat_map(of_n).collect();
    jobs.sort_by_key(|job| std::cmp::Reverse(job.subscribers));
    jobs
}

impl<'a> Job<'a> {
    /// A run with mailboxes that never overflow.
    pub fn unbounded(scenario: &'a Scenario, subscribers: usize, seed: u64) -> Self {
        // Any policy gives this run, since nothing overflows. With one for all, a run has only one hash and one key.
        let choice = HubChoice { capacity: Capacity::UNBOUNDED, overflow: Overflow::DropNewest };
        Self { scenario, subscribers, choice, seed }
    }

    /// A measure of the run's cost.
    pub fn units(&self) -> u64 {
        units(self.subscribers)
    }
}

/// A measure of what a run costs: a part of it does not depend on the number of subscribers.
pub fn units(subscribers: usize) -> u64 {
    subscribers as u64 + 50
}
