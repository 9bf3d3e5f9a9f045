//! The smallest buffer that keeps an objective, by a search over sizes on the scenario's seeds.
//!
//! What is missed falls with the size, ages and memory grow with it, and none of them does so in every case. So sizes are
//! tried in ascending order, by powers of two, until one keeps all limits. Between two neighbours that fail for different
//! limits, the middle is tried as well. Two neighbours that both exceed one limit are taken to exceed it between them.

mod unbounded;

use std::collections::{BTreeMap, BTreeSet};

use super::fresh::bounded;
use crate::runs::{self, Job, RunError, RunLog, Workers};
use crate::scenario::{MAX_BUFFER, Scenario};
use crate::summary::cell::{CellKey, cell};
use crate::summary::document::{
    Judgement, Limit, Measure, ObjectiveResult, ObjectiveSize, SizeForAllN, SizeTried, ValuesAt,
};
use crate::summary::objective::Objective;
use crate::summary::run::Latencies;
use unbounded::{Run, UnboundedOf, done};

/// What a search found, and the runs of it that the full stack repeats.
pub struct Found<'a> {
    /// One size for each policy and N.
    pub result: ObjectiveResult,
    /// The first run of each answer, at the answer and at one frame less.
    pub deciding: Vec<Job<'a>>,
}

/// More sizes than a search tries, for its progress.
const MOST_SIZES: u64 = 40;

/// Searches every scenario, which differ in their policies alone, at every N.
///
/// # Errors
/// The first failure of a world.
pub fn search<'a>(
    scenarios: &'a [Scenario],
    objective: &Objective,
    workers: Workers<'_>,
    log: &mut RunLog<'a>,
) -> Result<Found<'a>, RunError> {
    let (mut sizes, mut for_all_n) = (Vec::new(), Vec::new());
    let mut unbounded = UnboundedOf::default();
    for scenario in scenarios {
        let mut searches = Vec::new();
        for subscribers in scenario.settings().subscribers.iter().copied() {
            let policy = scenario.settings().server.policy.name();
            let units = runs::units(subscribers) * scenario.settings().seeds * MOST_SIZES;
            workers.progress.begin_at_most(&format!("objective, N = {subscribers}, {policy}"), units);
            let mut search = Search {
                scenario,
                subscribers,
                objective,
                workers,
                unbounded: unbounded.of(scenario, subscribers, workers, log)?,
                tried: BTreeMap::new(),
            };
            sizes.push(search.size(log)?);
            searches.push(search);
            workers.progress.end();
        }
        let own = &sizes[sizes.len() - searches.len()..];
        for_all_n.push(at_every_n(own, &mut searches, log)?);
    }
    let result = ObjectiveResult { limits: objective.limits().to_vec(), judged: Vec::new(), sizes, for_all_n };
    let deciding = deciding(scenarios, &result);
    Ok(Found { result, deciding })
}

/// The largest of the smallest sizes, if it keeps the limits at every N.
fn at_every_n<'a>(
    sizes: &[ObjectiveSize],
    searches: &mut [Search<'a, '_>],
    log: &mut RunLog<'a>,
) -> Result<SizeForAllN, RunError> {
    let smallest: Option<Vec<u64>> = sizes.iter().map(|size| size.buffer).collect();
    let mut buffer = smallest.and_then(|smallest| smallest.into_iter().max());
    if let Some(largest) = buffer {
        for search in searches {
            // A larger size may cost more or be later: it has to be run.
            if !search.meets(largest, log)? {
                buffer = None;
            }
        }
    }
    let policy = sizes.first().map_or_else(String::new, |size| size.policy.clone());
    Ok(SizeForAllN { policy, buffer })
}

