use std::collections::BTreeMap;

use super::*;
use crate::scenario::{Overrides, Scenario};

fn named(name: &str) -> Scenario {
    Scenario::named(name).unwrap()
}

fn with_arrivals(arrivals: &str) -> Scenario {
    let text = format!(
        r#"name = "t"
        question = "?"
        table = "t"
        duration_seconds = 1000
        arrivals = {{ {arrivals} }}
        payload = {{ kind = "fixed", bytes = 100 }}
        [[class]]
        name = "all"
        share = 1
        round_trip_ms = "minimum"
        window_bytes = 65536
        reads = "as-it-arrives"
        "#
    );
    Scenario::parse("t", &text).unwrap()
}

/// Mean events a second over some seeds.
fn mean_rate(arrivals: &str) -> f64 {
    let scenario = with_arrivals(arrivals);
    (0..8).map(|seed| Plan::draw(&scenario, 1, seed).mean_per_second()).sum::<f64>() / 8.0
}

#[test]
fn the_same_scenario_and_seed_give_the_same_plan_and_another_seed_another() {
    for name in Scenario::built_in_names() {
        let scenario = named(name);
        let plan = Plan::draw(&scenario, 10, 3);
        assert_eq!(plan, Plan::draw(&scenario, 10, 3));
        assert_ne!(plan.arrivals, Plan::draw(&scenario, 10, 4).arrivals);
    }
}

#[test]
fn a_plan_is_what_it_was_on_every_platform() {
    let plan = Plan::draw(&named("alpha"), 100, 0);
    let first = plan.arrivals[0];
    let tab = &plan.subscribers[99];
    assert_eq!(format!("{first:?} {tab:?}"), KNOWN);
}

const KNOWN: &str = "Arrival { at: 247.026779ms, payload_bytes: 973, key: 7, table: 0 } SubscriberPlan { class: 2, \
                     connect_at: 949.666774ms, leave_at: None, reading: Stalls { stalls: [Stall { from: 34.214909942s, lasts: \
                     8.726927947s }] }, impairments: Impairments { lost_down: [], lost_up: [], outages: [] } }";

#[test]
fn a_plan_survives_being_stored() {
    let plan = Plan::draw(&named("alpha"), 20, 1);
    let stored = serde_json::to_string(&plan).unwrap();
    assert_eq!(serde_json::from_str::<Plan>(&stored).unwrap(), plan);
}

#[test]
fn more_subscribers_change_neither_arrivals_nor_anyone_who_was_there() {
    let scenario = named("alpha");
    let by_class = |plan: &Plan| {
        let mut members: BTreeMap<usize, Vec<SubscriberPlan>> = BTreeMap::new();
        for subscriber in &plan.subscribers {
            members.entry(subscriber.class).or_default().push(subscriber.clone());
        }
        members
    };
    let few = Plan::draw(&scenario, 100, 5);
    let many = Plan::draw(&scenario, 1000, 5);
    assert_eq!(few.arrivals, many.arrivals);
    let many = by_class(&many);
    for (class, members) in by_class(&few) {
        assert_eq!(members, many[&class][..members.len()]);
    }
}

#[test]
fn arrivals_are_sorted_and_within_the_run() {
    for name in Scenario::built_in_names() {
        let plan = Plan::draw(&named(name), 10, 0);
        assert!(plan.arrivals.is_sorted_by_key(|arrival| arrival.at), "{name}");
        assert!(plan.arrivals.iter().all(|arrival| arrival.at < plan.duration && arrival.payload_bytes > 0), "{name}");
    }
}

#[test]
fn each_arrival_process_has_the_rate_it_is_given() {
    let near = |rate: f64, expected: f64| assert!((rate / expected - 1.0).abs() < 0.05, "{rate}, not {expected}");
    near(mean_rate("kind = \"constant\", per_second = 7"), 7.0);
    near(mean_rate("kind = \"poisson\", per_second = 7"), 7.0);
    let bursts = "kind = \"bursts\", quiet_per_second = 2, burst_per_second = 20, quiet_seconds = [2, 4], \
                  burst_seconds = [0.5, 1.5]";
    near(mean_rate(bursts), (2.0 * 3.0 + 20.0) / 4.0);
    let flush = "kind = \"backlog-flush\", events = 5000, per_second = 1000, at_seconds = 3, background_per_second = 1";
    near(mean_rate(flush), 6.0);
    let plan =
        Plan::draw(&with_arrivals(&flush.replace("background_per_second = 1", "background_per_second = 0")), 1, 0);
    assert_eq!(plan.arrivals.len(), 5000);
    assert_eq!(plan.arrivals[0].at, Duration::from_secs(3));
    assert_eq!(plan.arrivals[4999].at, Duration::from_millis(7999));
}

#[test]
fn poisson_gaps_vary_as_exponential_ones_do() {
    let plan = Plan::draw(&with_arrivals("kind = \"poisson\", per_second = 50"), 1, 0);
    let gaps: Vec<f64> = plan.arrivals.windows(2).map(|pair| (pair[1].at - pair[0].at).as_secs_f64()).collect();
    let mean = gaps.iter().sum::<f64>() / gaps.len() as f64;
    let variance = gaps.iter().map(|gap| (gap - mean).powi(2)).sum::<f64>() / gaps.len() as f64;
    assert!(
        (variance / (mean * mean) - 1.0).abs() < 0.05,
        "squared coefficient of variation {}",
        variance / mean / mean
    );
}

