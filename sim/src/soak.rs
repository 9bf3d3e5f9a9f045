//! The soak: every law on one drawn case after the other, until one is broken or time is up.
//!
//! The specification runs every case that it covers, and the full stack runs a stated share of these again. Cases outside
//! the specification's scope are run by the full stack alone.

mod judged;
mod tally;

use crate::laws::{Case, Law, Violation};
use crate::pool;
use crate::runs::{Progress, RunWorld};
pub use tally::{Soaked, Spent};

/// Most cases begun before it is asked again whether to go on. Threads wait for each other where one is asked.
const MOST_CASES_AT_A_TIME: u64 = 4096;

/// Number of cases from which on every mark is expected to be reached: the rarest is reached by one case in some tens of
/// thousands.
pub const CASES_FOR_EVERY_MARK: u64 = 200_000;

/// A case that breaks a law.
#[derive(Debug, Clone, PartialEq)]
pub struct Found {
    /// The seed it was drawn with.
    pub seed: u64,
    /// The case.
    pub case: Case,
    /// What it breaks.
    pub violation: Violation,
    /// Whether the full stack keeps the law, and agrees with the specification on the case: a fault of the specification
    /// that the incident of the case does not show.
    pub is_of_the_specification_alone: bool,
}

/// What is judged, and how.
#[derive(Debug, Clone, Copy)]
pub struct Soak<'a> {
    /// The laws to judge by.
    pub laws: &'a [Law],
    /// Seed of the first case; each further case has the next seed.
    pub first_seed: u64,
    /// The world that runs the cases.
    pub world: RunWorld,
    /// Number of threads; the verdict does not depend on it.
    pub threads: usize,
}

/// Judges case after case; stops at the first that breaks a law. `goes_on` is told the number of cases judged, and returns
/// how many more may be judged before it is asked again; `None` ends the soak.
pub fn soak(soak: Soak<'_>, progress: &dyn Progress, mut goes_on: impl FnMut(u64) -> Option<u64>) -> Soaked {
    let mut soaked = Soaked::default();
    let mut next = soak.first_seed;
    // No case left is an end as well, or empty rounds would follow each other for ever.
    while let Some(cases) = goes_on(next - soak.first_seed).filter(|cases| *cases > 0) {
        let seeds: Vec<u64> = (next..next + cases.min(MOST_CASES_AT_A_TIME)).collect();
        let work = |seed: &u64| {
            let judged = judged::judge(soak, *seed).map(Some);
            progress.advance(1);
            judged
        };
        let verdict = pool::each(&seeds, soak.threads, work, |_, sight| soaked.add(&sight));
        next += seeds.len() as u64;
        if let Err(found) = verdict {
            // By the seed, since it depends on the threads how many later cases have been judged by now.
            soaked.cases = found.seed - soak.first_seed + 1;
            soaked.broken = Some(*found);
            break;
        }
    }
    soaked
}
