//! Which world does a run: the specification, spot-checked by the full stack, or the full stack alone.

use std::collections::BTreeSet;

use hubbub::Capacity;

use super::{Job, Workers};
use crate::plan::{HubChoice, Plan};
use crate::pool;
use crate::record::Record;
use crate::specified::{self, SpecifiedError};
use crate::summary::document::RunsDone;
use crate::summary::run::{Latencies, RunSummary};
use crate::world::{self, WorldError};

/// Of the runs that are not checked in any case, one in this many is, chosen by a hash of what is run.
pub const CHECKED_SHARE: u64 = 256;

/// Every run of so many subscribers or fewer is checked, if it is on one of the scenario's own seeds.
const ALWAYS_CHECKED_SUBSCRIBERS: usize = 10;

/// At least so many runs of every N are checked.
const LEAST_CHECKED: usize = 3;

/// Which world does the runs of a sweep.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum RunWorld {
    /// The specification. Some runs are done by the full stack as well, and must agree.
    #[default]
    Specified,
    /// The full stack.
    Simulated,
}

/// Why there is no result.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    /// The full stack could not do a run.
    #[error(transparent)]
    World(#[from] WorldError),
    /// A run of the specification contradicts itself.
    #[error(transparent)]
    Specified(#[from] SpecifiedError),
    /// The full stack and the specification do not agree on a run.
    #[error(transparent)]
    Disagreement(#[from] Box<Disagreement>),
}

/// A run on which the full stack and the specification do not agree.
#[derive(Debug, thiserror::Error)]
#[error("the full stack and the specification disagree on {what}: {why}")]
pub struct Disagreement {
    /// The run in words.
    pub what: String,
    /// What differs.
    pub why: String,
    /// The run's plan.
    pub plan: Plan,
    /// K and the policy.
    pub choice: HubChoice,
}

/// Does a job, unless its result is known.
pub(super) fn one(job: &Job<'_>, workers: Workers<'_>) -> Result<(RunSummary, Latencies), RunError> {
    if let Some(result) = workers.known.and_then(|known| known.result(job)) {
        return Ok(result);
    }
    let plan = Plan::draw(job.scenario, job.subscribers, job.seed);
    let (done, record) = match workers.world {
        RunWorld::Simulated => (RunsDone::SIMULATED, world::run(&plan, job.choice)?),
        RunWorld::Specified => (RunsDone::SPECIFIED, specified::run(&plan, job.choice)?),
    };
    Ok(RunSummary::done_by(done, job.seed, record))
}

/// Does jobs by the specification and by the full stack, whose records must agree. Returns how many did.
///
/// # Errors
/// The first disagreement, and the first failure of a world.
pub(super) fn check(jobs: &[Job<'_>], workers: Workers<'_>) -> Result<u64, RunError> {
    let is_known = |job: &&Job<'_>| workers.known.is_some_and(|known| known.is_agreed(job));
    let (known, open): (Vec<&Job<'_>>, Vec<&Job<'_>>) = jobs.iter().partition(is_known);
    let jobs: Vec<Job<'_>> = open.into_iter().copied().collect();
    let known = known.len() as u64;
    if jobs.is_empty() {
        return Ok(known);
    }
    workers.progress.begin("spot checks by the full stack", jobs.iter().map(Job::units).sum());
    let mut agreed = 0;
    let work = |job: &Job<'_>| -> Result<Option<()>, RunError> {
        agree(Plan::draw(job.scenario, job.subscribers, job.seed), job.choice, || job.in_words())?;
        workers.progress.advance(job.units());
        Ok(Some(()))
    };
    pool::each(&jobs, workers.threads, work, |_, ()| agreed += 1)?;
    workers.progress.end();
    Ok(known + agreed)
}

/// Does a run by the specification and by the full stack, whose records must agree; `what` is the run in words.
///
/// # Errors
/// With a disagreement, and with the failure of a world.
pub fn agree(plan: Plan, choice: HubChoice, what: impl FnOnce() -> String) -> Result<Record, RunError> {
    let specified = specified::run(&plan, choice)?;
    let simulated = world::run(&plan, choice)?;
    match simulated.difference(&specified) {
        None => Ok(specified),
        // Boxed: it carries a plan, and an error is to stay small.
        Some(why) => Err(Box::new(Disagreement { what: what(), why, plan, choice }).into()),
    }
}

/// The runs that a result rests on: how many there were, and which of them the full stack may be asked to repeat.
#[derive(Debug, Default)]
pub struct RunLog<'a> {
    /// By the world that did them.
    pub done: RunsDone,
    specified: Vec<Job<'a>>,
}

impl<'a> RunLog<'a> {
    /// A run has been done.
    pub fn add(&mut self, job: Job<'a>, run: &RunSummary) {
        self.done.add(run.done);
        if run.done == RunsDone::SPECIFIED {
            self.specified.push(job);
        }
    }

    /// Has the full stack repeat the runs of `deciding`, which the specification does here as well, and of those in the
    /// log all of small N on the scenario's own seeds, a share of the others, and as many as make three of every N.
    ///
    /// # Errors
    /// The first disagreement, and the first failure of a world.
    pub fn check(mut self, deciding: Vec<Job<'a>>, workers: Workers<'_>) -> Result<RunsDone, RunError> {
        if !workers.checks_a_share {
            return self.check_only(deciding, workers);
        }
        let mut chosen = self.share();
        for n in self.specified.iter().map(|job| job.subscribers).collect::<BTreeSet<_>>() {
            let is_of_n = |job: &&Job<'_>| job.subscribers == n;
            let checked = chosen.iter().chain(&deciding).filter(is_of_n).count();
            let mut others: Vec<_> = self.specified.iter().filter(is_of_n).filter(|job| !job.is_checked()).collect();
            // By a hash and not by place: the order of the log depends on which thread was done first.
            others.sort_by_key(|job| job.hash());
            chosen.extend(others.into_iter().take(LEAST_CHECKED.saturating_sub(checked)));
        }
        self.repeat(deciding, chosen, workers)
    }

    /// Has the full stack repeat a share of the runs in the log, and all of small N.
    ///
    /// # Errors
    /// The first disagreement, and the first failure of a world.
    pub fn check_share(mut self, workers: Workers<'_>) -> Result<RunsDone, RunError> {
        let chosen = if workers.checks_a_share { self.share() } else { Vec::new() };
        self.repeat(Vec::new(), chosen, workers)
    }

    /// Has the full stack repeat the runs of `deciding` and no others.
    ///
    /// # Errors
    /// The first disagreement, and the first failure of a world.
    pub fn check_only(mut self, deciding: Vec<Job<'a>>, workers: Workers<'_>) -> Result<RunsDone, RunError> {
        self.repeat(deciding, Vec::new(), workers)
    }

    fn share(&self) -> Vec<Job<'a>> {
        self.specified.iter().filter(|job| job.is_checked()).copied().collect()
    }

    fn repeat(
        &mut self,
        deciding: Vec<Job<'a>>,
        chosen: Vec<Job<'a>>,
        workers: Workers<'_>,
    ) -> Result<RunsDone, RunError> {
        // Where the full stack has done every run, there is nothing to compare.
        if self.done.specified > 0 {
            // The log has not seen these: the specification does them here.
            self.done.specified += deciding.len() as u64;
            let mut jobs = deciding;
            jobs.extend(chosen);
            // The long ones first, so that no core is left with one at the end.
            jobs.sort_by_key(|job| std::cmp::Reverse(job.subscribers));
            let agreed = check(&jobs, workers)?;
            self.done.add_agreed(agreed);
        }
        Ok(self.done)
    }
}

