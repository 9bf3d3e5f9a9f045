//! The soak: every law on one drawn case after the other, until one is broken or time is up.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::laws::{self, Case, Law, Violation, draw};
use crate::pool;
use crate::runs::Progress;
use crate::world;

/// Cases begun before it is asked again whether to go on.
const CASES_AT_A_TIME: u64 = 64;

/// What a soak came to.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Soaked {
    /// Cases judged, the broken one among them.
    pub cases: u64,
    /// Of those, how many lost something to a full mailbox.
    pub cases_with_losses: u64,
    /// Events published, and frames offered, in the cases' own runs; the laws made several more of each.
    pub events: u64,
    /// Frames offered in all cases.
    pub frames: u64,
    /// In how many cases each kind of fault was.
    pub faults: BTreeMap<&'static str, u64>,
    /// Where the CPU is shared: by how much neighbours delayed one event of a witness at most, a case each.
    pub costs: Vec<Duration>,
    /// What was broken, if anything was.
    pub broken: Option<Found>,
}

/// A case that breaks a law.
#[derive(Debug, Clone, PartialEq)]
pub struct Found {
    /// The seed it was drawn with.
    pub seed: u64,
    /// The case.
    pub case: Case,
    /// What it breaks.
    pub violation: Violation,
}

/// Puts `laws` to the cases of the seeds from `first_seed` on, on so many threads, for as long as `goes_on` says of the number
/// judged; stops at the first that is broken.
pub fn soak(
    laws: &[Law],
    first_seed: u64,
    threads: usize,
    progress: &dyn Progress,
    mut goes_on: impl FnMut(u64) -> Option<u64>,
) -> Soaked {
    let mut soaked = Soaked::default();
    let mut next = first_seed;
    while let Some(cases) = goes_on(next - first_seed).filter(|cases| *cases > 0) {
        let seeds: Vec<u64> = (next..next + cases.min(CASES_AT_A_TIME)).collect();
        let work = |seed: &u64| {
            let judged = judge(laws, *seed).map(Some);
            progress.advance(1);
            judged
        };
        let verdict = pool::each(&seeds, threads, work, |_, sight: Sight| soaked.add(&sight));
        next += seeds.len() as u64;
        if let Err(found) = verdict {
            soaked.cases = found.seed - first_seed + 1;
            soaked.broken = Some(*found);
            break;
        }
    }
    soaked
}

/// What one case had in it.
struct Sight {
    events: u64,
    frames: u64,
    has_losses: bool,
    faults: Vec<&'static str>,
    cost: Option<Duration>,
}

fn judge(laws: &[Law], seed: u64) -> Result<Sight, Box<Found>> {
    let case = draw::case_of(seed);
    if let Some(violation) = laws.iter().find_map(|law| law.judge(&case).err()) {
        return Err(Box::new(Found { seed, case, violation }));
    }
    let offered = world::run(&case.plan, case.choice()).map(|record| {
        let subscribers = record.subscribers.iter();
        subscribers.fold((0, 0), |(offered, lost), s| (offered + s.offered, lost + s.dropped.buffer_full))
    });
    let (frames, lost) = offered.unwrap_or_default();
    let mut faults: Vec<_> = case.plan.faults.iter().map(|fault| fault.harm.kind()).collect();
    faults.sort_unstable();
    faults.dedup();
    let costs = case.plan.server.cpu.and_then(|_| laws::what_neighbours_cost(&case, 0).ok());
    let cost = costs.and_then(|costs| costs.into_iter().max());
    Ok(Sight { events: case.plan.arrivals.len() as u64, frames, has_losses: lost > 0, faults, cost })
}

impl Soaked {
    fn add(&mut self, sight: &Sight) {
        self.cases += 1;
        self.cases_with_losses += u64::from(sight.has_losses);
        self.events += sight.events;
        self.costs.extend(sight.cost);
        self.frames += sight.frames;
        sight.faults.iter().for_each(|kind| *self.faults.entry(kind).or_default() += 1);
    }
}
