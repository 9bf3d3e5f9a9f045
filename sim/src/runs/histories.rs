//! The smallest history of each run, and the runs by which the full stack confirms it.

use std::time::Duration;

use hubbub::hub::HistorySettings;

use super::worlds::agree;
use super::{Job, RunError, Workers};
use crate::plan::Plan;
use crate::pool;
use crate::specified;
pub use crate::specified::{ExactHistory, Reach};

/// Finds the smallest history of each job's run, for subscribers that were away for at most `longest`. `done` is told each
/// with its job's index, in any order.
///
/// # Errors
/// The first failure of a run.
pub fn each_history(
    jobs: &[Job<'_>],
    longest: Duration,
    workers: Workers<'_>,
    done: impl FnMut(usize, ExactHistory) + Send,
) -> Result<(), RunError> {
    workers.progress.begin("histories", jobs.iter().map(Job::units).sum());
    let work = |job: &Job<'_>| -> Result<Option<ExactHistory>, RunError> {
        let plan = Plan::draw(job.scenario, job.subscribers, job.seed);
        let found = specified::exact_history(&plan, job.choice, longest)?;
        workers.progress.advance(job.units());
        Ok(Some(found))
    };
    pool::each(jobs, workers.threads, work, done)?;
    workers.progress.end();
    Ok(())
}

/// Does jobs with histories of these sizes by the specification and by the full stack, whose records must agree.
///
/// # Errors
/// The first disagreement, and the first failure of a world.
pub fn check_histories(checked: &[(Job<'_>, HistorySettings)], workers: Workers<'_>) -> Result<(), RunError> {
    workers.progress.begin("spot checks by the full stack", checked.iter().map(|(job, _)| job.units()).sum());
    let work = |(job, size): &(Job<'_>, HistorySettings)| -> Result<Option<()>, RunError> {
        let plan = Plan::draw(job.scenario, job.subscribers, job.seed).with_history(*size);
        agree(plan, job.choice, || {
            format!("{}, with a history of {} events and {} B", job.in_words(), size.events, size.bytes)
        })?;
        workers.progress.advance(job.units());
        Ok(Some(()))
    };
    pool::each(checked, workers.threads, work, |_, ()| {})?;
    workers.progress.end();
    Ok(())
}
