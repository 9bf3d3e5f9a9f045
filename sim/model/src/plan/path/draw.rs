//! What is drawn for the path of a member: lost time slots of each direction, and outages.

use std::time::Duration;

use super::{BufferTuning, Impairments, LinePlan, PathOutage, PathPlan};
use crate::plan::Stall;
use crate::plan::seed::{EntityRng, RngStream};
use crate::scenario::{Line, NetworkPath};
use crate::time::nanos;

/// The path of a class. Nothing in it is drawn.
pub(in crate::plan) fn path(path: NetworkPath) -> PathPlan {
    let line = |line: Line| LinePlan::of(line.rate, line.queue_bytes);
    PathPlan {
        down: line(path.down),
        up: line(path.up),
        congestion: path.congestion,
        receive_buffer: if path.tunes_window { BufferTuning::Auto } else { BufferTuning::Fixed },
        header_bytes: path.header_bytes,
    }
}

/// What goes wrong on the path of one member. `rng` is the member's own source for each purpose, `until` is when the run
/// is over at the latest, and `draw_outages` draws what reader's stalls are drawn by: none begins after the last arrival.
pub(in crate::plan) fn impairments(
    path: &NetworkPath,
    rng: impl Fn(RngStream) -> EntityRng,
    until: Duration,
    draw_outages: impl FnOnce(&mut EntityRng, [f64; 2], [f64; 2]) -> Vec<Stall>,
) -> Impairments {
    let lost = |line: &Line, stream| {
        let slot = nanos(line.rate.longest_slot());
        let slots = nanos(until).div_ceil(slot);
        // A stream that nothing is drawn from is not made.
        if path.loss <= 0.0 {
            return Vec::new();
        }
        let mut rng = rng(stream);
        match path.loss_burst_ms {
            None => independent(&mut rng, path.loss, slots),
            Some(millis) => in_bursts(&mut rng, path.loss, millis * 1e6 / slot as f64, slots),
        }
    };
    let outages = path.outages.map(|outages| {
        let stalls = draw_outages(&mut rng(RngStream::Outages), outages.after_seconds, outages.for_seconds);
        let packets = outages.packets.into();
        stalls.into_iter().map(|Stall { from, lasts }| PathOutage { from, lasts, packets }).collect()
    });
    Impairments {
        lost_down: lost(&path.down, RngStream::LossDown),
        lost_up: lost(&path.up, RngStream::LossUp),
        outages: outages.unwrap_or_default(),
    }
}

/// Each slot is lost with the same probability. Gaps are drawn and not slots: there are few losses and many slots.
fn independent(rng: &mut EntityRng, probability: f64, slots: u64) -> Vec<u64> {
    let mut lost = Vec::new();
    let mut slot = failures(rng, probability);
    while slot < slots {
        lost.push(slot);
        slot = slot.saturating_add(1).saturating_add(failures(rng, probability));
    }
    lost
}

/// Good and bad stretches in turn (Gilbert's model), as Markov chain from slot to slot: all slots of a bad one are lost.
/// The run begins in a bad one with the probability that these have in the long run.
fn in_bursts(rng: &mut EntityRng, part: f64, mean_burst: f64, slots: u64) -> Vec<u64> {
    let mean_gap = mean_burst * (1.0 - part) / part;
    let mut is_bad = rng.unit() < part;
    let mut lost = Vec::new();
    let mut slot = 0_u64;
    while slot < slots {
        let mean = if is_bad { mean_burst } else { mean_gap };
        // One slot at least. A geometric length has no memory, so the first stretch is as long as any other.
        let end = slot.saturating_add(1).saturating_add(failures(rng, (1.0 / mean).min(1.0)));
        if is_bad {
            lost.extend(slot..end.min(slots));
        }
        slot = end;
        is_bad = !is_bad;
    }
    lost
}

/// Slots that pass before something happens that each slot brings with a probability above 0.
fn failures(rng: &mut EntityRng, probability: f64) -> u64 {
    // At a probability of 1 the quotient is 0.
    (rng.exponential() / -libm::log1p(-probability)).floor() as u64
}

#[cfg(test)]
mod tests;
