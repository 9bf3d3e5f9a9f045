//! Agreement: the specification leaves the same record as the full stack.

use hubbub::Overflow;
use hubbub_sim::laws::Law;
use hubbub_sim::plan::{Plan, Reading};
use hubbub_sim::scenario::Scenario;
use hubbub_sim::specified::{self, OutsideScope, SpecifiedError};
use hubbub_sim::transport::Transport;
use hubbub_sim::world;

use super::campaign::obeys;
use crate::plans;

#[test]
fn the_specification_leaves_the_same_record_as_the_full_stack_on_any_plan() {
    obeys(192, Law::Agreement);
}

#[test]
fn the_specification_leaves_the_same_record_as_the_full_stack_on_every_built_in_scenario_under_every_policy() {
    for name in Scenario::built_in_names() {
        let scenario = Scenario::named(name).unwrap();
        for policy in Overflow::ALL {
            // Not every scenario can be run under every policy: conflation needs keys that repeat.
            let Ok(scenario) = scenario.under(policy) else { continue };
            let plan = Plan::draw(&scenario, 5, 7);
            let choice = plans::choice(40, policy);
            let simulated = world::run(&plan, choice).unwrap();
            let specified = specified::run(&plan, choice).unwrap();
            assert_eq!(simulated.difference(&specified), None, "{name} under {policy}");
        }
    }
}

#[test]
fn a_plan_outside_the_specification_is_refused_with_what_it_does_not_cover() {
    let mut plan = plans::plan(vec![Reading::AsItArrives], 1000, 3, plans::ms(1), 10);
    plan.server.transport = Transport::Ws;
    let refused = specified::run(&plan, plans::choice(4, Overflow::DropNewest)).unwrap_err();
    assert_eq!(refused, SpecifiedError::Outside(OutsideScope::WebSocket));
}