/// The first run of each size that answers and of those of the first policy, which is the scenario's own.
fn deciding<'a>(scenarios: &'a [Scenario], result: &ObjectiveResult) -> Vec<Job<'a>> {
    let mut jobs = Vec::new();
    let mut chosen: Vec<&ObjectiveSize> = result.answers();
    let own = scenarios.first().map(|scenario| scenario.settings().server.policy.name());
    for size in result.sizes.iter().filter(|size| Some(size.policy.as_str()) == own) {
        if chosen.iter().all(|other| other.subscribers != size.subscribers || other.policy != size.policy) {
            chosen.push(size);
        }
    }
    for size in chosen {
        let of_policy = |scenario: &&Scenario| scenario.settings().server.policy.name() == size.policy;
        let Some(scenario) = scenarios.iter().find(of_policy) else { continue };
        let buffers = [Some(size.at.buffer), size.one_less.as_ref().map(|tried| tried.buffer)];
        let job = |buffer| Job { scenario, subscribers: size.subscribers, choice: bounded(scenario, buffer), seed: 0 };
        jobs.extend(buffers.into_iter().flatten().map(job));
    }
    jobs
}

/// The value that is held against a limit; a class without members has none.
fn value_of(limit: &Limit, judgements: &[Judgement]) -> Option<f64> {
    let is_of = |one: &&Judgement| one.class == limit.class && one.figure == limit.figure;
    judgements.iter().find(is_of)?.value
}

/// The search of one policy and N.
struct Search<'a, 'b> {
    scenario: &'a Scenario,
    subscribers: usize,
    objective: &'b Objective,
    workers: Workers<'b>,
    unbounded: Vec<Run>,
    tried: BTreeMap<u64, Vec<Judgement>>,
}

