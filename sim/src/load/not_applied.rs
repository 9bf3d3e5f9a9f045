//! What of a plan a load test does not have, in words.

use super::LoadTarget;
use crate::client::StreamFormat;
use crate::plan::{FaultKind, Plan};
use crate::scenario::{RoundTrip, Scenario};
use crate::summary::document::NO_PATHS;
use crate::transport::Transport;

/// What the plan has and loopback has not.
pub(super) fn not_applied(scenario: &Scenario, target: &LoadTarget) -> Vec<String> {
    let settings = scenario.settings();
    let plan = Plan::draw(scenario, settings.subscribers.first().copied().unwrap_or(1), 0);
    let has_links = matches!(target, LoadTarget::Emulated);
    let mut missing = Vec::new();
    if !has_links && settings.classes.iter().any(|class| !matches!(class.round_trip_ms, RoundTrip::Minimum)) {
        missing.push("round-trip times: the network's own".to_owned());
    }
    if !has_links && plan.class_with_path().is_some() {
        missing.push(NO_PATHS.to_owned());
    }
    missing.push("windows: receive buffers of that size, of which the kernel makes its own windows".to_owned());
    if let LoadTarget::Other { format: StreamFormat::Sse, .. } = target
        && settings.server.transport == Transport::Ws
    {
        missing.push("WebSockets: another server is watched as server-sent events".to_owned());
    }
    if settings.server.recovery.is_some() && matches!(target, LoadTarget::Other { .. }) {
        missing.push("the history: another server's is its own, and clients ask it by Last-Event-ID".to_owned());
    }
    if settings.objective.memory_bytes_per_subscriber.is_some() && matches!(target, LoadTarget::Other { .. }) {
        missing.push("the objective for memory: another server does not say what it holds".to_owned());
    }
    if settings.server.cpu.is_some() {
        missing.push("the modelled CPU: the server has a real one, and shares it with its clients".to_owned());
    }
    for fault in &plan.faults {
        let why = match fault.harm {
            FaultKind::LinkHeld { class, .. } | FaultKind::Partition { class, .. }
                if has_links && plan.classes[class].path.is_some() =>
            {
                continue;
            }
            FaultKind::LinkHeld { .. } | FaultKind::Partition { .. } | FaultKind::ServerRestarts { .. } => {
                "does not happen"
            }
            FaultKind::ClientDies { .. } => "its host goes on acknowledging, so that it is one that stops reading",
            FaultKind::ReaderStalls { .. }
            | FaultKind::ReaderTrickles { .. }
            | FaultKind::ReaderStops { .. }
            | FaultKind::ClassLeaves { .. } => continue,
        };
        missing.push(format!("{}: {why}", fault.harm.kind()));
    }
    missing
}
