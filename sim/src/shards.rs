//! A sweep that is spread over machines: each does its part of the runs that depend on no others, and a merge does the
//! rest.
//!
//! A plan, that is an N and a seed, belongs to one part, with its unbounded run and its runs at every buffer. A merge is
//! the sweep itself that knows the results of the parts. So it gives the same document as one machine, whatever the
//! number of parts.

mod part;

use crate::first_order;
use crate::plan::{HubChoice, Plan};
use crate::runs::{self, Job, KnownRun, RunError, Workers};
use crate::scenario::{Change, Scenario};
use crate::summary::document::RunsDone;
use crate::summary::run::{Latencies, RunSummary};
use crate::summary::stored::StoredRun;
use hubbub::Capacity;
pub use part::{MergeError, Part, Shard, known_runs};

/// What of a sweep is spread: everything that one machine would do and that depends on no other plan.
#[derive(Debug, Clone, Copy)]
pub struct Spread {
    /// Unbounded runs of each N.
    pub runs: u64,
    /// Sizes under a changed load.
    pub sensitivity: bool,
}

/// Does the runs of one part.
///
/// # Errors
/// The first failure of a world, and the first run on which two worlds disagree.
pub fn runs_of(
    scenario: &Scenario,
    spread: Spread,
    shard: Shard,
    workers: Workers<'_>,
) -> Result<Vec<KnownRun>, RunError> {
    let mut known = Vec::new();
    let own = unbounded_jobs(scenario, spread.runs, shard);
    let unbounded = done(&own, "unbounded runs", workers, &mut known)?;
    // Only now: the unbounded run of a plan shows which of its cells have to be run.
    let cells: Vec<_> = unbounded.iter().flat_map(|(job, run)| cells_of(job, run)).collect();
    done(&cells, "sweep", workers, &mut known)?;
    if spread.sensitivity {
        for changed in Change::ALL.into_iter().filter_map(|change| scenario.changed(change).ok()) {
            let jobs = unbounded_jobs(&changed, changed.settings().seeds, shard);
            done(&jobs, "changed loads", workers, &mut known)?;
        }
    }
    Ok(known)
}

/// The unbounded runs of a part, the long ones first. An N that cannot have a size is run on the scenario's own seeds only.
fn unbounded_jobs(scenario: &Scenario, runs: u64, shard: Shard) -> Vec<Job<'_>> {
    let settings = scenario.settings();
    let own = 0..settings.seeds;
    let mut jobs = Vec::new();
    for subscribers in settings.subscribers.iter().copied() {
        let has_no_size = |seed| first_order::no_finite_size(&Plan::draw(scenario, subscribers, seed)).is_some();
        let seeds = if own.clone().any(has_no_size) { own.end } else { runs.max(own.end) };
        let of_n = (0..seeds).map(|seed| Job::unbounded(scenario, subscribers, seed));
        jobs.extend(of_n.filter(|job| shard.has(job.hash())));
    }
    jobs.sort_by_key(|job| std::cmp::Reverse(job.subscribers));
    jobs
}

/// The runs of a plan at every buffer that its unbounded run does not fit into: at the others that run stands in.
fn cells_of<'a>(job: &Job<'a>, unbounded: &RunSummary) -> Vec<Job<'a>> {
    let settings = job.scenario.settings();
    // Only the scenario's own seeds have cells. Runs on others are made for their marks.
    if job.seed >= settings.seeds {
        return Vec::new();
    }
    let missing = settings.buffers.iter().filter(|buffer| !unbounded.fits(**buffer));
    let capacities = missing.filter_map(|buffer| usize::try_from(*buffer).ok().and_then(Capacity::new));
    let overflow = settings.server.policy;
    capacities.map(|capacity| Job { choice: HubChoice { capacity, overflow }, ..*job }).collect()
}

/// Does jobs and adds what is to be stored of them; returns them with their results.
fn done<'a>(
    jobs: &[Job<'a>],
    what: &str,
    workers: Workers<'_>,
    known: &mut Vec<KnownRun>,
) -> Result<Vec<(Job<'a>, RunSummary)>, RunError> {
    let mut results: Vec<Option<(RunSummary, StoredRun)>> = vec![None; jobs.len()];
    workers.progress.begin(what, jobs.iter().map(Job::units).sum());
    runs::each(
        jobs,
        workers,
        |_| true,
        |index, (run, latencies)| {
            let stored = stored(&jobs[index], &run, &latencies);
            results[index] = Some((run, stored));
        },
    )?;
    workers.progress.end();
    let results: Vec<_> = jobs.iter().copied().zip(results.into_iter().flatten()).collect();
    let specified = results.iter().filter(|(_, (run, _))| run.done == RunsDone::SPECIFIED);
    let specified: Vec<Job<'_>> = specified.map(|(job, _)| *job).collect();
    let mut agreed = runs::check_share(&specified, workers)?.into_iter();
    for (job, (run, stored)) in &results {
        // One answer for each run of the specification, in the order of `results`.
        let is_agreed = run.done == RunsDone::SPECIFIED && agreed.next().unwrap_or(false);
        known.push(KnownRun::new(job, stored.clone(), is_agreed));
    }
    Ok(results.into_iter().map(|(job, (run, _))| (job, run)).collect())
}

/// Of a run beyond the scenario's own seeds only the mark is wanted.
fn stored(job: &Job<'_>, run: &RunSummary, latencies: &Latencies) -> StoredRun {
    if job.seed < job.scenario.settings().seeds {
        StoredRun::whole(run, latencies)
    } else {
        StoredRun::without_latencies(run)
    }
}
