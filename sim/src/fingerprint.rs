//! Fingerprints: the digests of the named scenarios, so that every change of behaviour shows in review, and a check that
//! the same seed gives the same run however it is run.

use serde::{Deserialize, Serialize};

use crate::plan::Plan;
use crate::pool;
use crate::record::Observation;
use crate::scenario::{Overrides, Scenario, ScenarioError};
use crate::world::{self, HubChoice, WorldError};

/// Mailbox size of all fingerprints: small enough for most scenarios to drop something.
const BUFFER: usize = 16;
/// Seeds of each scenario.
const SEEDS: [u64; 2] = [0, 1];
/// What is run of a scenario that can be cut.
const SECONDS: f64 = 10.0;

/// One run and its digest.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Fingerprint {
    /// The scenario.
    pub scenario: String,
    /// N.
    pub subscribers: usize,
    /// K.
    pub buffer: usize,
    /// The seed.
    pub seed: u64,
    /// Frames lost to a full buffer, of those offered: what the digest is of.
    pub lost: [u64; 2],
    /// 32 hex digits.
    pub digest: String,
}

/// A run to be fingerprinted.
#[derive(Debug, Clone)]
pub struct Case {
    scenario: Scenario,
    subscribers: usize,
    seed: u64,
}

/// Every built-in scenario at its smallest N, the first ten seconds of it.
///
/// # Errors
/// When a built-in scenario is refused.
pub fn cases() -> Result<Vec<Case>, ScenarioError> {
    let mut cases = Vec::new();
    for name in Scenario::built_in_names() {
        let whole = Scenario::named(name)?;
        let cut = whole.with(Overrides { duration_seconds: Some(SECONDS), ..Overrides::default() });
        let scenario = cut.unwrap_or(whole);
        let subscribers = scenario.settings().subscribers.iter().copied().min().unwrap_or(1);
        cases.extend(SEEDS.map(|seed| Case { scenario: scenario.clone(), subscribers, seed }));
    }
    Ok(cases)
}

impl Case {
    fn plan(&self) -> Plan {
        Plan::draw(&self.scenario, self.subscribers, self.seed)
    }

    fn choice(&self) -> HubChoice {
        let capacity = hubbub::Capacity::new(BUFFER).unwrap_or(hubbub::Capacity::UNBOUNDED);
        HubChoice { capacity, overflow: self.scenario.settings().server.policy }
    }

    /// Where two runs of it part, from both sides; `None` where they do not.
    ///
    /// # Errors
    /// The failure of a world.
    pub fn first_difference(&self) -> Result<Option<[Option<Observation>; 2]>, WorldError> {
        let log = || world::run_observed(&self.plan(), self.choice()).map(|(_, log)| log);
        let (one, other) = (log()?, log()?);
        let at = (0..one.len().max(other.len())).find(|at| one.get(*at) != other.get(*at));
        Ok(at.map(|at| [one.get(at).copied(), other.get(at).copied()]))
    }

    fn fingerprint(&self) -> Result<Fingerprint, WorldError> {
        let record = world::run(&self.plan(), self.choice())?;
        let offered = record.subscribers.iter().map(|subscriber| subscriber.offered).sum();
        let lost = record.subscribers.iter().map(|subscriber| subscriber.dropped.buffer_full).sum();
        Ok(Fingerprint {
            scenario: self.scenario.settings().name.clone(),
            subscribers: self.subscribers,
            buffer: BUFFER,
            seed: self.seed,
            lost: [lost, offered],
            digest: record.digest.to_string(),
        })
    }
}

/// Runs the cases on so many threads; the fingerprints are in the order of the cases.
///
/// # Errors
/// The first failure of a world.
pub fn fingerprints(cases: &[Case], threads: usize) -> Result<Vec<Fingerprint>, WorldError> {
    let mut prints = vec![None; cases.len()];
    let print = |case: &Case| case.fingerprint().map(Some);
    pool::each(cases, threads, print, |index, print| prints[index] = Some(print))?;
    Ok(prints.into_iter().flatten().collect())
}

/// Fingerprints as the file has them: one a line, so that a change of one shows as one.
pub fn to_json(prints: &[Fingerprint]) -> String {
    let lines: Vec<_> = prints.iter().filter_map(|print| serde_json::to_string(print).ok()).collect();
    format!("[\n  {}\n]\n", lines.join(",\n  "))
}
