//! When events arrive: times in whole nanoseconds, sorted, within `[0, duration)`.
//!
//! The number of subscribers is unknown here, so arrivals cannot depend on it.

use super::seed::{EntityRng, RngStream};
use crate::scenario::{Arrivals, Scenario, Trace, cycle_nanos, sped_up_nanos};
use crate::time::nanos;

/// A time, and where the event comes from a trace, its index there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Time {
    pub(super) nanos: u64,
    pub(super) recorded: Option<usize>,
}

pub(super) fn draw(scenario: &Scenario, seed: u64) -> Vec<Time> {
    let mut rng = EntityRng::of(seed, RngStream::Arrivals);
    let end = scenario.duration().as_secs_f64();
    let end_nanos = nanos(scenario.duration());
    let times = match &scenario.settings().arrivals {
        Arrivals::Constant { per_second } => constant(&mut rng, *per_second, end),
        Arrivals::Poisson { per_second } => poisson(&mut rng, *per_second, [0.0, end]),
        Arrivals::Bursts { quiet_per_second, burst_per_second, quiet_seconds, burst_seconds } => {
            let quiet = Phase { per_second: *quiet_per_second, seconds: *quiet_seconds };
            bursts(&mut rng, quiet, Phase { per_second: *burst_per_second, seconds: *burst_seconds }, end)
        }
        Arrivals::BacklogFlush { events, per_second, at_seconds, background_per_second } => {
            let mut times = poisson(&mut rng, *background_per_second, [0.0, end]);
            // From the index and not from the time before, so that rounding does not add up.
            times.extend((0..*events).map(|index| at_seconds + index as f64 / per_second));
            // The cut below ends at the first time beyond the run, which is right only for sorted times.
            times.sort_by(f64::total_cmp);
            times
        }
        Arrivals::Trace { speed_up, .. } => {
            return scenario.trace().map_or_else(Vec::new, |trace| replay(&mut rng, trace, *speed_up, end_nanos));
        }
    };
    // Cut off again below: rounding can move the last time to the end of the run.
    let nanos = times.into_iter().map(|at| (at * 1e9).round() as u64);
    nanos.take_while(|nanos| *nanos < end_nanos).map(|nanos| Time { nanos, recorded: None }).collect()
}

fn constant(rng: &mut EntityRng, per_second: f64, end: f64) -> Vec<f64> {
    let phase = rng.unit();
    // Divided anew for each, since gaps that are added up also add up their rounding.
    let times = (0u64..).map(|index| (phase + index as f64) / per_second);
    times.take_while(|at| *at < end).collect()
}

/// Exponential gaps (a Poisson process) within `[from, to)`.
fn poisson(rng: &mut EntityRng, per_second: f64, [from, to]: [f64; 2]) -> Vec<f64> {
    let mut times = Vec::new();
    // At a rate of 0 the division below would give an infinite gap, or no number at all.
    if per_second <= 0.0 {
        return times;
    }
    let mut at = from + rng.exponential() / per_second;
    while at < to {
        times.push(at);
        at += rng.exponential() / per_second;
    }
    times
}

#[derive(Debug, Clone, Copy)]
struct Phase {
    per_second: f64,
    seconds: [f64; 2],
}

impl Phase {
    fn mean_seconds(self) -> f64 {
        f64::midpoint(self.seconds[0], self.seconds[1])
    }
}

/// Phases in turn. The run begins somewhere inside one: in a burst with the probability that bursts have in the long
/// run, and with a random part of an ordinary phase over. (An observer who comes at any time meets long phases more
/// often; here the first phase is as long as any other.)
fn bursts(rng: &mut EntityRng, quiet: Phase, burst: Phase, end: f64) -> Vec<f64> {
    let long_run = burst.mean_seconds() / (burst.mean_seconds() + quiet.mean_seconds());
    let mut bursting = rng.unit() < long_run;
    let mut left = rng.unit();
    let mut from = 0.0;
    let mut times = Vec::new();
    while from < end {
        let phase = if bursting { burst } else { quiet };
        let to = from + rng.between(phase.seconds) * left;
        // A gap that crosses the end of a phase is drawn anew in the next: an exponential gap has no memory.
        times.extend(poisson(rng, phase.per_second, [from, to.min(end)]));
        from = to;
        left = 1.0;
        bursting = !bursting;
    }
    times
}

/// The trace from a random phase on, wrapped round for as long as it takes.
fn replay(rng: &mut EntityRng, trace: &Trace, speed_up: f64, end_nanos: u64) -> Vec<Time> {
    let cycle = cycle_nanos(trace, speed_up);
    // At most `cycle - 1`: the product of a number just below 1 may round up to the whole cycle.
    let phase = ((rng.unit() * cycle as f64) as u64).min(cycle - 1);
    let offsets: Vec<u64> = trace.events().iter().map(|event| sped_up_nanos(event.at, speed_up)).collect();
    let first = offsets.partition_point(|offset| *offset < phase);
    // Endless: the end of the run decides below how often the trace is played.
    let rounds =
        (0u64..).flat_map(|round| offsets.iter().enumerate().map(move |(index, offset)| (round, index, offset)));
    let times = rounds.skip(first).map(|(round, index, offset)| {
        // A later round lies beyond the phase, so the difference is never negative.
        Time { nanos: (round * cycle + offset).saturating_sub(phase), recorded: Some(index) }
    });
    times.take_while(|time| time.nanos < end_nanos).collect()
}
