//! Liveness: when sources rest and faults are over, whoever reads gets everything that waits, within a time that can be
//! told before; and whoever misses a new event then has a reason that can be named.

use std::time::Duration;

use hubbub::PushOutcome;

use super::case::LONG;
use super::{Broken, Case, observed};
use crate::plan::{Arrival, Fault, FaultKind, Plan, Reading};
use crate::record::{Observation, ObservationKind};

/// Head, hello and what a frame has beside its payload, each with room to spare.
const HEAD_BYTES: u64 = 300;
const FRAME_OVERHEAD_BYTES: u64 = 60;
/// What a frame may have before it.
const NOTICE_BYTES: u64 = 160;
const TICK: Duration = Duration::from_millis(1);
/// Times are rounded up to ticks three times a round trip.
const TICKS_A_TRIP: u32 = 4;

/// Everybody reads in the end, and one more event comes when all must have been drained.
#[must_use]
pub fn with_a_probe(mut case: Case) -> Case {
    for subscriber in &mut case.plan.subscribers {
        if subscriber.reading == Reading::Never {
            subscriber.reading = Reading::Rate { bytes_per_second: 5000 };
        }
    }
    if case.plan.server.recovery.is_some() {
        // Whoever is cut off again and again while it catches up need not ever arrive.
        case.plan.server.write_deadline = LONG;
    }
    let faults_are_over = time_until_healed(&case.plan).max(case.plan.duration);
    // With a history more may wait than a mailbox holds.
    let frames = if case.plan.server.recovery.is_some() { usize::MAX } else { case.frames };
    let rest = time_to_drain(&case.plan, frames);
    let plan = &mut case.plan;
    plan.duration = faults_are_over + rest;
    plan.arrivals.push(Arrival { at: plan.duration, payload_bytes: 30, key: 0 });
    // Who is dead is noticed by the probe at the latest.
    plan.drain = rest + plan.server.user_timeout + TICK * TICKS_A_TRIP;
    case
}

pub(super) fn drains_and_goes_on(case: &Case) -> Result<(), Broken> {
    let case = with_a_probe(case.clone());
    let (record, observations) = observed(&case)?;
    if record.unpublished > 0 && case.plan.restarts().next().is_none() {
        return Err(Broken::new(format!("{} arrivals were not published", record.unpublished)));
    }
    let probe = case.plan.arrivals.len() as u64 - record.unpublished;
    for (index, subscriber) in record.subscribers.iter().enumerate() {
        if subscriber.in_flight > 0 && !has_stopped_reading(&case.plan, index) {
            let why = format!("{} frames still wait at the end", subscriber.in_flight);
            return Err(Broken::of(index, why));
        }
        let life: Vec<_> = observations.iter().filter(|seen| seen.subscriber == index).collect();
        if has_died(&case.plan, index) && has_a_stream(&life) {
            return Err(Broken::of(index, "it has died, and has a stream at the end"));
        }
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
    let leaves = subscriber.leave_at.is_some_and(|at| at <= plan.duration);
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

/// When every fault is over and all who can come back have done so: a connection that has lost bytes is given up after
/// the user timeout, and the client needs a pause, perhaps a second one, and a few round trips.
fn time_until_healed(plan: &Plan) -> Duration {
    let Some(over) = plan.faults.iter().map(Fault::until).max() else { return Duration::ZERO };
    let trip = plan.classes.iter().map(|class| class.round_trip.unwrap_or_default()).max().unwrap_or_default();
    let pauses = plan.classes.iter().filter_map(|class| class.reconnect_after);
    let restarts = plan.faults.iter().filter_map(|fault| match &fault.harm {
        FaultKind::ServerRestarts { back_after, .. } => back_after.iter().max().copied(),
        _ => None,
    });
    let pause = pauses.chain(restarts).max().unwrap_or_default();
    over + plan.server.user_timeout + 2 * pause + 4 * (trip + TICK * TICKS_A_TRIP)
}

/// Within this long after the last arrival and the last fault, every mailbox whose subscriber reads is empty.
///
/// The sum of what can hold it up: a full mailbox, at the reader's rate or a half window a round trip; the rest of its
/// stalls; and the work of a CPU that has done nothing yet.
pub(crate) fn time_to_drain(plan: &Plan, frames: usize) -> Duration {
    let alone = plan.subscribers.iter().map(|subscriber| {
        let class = &plan.classes[subscriber.class];
        let largest = plan.arrivals.iter().map(|arrival| u64::from(arrival.payload_bytes)).max().unwrap_or(0);
        let notice = plan.server.recovery.map_or(0, |_| NOTICE_BYTES);
        let frame = largest + FRAME_OVERHEAD_BYTES + notice;
        // No mailbox holds more than there are events.
        let frames = frames.min(plan.arrivals.len()) as u64;
        let backlog = HEAD_BYTES + class.window_bytes + (frames + 3) * frame;
        let trips = u32::try_from(2 * backlog / class.window_bytes + 3).unwrap_or(u32::MAX);
        let trip = class.round_trip.unwrap_or_default() + TICK * TICKS_A_TRIP;
        let at_rate = |bytes_per_second: u64| Duration::from_secs_f64(backlog as f64 / (bytes_per_second as f64 / 1.1));
        let last_stall = subscriber.reading.stalls().last().map_or(Duration::ZERO, |stall| stall.from + stall.lasts);
        let reading = match &subscriber.reading {
            Reading::Rate { bytes_per_second } | Reading::RateWithStalls { bytes_per_second, .. } => {
                at_rate(*bytes_per_second) + last_stall
            }
            Reading::Stalls { .. } => last_stall,
            Reading::Serves { times } => {
                times.iter().max().copied().unwrap_or_default() * u32::try_from(plan.arrivals.len()).unwrap_or(u32::MAX)
            }
            Reading::AsItArrives | Reading::Never => Duration::ZERO,
        };
        trip * trips + reading
    });
    let work = plan.server.cpu.map_or(Duration::ZERO, |cpu| {
        let (events, subscribers) = (plan.arrivals.len(), plan.subscribers.len());
        let deliveries = u32::try_from((events + 4) * subscribers).unwrap_or(u32::MAX);
        cpu.publish * u32::try_from(events).unwrap_or(u32::MAX) + cpu.delivery * deliveries
    });
    alone.max().unwrap_or_default() + work
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
