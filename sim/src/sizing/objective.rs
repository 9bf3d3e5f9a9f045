//! The smallest buffer that keeps an objective, by a search over sizes on the scenario's seeds.
//!
//! What is missed falls with the size, ages and memory grow with it, and none of them does so in every case. So sizes are
//! tried in ascending order, by powers of two, until one keeps all limits. Between two neighbours that fail for different
//! limits, the middle is tried as well. Two neighbours that both exceed one limit are taken to exceed it between them.
//!
//! A size is run seed by seed, and no further once it is certain that it does not keep all limits, unless the search has to
//! know which of them. So the answers are those of a search that runs every seed of every size.

mod seeds;
#[cfg(test)]
mod tests;
mod tried;

use std::collections::{BTreeMap, BTreeSet};

use super::fresh::bounded;
use crate::runs::{self, Job, RunError, RunLog, Workers};
use crate::scenario::{MAX_BUFFER, Scenario};
use crate::summary::document::{Measure, ObjectiveResult, ObjectiveSize, SizeForAllN, SizeTried};
use crate::summary::objective::Objective;
use seeds::SeedsOf;
use tried::{Setup, Tried};

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
    let result = found(scenarios, objective, Effort::NoMoreThanNeeded, workers, log)?;
    let deciding = deciding(scenarios, &result);
    Ok(Found { result, deciding })
}

/// Which seeds of a size are run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Effort {
    /// As many seeds as the search needs to answer.
    NoMoreThanNeeded,
    /// All seeds, for the answers that a test holds the search against.
    #[cfg(test)]
    EverySeed,
}

