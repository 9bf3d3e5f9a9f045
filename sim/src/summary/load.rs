//! What a scenario amounts to: its load and population in figures and words.

use std::time::Duration;

use super::document::{ArrivalsSummary, ClassSummary, CpuSummary};
use crate::plan::Plan;
use crate::scenario::{RoundTrip, Scenario};

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
        reads: class.reads.to_string(),
    };
    scenario.settings().classes.iter().map(summary).collect()
}

/// What the modelled worker charges.
pub fn cpu(scenario: &Scenario) -> Option<CpuSummary> {
    let cpu = scenario.settings().server.cpu?;
    Some(CpuSummary { publish_us: cpu.publish_us, delivery_us: cpu.delivery_us })
}
