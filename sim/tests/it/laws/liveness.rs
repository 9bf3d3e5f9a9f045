//! Liveness: when the sources rest, whoever reads gets everything that waits, within a time that can be told before.

use std::time::Duration;

use hubbub_sim::plan::{Arrival, Plan, Reading};
use hubbub_sim::record::{Observation, What};
use proptest::prelude::*;

use super::campaign::{Verdict, holds, observed};
use super::cases::{Case, any_case};
use crate::plans::ms;

/// Head, hello and what a frame has beside its payload, each with room to spare.
const HEAD_BYTES: u64 = 300;
const FRAME_OVERHEAD_BYTES: u64 = 60;
/// Times are rounded up to ticks three times a round trip.
const TICKS_A_TRIP: u32 = 4;

/// Within this long after the last arrival, every mailbox whose subscriber reads is empty.
///
/// The sum of what can hold it up: a full mailbox, at the reader's rate or a half window a round trip; the rest of its
/// stalls; and the work of a CPU that has done nothing yet.
pub(super) fn time_to_drain(plan: &Plan, frames: usize) -> Duration {
    let alone = plan.subscribers.iter().map(|subscriber| {
        let class = &plan.classes[subscriber.class];
        let largest = plan.arrivals.iter().map(|arrival| u64::from(arrival.payload_bytes)).max().unwrap_or(0);
        let frame = largest + FRAME_OVERHEAD_BYTES;
        let backlog = HEAD_BYTES + class.window_bytes + (frames as u64 + 3) * frame;
        let trips = u32::try_from(2 * backlog / class.window_bytes + 3).unwrap();
        let trip = class.round_trip.unwrap_or_default() + ms(1) * TICKS_A_TRIP;
        let reading = match &subscriber.reading {
            Reading::Rate { bytes_per_second } => {
                Duration::from_secs_f64(backlog as f64 / (*bytes_per_second as f64 / 1.1))
            }
            Reading::Stalls { stalls } => stalls.iter().map(|stall| stall.from + stall.lasts).max().unwrap_or_default(),
            Reading::Serves { times } => {
                times.iter().max().copied().unwrap_or_default() * u32::try_from(plan.arrivals.len()).unwrap()
            }
            Reading::AsItArrives | Reading::Never => Duration::ZERO,
        };
        trip * trips + reading
    });
    let work = plan.server.cpu.map_or(Duration::ZERO, |cpu| {
        let (events, subscribers) = (plan.arrivals.len(), plan.subscribers.len());
        let deliveries = u32::try_from((events + 4) * subscribers).unwrap();
        cpu.publish * u32::try_from(events).unwrap() + cpu.delivery * deliveries
    });
    alone.max().unwrap_or_default() + work
}

/// Everybody reads in the end, and one more event comes when all must have been drained.
fn with_a_probe(mut case: Case) -> Case {
    for subscriber in &mut case.plan.subscribers {
        if subscriber.reading == Reading::Never {
            subscriber.reading = Reading::Rate { bytes_per_second: 5000 };
        }
    }
    let rest = time_to_drain(&case.plan, case.frames);
    let plan = &mut case.plan;
    plan.duration += rest;
    plan.arrivals.push(Arrival { at: plan.duration, payload_bytes: 30, key: 0 });
    plan.drain = rest;
    case
}

#[test]
fn when_the_sources_rest_every_mailbox_drains_in_time_and_a_new_event_reaches_everybody_connected() {
    holds(48, any_case().prop_map(with_a_probe), drains_and_goes_on);
}

fn drains_and_goes_on(case: Case) -> Verdict {
    let (record, observations) = observed(&case.plan, case.choice())?;
    let probe = case.plan.arrivals.len() as u64;
    prop_assert_eq!(record.unpublished, 0);
    for (index, subscriber) in record.subscribers.iter().enumerate() {
        prop_assert_eq!(subscriber.in_flight, 0, "subscriber {} still has something at the end", index);
        let life: Vec<What> = of(&observations, index).map(|seen| seen.what).collect();
        let Some(offer) = life.iter().rposition(|what| is_offer_of(*what, probe)) else { continue };
        prop_assert_eq!(life[offer], What::Queued { sequence: probe, waiting: 1 }, "subscriber {}", index);
        let is_heard = |what: &What| matches!(what, What::Received { sequence } if *sequence == probe);
        let is_end = |what: &What| matches!(what, What::Ended { .. });
        prop_assert!(life[offer..].iter().any(|what| is_heard(what) || is_end(what)), "subscriber {}", index);
    }
    Ok(())
}

fn of(observations: &[Observation], subscriber: usize) -> impl Iterator<Item = &Observation> {
    observations.iter().filter(move |seen| seen.subscriber == subscriber)
}

fn is_offer_of(what: What, wanted: u64) -> bool {
    match what {
        What::Queued { sequence, .. }
        | What::Refused { sequence }
        | What::Displaced { sequence, .. }
        | What::Disconnected { sequence } => sequence == wanted,
        What::Subscribed { .. } | What::Flushed { .. } | What::Received { .. } | What::Ended { .. } => false,
    }
}
