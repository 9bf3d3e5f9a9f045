//! Cases: a plan, and what is set at the Hub. Everything is drawn small, so that a campaign is many runs.

use std::time::Duration;

use hubbub::{Capacity, Overflow};
use hubbub_sim::plan::{Arrival, ClassPlan, CpuPlan, Plan, Reading, ServerPlan, Stall, SubscriberPlan};
use hubbub_sim::world::HubChoice;
use proptest::prelude::*;
use proptest::sample::{Index, select};

use crate::plans::ms;

/// A deadline, or a silence, that no case lives to see.
pub(super) const LONG: Duration = Duration::from_secs(30);
/// First arrival.
const BEGIN: Duration = ms(100);

/// One run to do.
#[derive(Debug, Clone)]
pub(super) struct Case {
    pub(super) plan: Plan,
    pub(super) frames: usize,
    pub(super) overflow: Overflow,
}

impl Case {
    pub(super) fn choice(&self) -> HubChoice {
        self.choice_of(self.frames)
    }

    pub(super) fn choice_of(&self, frames: usize) -> HubChoice {
        HubChoice { capacity: Capacity::new(frames).unwrap(), overflow: self.overflow }
    }

    pub(super) fn unbounded(&self) -> HubChoice {
        HubChoice { capacity: Capacity::UNBOUNDED, overflow: self.overflow }
    }

    /// Subscribers are then independent of each other.
    pub(super) fn without_cpu(mut self) -> Self {
        self.plan.server.cpu = None;
        self
    }

    /// No connection is then cut off for want of progress, and no comment is sent.
    pub(super) fn patient(mut self) -> Self {
        (self.plan.server.write_deadline, self.plan.server.keepalive) = (LONG, LONG);
        self
    }

    pub(super) fn dropping_newest(mut self) -> Self {
        self.overflow = Overflow::DropNewest;
        self
    }

    /// All frames have the same size on the wire: ids have more digits as they grow, and payloads fewer bytes.
    pub(super) fn with_equal_frames(mut self, payload_bytes: u32) -> Self {
        for (sequence, arrival) in (1u32..).zip(&mut self.plan.arrivals) {
            arrival.payload_bytes = payload_bytes.max(20) - sequence.ilog10();
        }
        self
    }
}

/// Any case.
pub(super) fn any_case() -> impl Strategy<Value = Case> {
    let choice = (prop_oneof![1 => 1usize..=4, 2 => 1usize..=32], select(Overflow::ALL.to_vec()));
    (plan(), choice).prop_map(|(plan, (frames, overflow))| Case { plan, frames, overflow })
}

fn plan() -> impl Strategy<Value = Plan> {
    let classes = prop::collection::vec(class(), 1..=3);
    let subscribers = prop::collection::vec((any::<Index>(), subscriber()), 2..=12);
    let time_scale = prop_oneof![3 => Just(1), 1 => Just(3)];
    let plan = (classes, subscribers, arrivals(), server(), time_scale).prop_map(assembled);
    (plan, prop::bool::weighted(0.25)).prop_map(|(plan, is_calm)| if is_calm { calm(plan) } else { plan })
}

/// Nobody has reason to lose anything, but for stalls: most plans lose something, and losing nothing must be right too.
fn calm(mut plan: Plan) -> Plan {
    plan.arrivals.iter_mut().for_each(|arrival| arrival.payload_bytes = arrival.payload_bytes.min(50));
    plan.classes.iter_mut().for_each(|class| class.window_bytes = class.window_bytes.max(15_000));
    for subscriber in &mut plan.subscribers {
        if matches!(subscriber.reading, Reading::Rate { .. } | Reading::Never) {
            subscriber.reading = Reading::AsItArrives;
        }
    }
    plan
}

type Parts = (Vec<ClassPlan>, Vec<(Index, SubscriberPlan)>, Vec<Arrival>, ServerPlan, u32);

