//! Checks of what arrives: rates, amounts and sizes.

use std::time::Duration;

use super::Found;
use super::range::{pair, positive, whole, within};
use crate::scenario::limits::{
    MAX_EVENTS, MAX_PAYLOAD_BYTES, MAX_PER_SECOND, MAX_SECONDS, MAX_SIGMA, MAX_SPEED_UP, MIN_PHASE_SECONDS,
};
use crate::scenario::number::number;
use crate::scenario::{Arrivals, Payload, Settings, Trace, load};

pub(super) fn rates(found: &mut Found, arrivals: &Arrivals) {
    match arrivals {
        Arrivals::Constant { per_second } | Arrivals::Poisson { per_second } => {
            found.note(positive("arrivals.per_second", *per_second, MAX_PER_SECOND));
        }
        Arrivals::Bursts { quiet_per_second, burst_per_second, quiet_seconds, burst_seconds } => {
            found.note(within("arrivals.quiet_per_second", *quiet_per_second, 0.0..=MAX_PER_SECOND));
            found.note(positive("arrivals.burst_per_second", *burst_per_second, MAX_PER_SECOND));
            found.note(pair("arrivals.quiet_seconds", *quiet_seconds, MIN_PHASE_SECONDS..=MAX_SECONDS));
            found.note(pair("arrivals.burst_seconds", *burst_seconds, MIN_PHASE_SECONDS..=MAX_SECONDS));
        }
        Arrivals::BacklogFlush { events, per_second, at_seconds, background_per_second } => {
            found.note(whole("arrivals.events", *events, 1..=MAX_EVENTS));
            found.note(positive("arrivals.per_second", *per_second, MAX_PER_SECOND));
            found.note(within("arrivals.at_seconds", *at_seconds, 0.0..=MAX_SECONDS));
            found.note(within("arrivals.background_per_second", *background_per_second, 0.0..=MAX_PER_SECOND));
        }
        Arrivals::Trace { speed_up, .. } => found.note(positive("arrivals.speed_up", *speed_up, MAX_SPEED_UP)),
    }
}

pub(super) fn amount(found: &mut Found, settings: &Settings, trace: Option<&Trace>, duration: Duration) {
    let events = load::most_events(settings, trace, duration);
    if events > MAX_EVENTS as f64 {
        let allowed = format!("must plan at most {MAX_EVENTS}: lower the rate or the duration");
        found.add("arrivals", format!("about {} events in a run", number(events.round())), allowed);
    }
    match &settings.arrivals {
        Arrivals::BacklogFlush { events, per_second, at_seconds, .. } => {
            // A flush that the end of the run cuts off would be smaller than what the file says.
            let end = at_seconds + (*events as f64) / per_second;
            found.note(within("arrivals: at_seconds + events / per_second", end, 0.0..=duration.as_secs_f64()));
        }
        Arrivals::Constant { .. } | Arrivals::Poisson { .. } | Arrivals::Bursts { .. } | Arrivals::Trace { .. } => {}
    }
}

pub(super) fn payload(found: &mut Found, settings: &Settings, trace: Option<&Trace>) {
    match settings.payload {
        Payload::Fixed { bytes } => found.note(whole("payload.bytes", bytes, 1..=MAX_PAYLOAD_BYTES)),
        Payload::LogNormal { median_bytes, sigma, min_bytes, max_bytes } => {
            found.note(within("payload.median_bytes", median_bytes, 1.0..=MAX_PAYLOAD_BYTES as f64));
            found.note(within("payload.sigma", sigma, 0.0..=MAX_SIGMA));
            found.note(whole("payload.min_bytes", min_bytes, 1..=MAX_PAYLOAD_BYTES));
            // A least size above the limit is told by the line before. Cut to the limit, it leaves a range that is not
            // empty.
            found.note(whole("payload.max_bytes", max_bytes, min_bytes.min(MAX_PAYLOAD_BYTES)..=MAX_PAYLOAD_BYTES));
        }
        Payload::FromTrace { times } => {
            let Some(trace) = trace else {
                return found.add("payload.kind", "from-trace", "must be fixed or log-normal: there is no trace");
            };
            let largest = trace.events().iter().map(|event| u64::from(event.bytes)).max().unwrap_or(1);
            // By the largest event, so that no product is more than a payload may have.
            found.note(whole("payload.times", times, 1..=MAX_PAYLOAD_BYTES / largest));
        }
    }
}
