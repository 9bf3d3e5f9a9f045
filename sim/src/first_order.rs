//! The first-order rule: a buffer size on the back of an envelope, and the loads that no finite size serves.
//!
//! The rule is `buffer ≈ burst × (1 − drain rate / arrival rate) − what the socket absorbs`. It stands beside the
//! simulated answer to be compared with it; nothing is sized by it. With `burst = arrival rate × w` it reads, for a
//! stretch of length w, `events in the busiest w − drain × w − window / mean frame`, and the number is the largest
//! over a few lengths, classes and causes:
//!
//! - *reading*: drain is the read rate, or what the window carries: `window / (round trip + 2 ms)`, TCP's bound of one
//!   window a round trip and the two ticks of the simulated world;
//!   for a rate with stalls, the read rate is that times the part of the run in which it reads;
//! - *a stall*: drain is 0 for the class's longest stall;
//! - *a path*: what the window carries is the least of line, receive buffer and the bound that losses set; an outage that
//!   drops packets is a stall of twice its length, since the sender's timer has backed off; and the socket absorbs what is
//!   unsent, under way and in the bottleneck's queue;
//! - *the worker*: drain is `1 / (publish + N × (write / B + frame))` events a second where B frames share a write, and
//!   the socket absorbs nothing, since frames wait for the worker before they reach it. N counts a subscriber by the part of
//!   the events that it watches.
//!
//! This room sees plans only, and takes the bytes of a frame besides its payload from `scenario`.

mod paths;
mod saturation;

use std::time::Duration;

pub use saturation::{UnboundedSizeReason, no_finite_size};

use crate::plan::{Plan, Reading};
use crate::scenario::FRAME_OVERHEAD_BYTES;

/// Lengths of the stretches tried, beside the whole run and the longest stall.
const STRETCHES: [Duration; 6] = [
    Duration::from_secs(1),
    Duration::from_secs(2),
    Duration::from_secs(5),
    Duration::from_secs(10),
    Duration::from_secs(30),
    Duration::from_secs(60),
];
/// Two ticks of the simulated world: data and releases each wait for one.
const TICKS: Duration = Duration::from_millis(2);

/// What the rule says for a plan, at least 1; `None` where a subscriber never reads.
#[must_use]
pub fn buffer(plan: &Plan) -> Option<u64> {
    let mut most = behind_worker(plan);
    for (index, class) in plan.classes.iter().enumerate() {
        let watched = plan.as_watched_by(index);
        let plan = &*watched;
        let mut slowest = None;
        let mut longest_stall = Duration::ZERO;
        for member in plan.subscribers.iter().filter(|subscriber| subscriber.class == index) {
            let bytes_per_second =
                reading_bytes_per_second(plan, index, &member.reading)? * reading_part(plan, &member.reading);
            let bytes_per_second = bytes_per_second * (1.0 - paths::cut_part(plan, member));
            // The slowest member decides, since the size has to be enough for each of them.
            slowest = Some(bytes_per_second.min(slowest.unwrap_or(f64::INFINITY)));
            let cut = paths::longest_stall(&member.impairments);
            longest_stall = longest_stall.max(member.reading.longest_stall()).max(cut);
        }
        if let Some(bytes_per_second) = slowest {
            let absorbed = match &class.path {
                Some(path) => paths::absorbed_bytes(class, path),
                None => class.window_bytes as f64,
            };
            let absorbed = absorbed / mean_frame_bytes(plan);
            let behind_reader = behind(plan, bytes_per_second / mean_frame_bytes(plan));
            let behind_stall = plan.most_events_in(longest_stall) as f64;
            most = most.max(behind_reader - absorbed).max(behind_stall - absorbed);
        }
    }
    // Up to a whole frame, and to the one slot that a mailbox has at least.
    Some(most.ceil().max(1.0) as u64)
}

/// Mean bytes that a frame takes on the wire.
fn mean_frame_bytes(plan: &Plan) -> f64 {
    plan.mean_payload_bytes().unwrap_or(0.0) + FRAME_OVERHEAD_BYTES
}

/// Most frames left over from any stretch when this many a second are taken.
fn behind(plan: &Plan, drain_per_second: f64) -> f64 {
    // The whole run as well, which may be shorter than any of them.
    let stretches = STRETCHES.into_iter().filter(|stretch| *stretch < plan.duration).chain([plan.duration]);
    let left_over = |stretch| plan.most_events_in(stretch) as f64 - drain_per_second * stretch.as_secs_f64();
    stretches.map(left_over).fold(0.0, f64::max)
}

fn behind_worker(plan: &Plan) -> f64 {
    match seconds_of_worker_an_event(plan) {
        seconds if seconds > 0.0 => behind(plan, 1.0 / seconds),
        _ => 0.0,
    }
}

/// What an event costs the worker on the mean: its publish and a delivery to each subscriber that wants it; 0 without a
/// modelled worker.
fn seconds_of_worker_an_event(plan: &Plan) -> f64 {
    let Some(cpu) = plan.server.cpu else { return 0.0 };
    // A subscriber that is behind gets as many frames a write as may share one.
    let delivery = cpu.delivery.as_secs_f64() / plan.server.frames_per_write as f64 + cpu.frame.as_secs_f64();
    cpu.publish.as_secs_f64() + plan.mean_audience() * delivery
}

/// Bytes a second of a member while it reads; `None` where it never does.
fn reading_bytes_per_second(plan: &Plan, class: usize, reading: &Reading) -> Option<f64> {
    let window = carried_bytes_per_second(plan, class);
    match reading {
        Reading::AsItArrives | Reading::Stalls { .. } => Some(window),
        Reading::Rate { bytes_per_second } | Reading::RateWithStalls { bytes_per_second, .. } => {
            Some(window.min(*bytes_per_second as f64))
        }
        Reading::Serves { times } => {
            let mean = times.iter().map(Duration::as_secs_f64).sum::<f64>() / times.len().max(1) as f64;
            Some(if mean > 0.0 { window.min(mean_frame_bytes(plan) / mean) } else { window })
        }
        Reading::Never => None,
    }
}

/// What the network carries for a member of a class: what its path does, or a window each round trip and two ticks.
fn carried_bytes_per_second(plan: &Plan, index: usize) -> f64 {
    let class = &plan.classes[index];
    if let Some(path) = &class.path {
        return paths::bytes_per_second(plan, index, class, path);
    }
    let ticks = TICKS / plan.time_scale.max(1);
    let round_trip = class.round_trip.unwrap_or(ticks) + ticks;
    class.window_bytes as f64 / round_trip.as_secs_f64()
}

/// What the mean drain is of the drain while reading, 0 to 1: a reader of limited rate does not make up for its stalls.
fn reading_part(plan: &Plan, reading: &Reading) -> f64 {
    match reading {
        Reading::RateWithStalls { .. } => 1.0 - saturation::stalled_part(plan, reading),
        Reading::AsItArrives
        | Reading::Rate { .. }
        | Reading::Stalls { .. }
        | Reading::Never
        | Reading::Serves { .. } => 1.0,
    }
}

#[cfg(test)]
mod tests;