fn found<'a>(
    scenarios: &'a [Scenario],
    objective: &Objective,
    effort: Effort,
    workers: Workers<'_>,
    log: &mut RunLog<'a>,
) -> Result<ObjectiveResult, RunError> {
    let (mut sizes, mut for_all_n) = (Vec::new(), Vec::new());
    let mut seeds = SeedsOf::default();
    for scenario in scenarios {
        let mut searches = Vec::new();
        for subscribers in scenario.settings().subscribers.iter().copied() {
            let policy = scenario.settings().server.policy.name();
            let units = runs::units(subscribers) * scenario.settings().seeds * MOST_SIZES;
            workers.progress.begin_at_most(&format!("objective, N = {subscribers}, {policy}"), units);
            let seeds = seeds.of(scenario, subscribers, workers, log)?;
            let setup = Setup::new((scenario, subscribers), objective, seeds, workers);
            let mut search = Search { setup, effort, tried: BTreeMap::new() };
            sizes.push(search.size(objective, log)?);
            searches.push(search);
            workers.progress.end();
        }
        let own = &sizes[sizes.len() - searches.len()..];
        for_all_n.push(at_every_n(own, &mut searches, log)?);
    }
    Ok(ObjectiveResult { limits: objective.limits().to_vec(), judged: Vec::new(), sizes, for_all_n })
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

/// The search of one policy and N.
struct Search<'a, 'b> {
    setup: Setup<'a, 'b>,
    effort: Effort,
    tried: BTreeMap<u64, Tried>,
}

impl<'a> Search<'a, '_> {
    fn size(&mut self, objective: &Objective, log: &mut RunLog<'a>) -> Result<ObjectiveSize, RunError> {
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
        self.answer(buffer, objective, log)
    }

    /// Sizes to try in any case: powers of two up to what runs can fill and that size itself, and on where more slots can
    /// exceed a limit.
    fn steps(&self) -> Vec<u64> {
        let never_full = self.never_full();
        let limits = self.setup.objective.limits();
        let is_limited = limits.iter().any(|limit| limit.figure == Measure::MemoryBytesPerSubscriber);
        // From where every run fits, a size costs no run.
        let last = match (self.is_free(never_full), is_limited) {
            (true, true) => MAX_BUFFER,
            (true, false) => never_full,
            (false, _) => (2 * never_full.next_power_of_two()).min(MAX_BUFFER),
        };
        let powers = (0..=MAX_BUFFER.ilog2()).map(|power| 1_u64 << power).filter(|power| *power <= last);
        powers.chain([never_full]).collect::<BTreeSet<_>>().into_iter().collect()
    }

    /// The fullest mailbox of all unbounded runs.
    fn never_full(&self) -> u64 {
        let runs = self.setup.seeds.unbounded.iter();
        let fullest = runs.map(|(run, _)| run.high_water.map_or(0, |highest| highest.frames)).max();
        fullest.unwrap_or(0).clamp(1, MAX_BUFFER)
    }

    /// Whether a size costs no run.
    fn is_free(&self, buffer: u64) -> bool {
        self.setup.seeds.unbounded.iter().all(|(run, _)| run.fits(buffer))
    }

    /// The smallest size above `below`, which fails, and up to `at` that keeps all limits.
    fn smallest_between(&mut self, below: u64, at: u64, log: &mut RunLog<'a>) -> Result<Option<u64>, RunError> {
        if below + 1 >= at {
            return Ok(self.meets(at, log)?.then_some(at));
        }
        if self.exceed_one_limit(below, at, log)? {
            return Ok(None);
        }
        let middle = below + (at - below) / 2;
        match self.smallest_between(below, middle, log)? {
            Some(found) => Ok(Some(found)),
            None => self.smallest_between(middle, at, log),
        }
    }

    /// Whether two sizes exceed one and the same limit.
    fn exceed_one_limit(&mut self, lower: u64, upper: u64, log: &mut RunLog<'a>) -> Result<bool, RunError> {
        let of_lower = self.tried(lower).exceeded();
        let of_upper = self.run(upper, |upper| upper.exceeds_any(&of_lower), log)?.exceeded();
        // All of the upper one is known here, unless it is known to share a limit. Where it keeps all limits, or shares one,
        // no more has to be known of the lower one.
        if of_upper.is_empty() || !of_upper.is_disjoint(&of_lower) {
            return Ok(!of_upper.is_empty());
        }
        Ok(self.run(lower, |lower| lower.exceeds_any(&of_upper), log)?.exceeds_any(&of_upper))
    }

    /// Tries the sizes between one that keeps all limits and one that does not, down to neighbours, where that costs no run.
    fn last_between(&mut self, meeting: u64, failing: u64, log: &mut RunLog<'a>) -> Result<(), RunError> {
        let (mut meeting, mut failing) = (meeting, failing);
        let is_free = self.is_free(meeting);
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
        Ok(!self.run(buffer, Tried::fails, log)?.fails())
    }

    /// A size, run until enough is known or all seeds are run.
    fn run(
        &mut self,
        buffer: u64,
        is_enough: impl Fn(&Tried) -> bool + Sync,
        log: &mut RunLog<'a>,
    ) -> Result<&Tried, RunError> {
        let stops = self.effort == Effort::NoMoreThanNeeded;
        let tried = self.tried.entry(buffer).or_insert_with(|| self.setup.tried(buffer));
        self.setup.run(tried, |tried| stops && is_enough(tried), log)?;
        Ok(tried)
    }

    fn tried(&mut self, buffer: u64) -> &Tried {
        self.tried.entry(buffer).or_insert_with(|| self.setup.tried(buffer))
    }

    /// Every seed of a size is run: its values are a part of the answer.
    fn judged(&mut self, buffer: u64, log: &mut RunLog<'a>) -> Result<SizeTried, RunError> {
        Ok(self.run(buffer, Tried::is_complete, log)?.judged())
    }

    /// The size that comes nearest to keeping the limits, the first of equals.
    fn nearest(&mut self, log: &mut RunLog<'a>) -> Result<u64, RunError> {
        loop {
            let all = self.tried.iter();
            let nearest = all.reduce(|first, next| if next.1.distance() < first.1.distance() { next } else { first });
            // The first size is always tried.
            let Some((buffer, tried)) = nearest else { return Ok(1) };
            if tried.is_complete() {
                return Ok(*buffer);
            }
            // It may be farther than is known. Of all others it is known that they are no nearer than this one can be.
            let (buffer, seeds_run) = (*buffer, tried.seeds_run());
            self.run(buffer, |tried| tried.seeds_run() > seeds_run, log)?;
        }
    }

    /// The answer, from everything that was tried.
    fn answer(
        &mut self,
        buffer: Option<u64>,
        objective: &Objective,
        log: &mut RunLog<'a>,
    ) -> Result<ObjectiveSize, RunError> {
        let at = match buffer {
            Some(buffer) => buffer,
            None => self.nearest(log)?,
        };
        let at = self.judged(at, log)?;
        let less = buffer.map(|buffer| buffer - 1).filter(|less| self.tried.contains_key(less));
        let one_less = less.map(|less| self.judged(less, log)).transpose()?;
        let from_there = self.tried.iter().filter(|(tried, _)| buffer.is_some_and(|buffer| **tried >= buffer));
        let up_to = from_there.take_while(|(_, tried)| !tried.fails()).map(|(tried, _)| *tried).last();
        Ok(ObjectiveSize {
            policy: self.setup.scenario.settings().server.policy.name().to_owned(),
            subscribers: self.setup.subscribers,
            buffer,
            up_to,
            never_full: self.never_full(),
            at,
            one_less,
            tried: self.tried.values().map(|tried| tried.values(objective.limits())).collect(),
        })
    }
}