impl<'a> Search<'a, '_> {
    fn size(&mut self, log: &mut RunLog<'a>) -> Result<ObjectiveSize, RunError> {
        let steps = self.steps();
        let (mut buffer, mut below) = (None, 0);
        for step in steps.iter().copied() {
            buffer = self.smallest_between(below, step, log)?;
            if buffer.is_some() {
                break;
            }
            below = step;
        }
        // On to the first size that fails, or to the last: the range that keeps the limits is a part of the answer.
        let mut meeting = buffer;
        for step in steps {
            let Some(last) = meeting.filter(|last| step > *last) else { continue };
            if !self.meets(step, log)? {
                self.last_between(last, step, log)?;
                break;
            }
            meeting = Some(step);
        }
        Ok(self.answer(buffer))
    }

    /// Sizes to try in any case: powers of two up to what runs can fill and that size itself, and on where more slots can
    /// exceed a limit.
    fn steps(&self) -> Vec<u64> {
        let never_full = self.never_full();
        let is_limited = self.objective.limits().iter().any(|limit| limit.figure == Measure::MemoryBytesPerSubscriber);
        // From where every run fits, a size costs no run.
        let is_known = self.unbounded.iter().all(|(run, _)| run.fits(never_full));
        let last = match (is_known, is_limited) {
            (true, true) => MAX_BUFFER,
            (true, false) => never_full,
            (false, _) => (2 * never_full.next_power_of_two()).min(MAX_BUFFER),
        };
        let powers = (0..=MAX_BUFFER.ilog2()).map(|power| 1_u64 << power).filter(|power| *power <= last);
        powers.chain([never_full]).collect::<BTreeSet<_>>().into_iter().collect()
    }

    /// The fullest mailbox of all unbounded runs.
    fn never_full(&self) -> u64 {
        let runs: Vec<_> =
            self.unbounded.iter().map(|(run, _)| run.high_water.map_or(0, |highest| highest.frames)).collect();
        runs.into_iter().max().unwrap_or(0).clamp(1, MAX_BUFFER)
    }

    /// The smallest size above `below`, which fails, and up to `at` that keeps all limits.
    fn smallest_between(&mut self, below: u64, at: u64, log: &mut RunLog<'a>) -> Result<Option<u64>, RunError> {
        if below + 1 >= at {
            return Ok(self.meets(at, log)?.then_some(at));
        }
        let (lower, upper) = (self.unmet(below, log)?, self.unmet(at, log)?);
        if lower.intersection(&upper).next().is_some() {
            return Ok(None);
        }
        let middle = below + (at - below) / 2;
        match self.smallest_between(below, middle, log)? {
            Some(found) => Ok(Some(found)),
            None => self.smallest_between(middle, at, log),
        }
    }

    /// Tries the sizes between one that keeps all limits and one that does not, down to neighbours, where that costs no run.
    fn last_between(&mut self, meeting: u64, failing: u64, log: &mut RunLog<'a>) -> Result<(), RunError> {
        let (mut meeting, mut failing) = (meeting, failing);
        let is_free = self.unbounded.iter().all(|(run, _)| run.fits(meeting));
        while is_free && meeting + 1 < failing {
            let middle = meeting + (failing - meeting) / 2;
            if self.meets(middle, log)? {
                meeting = middle;
            } else {
                failing = middle;
            }
        }
        Ok(())
    }

    fn meets(&mut self, buffer: u64, log: &mut RunLog<'a>) -> Result<bool, RunError> {
        Ok(self.unmet(buffer, log)?.is_empty())
    }

    /// The places of the limits that a size does not keep.
    fn unmet(&mut self, buffer: u64, log: &mut RunLog<'a>) -> Result<BTreeSet<usize>, RunError> {
        if !self.tried.contains_key(&buffer) {
            let judgements = self.judgements(buffer, log)?;
            self.tried.insert(buffer, judgements);
        }
        let judgements = self.tried.get(&buffer).into_iter().flatten().enumerate();
        Ok(judgements.filter(|(_, judgement)| !judgement.is_met).map(|(place, _)| place).collect())
    }

    /// Runs a size on every seed, but for the seeds whose unbounded run would be the same.
    fn judgements(&self, buffer: u64, log: &mut RunLog<'a>) -> Result<Vec<Judgement>, RunError> {
        let Self { scenario, subscribers, .. } = *self;
        let (fit, other): (Vec<&Run>, Vec<&Run>) = self.unbounded.iter().partition(|(run, _)| run.fits(buffer));
        let choice = bounded(scenario, buffer);
        let jobs: Vec<_> = other.iter().map(|(run, _)| Job { scenario, subscribers, choice, seed: run.seed }).collect();
        let mut all = done(&jobs, self.workers, log)?;
        all.extend(fit.into_iter().cloned());
        // Threads finish in any order, and a cell must not depend on it.
        all.sort_by_key(|(run, _)| run.seed);
        let mut latencies = Latencies(Vec::new());
        let mut runs = Vec::new();
        for (run, of_run) in all {
            runs.push(run);
            latencies.merge(of_run);
        }
        let class_names: Vec<_> = scenario.settings().classes.iter().map(|class| class.name.clone()).collect();
        let seconds = scenario.duration().as_secs_f64();
        let policy = scenario.settings().server.policy.name();
        let key = CellKey { policy, subscribers, buffer, class_names: &class_names, seconds };
        Ok(self.objective.measure(&cell(key, &runs, &latencies)))
    }

    /// The answer, from everything that was tried.
    fn answer(&self, buffer: Option<u64>) -> ObjectiveSize {
        let all = || {
            self.tried.iter().map(|(buffer, judgements)| SizeTried { buffer: *buffer, judgements: judgements.clone() })
        };
        let at_size = |size: u64| all().find(|tried| tried.buffer == size);
        let nearest = || all().reduce(|first, next| if next.distance() < first.distance() { next } else { first });
        let at = buffer.and_then(at_size).or_else(nearest);
        let from_there = self.tried.iter().filter(|(tried, _)| buffer.is_some_and(|buffer| **tried >= buffer));
        let kept = from_there.take_while(|(_, judgements)| judgements.iter().all(|judgement| judgement.is_met));
        let up_to = kept.map(|(tried, _)| *tried).last();
        let values = |(buffer, judgements): (&u64, &Vec<Judgement>)| ValuesAt {
            buffer: *buffer,
            values: self.objective.limits().iter().map(|limit| value_of(limit, judgements)).collect(),
            unmet: judgements.iter().filter(|judgement| !judgement.is_met).count() as u64,
        };
        ObjectiveSize {
            policy: self.scenario.settings().server.policy.name().to_owned(),
            subscribers: self.subscribers,
            buffer,
            up_to,
            never_full: self.never_full(),
            // The first size is always tried.
            at: at.unwrap_or(SizeTried { buffer: 1, judgements: Vec::new() }),
            one_less: buffer.and_then(|buffer| at_size(buffer - 1)),
            tried: self.tried.iter().map(values).collect(),
        }
    }
}
