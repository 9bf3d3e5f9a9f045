//! High-water marks of many unbounded runs: the evidence for a size.
//!
//! A run loses something at a buffer of K frames exactly if the high-water mark of its unbounded run is above K. So the
//! marks of m runs say how likely a loss is at every size. With 95 % confidence, the largest of them is exceeded by a
//! further run with a probability of at most 1 − 0.05^(1/m).

use std::collections::BTreeMap;

use super::Unbounded;
use crate::runs::{self, Job, RunError, RunLog, Workers};
use crate::scenario::Scenario;
use crate::summary::document::{Extrapolation, HighWaterMarks, ZeroDrop};
use crate::summary::run::RunSummary;
use crate::summary::{risk, sizes};
use crate::tail::extrapolation;

/// Of the runs behind published marks, as many are repeated for each N by a check.
const REPEATED_BY_A_CHECK: usize = 60;

/// The mark of one run.
#[derive(Debug, Clone, Copy)]
struct Mark {
    seed: u64,
    frames: u64,
}

impl Mark {
    fn of(run: &RunSummary) -> Self {
        Self { seed: run.seed, frames: run.high_water.map_or(0, |highest| highest.frames) }
    }
}

/// Gives every size the marks of `runs` runs. Those on the scenario's own seeds have been done: `unbounded` has them.
///
/// # Errors
/// The first failure of a world.
pub fn find<'a>(
    scenario: &'a Scenario,
    unbounded: &Unbounded,
    zero_drops: &mut [ZeroDrop],
    runs: u64,
    workers: Workers<'_>,
    log: &mut RunLog<'a>,
) -> Result<(), RunError> {
    let done = scenario.settings().seeds.min(runs);
    let sized = zero_drops.iter().filter(|size| size.buffer.is_some());
    let jobs: Vec<_> = sized.flat_map(|size| jobs(scenario, size.subscribers, done..runs)).collect();
    let more = of_jobs(&jobs, workers, log)?;
    for size in zero_drops.iter_mut().filter(|size| size.buffer.is_some()) {
        let before = unbounded.get(&size.subscribers).into_iter().flat_map(|of_n| &of_n.runs).map(Mark::of);
        let more = more.get(&size.subscribers).into_iter().flatten().copied();
        // Fewer runs may be asked for than the scenario has seeds.
        let mut marks: Vec<Mark> = before.filter(|mark| mark.seed < runs).chain(more).collect();
        marks.sort_by_key(|mark| mark.seed);
        take(scenario, size, &marks);
    }
    Ok(())
}

/// Gives every size the marks that were published for it, after repeating some of the runs behind them, chosen by a
/// hash, and the one with the largest mark. A size whose published marks do not contain the repeated ones gets none.
///
/// # Errors
/// The first failure of a world.
pub fn repeat<'a>(
    scenario: &'a Scenario,
    published: &[ZeroDrop],
    zero_drops: &mut [ZeroDrop],
    workers: Workers<'_>,
    log: &mut RunLog<'a>,
) -> Result<(), RunError> {
    let stored = |subscribers: usize| {
        let size = published.iter().find(|size| size.subscribers == subscribers)?;
        size.marks.as_ref().zip(size.tolerance.as_ref())
    };
    let mut chosen = Vec::new();
    for size in zero_drops.iter().filter(|size| size.buffer.is_some()) {
        let Some((marks, tolerance)) = stored(size.subscribers) else { continue };
        let mut of_n = jobs(scenario, size.subscribers, marks.first_seed..marks.first_seed + marks.runs);
        // By a hash: each check repeats the same runs, and these are not the first seeds only.
        of_n.sort_by_key(Job::hash);
        of_n.truncate(REPEATED_BY_A_CHECK);
        // The largest mark decides the size, so its run is repeated in any case.
        if of_n.iter().all(|job| job.seed != tolerance.seed) {
            of_n.push(Job::unbounded(scenario, size.subscribers, tolerance.seed));
        }
        chosen.extend(of_n);
    }
    let repeated = of_jobs(&chosen, workers, log)?;
    for size in zero_drops.iter_mut().filter(|size| size.buffer.is_some()) {
        let Some((marks, tolerance)) = stored(size.subscribers) else { continue };
        let repeated = repeated.get(&size.subscribers).map_or(&[][..], Vec::as_slice);
        let again = HighWaterMarks::new(marks.first_seed, repeated.iter().map(|mark| mark.frames));
        // At least as many, since only some of the published runs were repeated.
        let has_all = again.high_water.iter().all(|[frames, runs]| marks.equal_to(*frames) >= *runs);
        let has_largest = repeated.iter().any(|mark| mark.seed == tolerance.seed && mark.frames == marks.largest());
        if has_all && has_largest {
            conclude(scenario, size, marks.clone(), tolerance.seed);
        }
    }
    Ok(())
}

/// Extrapolates the marks of a size to a smaller risk than they bound, or says why that cannot be done.
pub fn extrapolate(size: &mut ZeroDrop, risk: f64) {
    let Some(marks) = &size.marks else { return };
    let marks: Vec<u64> = marks.each().collect();
    size.extrapolated = Some(match extrapolation::extrapolate(&marks, risk) {
        Ok(found) => Extrapolation { risk, found: Some(found), refused: None },
        Err(why) => Extrapolation { risk, found: None, refused: Some(why.to_string()) },
    });
}

fn jobs(scenario: &Scenario, subscribers: usize, seeds: std::ops::Range<u64>) -> Vec<Job<'_>> {
    seeds.map(|seed| Job::unbounded(scenario, subscribers, seed)).collect()
}

/// Does the runs, and keeps nothing of them but their marks, by N.
fn of_jobs<'a>(
    jobs: &[Job<'a>],
    workers: Workers<'_>,
    log: &mut RunLog<'a>,
) -> Result<BTreeMap<usize, Vec<Mark>>, RunError> {
    // The long ones first, so that no core is left with one at the end.
    let mut jobs = jobs.to_vec();
    jobs.sort_by_key(|job| std::cmp::Reverse(job.subscribers));
    let mut by_n = BTreeMap::<usize, Vec<Mark>>::new();
    workers.progress.begin("risk", jobs.iter().map(Job::units).sum());
    runs::each(
        &jobs,
        workers,
        |_| true,
        |index, (run, _)| {
            log.add(jobs[index], &run);
            by_n.entry(jobs[index].subscribers).or_default().push(Mark::of(&run));
        },
    )?;
    workers.progress.end();
    Ok(by_n)
}

fn take(scenario: &Scenario, size: &mut ZeroDrop, marks: &[Mark]) {
    // Strictly greater: of equal marks the one with the smallest seed is named.
    let largest = marks.iter().copied().reduce(|first, next| if next.frames > first.frames { next } else { first });
    let Some(largest) = largest else { return };
    let marks = HighWaterMarks::new(0, marks.iter().map(|mark| mark.frames));
    conclude(scenario, size, marks, largest.seed);
}

/// What follows from the marks.
fn conclude(scenario: &Scenario, size: &mut ZeroDrop, marks: HighWaterMarks, largest_seed: u64) {
    let settings = scenario.settings();
    size.tolerance = Some(risk::tolerance(&marks, largest_seed));
    let named = sizes::named(size);
    let of_interest: Vec<u64> =
        settings.buffers.iter().copied().chain([settings.current_frames()]).chain(named).collect();
    size.risk = risk::curve(&marks, &of_interest);
    size.marks = Some(marks);
}
