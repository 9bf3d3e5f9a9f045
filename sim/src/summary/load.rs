//! What a scenario amounts to: its load and population in figures and words.

use std::time::Duration;

use hubbub::Overflow;

use super::document::{ArrivalsSummary, ClassSummary, CpuSummary, RunWith};
use crate::plan::Plan;
use crate::scenario::{CpuPrices, RoundTrip, Scenario};

/// Means over the plans of the seeds, which may be of any number of subscribers; one plan at a time.
pub fn arrivals(plans: impl Iterator<Item = Plan>) -> ArrivalsSummary {
    let (mut count, mut events, mut bytes, mut per_second, mut peak) = (0_u64, 0_u64, 0_u64, 0.0, 0);
    for plan in plans {
        count += 1;
        events += plan.arrivals.len() as u64;
        bytes += plan.payload_bytes();
        per_second += plan.mean_per_second();
        peak = peak.max(plan.most_events_in(Duration::from_secs(1)));
    }
    let runs = count.max(1) as f64;
    ArrivalsSummary {
        events: events as f64 / runs,
        mean_per_second: per_second / runs,
        peak_per_second: peak,
        // Over all events: in a mean of the runs' means, a run with few events would weigh as much as any other.
        mean_payload_bytes: bytes as f64 / events.max(1) as f64,
    }
}

/// The population, in words for a table.
pub fn classes(scenario: &Scenario) -> Vec<ClassSummary> {
    let summary = |class: &crate::scenario::Class| ClassSummary {
        name: class.name.clone(),
        round_trip_ms: match class.round_trip_ms {
            RoundTrip::Ms(ms) => Some(ms),
            RoundTrip::Minimum => None,
        },
        window_bytes: class.window_bytes,
        window_is_tuned: class.path().is_some_and(|path| path.tunes_window),
        reads: class.reads.to_string(),
        path: class.path().map(|path| path.to_string()),
    };
    scenario.settings().classes.iter().map(summary).collect()
}

/// What the modelled worker charges.
pub fn cpu(scenario: &Scenario) -> Option<CpuSummary> {
    let server = &scenario.settings().server;
    let CpuPrices { publish_us, delivery_us, frame_us, connect_us } = server.cpu?;
    // A policy that removes waiting frames gets one frame a write, whatever is set.
    let shares = !server.policy.removes_waiting();
    let frames_per_write = if shares { server.frames_per_write as u64 } else { 1 };
    Some(CpuSummary { publish_us, delivery_us, frame_us, connect_us, frames_per_write })
}

/// What a scenario with a history was run with, under its policy.
pub fn run_with(scenario: &Scenario) -> Option<RunWith> {
    let settings = scenario.settings();
    let recovery = settings.server.recovery?;
    let obeys = settings.classes.iter().any(|class| class.obeys_retry);
    let comes_back = settings.classes.iter().map(|class| (class.name.clone(), class.reconnect_after_seconds));
    Some(RunWith {
        policy: settings.server.policy.name().to_owned(),
        history_events: recovery.history_events as u64,
        history_bytes: recovery.history_bytes as u64,
        comes_back_after_seconds: comes_back.collect(),
        retry_seconds: settings.server.retry().filter(|_| obeys).map(|retry| retry.as_secs_f64()),
        keys: (settings.server.policy == Overflow::Conflate).then(|| keys(scenario)),
    })
}

/// How many things events are about.
fn keys(scenario: &Scenario) -> u64 {
    scenario.trace().map_or(u64::from(scenario.settings().keys), |trace| trace.keys() as u64)
}

/// What goes wrong, in words for a sentence.
pub fn faults(scenario: &Scenario) -> Vec<String> {
    scenario.settings().faults.iter().map(ToString::to_string).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = r#"
        name = "load"
        question = "?"
        table = "t"
        duration_seconds = 2
        arrivals = { kind = "constant", per_second = 10 }
        payload = { kind = "fixed", bytes = 100 }
        server.cpu = { publish_us = 50, delivery_us = 10 }
        [[class]]
        name = "near"
        share = 0.5
        round_trip_ms = 40
        window_bytes = 65536
        reads = "as-it-arrives"
        [[class]]
        name = "nearest"
        share = 0.5
        round_trip_ms = "minimum"
        window_bytes = 1000
        reads.rate.bytes_per_second = 5000
    "#;

    fn scenario() -> Scenario {
        Scenario::parse("load", TEXT).unwrap()
    }

    #[test]
    fn what_arrives_is_the_mean_of_the_runs_but_the_busiest_second_is_that_of_any() {
        let whole = Plan::draw(&scenario(), 2, 0);
        let mut half = whole.clone();
        half.arrivals.truncate(10);
        half.arrivals.iter_mut().for_each(|arrival| arrival.payload_bytes = 400);
        let summary = arrivals([half, whole].into_iter());
        assert_eq!((summary.events, summary.mean_per_second, summary.peak_per_second), (15.0, 7.5, 10));
        assert_eq!(summary.mean_payload_bytes, 200.0, "of 30 events, 20 have 100 B and 10 have 400 B");
    }

    #[test]
    fn where_no_plan_is_nothing_arrives() {
        let summary = arrivals(std::iter::empty());
        assert_eq!((summary.events, summary.mean_per_second, summary.mean_payload_bytes), (0.0, 0.0, 0.0));
    }

    #[test]
    fn a_population_is_told_class_by_class() {
        let [near, nearest] = classes(&scenario()).try_into().unwrap();
        assert_eq!((near.name.as_str(), near.round_trip_ms, near.window_bytes), ("near", Some(40.0), 65_536));
        assert_eq!((nearest.round_trip_ms, nearest.window_bytes), (None, 1000));
        assert_eq!((near.reads.as_str(), nearest.reads.as_str()), ("as it arrives", "at most 5000 B/s"));
    }

    #[test]
    fn the_workers_prices_are_told_where_there_is_a_worker() {
        let prices =
            CpuSummary { publish_us: 50.0, delivery_us: 10.0, frame_us: 0.0, connect_us: 0.0, frames_per_write: 16 };
        assert_eq!(cpu(&scenario()), Some(prices));
        let without = TEXT.replace("server.cpu = { publish_us = 50, delivery_us = 10 }", "");
        assert_eq!(cpu(&Scenario::parse("load", &without).unwrap()), None);
    }
}
