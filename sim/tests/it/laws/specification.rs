//! The laws on the specification alone. `PROPTEST_CASES=10000` judges more cases.

use std::env;

use hubbub_sim::internals::laws::{Law, Trial, World, canary, draw, first_broken};
use hubbub_sim::internals::pool;

/// Cases that every change is checked against.
const CASES: u64 = 400;

#[test]
fn every_law_but_agreement_and_repetition_is_about_the_specification_and_holds_on_it() {
    let laws: Vec<_> = Law::ALL.into_iter().filter(|law| law.is_about(World::Specified)).collect();
    assert_eq!(laws.len(), Law::ALL.len() - 2);
    assert!(Law::ALL.into_iter().all(|law| law.is_about(World::Simulated)));
    let asked = env::var("PROPTEST_CASES").ok().and_then(|cases| cases.parse().ok());
    let seeds: Vec<u64> = (0..asked.unwrap_or(CASES)).collect();
    let judge = |seed: &u64| -> Result<Option<()>, String> {
        let case = draw::case_of(*seed);
        let violation = first_broken(&laws, &Trial::on_the_specification(&case));
        violation.map_or(Ok(None), |violation| Err(format!("seed {seed}: {violation}")))
    };
    assert_eq!(pool::each(&seeds, 2, judge, |_, ()| {}), Ok(()));
}

#[test]
fn a_run_judged_by_a_wrong_rule_is_reported_in_both_worlds_in_the_same_words() {
    let [specified, simulated] = [World::Specified, World::Simulated].map(canary);
    assert_eq!(specified.as_ref().map(|violation| violation.law), Some(Law::Account));
    assert_eq!(specified, simulated);
}