fn assembled((mut classes, members, arrivals, server, time_scale): Parts) -> Plan {
    let members =
        members.into_iter().map(|(class, member)| SubscriberPlan { class: class.index(classes.len()), ..member });
    let mut subscribers: Vec<_> = members.collect();
    subscribers.sort_by_key(|subscriber| subscriber.class);
    for (index, class) in classes.iter_mut().enumerate() {
        class.name = format!("class-{index}");
    }
    Plan {
        scenario: "law".into(),
        seed: 3,
        table: "t".into(),
        duration: arrivals.last().map_or(BEGIN, |last| last.at),
        drain: ms(300),
        time_scale,
        server,
        arrivals,
        classes,
        subscribers,
    }
}

fn millis(range: std::ops::Range<u64>) -> impl Strategy<Value = Duration> {
    range.prop_map(ms)
}

fn micros(range: std::ops::Range<u64>) -> impl Strategy<Value = Duration> {
    range.prop_map(Duration::from_micros)
}

fn server() -> impl Strategy<Value = ServerPlan> {
    let cpu = (micros(20..300), micros(10..200)).prop_map(|(publish, delivery)| CpuPlan { publish, delivery });
    let deadline = prop_oneof![1 => Just(LONG), 1 => millis(60..400)];
    let keepalive = prop_oneof![2 => Just(LONG), 1 => millis(10..100)];
    (deadline, keepalive, prop::option::of(cpu)).prop_map(|(write_deadline, keepalive, cpu)| ServerPlan {
        keepalive,
        write_deadline,
        cpu,
    })
}

fn class() -> impl Strategy<Value = ClassPlan> {
    let window_bytes = prop_oneof![1 => 200u64..2000, 2 => 2000u64..20_000];
    let round_trip = prop::option::of(millis(2..40));
    let reconnect_after = prop::option::of(millis(10..150));
    (window_bytes, round_trip, reconnect_after).prop_map(|(window_bytes, round_trip, reconnect_after)| ClassPlan {
        name: String::new(),
        round_trip,
        window_bytes,
        reconnect_after,
    })
}

fn subscriber() -> impl Strategy<Value = SubscriberPlan> {
    let leave_at = prop_oneof![4 => Just(None), 1 => millis(60..900).prop_map(Some)];
    let parts = (millis(0..80), leave_at, reading());
    parts.prop_map(|(connect_at, leave_at, reading)| SubscriberPlan { class: 0, connect_at, leave_at, reading })
}

fn reading() -> impl Strategy<Value = Reading> {
    let rate = prop_oneof![1 => 1000u64..20_000, 2 => 20_000u64..2_000_000];
    let stalls = prop::collection::vec((millis(1..300), millis(20..500)), 1..=3);
    prop_oneof![
        3 => Just(Reading::AsItArrives),
        3 => rate.prop_map(|bytes_per_second| Reading::Rate { bytes_per_second }),
        3 => stalls.prop_map(|stalls| Reading::Stalls { stalls: one_after_the_other(stalls) }),
        1 => Just(Reading::Never),
    ]
}

fn one_after_the_other(gaps: Vec<(Duration, Duration)>) -> Vec<Stall> {
    let mut at = Duration::ZERO;
    let stalls = gaps.into_iter().map(|(after, lasts)| {
        let from = at + after;
        at = from + lasts;
        Stall { from, lasts }
    });
    stalls.collect()
}

/// Trains of events: some in one instant, some drawn out; of equal or of unequal sizes.
fn arrivals() -> impl Strategy<Value = Vec<Arrival>> {
    let spacing = prop_oneof![2 => Just(Duration::ZERO), 3 => micros(50..4000)];
    let train = (millis(0..80), spacing, 1usize..40);
    let sizes = prop_oneof![
        1 => (1u32..1500).prop_map(|size| vec![size; 300]),
        1 => prop::collection::vec(prop_oneof![3 => 1u32..300, 1 => 300u32..4000], 300),
    ];
    (prop::collection::vec(train, 2..=14), sizes).prop_map(|(trains, sizes)| {
        let mut at = BEGIN;
        let mut times = Vec::new();
        for (pause, spacing, events) in trains {
            at += pause;
            for _ in 0..events {
                times.push(at);
                at += spacing;
            }
        }
        // At least twenty: what is missing comes at the end.
        times.extend((times.len()..20).map(|n| at + ms(1) * u32::try_from(n).unwrap_or(0)));
        times.into_iter().zip(sizes).map(|(at, payload_bytes)| Arrival { at, payload_bytes, key: 0 }).collect()
    })
}
