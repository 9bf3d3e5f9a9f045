//! Who watches: each member's life, from streams of its own.

use std::time::Duration;

use super::seed::{EntityRng, RngStream};
use super::{ClassPlan, Reading, Selection, Stall, SubscriberPlan, path};
use crate::scenario::{Class, NetworkPath, Reads, RoundTrip, Scenario};
use crate::time::of_seconds;

/// Where a scenario does not say when members connect: within this much of the run's start, or less in a short run.
const DEFAULT_CONNECT_WITHIN: Duration = Duration::from_secs(1);
/// … namely at most this part of it.
const DEFAULT_CONNECT_PART: u32 = 10;

pub(super) fn class(class: &Class) -> ClassPlan {
    let round_trip = match class.round_trip_ms {
        RoundTrip::Ms(ms) => Some(of_seconds(ms / 1e3)),
        RoundTrip::Minimum => None,
    };
    ClassPlan {
        name: class.name.clone(),
        round_trip,
        window_bytes: class.window_bytes,
        reconnect_after: class.reconnect_after_seconds.map(of_seconds),
        selection: selection(class),
        obeys_retry: class.obeys_retry,
        path: class.path().map(path::path),
    }
}

fn selection(class: &Class) -> Selection {
    match (&class.tables, &class.topic) {
        (Some(tables), _) => Selection::Tables(tables.clone()),
        (None, Some(topic)) => Selection::Topic(topic.clone()),
        (None, None) => Selection::Everything,
    }
}

pub(super) fn draw(scenario: &Scenario, subscribers: usize, seed: u64) -> Vec<SubscriberPlan> {
    let drain = of_seconds(scenario.settings().drain_seconds);
    let classes = scenario.settings().classes.iter().enumerate();
    let members = classes.zip(scenario.population(subscribers)).flat_map(|((index, class), members)| {
        let times = Times { end: scenario.duration(), until: scenario.duration() + drain };
        let path = class.path();
        (0..members).map(move |rank| subscriber(class, path.as_ref(), Member { seed, class: index, rank }, times))
    });
    members.collect()
}

#[derive(Debug, Clone, Copy)]
struct Member {
    seed: u64,
    class: usize,
    rank: usize,
}

impl Member {
    fn rng(self, kind: RngStream) -> EntityRng {
        EntityRng::of_member(self.seed, kind, self.class, self.rank)
    }
}

/// When a run ends.
#[derive(Debug, Clone, Copy)]
struct Times {
    /// The last moment at which something may arrive.
    end: Duration,
    /// The end of the drain.
    until: Duration,
}

fn subscriber(
    class: &Class,
    path: Option<&NetworkPath>,
    member: Member,
    Times { end, until }: Times,
) -> SubscriberPlan {
    let default_connect = [0.0, DEFAULT_CONNECT_WITHIN.min(end / DEFAULT_CONNECT_PART).as_secs_f64()];
    let connect = class.connect_seconds.unwrap_or(default_connect);
    let connect_at = of_seconds(member.rng(RngStream::Connect).between(connect));
    // A stream of its own for each choice: a scenario that adds one leaves all others as they were.
    let stays = class.stay_seconds.map(|stay| of_seconds(member.rng(RngStream::Stay).between(stay)));
    // A member that would leave during the drain stays, so that what is under way can reach it.
    let leave_at = stays.map(|stays| connect_at + stays).filter(|leave_at| *leave_at < end);
    let reading = match class.reads {
        Reads::AsItArrives => Reading::AsItArrives,
        Reads::Rate { bytes_per_second } => Reading::Rate { bytes_per_second },
        Reads::Stalls { after_seconds, for_seconds } => {
            Reading::Stalls { stalls: stalls(&mut member.rng(RngStream::Stalls), after_seconds, for_seconds, end) }
        }
        Reads::RateWithStalls { bytes_per_second, after_seconds, for_seconds } => Reading::RateWithStalls {
            bytes_per_second,
            stalls: stalls(&mut member.rng(RngStream::Stalls), after_seconds, for_seconds, end),
        },
        Reads::Never => Reading::Never,
    };
    let impairments = path.map(|path| {
        let outages = |rng: &mut EntityRng, after, lasts| stalls(rng, after, lasts, end);
        path::impairments(path, |kind| member.rng(kind), until, outages)
    });
    let impairments = impairments.unwrap_or_default();
    SubscriberPlan { class: member.class, connect_at, leave_at, reading, impairments }
}

/// Reading and stalling in turn, from a random phase of the first round of both, so that a tab may be in the background
/// when the run begins. No stall begins after the last arrival, so that a drain can end.
fn stalls(rng: &mut EntityRng, after_seconds: [f64; 2], for_seconds: [f64; 2], end: Duration) -> Vec<Stall> {
    let mut stalls = Vec::new();
    // All three are drawn before the phase is known, so that both cases below take the same numbers.
    let after = rng.between(after_seconds);
    let length = rng.between(for_seconds);
    let phase = rng.unit() * (after + length);
    if phase > after {
        stalls.push(Stall { from: Duration::ZERO, lasts: of_seconds(after + length - phase) });
    } else {
        stalls.push(Stall { from: of_seconds(after - phase), lasts: of_seconds(length) });
    }
    let mut at = stalls[0].from + stalls[0].lasts;
    loop {
        at += of_seconds(rng.between(after_seconds));
        if at >= end {
            break;
        }
        let lasts = of_seconds(rng.between(for_seconds));
        stalls.push(Stall { from: at, lasts });
        at += lasts;
    }
    stalls.retain(|stall| stall.from < end && !stall.lasts.is_zero());
    stalls
}
