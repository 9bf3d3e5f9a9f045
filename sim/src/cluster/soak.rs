//! Many cases, one after the other: what was in them, and the first that breaks a law.

use super::case::ClusterCase;
use super::judge::Broken;
use super::model::Trusts;
use super::run::{ClusterRun, run};
use super::sights::Sights;
use crate::pool;

/// Seeds in which a wrong server has to be reported.
const CANARIES: u64 = 200;

/// What a number of cases came to.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct ClusterSoak {
    /// Cases that were run.
    pub cases: u64,
    /// Faults in them.
    pub faults: u64,
    /// Events that were published, all of which were acknowledged in the end.
    pub published: u64,
    /// Events that viewers got.
    pub received: u64,
    /// Notices of gaps that viewers got.
    pub gaps: u64,
    /// Publishes that were refused, or whose fate was unknown.
    pub refused: u64,
    /// What the brokers went through.
    pub sights: Sights,
}

impl ClusterSoak {
    fn add(&mut self, case: &ClusterCase, run: &ClusterRun) {
        self.cases += 1;
        self.faults += case.faults.len() as u64;
        self.published += case.publish_at.len() as u64;
        self.received += run.received;
        self.gaps += run.gaps;
        self.refused += run.refused;
        self.sights.add(run.sights);
    }
}

/// Runs the cases of so many seeds, from `first_seed` on. `advance` is called after each of them.
///
/// # Errors
/// The first seed whose case breaks a law, and the law.
pub fn soak(
    first_seed: u64,
    seeds: u64,
    threads: usize,
    advance: impl Fn() + Sync,
) -> Result<ClusterSoak, (u64, Broken)> {
    let seeds: Vec<u64> = (first_seed..first_seed.saturating_add(seeds)).collect();
    let mut sum = ClusterSoak::default();
    let work = |seed: &u64| {
        let case = ClusterCase::draw(*seed);
        let ran = run(&case, Trusts::Leader).map_err(|why| (*seed, why));
        advance();
        ran.map(|run| Some((case, run)))
    };
    pool::each(&seeds, threads, work, |_, (case, run)| sum.add(&case, &run))?;
    Ok(sum)
}

/// What servers are reported as that make a mistake on purpose, and by which seed; `None` where they are not.
pub fn canary() -> Option<(u64, Broken)> {
    (0..CANARIES).find_map(|seed| Some((seed, run(&ClusterCase::draw(seed), Trusts::AnyBroker).err()?)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_soak_comes_to_the_same_on_one_thread_and_on_two() {
        let on = |threads| soak(100, 8, threads, || {}).unwrap();
        assert_eq!(on(1), on(2));
        assert_eq!(on(1).cases, 8);
    }
}
