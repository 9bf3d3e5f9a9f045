//! The runner: fixed cases unless told otherwise, and a failure that says all it takes to run it again.
//!
//! `PROPTEST_CASES=2000` runs more of them, `PROPTEST_RNG_SEED=7` runs others.

use std::env;

use hubbub_sim::plan::Plan;
use hubbub_sim::record::{Observation, Record};
use hubbub_sim::world::{HubChoice, run, run_observed};
use proptest::strategy::Strategy;
use proptest::test_runner::{Config, RngSeed, TestCaseError, TestError, TestRunner};

use super::cases::Case;

/// What a law says of a case.
pub(super) type Verdict = Result<(), TestCaseError>;

/// Seed of the cases that every change is checked against.
const SEED: u64 = 1;

/// Puts a law to the test, over so many cases unless the environment asks for another number.
pub(super) fn holds<S: Strategy>(cases: u32, strategy: S, law: impl Fn(S::Value) -> Verdict)
where
    S::Value: IsCase,
{
    let mut config = Config { failure_persistence: None, max_shrink_iters: 2000, ..Config::default() };
    if env::var_os("PROPTEST_CASES").is_none() {
        config.cases = cases;
    }
    if env::var_os("PROPTEST_RNG_SEED").is_none() {
        config.rng_seed = RngSeed::Fixed(SEED);
    }
    match TestRunner::new(config).run(&strategy, law) {
        Ok(()) => {}
        Err(TestError::Fail(why, case)) => {
            let Case { plan, frames, overflow } = case.case();
            panic!("{why}\nK = {frames}, {overflow}, plan {}", serde_json::to_string(plan).unwrap());
        }
        Err(TestError::Abort(why)) => panic!("no verdict: {why}"),
    }
}

/// A case, and what a law draws beside it.
pub(super) trait IsCase: std::fmt::Debug {
    fn case(&self) -> &Case;
}

impl IsCase for Case {
    fn case(&self) -> &Case {
        self
    }
}

impl<T: std::fmt::Debug> IsCase for (Case, T) {
    fn case(&self) -> &Case {
        &self.0
    }
}

/// A run; one that contradicts itself breaks every law.
pub(super) fn record(plan: &Plan, choice: HubChoice) -> Result<Record, TestCaseError> {
    run(plan, choice).map_err(|why| TestCaseError::fail(why.to_string()))
}

/// A run with all that happened in it.
pub(super) fn observed(plan: &Plan, choice: HubChoice) -> Result<(Record, Vec<Observation>), TestCaseError> {
    run_observed(plan, choice).map_err(|why| TestCaseError::fail(why.to_string()))
}
