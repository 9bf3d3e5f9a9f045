//! What a scenario amounts to: its load and population in figures and words.

use super::document::{ArrivalsSummary, ClassSummary, CpuSummary};
use crate::plan::Plan;
use crate::scenario::{RoundTrip, Scenario};

/// Means over the plans of the seeds, which may be of any number of subscribers.
pub fn arrivals(plans: &[Plan]) -> ArrivalsSummary {
    let count = plans.len().max(1) as f64;
    let events: u64 = plans.iter().map(|plan| plan.arrivals.len() as u64).sum();
    let bytes: u64 = plans.iter().map(Plan::payload_bytes).sum();
    ArrivalsSummary {
        events: events as f64 / count,
        mean_per_second: plans.iter().map(Plan::mean_per_second).sum::<f64>() / count,
        peak_per_second: plans.iter().map(|p| p.most_events_in(std::time::Duration::from_secs(1))).max().unwrap_or(0),
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
