//! The smallest buffer that loses nothing, by a search over sizes on runs that lose.
//!
//! A server without a probe does not say how many frames waited, so sizes are tried. Losses need not be monotone in the
//! size, since a stream with other frames in it fills its socket in another way. So the answer is the smallest size from
//! which no larger size that was tried loses anything.

use std::collections::{BTreeMap, BTreeSet};

use super::{Testbed, TestbedError};
use crate::plan::Plan;
use crate::pool;
use crate::scenario::Scenario;
use crate::tail::tolerance::risk_of_largest;
use crate::world::ServerRun;

/// The largest size that is tried.
pub(super) const LARGEST: usize = 1 << 16;

/// The size of a server for one number of subscribers.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct ServerSize {
    /// N.
    pub subscribers: usize,
    /// The smallest size from which no larger size that was tried loses anything on these seeds; `None` where the largest
    /// size that was tried, 65,536 frames, still loses.
    pub frames: Option<usize>,
    /// Every size that was tried, and the number of runs that lost something at it, of how many.
    pub tried: BTreeMap<usize, (u64, u64)>,
    /// Runs at that size, one for each seed.
    pub runs: u64,
    /// With 95 % confidence, a further run of the same kind loses something at that size with at most this probability.
    pub risk_upper95: f64,
}

/// Sizes that were tried, and what came of each seed.
type Tried = BTreeMap<usize, BTreeMap<u64, bool>>;

impl Testbed {
    /// Sizes the server for every N of a scenario, on the scenario's seeds.
    ///
    /// # Errors
    /// As [`Testbed::run`].
    pub fn size(&self, scenario: &Scenario) -> Result<Vec<ServerSize>, TestbedError> {
        let of = |subscribers: &usize| self.size_for(scenario, *subscribers, Tried::new());
        scenario.settings().subscribers.iter().map(of).collect()
    }

    /// Sizes the server for one N; `tried` has what is known already.
    pub(super) fn size_for(
        &self,
        scenario: &Scenario,
        subscribers: usize,
        mut tried: Tried,
    ) -> Result<ServerSize, TestbedError> {
        let seeds: Vec<u64> = (0..scenario.settings().seeds).collect();
        if let Some(size) = self.size_by_probe(scenario, subscribers, &seeds)? {
            return Ok(size);
        }
        let mut asked = 1;
        let frames = loop {
            let frames = self.server.effective_frames(asked);
            if frames > LARGEST {
                break None;
            }
            if self.loses(scenario, subscribers, frames, &seeds, &mut tried)? {
                // Above the largest size that is known to lose, by powers of two.
                asked = largest_losing(&tried).max(frames).saturating_mul(2);
                continue;
            }
            let above = largest_losing(&tried);
            if above > frames {
                asked = above.saturating_mul(2);
                continue;
            }
            // Between the two there may be sizes that the server can have.
            let middle = self.server.effective_frames(above + (frames - above) / 2);
            if middle <= above || middle >= frames {
                break Some(frames);
            }
            asked = middle;
            if self.loses(scenario, subscribers, middle, &seeds, &mut tried)? {
                asked = frames;
            }
        };
        let runs = seeds.len() as u64;
        let count =
            |runs: BTreeMap<u64, bool>| (runs.values().filter(|loses| **loses).count() as u64, runs.len() as u64);
        let tried = tried.into_iter().map(|(frames, runs)| (frames, count(runs))).collect();
        Ok(ServerSize { subscribers, frames, tried, runs, risk_upper95: risk_of_largest(runs) })
    }

    /// The size of a server with a probe: the highest mark of runs in which nothing overflows. `None` where there is no
    /// probe, and where even the largest size loses something.
    fn size_by_probe(
        &self,
        scenario: &Scenario,
        subscribers: usize,
        seeds: &[u64],
    ) -> Result<Option<ServerSize>, TestbedError> {
        let run = |seed: u64| self.run(&Plan::draw(scenario, subscribers, seed), LARGEST);
        let Some(first) = seeds.first().map(|seed| run(*seed)).transpose()?.filter(|run| run.is_probed) else {
            return Ok(None);
        };
        let mark = |run: &ServerRun| {
            let is_lossy = run.record.subscribers.iter().any(|one| one.dropped.by_limits() > 0);
            let mark = run.record.subscribers.iter().map(|one| one.high_water).max().unwrap_or(0);
            (!is_lossy).then_some(mark)
        };
        let mut marks = vec![mark(&first)];
        let work = |seed: &u64| Ok::<_, TestbedError>(Some(mark(&run(*seed)?)));
        pool::each(&seeds[1..], self.threads, work, |_, mark| marks.push(mark))?;
        let Some(marks) = marks.into_iter().collect::<Option<Vec<u64>>>() else { return Ok(None) };
        let runs = seeds.len() as u64;
        let largest = usize::try_from(marks.into_iter().max().unwrap_or(0)).unwrap_or(LARGEST).max(1);
        let frames = Some(self.server.effective_frames(largest));
        let tried = BTreeMap::from([(LARGEST, (0, runs))]);
        Ok(Some(ServerSize { subscribers, frames, tried, runs, risk_upper95: risk_of_largest(runs) }))
    }

    /// Whether any of the runs loses something at a size. Those that have lost at a smaller size come first: where one of
    /// them loses again, the others are not run.
    fn loses(
        &self,
        scenario: &Scenario,
        subscribers: usize,
        frames: usize,
        seeds: &[u64],
        tried: &mut Tried,
    ) -> Result<bool, TestbedError> {
        let lost_before: BTreeSet<u64> = tried.range(..frames).flat_map(|(_, runs)| losing(runs)).collect();
        let (first, rest): (Vec<u64>, Vec<u64>) = seeds.iter().partition(|seed| lost_before.contains(seed));
        for seeds in [first, rest] {
            let known = tried.entry(frames).or_default();
            let seeds: Vec<u64> = seeds.into_iter().filter(|seed| !known.contains_key(seed)).collect();
            let work = |seed: &u64| -> Result<Option<bool>, TestbedError> {
                let run = self.run(&Plan::draw(scenario, subscribers, *seed), frames)?;
                Ok(Some(run.record.subscribers.iter().any(|one| one.dropped.by_limits() > 0)))
            };
            pool::each(&seeds, self.threads, work, |index, loses| {
                known.insert(seeds[index], loses);
            })?;
            if losing(known).next().is_some() {
                return Ok(true);
            }
        }
        Ok(false)
    }
}

fn losing(runs: &BTreeMap<u64, bool>) -> impl Iterator<Item = u64> + '_ {
    runs.iter().filter(|(_, loses)| **loses).map(|(seed, _)| *seed)
}

/// The largest size at which a run was lossy, 0 where none was.
fn largest_losing(tried: &Tried) -> usize {
    tried.iter().rev().find(|(_, runs)| losing(runs).next().is_some()).map_or(0, |(frames, _)| *frames)
}
