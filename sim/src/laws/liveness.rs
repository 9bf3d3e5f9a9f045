//! Liveness: when sources rest and faults are over, whoever reads gets everything that waits, within a time that can be
//! told before; and whoever misses a new event then has a reason that can be named.

use hubbub::PushOutcome;

use super::{Broken, Observed, Trial};
use crate::plan::{FaultKind, Plan};
use crate::record::{Observation, ObservationKind};

pub(super) fn drains_and_goes_on(trial: &Trial<'_>) -> Result<(), Broken> {
    let (case, Observed { record, log, .. }) = trial.probed()?;
    if record.unpublished > 0 && case.plan.restarts().next().is_none() {
        return Err(Broken::new(format!("{} arrivals were not published", record.unpublished)));
    }
    // Sequences count what was published, and the probes are the last of that, one of each table.
    let first_probe = case.plan.arrivals.len() as u64 - record.unpublished - case.plan.other_tables.len() as u64;
    for (index, subscriber) in record.subscribers.iter().enumerate() {
        if subscriber.in_flight > 0 && !has_stopped_reading(&case.plan, index) {
            let why = format!("{} frames still wait at the end", subscriber.in_flight);
            return Err(Broken::of(index, why));
        }
        let life: Vec<_> = log.iter().filter(|seen| seen.subscriber == index).collect();
        if has_died(&case.plan, index) && has_a_stream(&life) {
            return Err(Broken::of(index, "it has died, and has a stream at the end"));
        }
        let probe = record.wanted_events(&case.plan, index).next_after(first_probe - 1);
        if absence(&case.plan, index, &life).is_none() {
            hears(&life, probe).map_err(|why| Broken::of(index, why))?;
        }
    }
    Ok(())
}

/// Why a subscriber may miss the last event of a plan with a probe; `None` where it must not. Of its life all that
/// happened to it.
pub fn absence(plan: &Plan, index: usize, life: &[&Observation]) -> Option<&'static str> {
    let subscriber = &plan.subscribers[index];
    let class = &plan.classes[subscriber.class];
    // The last event is under way during the drain: a client that leaves then may leave before it arrives.
    let leaves = subscriber.leave_at.is_some_and(|at| at <= plan.duration + plan.drain);
    if has_died(plan, index) {
        Some("it has died")
    } else if leaves || plan.is_struck(index, |harm| matches!(harm, FaultKind::ClassLeaves { .. })) {
        Some("it has left")
    } else if has_stopped_reading(plan, index) {
        Some("it reads nothing any more")
    } else if class.reconnect_after.is_none() && has_lost_its_stream_for_good(plan, life) {
        Some("its stream has ended, and it does not come back")
    } else {
        None
    }
}

/// A class that does not reconnect comes back after restarts of the server alone.
fn has_lost_its_stream_for_good(plan: &Plan, life: &[&Observation]) -> bool {
    let Some(ended) = life.iter().rposition(|seen| matches!(seen.what, ObservationKind::Ended { .. })) else {
        return false;
    };
    let begun = life.iter().rposition(|seen| matches!(seen.what, ObservationKind::Subscribed { .. })).unwrap_or(0);
    let (from, until) = (life[begun].at, life[ended].at);
    begun < ended && !plan.restarts().any(|restart| (from..=until).contains(&restart.at))
}

fn has_a_stream(life: &[&Observation]) -> bool {
    let last = |wanted: fn(&ObservationKind) -> bool| life.iter().rposition(|seen| wanted(&seen.what));
    // `None` is less than any place: a life without a beginning has no stream.
    last(|what| matches!(what, ObservationKind::Subscribed { .. }))
        > last(|what| matches!(what, ObservationKind::Ended { .. }))
}

fn has_died(plan: &Plan, index: usize) -> bool {
    plan.is_struck(index, |harm| matches!(harm, FaultKind::ClientDies { .. }))
}

fn has_stopped_reading(plan: &Plan, index: usize) -> bool {
    plan.is_struck(index, |harm| matches!(harm, FaultKind::ReaderStops { .. }))
}

/// The probe was queued in an empty mailbox, and read.
fn hears(life: &[&Observation], probe: u64) -> Result<(), String> {
    let Some(offer) = life.iter().rposition(|seen| is_offer_of(seen.what, probe)) else {
        return Err("a new event is not offered to it, for no reason that can be named".into());
    };
    if life[offer].what.outcome() != Some(PushOutcome::Queued { waiting: 1 }) {
        return Err(format!("a new event finds its mailbox not drained: {}", life[offer].what));
    }
    let is_heard =
        |seen: &&Observation| matches!(seen.what, ObservationKind::Received { sequence } if sequence == probe);
    if life[offer..].iter().any(is_heard) { Ok(()) } else { Err("a new event is not read".into()) }
}

fn is_offer_of(what: ObservationKind, wanted: u64) -> bool {
    match what {
        // What is shed for an event comes before its own outcome.
        ObservationKind::Pushed { outcome: PushOutcome::Shed { .. }, .. } => false,
        ObservationKind::Pushed { sequence, .. } => sequence == wanted,
        ObservationKind::Subscribed { .. }
        | ObservationKind::Replayed { .. }
        | ObservationKind::Forgotten { .. }
        | ObservationKind::Told { .. }
        | ObservationKind::Placed { .. }
        | ObservationKind::Flushed { .. }
        | ObservationKind::Received { .. }
        | ObservationKind::Ended { .. } => false,
    }
}
