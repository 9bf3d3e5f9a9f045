//! Fingerprints: the digests of the named scenarios, so that every change of behaviour shows in review, and a check that
//! the same seed gives the same run however it is run.

use serde::{Deserialize, Serialize};

use crate::plan::{HubChoice, Plan};
use crate::pool;
use crate::runs::Progress;
use crate::scenario::{Overrides, Scenario, ScenarioError};
use crate::world::{self, WorldError};

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
pub struct FingerprintRun {
    scenario: Scenario,
    subscribers: usize,
    seed: u64,
}

/// Every built-in scenario at its smallest N, the first ten seconds of it.
///
/// # Errors
/// When a built-in scenario is refused.
pub fn cases() -> Result<Vec<FingerprintRun>, ScenarioError> {
    let mut cases = Vec::new();
    for name in Scenario::built_in_names() {
        let whole = Scenario::named(name)?;
        let cut = whole.with(Overrides { duration_seconds: Some(SECONDS), ..Overrides::default() });
        // A scenario whose times do not fit into the shorter run is refused, and then runs whole.
        let scenario = cut.unwrap_or(whole);
        let subscribers = scenario.settings().subscribers.iter().copied().min().unwrap_or(1);
        cases.extend(SEEDS.map(|seed| FingerprintRun { scenario: scenario.clone(), subscribers, seed }));
    }
    Ok(cases)
}

impl FingerprintRun {
    fn plan(&self) -> Plan {
        Plan::draw(&self.scenario, self.subscribers, self.seed)
    }

    fn choice(&self) -> HubChoice {
        let capacity = hubbub::Capacity::new(BUFFER).unwrap_or(hubbub::Capacity::UNBOUNDED);
        HubChoice { capacity, overflow: self.scenario.settings().server.policy }
    }

    /// Everything that happens in a run of it, a line each.
    ///
    /// # Errors
    /// The failure of a world.
    pub fn events(&self) -> Result<String, WorldError> {
        let (_, log) = world::run_observed(&self.plan(), self.choice())?;
        // An observation is plain data, so serialising it cannot fail.
        let lines = log.iter().filter_map(|seen| serde_json::to_string(seen).ok());
        Ok(lines.flat_map(|line| [line, "\n".to_owned()]).collect())
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

/// Runs the cases on so many threads; the fingerprints are in the order of the cases. `progress` advances by one for each.
///
/// # Errors
/// The first failure of a world.
pub fn fingerprints(
    cases: &[FingerprintRun],
    threads: usize,
    progress: &dyn Progress,
) -> Result<Vec<Fingerprint>, WorldError> {
    let mut prints = vec![None; cases.len()];
    let print = |case: &FingerprintRun| {
        let print = case.fingerprint().map(Some);
        progress.advance(1);
        print
    };
    pool::each(cases, threads, print, |index, print| prints[index] = Some(print))?;
    Ok(prints.into_iter().flatten().collect())
}

/// Fingerprints as the file has them: one a line, so that a change of one shows as one.
pub fn to_json(prints: &[Fingerprint]) -> String {
    let lines: Vec<_> = prints.iter().filter_map(|print| serde_json::to_string(print).ok()).collect();
    format!("[\n  {}\n]\n", lines.join(",\n  "))
}

/// Where two runs part, from both sides; `None` where they do not. A run that ends before has nothing more to say.
pub fn first_difference<'a>(one: &'a str, other: &'a str) -> Option<[&'a str; 2]> {
    let (mut one, mut other) = (one.lines(), other.lines());
    loop {
        match (one.next(), other.next()) {
            (None, None) => return None,
            (one, other) if one == other => {}
            (one, other) => return Some([one, other].map(|event| event.unwrap_or("nothing more"))),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_runs_part_where_an_event_differs_or_one_of_them_ends() {
        assert_eq!(first_difference("a\nb\n", "a\nb\n"), None);
        assert_eq!(first_difference("a\nb\nc\n", "a\nx\nc\n"), Some(["b", "x"]));
        assert_eq!(first_difference("a\n", "a\nb\n"), Some(["nothing more", "b"]));
    }
}
