//! Runs of a scenario: which ones, and each of them from plan to summary.

mod histories;
mod known;
mod worlds;

use std::sync::atomic::{AtomicBool, Ordering};

use hubbub::{Capacity, Overflow};

use crate::plan::{DEFAULT_RETRY, HubChoice, Plan};
use crate::pool;
use crate::pruning::{self, Runs};
use crate::scenario::Scenario;
use crate::summary::run::{Latencies, RunSummary};
pub use histories::{ExactHistory, Reach, check_histories, each_history};
pub use known::{KnownRun, KnownRuns};
pub use worlds::{CHECKED_SHARE, Disagreement, RunError, RunLog, RunWorld, agree, is_checked};

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

/// The policy of runs in which nothing overflows. Policies differ in one thing there: one that removes waiting frames gets
/// each of them in a write of its own. With one policy for all that are alike, a run has only one hash and one key.
fn without_a_bound(scenario: &Scenario) -> Overflow {
    let settings = scenario.settings();
    let server = &settings.server;
    // Elsewhere it changes nothing how many frames share a write, as the law `shared-writes` says.
    let is_seen = server.cpu.is_some()
        || server.retry() != DEFAULT_RETRY
        || settings.classes.iter().any(|class| class.obeys_retry || class.path().is_some());
    let is_apart = is_seen && server.frames_per_write > 1 && server.policy.removes_waiting();
    if is_apart { Overflow::DropOldest } else { Overflow::DropNewest }
}

/// Whether two scenarios have the same unbounded runs: they differ in their policies at most, and these write alike.
pub fn are_alike_without_a_bound(one: &Scenario, other: &Scenario) -> bool {
    one.runs_as(other) && without_a_bound(one) == without_a_bound(other)
}

impl<'a> Job<'a> {
    /// A run with mailboxes that never overflow.
    pub fn unbounded(scenario: &'a Scenario, subscribers: usize, seed: u64) -> Self {
        let choice = HubChoice { capacity: Capacity::UNBOUNDED, overflow: without_a_bound(scenario) };
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sizing::bounded;

    struct Quiet;

    impl Progress for Quiet {
        fn begin(&self, _what: &str, _units: u64) {}
        fn advance(&self, _units: u64) {}
        fn end(&self) {}
    }

    /// A CPU to which a write costs much and a frame little, so that it matters how many share one.
    const BUSY: &str = "name = \"busy\"\nduration_seconds = 5\nsubscribers = [50]\nkeys = 5\n\
        [server.cpu]\npublish_us = 10\ndelivery_us = 600\nframe_us = 1\n\
        [arrivals]\nkind = \"bursts\"\nquiet_per_second = 5\nburst_per_second = 60\n\
        quiet_seconds = [1, 2]\nburst_seconds = [0.5, 1]\n\
        [payload]\nkind = \"fixed\"\nbytes = 200\n\
        [[class]]\nname = \"all\"\nshare = 1.0\nround_trip_ms = 40\nwindow_bytes = 65536\nreads = \"as-it-arrives\"\n";

    #[test]
    fn under_every_policy_the_run_at_its_largest_mark_is_the_unbounded_run_where_writes_have_a_price() {
        let busy = Scenario::parse("busy.toml", BUSY).unwrap();
        let workers =
            Workers { threads: 1, world: RunWorld::Specified, checks_a_share: false, known: None, progress: &Quiet };
        let mut marks = Vec::new();
        for policy in Overflow::ALL {
            let scenario = busy.under(policy).unwrap();
            let job = Job::unbounded(&scenario, 50, 1);
            let (unbounded, _) = worlds::one(&job, workers).unwrap();
            let mark = unbounded.high_water.unwrap().frames;
            assert!(unbounded.fits(mark) && !unbounded.fits(mark - 1), "{policy}: {mark}");
            let (at_the_mark, _) = worlds::one(&Job { choice: bounded(&scenario, mark), ..job }, workers).unwrap();
            assert_eq!((at_the_mark.has_drops(), at_the_mark.digest), (false, unbounded.digest), "{policy}");
            marks.push(mark);
        }
        assert!(marks.iter().any(|mark| *mark != marks[0]), "it matters how many share a write: {marks:?}");
    }
}
