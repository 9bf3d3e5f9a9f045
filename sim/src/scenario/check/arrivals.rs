//! Checks of what arrives: rates, amounts and sizes.

use std::time::Duration;

use super::MAX_SECONDS;
use super::range::{pair, positive, whole, within};
use crate::scenario::error::Wrong;
use crate::scenario::trace::{MAX_EVENTS, MAX_PAYLOAD_BYTES};
use crate::scenario::{Arrivals, Payload, Settings, Trace, load};

/// A thousand events in a tick.
const MAX_PER_SECOND: f64 = 1e6;
/// Shortest phase of a burst source; phases cost time to draw.
const MIN_PHASE_SECONDS: f64 = 0.001;
/// Fastest replay: a day in less than a second.
const MAX_SPEED_UP: f64 = 100_000.0;
/// Beyond it a log-normal size is one of its two limits.
const MAX_SIGMA: f64 = 10.0;

pub(super) fn rates(arrivals: &Arrivals) -> Result<(), Wrong> {
    match arrivals {
        Arrivals::Constant { per_second } | Arrivals::Poisson { per_second } => {
            positive("arrivals.per_second", *per_second, MAX_PER_SECOND)
        }
        Arrivals::Bursts { quiet_per_second, burst_per_second, quiet_seconds, burst_seconds } => {
            within("arrivals.quiet_per_second", *quiet_per_second, 0.0..=MAX_PER_SECOND)?;
            positive("arrivals.burst_per_second", *burst_per_second, MAX_PER_SECOND)?;
            pair("arrivals.quiet_seconds", *quiet_seconds, MIN_PHASE_SECONDS..=MAX_SECONDS)?;
            pair("arrivals.burst_seconds", *burst_seconds, MIN_PHASE_SECONDS..=MAX_SECONDS)
        }
        Arrivals::BacklogFlush { events, per_second, at_seconds, background_per_second } => {
            whole("arrivals.events", *events, 1..=MAX_EVENTS as u64)?;
            positive("arrivals.per_second", *per_second, MAX_PER_SECOND)?;
            within("arrivals.at_seconds", *at_seconds, 0.0..=MAX_SECONDS)?;
            within("arrivals.background_per_second", *background_per_second, 0.0..=MAX_PER_SECOND)
        }
        Arrivals::Trace { speed_up, .. } => positive("arrivals.speed_up", *speed_up, MAX_SPEED_UP),
    }
}

pub(super) fn amount(settings: &Settings, trace: Option<&Trace>, duration: Duration) -> Result<(), Wrong> {
    let events = load::most_events(settings, trace, duration);
    if events > MAX_EVENTS as f64 {
        let allowed = format!("must plan at most {MAX_EVENTS}: lower the rate or the duration");
        return Err(Wrong::new("arrivals", format!("about {events:.0} events in a run"), allowed));
    }
    match &settings.arrivals {
        Arrivals::BacklogFlush { events, per_second, at_seconds, .. } => {
            let end = at_seconds + (*events as f64) / per_second;
            within("arrivals: at_seconds + events / per_second", end, 0.0..=duration.as_secs_f64())
        }
        Arrivals::Constant { .. } | Arrivals::Poisson { .. } | Arrivals::Bursts { .. } | Arrivals::Trace { .. } => {
            Ok(())
        }
    }
}

pub(super) fn payload(settings: &Settings, trace: Option<&Trace>) -> Result<(), Wrong> {
    match settings.payload {
        Payload::Fixed { bytes } => whole("payload.bytes", bytes, 1..=MAX_PAYLOAD_BYTES),
        Payload::LogNormal { median_bytes, sigma, min_bytes, max_bytes } => {
            within("payload.median_bytes", median_bytes, 1.0..=MAX_PAYLOAD_BYTES as f64)?;
            within("payload.sigma", sigma, 0.0..=MAX_SIGMA)?;
            whole("payload.min_bytes", min_bytes, 1..=MAX_PAYLOAD_BYTES)?;
            whole("payload.max_bytes", max_bytes, min_bytes..=MAX_PAYLOAD_BYTES)
        }
        Payload::FromTrace { times } => {
            let Some(trace) = trace else {
                return Err(Wrong::new("payload.kind", "from-trace", "must be fixed or log-normal: there is no trace"));
            };
            let largest = trace.events().iter().map(|event| u64::from(event.bytes)).max().unwrap_or(1);
            whole("payload.times", times, 1..=MAX_PAYLOAD_BYTES / largest)
        }
    }
}
