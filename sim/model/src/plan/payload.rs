//! How large payloads are, what events are about and of which table: one draw each for an event, in the order of arrival.

use super::Arrival;
use super::arrivals::Time;
use super::seed::{EntityRng, RngStream};
use super::tables::Tables;
use crate::scenario::{Payload, Scenario, TraceEvent};
use std::time::Duration;

/// Gives each time a size, a table, and the key of its recorded event if there is one.
pub(super) fn attach(scenario: &Scenario, seed: u64, times: Vec<Time>) -> Vec<Arrival> {
    let mut rng = EntityRng::of(seed, RngStream::Payload);
    // A stream of its own: with keys or without, payloads have the same sizes.
    let mut keys = EntityRng::of(seed, RngStream::Keys);
    let mut tables = Tables::new(scenario, seed);
    let entities = scenario.settings().keys;
    let payload = scenario.settings().payload;
    let recorded = |time: &Time| Some(scenario.trace()?.events()[time.recorded?]);
    let arrival = |time: Time| {
        let event = recorded(&time);
        let at = Duration::from_nanos(time.nanos);
        let payload_bytes = size(&mut rng, payload, event);
        // What was recorded was about something; a trace played with other keys would be another workload.
        let drawn = if entities > 1 { (keys.unit() * f64::from(entities)) as u32 } else { 0 };
        Arrival { at, payload_bytes, key: event.map_or(drawn, |event| event.key), table: tables.draw() }
    };
    times.into_iter().map(arrival).collect()
}

fn size(rng: &mut EntityRng, payload: Payload, recorded: Option<TraceEvent>) -> u32 {
    let bytes = match payload {
        Payload::Fixed { bytes } => bytes,
        Payload::LogNormal { median_bytes, sigma, min_bytes, max_bytes } => {
            let drawn = median_bytes * libm::exp(sigma * rng.normal());
            (drawn.round() as u64).clamp(min_bytes, max_bytes)
        }
        Payload::FromTrace { times } => recorded.map_or(1, |event| u64::from(event.bytes) * times),
    };
    // The check of a scenario keeps sizes far below this limit.
    u32::try_from(bytes).unwrap_or(u32::MAX)
}
