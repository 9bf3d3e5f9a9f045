//! What a scenario offers, in round figures: enough to refuse the absurd and to warn, drawn from nothing.

use std::time::Duration;

use super::{Arrivals, Payload, Settings, Trace, TraceEvent};

/// Bytes that a frame has besides its payload: id line, `data: `, line ends and chunk framing.
///
/// An id of `<epoch>-<sequence>` takes some 20 B, the field names and line ends 14 B, the chunk head and tail 7 B.
pub const FRAME_OVERHEAD_BYTES: f64 = 40.0;

/// The most events that a run may have, on the mean.
pub(super) fn most_events(settings: &Settings, trace: Option<&Trace>, duration: Duration) -> f64 {
    let seconds = duration.as_secs_f64();
    match &settings.arrivals {
        Arrivals::Constant { per_second } | Arrivals::Poisson { per_second } => per_second * seconds,
        Arrivals::Bursts { quiet_per_second, burst_per_second, .. } => {
            quiet_per_second.max(*burst_per_second) * seconds
        }
        Arrivals::BacklogFlush { events, background_per_second, .. } => {
            *events as f64 + background_per_second * seconds
        }
        Arrivals::Trace { speed_up, .. } => trace.map_or(0.0, |trace| {
            let cycles = seconds * 1e9 / cycle_nanos(trace, *speed_up) as f64;
            trace.events().len() as f64 * cycles
        }),
    }
}

/// Events a second where they come thickest.
pub(super) fn peak_per_second(settings: &Settings, trace: Option<&Trace>) -> f64 {
    match &settings.arrivals {
        Arrivals::Constant { per_second } | Arrivals::Poisson { per_second } => *per_second,
        Arrivals::Bursts { quiet_per_second, burst_per_second, .. } => quiet_per_second.max(*burst_per_second),
        Arrivals::BacklogFlush { per_second, background_per_second, .. } => per_second + background_per_second,
        Arrivals::Trace { speed_up, .. } => trace.map_or(0.0, |trace| busiest_second(trace, *speed_up)),
    }
}

/// Events in the busiest second of a trace that is played at a speed and wrapped round: a second may be many cycles.
fn busiest_second(trace: &Trace, speed_up: f64) -> f64 {
    const SECOND_NANOS: u64 = 1_000_000_000;
    let cycle = cycle_nanos(trace, speed_up);
    let times = |round: u64| {
        let nanos = move |event: &TraceEvent| round * cycle + sped_up_nanos(event.at, speed_up);
        trace.events().iter().map(move |event| Duration::from_nanos(nanos(event)))
    };
    // Two rounds, since the busiest stretch may lie across the seam. What is longer than a cycle is counted in whole
    // ones.
    let twice: Vec<Duration> = times(0).chain(times(1)).collect();
    let rest = busiest(&twice, Duration::from_nanos(SECOND_NANOS % cycle));
    (trace.events().len() as u64 * (SECOND_NANOS / cycle) + rest) as f64
}

/// Mean payload, the limits of a log-normal one taken as mild.
pub(super) fn mean_payload_bytes(payload: &Payload, trace: Option<&Trace>) -> f64 {
    match payload {
        Payload::Fixed { bytes } => *bytes as f64,
        Payload::LogNormal { median_bytes, sigma, min_bytes, max_bytes } => {
            (median_bytes * libm::exp(sigma * sigma / 2.0)).clamp(*min_bytes as f64, *max_bytes as f64)
        }
        Payload::FromTrace { times } => trace.map_or(0.0, |trace| {
            let sum: u64 = trace.events().iter().map(|event| u64::from(event.bytes)).sum();
            (sum * times) as f64 / trace.events().len() as f64
        }),
    }
}

/// Most of the sorted times in any stretch `[t, t + length)`.
pub fn busiest(times: &[Duration], length: Duration) -> u64 {
    let mut first = 0;
    let mut most = 0;
    // A stretch of no length holds nothing, and `first` would run past the end below.
    if length.is_zero() {
        return 0;
    }
    for (last, at) in times.iter().enumerate() {
        // Both ends only move forward, so a long trace is passed once and not once for each event.
        while times[first] + length <= *at {
            first += 1;
        }
        most = most.max(last + 1 - first);
    }
    most as u64
}

/// One cycle of a trace played at a speed, in nanoseconds; always beyond the last event.
pub fn cycle_nanos(trace: &Trace, speed_up: f64) -> u64 {
    // At a high speed, rounding may take the pause away. The first event must not come with the last one.
    sped_up_nanos(trace.cycle(), speed_up).max(sped_up_nanos(trace.span(), speed_up).saturating_add(1))
}

/// A time of a trace played at a speed, in nanoseconds.
pub fn sped_up_nanos(at: Duration, speed_up: f64) -> u64 {
    (at.as_nanos() as f64 / speed_up).round() as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_peak_of_a_trace_played_many_times_a_second_is_that_of_all_its_cycles() {
        let lines: String = (0..100).map(|at| format!("{{\"at_ms\":{},\"bytes\":1}}\n", at * 10)).collect();
        let trace = Trace::read("t.jsonl", lines.as_bytes()).unwrap();
        let peaks = [1.0, 2.0, 50.0].map(|speed_up| busiest_second(&trace, speed_up));
        assert_eq!(peaks, [100.0, 200.0, 5000.0]);
    }
}
