use std::collections::BTreeMap;

use proptest::prelude::*;

use super::*;
use crate::plan::{Plan, SubscriberPlan};
use crate::scenario::{Overrides, Scenario};
use crate::tcp::OutageKind;

/// A phone on 1 Mbit/s, with what this line says of its path.
fn text(path: &str) -> String {
    format!(
        r#"name = "t"
        duration_seconds = 60
        subscribers = [40]
        arrivals = {{ kind = "constant", per_second = 10 }}
        payload = {{ kind = "fixed", bytes = 100 }}
        [[class]]
        name = "phone"
        share = 0.75
        round_trip_ms = 120
        reads = "as-it-arrives"
        [class.path]
        down_kbit_per_second = 1000
        {path}
        [[class]]
        name = "desktop"
        share = 0.25
        round_trip_ms = 40
        window_bytes = 65536
        reads = "as-it-arrives"
        "#
    )
}

fn scenario(path: &str) -> Scenario {
    Scenario::parse("t", &text(path)).unwrap()
}

const ALL: &str = "up_kbit_per_second = 500\nloss = 0.02\nloss_burst_ms = 50\n\
                   outages = { after_seconds = [5, 20], for_seconds = [1, 4], packets = \"held\" }";

fn of_class(plan: &Plan, class: usize) -> Vec<SubscriberPlan> {
    plan.subscribers.iter().filter(|subscriber| subscriber.class == class).cloned().collect()
}

#[test]
fn a_path_of_a_scenario_is_that_of_its_plan() {
    let plan = Plan::draw(&scenario("up_kbit_per_second = 500\ncongestion = \"reno\"\ndown_queue_bytes = 20000"), 4, 0);
    plan.check().unwrap();
    let path = plan.classes[0].path.as_ref().unwrap();
    assert_eq!(path.down.slot, Duration::from_millis(12));
    assert_eq!((path.up.slot, path.down.queue_bytes, path.up.queue_bytes), (path.down.slot * 2, Some(20_000), None));
    assert_eq!((path.receive_buffer, path.header_bytes), (BufferTuning::Auto, 52));
    assert_eq!(plan.subscribers[0].impairments, Impairments::default());
    assert!(plan.classes[1].path.is_none());
}

#[test]
fn a_share_of_all_slots_is_lost_however_long_the_bursts_are() {
    for burst in ["", "loss_burst_ms = 24.1", "loss_burst_ms = 200"] {
        let plan = Plan::draw(&scenario(&format!("loss = 0.05\n{burst}")), 40, 1);
        plan.check().unwrap();
        let lost: usize = plan.subscribers.iter().map(|subscriber| subscriber.impairments.lost_down.len()).sum();
        // 30 phones, 75 s with the drain, in slots of 12 ms.
        let share = lost as f64 / (30.0 * 75.0 / 0.012);
        assert!((share / 0.05 - 1.0).abs() < 0.12, "{burst}: {share}");
    }
}

#[test]
fn bursts_are_as_long_as_the_scenario_says_on_the_mean() {
    let plan = Plan::draw(&scenario("loss = 0.05\nloss_burst_ms = 60"), 40, 1);
    let slots = plan.subscribers.iter().flat_map(|subscriber| &subscriber.impairments.lost_down);
    let slots: Vec<u64> = slots.copied().collect();
    let bursts = slots.chunk_by(|one, next| one + 1 == *next).count();
    let mean_ms = 12.0 * slots.len() as f64 / bursts as f64;
    assert!((mean_ms / 60.0 - 1.0).abs() < 0.1, "{mean_ms}");
}

#[test]
fn no_outage_begins_after_the_last_arrival_and_losses_go_on_until_the_drain_is_over() {
    let plan = Plan::draw(&scenario(ALL), 40, 2);
    for phone in of_class(&plan, 0) {
        let Impairments { lost_down, lost_up, outages } = phone.impairments;
        assert!(outages.iter().all(|outage| outage.from < plan.duration && outage.packets == OutageKind::Holds));
        assert!(lost_down.last().is_some_and(|slot| *slot < 75_000 / 12));
        assert!(lost_up.last().is_some_and(|slot| *slot < 75_000 / 24));
    }
    let last = of_class(&plan, 0).iter().filter_map(|phone| phone.impairments.lost_down.last().copied()).max();
    assert!(last > Some(60_000 / 12), "the drain has losses as well");
}

#[test]
fn the_two_directions_of_a_path_lose_at_other_times() {
    let plan = Plan::draw(&scenario("loss = 0.02\nup_kbit_per_second = 1000"), 4, 0);
    let Impairments { lost_down, lost_up, .. } = &plan.subscribers[0].impairments;
    assert_ne!(lost_down, lost_up);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn nobodys_losses_depend_on_who_else_is_there(seed in 0_u64..1_000, few in 2_usize..20, many in 20_usize..40) {
        let by_class = |plan: &Plan| (0..2).map(|class| (class, of_class(plan, class))).collect::<BTreeMap<_, _>>();
        let scenario = scenario(ALL);
        let few = by_class(&Plan::draw(&scenario, few, seed));
        let many = by_class(&Plan::draw(&scenario, many, seed));
        for (class, members) in few {
            let same = members.len().min(many[&class].len());
            prop_assert_eq!(&members[..same], &many[&class][..same]);
        }
    }

    #[test]
    fn a_longer_run_begins_with_the_losses_of_a_shorter_one(seed in 0_u64..1_000, seconds in 20.0..60.0, bursts: bool) {
        let path = if bursts { ALL.to_owned() } else { ALL.replace("loss_burst_ms = 50", "") };
        let long = scenario(&path);
        let overrides = Overrides { duration_seconds: Some(seconds), ..Overrides::default() };
        let short = Plan::draw(&long.with(overrides).unwrap(), 4, seed);
        let long = Plan::draw(&long, 4, seed);
        for (short, long) in short.subscribers.iter().zip(&long.subscribers) {
            let [short, long] = [short, long].map(|subscriber| &subscriber.impairments);
            prop_assert!(long.lost_down.starts_with(&short.lost_down));
            prop_assert!(long.lost_up.starts_with(&short.lost_up));
            prop_assert!(long.outages.starts_with(&short.outages));
        }
    }

    #[test]
    fn a_path_changes_nothing_else_of_a_plan(seed in 0_u64..1_000) {
        let with = Plan::draw(&scenario(ALL), 10, seed);
        let without = Plan::draw(&scenario(""), 10, seed);
        prop_assert_eq!(&with.arrivals, &without.arrivals);
        for (with, without) in with.subscribers.iter().zip(&without.subscribers) {
            let with = SubscriberPlan { impairments: Impairments::default(), ..with.clone() };
            prop_assert_eq!(&with, without);
        }
    }
}
