//! The runner: fixed cases unless told otherwise, and a failure that leaves an incident to run again.
//!
//! `PROPTEST_CASES=2000` runs more of them, `PROPTEST_RNG_SEED=7` runs others.

use std::path::Path;
use std::{env, fs};

use hubbub_sim::internals::incident::Incident;
use hubbub_sim::internals::laws::draw::any_case;
use hubbub_sim::internals::laws::{Broken, Case, Law, Violation};
use hubbub_sim::internals::plan::HubChoice;
use hubbub_sim::internals::record::{Observation, Record};
use hubbub_sim::internals::world::{run, run_observed};
use proptest::strategy::Strategy;
use proptest::test_runner::{Config, RngSeed, TestCaseError, TestError, TestRunner};

/// What a law says of a case.
pub(super) type Verdict = Result<(), TestCaseError>;

/// Seed of the cases that every change is checked against.
const SEED: u64 = 1;

/// Where the incidents of failures go, from the root of the workspace.
const INCIDENTS: &str = "target/incidents";

/// Puts a law to the test, over so many of any cases unless the environment asks for another number.
pub(super) fn obeys(cases: u32, law: Law) {
    holds(law, cases, any_case(), |case| broken(law.judge(&case)));
}

/// Puts a law of a kind of cases to the test.
pub(super) fn holds<S: Strategy>(law: Law, cases: u32, strategy: S, judge: impl Fn(S::Value) -> Verdict)
where
    S::Value: IsCase,
{
    let mut config = Config { failure_persistence: None, max_shrink_iters: 500, ..Config::default() };
    if env::var_os("PROPTEST_CASES").is_none() {
        config.cases = cases;
    }
    if env::var_os("PROPTEST_RNG_SEED").is_none() {
        config.rng_seed = RngSeed::Fixed(SEED);
    }
    match TestRunner::new(config).run(&strategy, judge) {
        Ok(()) => {}
        Err(TestError::Fail(why, case)) => panic!("{why}\n{}", reproduction(law, case.case(), &why.to_string())),
        Err(TestError::Abort(why)) => panic!("no verdict: {why}"),
    }
}

/// Writes the incident; returns the line that runs it again.
pub(super) fn reproduction(law: Law, case: &Case, why: &str) -> String {
    let found = law.judge(case).err();
    let violation = found.unwrap_or_else(|| Violation { law, at_ms: None, subscriber: None, why: why.to_owned() });
    let incident = Incident::of_violation("a drawn case breaks a law", case.clone(), violation);
    let file = format!("{INCIDENTS}/{}-{:.8}.json", law.name(), incident.expected.digest);
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(&file);
    let written = path.parent().map_or(Ok(()), fs::create_dir_all).and_then(|()| fs::write(&path, incident.to_json()));
    match written {
        Ok(()) => format!("REPRODUCE WITH: cargo sim replay {file}"),
        Err(why) => format!("{file}: {why}\n{}", incident.to_json()),
    }
}

/// As proptest wants it.
pub(super) fn broken<T, E: std::fmt::Display>(verdict: Result<T, E>) -> Result<(), TestCaseError> {
    verdict.map(drop).map_err(|why| TestCaseError::fail(why.to_string()))
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
pub(super) fn record(case: &Case, choice: HubChoice) -> Result<Record, TestCaseError> {
    run(&case.plan, choice).map_err(|why| TestCaseError::fail(why.to_string()))
}

/// A run with all that happened in it.
pub(super) fn observed(case: &Case) -> Result<(Record, Vec<Observation>), TestCaseError> {
    run_observed(&case.plan, case.choice()).map_err(|why| TestCaseError::fail(why.to_string()))
}

/// What was found broken, where nothing should be.
pub(super) fn sound<T>(verdict: Result<T, Broken>) -> T {
    verdict.unwrap_or_else(|why| panic!("{why}"))
}
