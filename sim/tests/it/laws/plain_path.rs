//! Plain paths: a path that limits and loses nothing is a window.

use hubbub_sim::internals::laws::draw::any_case;
use hubbub_sim::internals::laws::{Case, Law, Trial};
use proptest::prelude::*;

use super::campaign::{broken, holds};

#[test]
fn a_path_that_limits_and_loses_nothing_is_a_plain_window_in_the_full_stack() {
    holds(Law::PlainPath, 48, any_case().prop_map(Case::without_cpu), |case| {
        broken(Law::PlainPath.judge(&case).map_err(|violation| violation.to_string()))
    });
}

#[test]
fn a_path_that_limits_and_loses_nothing_is_a_plain_window_in_the_specification() {
    holds(Law::PlainPath, 256, any_case().prop_map(Case::without_cpu), |case| {
        let trial = Trial::on_the_specification(&case);
        broken(Law::PlainPath.judge_in(&trial).map_err(|violation| violation.to_string()))
    });
}
