//! Repetition: one plan has one digest, here and on another thread.

use std::thread;

use hubbub_sim::internals::laws::Law;
use hubbub_sim::internals::laws::draw::any_case;
use hubbub_sim::internals::world::run;
use proptest::prelude::*;

use super::campaign::{holds, observed, record};

#[test]
fn the_same_plan_gives_the_same_digest_twice_on_another_thread_and_under_observation() {
    holds(Law::Repetition, 48, any_case(), |case| {
        let first = record(&case, case.choice())?.digest;
        prop_assert_eq!(first, observed(&case)?.0.digest);
        let elsewhere =
            thread::scope(|scope| scope.spawn(|| run(&case.plan, case.choice()).map(|record| record.digest)).join());
        prop_assert_eq!(Ok(first), elsewhere.unwrap().map_err(|why| why.to_string()));
        Ok(())
    });
}
