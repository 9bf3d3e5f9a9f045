//! Loads that no finite buffer serves: what arrives in the long run is more than what is taken away.

use super::{carried_bytes_per_second, paths, reading_bytes_per_second, seconds_of_worker_an_event};
use crate::plan::{Fault, FaultKind, Plan, Reading, SubscriberPlan};
use crate::scenario::FRAME_OVERHEAD_BYTES;

/// Why there is no finite size: the waiting line grows as long as the run goes on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum UnboundedSizeReason {
    /// A subscriber never reads, or not any more.
    NeverReads,
    /// A class takes fewer bytes a second than are offered to it on the mean.
    SlowerThanArrivals,
    /// The modelled worker needs more than a second for a second's events.
    ServerSaturated,
}

impl UnboundedSizeReason {
    /// The name in results.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::NeverReads => "never_reads",
            Self::SlowerThanArrivals => "slower_than_arrivals",
            Self::ServerSaturated => "server_saturated",
        }
    }
}

/// Whether a plan's load has no finite size, and why; a reader's fault before the server's.
///
/// Offered to a class are `mean events a second × (mean payload + 40 B)`, of the tables that it watches. It takes its read
/// rate, at most what its window carries, less the part of the run in which its members stall. The worker is saturated
/// (ρ > 1 in the words of queueing theory) when `mean events a second × (publish + N × delivery) > 1`.
#[must_use]
pub fn no_finite_size(plan: &Plan) -> Option<UnboundedSizeReason> {
    let stops = |fault: &Fault| matches!(fault.harm, FaultKind::ReaderStops { .. });
    let never_reads = |subscriber: &SubscriberPlan| subscriber.reading == Reading::Never;
    if plan.subscribers.iter().any(never_reads) || plan.faults.iter().any(stops) {
        return Some(UnboundedSizeReason::NeverReads);
    }
    let offered = |index: usize| {
        let watched = plan.as_watched_by(index);
        let overhead = FRAME_OVERHEAD_BYTES * watched.arrivals.len() as f64;
        (watched.payload_bytes() as f64 + overhead) / plan.duration.as_secs_f64()
    };
    let slow = |index| capacity(plan, index).is_some_and(|taken| taken < offered(index));
    if (0..plan.classes.len()).any(slow) {
        return Some(UnboundedSizeReason::SlowerThanArrivals);
    }
    let busy = plan.mean_per_second() * seconds_of_worker_an_event(plan);
    (busy > 1.0).then_some(UnboundedSizeReason::ServerSaturated)
}

/// Mean bytes a second that a class's members take, `None` where it has none.
fn capacity(plan: &Plan, index: usize) -> Option<f64> {
    let members: Vec<&SubscriberPlan> = plan.subscribers.iter().filter(|member| member.class == index).collect();
    let window = carried_bytes_per_second(plan, index);
    let taken = |member: &&SubscriberPlan| {
        let while_reading = reading_bytes_per_second(plan, index, &member.reading).unwrap_or(0.0).min(window);
        while_reading * (1.0 - stalled_part(plan, &member.reading)) * (1.0 - paths::cut_part(plan, member))
    };
    (!members.is_empty()).then(|| members.iter().map(taken).sum::<f64>() / members.len() as f64)
}

/// The part of the run, 0 to 1, in which a reader stalls.
pub(super) fn stalled_part(plan: &Plan, reading: &Reading) -> f64 {
    let within = |stall: &crate::plan::Stall| stall.lasts.min(plan.duration.saturating_sub(stall.from));
    reading.stalls().iter().map(|stall| within(stall).as_secs_f64()).sum::<f64>() / plan.duration.as_secs_f64()
}
