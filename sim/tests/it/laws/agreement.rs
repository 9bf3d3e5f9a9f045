//! Agreement: the specification leaves the same record as the full stack.

use std::time::Duration;

use hubbub::Overflow;
use hubbub_sim::internals::laws::Law;
use hubbub_sim::internals::plan::{Plan, Reading};
use hubbub_sim::internals::record::Observation;
use hubbub_sim::internals::scenario::Scenario;
use hubbub_sim::internals::specified;
use hubbub_sim::internals::transport::Transport;
use hubbub_sim::internals::world;

use super::campaign::obeys;
use crate::plans;

#[test]
fn the_specification_leaves_the_same_record_as_the_full_stack_on_any_plan() {
    obeys(192, Law::Agreement);
}

#[test]
fn the_specification_leaves_the_same_record_as_the_full_stack_on_every_built_in_scenario_under_every_policy() {
    for transport in [Transport::Sse, Transport::Ws] {
        for name in Scenario::built_in_names() {
            agrees_on(&Scenario::named(name).unwrap(), name, transport);
        }
    }
}

/// The first twenty seconds of a plan. What fails later would be left out, so a plan with faults stays whole.
fn beginning(mut plan: Plan) -> Plan {
    let end = Duration::from_secs(20);
    if plan.faults.is_empty() && plan.duration > end {
        plan.duration = end;
        plan.arrivals.retain(|arrival| arrival.at < end);
    }
    plan
}

fn agrees_on(scenario: &Scenario, name: &str, transport: Transport) {
    for policy in Overflow::ALL {
        // Not every scenario can be run under every policy: conflation needs keys that repeat.
        let Ok(scenario) = scenario.under(policy) else { continue };
        let mut plan = beginning(Plan::draw(&scenario, 5, 7));
        plan.server.transport = transport;
        let choice = plans::choice(40, policy);
        let simulated = world::run(&plan, choice).unwrap();
        let specified = specified::run(&plan, choice).unwrap();
        assert_eq!(simulated.difference(&specified), None, "{name} under {policy} over {transport:?}");
    }
}

#[test]
fn the_specification_knows_what_a_websockets_client_reads_frame_by_frame_as_it_serves_them() {
    let times = (0..60).map(|n| plans::ms(n % 9)).collect();
    let mut plan = plans::plan(vec![Reading::Serves { times }, Reading::AsItArrives], 700, 60, plans::ms(2), 120);
    plan.server.transport = Transport::Ws;
    // Frames without room for their number are no JSON, and the longer ones have a longer header.
    for (arrival, bytes) in plan.arrivals.iter_mut().zip([1, 9, 40, 200].into_iter().cycle()) {
        arrival.payload_bytes = bytes;
    }
    let choice = plans::choice(4, Overflow::DropOldest);
    let (simulated, simulated_log) = world::run_observed(&plan, choice).unwrap();
    let (specified, specified_log) = specified::run_observed(&plan, choice).unwrap();
    let of_the_reader = |log: Vec<Observation>| log.into_iter().filter(|one| one.subscriber == 0).collect::<Vec<_>>();
    assert_eq!(of_the_reader(simulated_log), of_the_reader(specified_log));
    assert_eq!(simulated.difference(&specified), None);
    assert!(simulated.subscribers[0].dropped.total() > 0, "it falls behind");
}
