//! What the rule takes a path for: a rate, a part of the time, a stall and what is under way.

use std::time::Duration;

use hubbub::ServerSettings;

use crate::plan::{BufferTuning, ClassPlan, FULL_PACKET_BYTES, Impairments, LinePlan, PathPlan, Plan, SubscriberPlan};
use crate::tcp::{Congestion, OutageKind, Rate};

/// Payload bytes a second that a class's path carries, without its outages; infinite where nothing bounds it.
///
/// It is the least of three: the line, less headers; a fixed receive buffer each round trip; and, where packets are lost,
/// the bound of a window that losses halve, `payload / round trip × √(3/2 / loss)` (Mathis, Semke, Mahdavi and Ott, "The
/// macroscopic behavior of the TCP congestion avoidance algorithm", 1997).
pub(super) fn bytes_per_second(plan: &Plan, index: usize, class: &ClassPlan, path: &PathPlan) -> f64 {
    let round_trip = class.round_trip.unwrap_or_default().as_secs_f64();
    let payload = FULL_PACKET_BYTES.saturating_sub(path.header_bytes) as f64;
    let line = line_bytes_per_second(&path.down) * payload / FULL_PACKET_BYTES as f64;
    let window = match path.receive_buffer {
        BufferTuning::Fixed if round_trip > 0.0 => class.window_bytes as f64 / round_trip,
        BufferTuning::Fixed | BufferTuning::Auto => f64::INFINITY,
    };
    let loss = lost_part(plan, index, &path.down);
    let halved = match path.congestion {
        Congestion::None => f64::INFINITY,
        Congestion::Reno | Congestion::Cubic if loss > 0.0 && round_trip > 0.0 => {
            payload / round_trip * (1.5 / loss).sqrt()
        }
        Congestion::Reno | Congestion::Cubic => f64::INFINITY,
    };
    (line * (1.0 - loss)).min(window).min(halved)
}

/// Payload bytes that wait behind the mailbox: what is unsent in the server's socket, what is under way over the round
/// trip and what the queue holds, of which a fixed receive buffer lets no more be sent than it has room for.
pub(super) fn absorbed_bytes(class: &ClassPlan, path: &PathPlan) -> f64 {
    let unsent = f64::from(ServerSettings::default().socket_unsent_bytes);
    let under_way = line_bytes_per_second(&path.down) * class.round_trip.unwrap_or_default().as_secs_f64();
    let queued = path.down.queue_bytes.map_or(f64::INFINITY, |bytes| bytes as f64);
    let carried = under_way + queued;
    // A tuned buffer begins with the window that the class has, and grows only where that limits.
    let window = class.window_bytes as f64;
    unsent
        + if path.receive_buffer == BufferTuning::Auto && carried.is_finite() { carried } else { carried.min(window) }
}

/// The stall that the longest outage of a subscriber amounts to. After one that drops, the sender waits for a timer that
/// has doubled at each try: at most as long again as the outage.
pub(super) fn longest_stall(impairments: &Impairments) -> Duration {
    let stalls = impairments.outages.iter().map(|outage| match outage.packets {
        OutageKind::Drops => outage.lasts.saturating_mul(2),
        OutageKind::Holds => outage.lasts,
    });
    stalls.max().unwrap_or_default()
}

/// The part of the run, 0 to 1, in which a subscriber's path carries nothing.
pub(super) fn cut_part(plan: &Plan, subscriber: &SubscriberPlan) -> f64 {
    let within = |from: Duration, lasts: Duration| lasts.min(plan.duration.saturating_sub(from));
    let outages = subscriber.impairments.outages.iter().map(|outage| within(outage.from, outage.lasts).as_secs_f64());
    outages.sum::<f64>() / plan.duration.as_secs_f64()
}

fn line_bytes_per_second(line: &LinePlan) -> f64 {
    match &line.rate {
        Rate::Unbounded => f64::INFINITY,
        Rate::BitsPerSecond(bits) => *bits as f64 / 8.0,
        Rate::Recorded(recording) => recording.mean_bits_per_second() as f64 / 8.0,
    }
}

/// The part of a line's time slots in which packets are lost, over all members of a class.
fn lost_part(plan: &Plan, index: usize, line: &LinePlan) -> f64 {
    let members = plan.subscribers.iter().filter(|member| member.class == index);
    let (members, lost) = members
        .fold((0_u64, 0_usize), |(members, lost), member| (members + 1, lost + member.impairments.lost_down.len()));
    let slots = members as f64 * (plan.duration + plan.drain).as_secs_f64() / line.slot.as_secs_f64();
    if slots > 0.0 { lost as f64 / slots } else { 0.0 }
}
