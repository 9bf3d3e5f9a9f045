//! Many cases, one after the other: what was in them, and the first that breaks a law.

use super::case::ClusterCase;
use super::judge::Broken;
use super::model::Trusts;
use super::run::{ClusterRun, run};
use super::sights::Sights;
use super::stored::StoredCase;
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
    /// Notices which say that the stream has begun anew; they are counted as gaps, too.
    pub restarts: u64,
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
        self.restarts += run.restarts;
        self.refused += run.refused;
        self.sights.add(run.sights);
    }
}

/// Runs the cases of so many seeds, from `first_seed` on, with servers that believe `trusts`. `advance` is called after each
/// of them.
///
/// # Errors
/// The first seed whose case breaks a law, and the law.
pub fn soak(
    first_seed: u64,
    seeds: u64,
    threads: usize,
    trusts: Trusts,
    advance: impl Fn() + Sync,
) -> Result<ClusterSoak, (u64, Broken)> {
    let seeds: Vec<u64> = (first_seed..first_seed.saturating_add(seeds)).collect();
    let mut sum = ClusterSoak::default();
    let work = |seed: &u64| {
        let case = ClusterCase::draw(*seed);
        let ran = run(&case, trusts).map_err(|why| (*seed, why));
        advance();
        ran.map(|run| Some((case, run)))
    };
    pool::each(&seeds, threads, work, |_, (case, run)| sum.add(&case, &run))?;
    Ok(sum)
}

/// A case that is kept: a viewer comes with a newer id to a server whose broker led, and is cut off.
const CUT_OFF: &str = include_str!("../../incidents/cluster/believed-while-cut-off.json");

/// What servers are reported as that make mistakes on purpose, as a test of the laws.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Canaries {
    /// Of those that believe a broker which is behind: the first seed that reports them, and the law.
    pub behind: (u64, Broken),
    /// Of those that believe a broker which is cut off, in a case that is kept.
    pub cut_off: Broken,
}

/// Runs servers that make mistakes on purpose; `None` where a mistake is not reported.
pub fn canaries() -> Option<Canaries> {
    let is_reported = |seed| Some((seed, run(&ClusterCase::draw(seed), Trusts::AnyBroker).err()?));
    let behind = (0..CANARIES).find_map(is_reported)?;
    let cut_off = run(&StoredCase::parse(CUT_OFF).ok()?.case, Trusts::CutOff).err()?;
    Some(Canaries { behind, cut_off })
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::Path;

    use super::super::judge::ClusterLaw;
    use super::*;

    #[test]
    fn a_soak_comes_to_the_same_on_one_thread_and_on_two() {
        let on = |threads| soak(100, 8, threads, Trusts::Leader, || {}).unwrap();
        assert_eq!(on(1), on(2));
        assert_eq!(on(1).cases, 8);
    }

    #[test]
    fn servers_on_a_stream_whose_brokers_fail_keep_the_laws_and_everything_rare_is_seen() {
        let soaked = soak(0, 60, 1, Trusts::Leader, || {}).unwrap_or_else(|(seed, why)| panic!("seed {seed}: {why}"));
        let never: Vec<_> = soaked.sights.named().into_iter().filter(|(times, _)| *times == 0).collect();
        assert!(never.is_empty() && soaked.restarts > 0, "never seen: {never:?}");
    }

    #[test]
    fn the_cases_that_are_kept_in_files_keep_the_laws_and_every_viewer_sees_what_it_must() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("incidents/cluster");
        let mut files: Vec<_> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
        files.retain(|file| file.extension().is_some_and(|kind| kind == "json"));
        assert!(files.len() >= 5, "{files:?}");
        for file in files {
            let stored = StoredCase::parse(&fs::read_to_string(&file).unwrap()).unwrap();
            let ran = run(&stored.case, Trusts::Leader).unwrap_or_else(|why| panic!("{}: {why}", file.display()));
            assert_eq!(stored.differs(&ran), None, "{}", file.display());
        }
    }

    #[test]
    fn servers_that_believe_a_broker_which_is_behind_or_cut_off_are_reported() {
        let Canaries { behind: (_, behind), cut_off } = canaries().unwrap();
        assert_eq!((behind.law, cut_off.law), (ClusterLaw::NothingLost, ClusterLaw::NoFalseAlarm));
    }
}