#[test]
fn payload_sizes_have_the_median_and_limits_they_are_given() {
    let plan = Plan::draw(&named("steady-overload"), 1, 0);
    let mut sizes: Vec<u32> = plan.arrivals.iter().map(|arrival| arrival.payload_bytes).collect();
    sizes.sort_unstable();
    let median = f64::from(sizes[sizes.len() / 2]);
    assert!((median / 600.0 - 1.0).abs() < 0.08, "{median}");
    assert!(sizes[0] >= 150 && sizes[sizes.len() - 1] <= 6000);
}

#[test]
fn one_cycle_of_a_trace_meets_every_event_exactly_once_from_any_phase() {
    for speed_up in [1.0, 3.7, 1000.0] {
        let scenario = named("ci-build").with(Overrides { speed_up: Some(speed_up), ..Overrides::default() }).unwrap();
        let mut expected: Vec<u32> = scenario.trace().unwrap().events().iter().map(|event| event.bytes).collect();
        expected.sort_unstable();
        let mut starts = Vec::new();
        for seed in 0..20 {
            let plan = Plan::draw(&scenario, 1, seed);
            let mut met: Vec<u32> = plan.arrivals.iter().map(|arrival| arrival.payload_bytes).collect();
            starts.push(met[..5].to_vec());
            met.sort_unstable();
            assert_eq!(met, expected, "seed {seed} at {speed_up}");
        }
        starts.dedup();
        assert!(starts.len() > 10, "each seed begins elsewhere");
    }
}

#[test]
fn a_longer_run_wraps_the_trace_round_and_a_shorter_one_cuts_it() {
    let scenario = named("ci-build");
    let events_in = |cycles: f64| {
        let seconds = scenario.duration().as_secs_f64() * cycles;
        let scenario = scenario.with(Overrides { duration_seconds: Some(seconds), ..Overrides::default() }).unwrap();
        Plan::draw(&scenario, 1, 2).arrivals.len()
    };
    assert_eq!(events_in(3.0), 3 * 223);
    assert!((20..200).contains(&events_in(0.5)));
}

#[test]
fn stalls_are_sorted_apart_and_as_long_as_the_scenario_says() {
    let plan = Plan::draw(&named("alpha"), 1000, 0);
    let mut stalled = 0;
    for subscriber in &plan.subscribers {
        let Reading::Stalls { stalls } = &subscriber.reading else { continue };
        stalled += stalls.len();
        assert!(stalls.windows(2).all(|pair| pair[0].from + pair[0].lasts < pair[1].from));
        assert!(stalls.iter().all(|stall| stall.lasts <= Duration::from_secs(10) && stall.from < plan.duration));
        let whole = stalls.iter().skip(1);
        assert!(whole.into_iter().all(|stall| stall.lasts >= Duration::from_secs(2)));
    }
    let tabs = plan.subscribers.iter().filter(|subscriber| subscriber.class == 2).count();
    let expected = 60.0 / 36.0 * tabs as f64;
    assert!((stalled as f64 / expected - 1.0).abs() < 0.25, "{stalled} stalls of {tabs} tabs");
}

#[test]
fn who_stays_a_while_leaves_after_it_connected_or_not_at_all() {
    let text = include_str!("../../scenarios/steady-overload.toml")
        .replace("reads = \"as-it-arrives\"", "reads = \"never\"\nstay_seconds = [50, 200]\nconnect_seconds = [0, 60]");
    let plan = Plan::draw(&Scenario::parse("t", &text).unwrap(), 100, 0);
    let leavers: Vec<&SubscriberPlan> = plan.subscribers.iter().filter(|member| member.leave_at.is_some()).collect();
    assert!((10..80).contains(&leavers.len()), "{} leave", leavers.len());
    for member in leavers {
        let stay = member.leave_at.unwrap() - member.connect_at;
        assert!(stay >= Duration::from_secs(50) && member.leave_at.unwrap() < plan.duration);
    }
}

#[test]
fn a_class_that_joins_changes_nobody_else() {
    let text = include_str!("../../scenarios/alpha.toml").replace("share = 0.70", "count = 7");
    let text = text.replace("share = 0.22", "count = 2").replace("share = 0.08", "count = 1");
    let before = Scenario::parse("t", &text.replace("[10, 100, 1000]", "[10]")).unwrap();
    let joins = "[[class]]\nname = \"late\"\ncount = 3\nround_trip_ms = 40\nwindow_bytes = 9000\nreads = \"never\"\n";
    let after = Scenario::parse("t", &format!("{}{joins}", text.replace("[10, 100, 1000]", "[13]"))).unwrap();
    let before = Plan::draw(&before, 10, 0);
    let after = Plan::draw(&after, 13, 0);
    assert_eq!(before.arrivals, after.arrivals);
    assert_eq!(before.subscribers, after.subscribers[..10]);
}

#[test]
fn stalls_are_the_same_with_a_rate_between_them_as_without() {
    let alone = include_str!("../../scenarios/alpha.toml");
    let pair = alone.replace("reads.stalls =", "reads.rate.bytes_per_second = 125000\nreads.stalls =");
    let drawn = |text: &str| Plan::draw(&Scenario::parse("t", text).unwrap(), 200, 4);
    let alone = drawn(alone);
    let pair = drawn(&pair);
    for (alone, pair) in alone.subscribers.iter().zip(&pair.subscribers) {
        let expected = match &alone.reading {
            Reading::Stalls { stalls } => Reading::RateWithStalls { bytes_per_second: 125_000, stalls: stalls.clone() },
            other => other.clone(),
        };
        assert_eq!(pair.reading, expected);
    }
    let stored = serde_json::to_string(&pair.subscribers[199].reading).unwrap();
    assert!(stored.starts_with(r#"{"how":"rate-with-stalls","bytes_per_second":125000,"stalls":["#), "{stored}");
}