impl Job<'_> {
    /// Whether the full stack repeats the run, whatever it decides: all runs of small N on the scenario's own seeds, and a
    /// share of all others.
    pub(super) fn is_checked(&self) -> bool {
        let is_own = self.seed < self.scenario.settings().seeds;
        (is_own && self.subscribers <= ALWAYS_CHECKED_SUBSCRIBERS) || self.hash().is_multiple_of(CHECKED_SHARE)
    }

    /// A hash of what is run, the same on every machine.
    pub fn hash(&self) -> u64 {
        let policy = self.choice.overflow.name().bytes().map(u64::from);
        let parts = [self.seed, self.subscribers as u64, self.choice.capacity.frames() as u64];
        parts.into_iter().chain(policy).fold(0, |hash, part| mixed(hash ^ part))
    }

    pub(super) fn in_words(&self) -> String {
        let Self { scenario, subscribers, choice, seed } = self;
        let frames = match choice.capacity {
            Capacity::UNBOUNDED => "an unbounded buffer".to_owned(),
            bounded => format!("a buffer of {}", bounded.frames()),
        };
        format!("{} with N = {subscribers}, {frames}, {}, seed {seed}", scenario.settings().name, choice.overflow)
    }
}

/// Whether the full stack repeats what the specification does with a seed: one seed of [`CHECKED_SHARE`], chosen by a hash
/// that is the same on every machine.
pub fn is_checked(seed: u64) -> bool {
    mixed(seed).is_multiple_of(CHECKED_SHARE)
}

/// One step of `SplitMix64` (G. L. Steele, D. Lea, C. H. Flood 2014).
fn mixed(number: u64) -> u64 {
    let mut mixed = number.wrapping_add(0x9e37_79b9_7f4a_7c15);
    mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    mixed ^ (mixed >> 31)
}
