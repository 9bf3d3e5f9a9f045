//! Drawing cases: everything small, so that a campaign is many runs.
//!
//! Kinds of faults are switched on and off as a whole, a case at a time: what one of them hides, a case without it
//! shows.

mod faults;
mod lives;
mod paths;
mod returns;
mod tables;

use std::num::NonZeroUsize;
use std::time::Duration;

use hubbub::Overflow;
use hubbub::server::MAX_FRAMES_PER_WRITE;
use proptest::prelude::*;
use proptest::sample::{Index, select};
use proptest::strategy::ValueTree;
use proptest::test_runner::{Config, RngSeed, TestRunner};

use super::Case;
use super::case::LONG;
use crate::plan::{
    Arrival, ClassPlan, CpuPlan, DEFAULT_RETRY, Fault, Plan, Reading, Recovery, Selection, ServerPlan, SubscriberPlan,
};
use crate::transport::Transport;

/// Most subscribers that a case has.
const MOST_SUBSCRIBERS: usize = 12;

/// First arrival.
const BEGIN: Duration = Duration::from_millis(100);

/// Any case.
pub fn any_case() -> impl Strategy<Value = Case> {
    let choice = (prop_oneof![1 => 1usize..=4, 2 => 1usize..=32], select(Overflow::ALL.to_vec()));
    // Rates of those who stall come last, so that a seed's case is else what it was before there were any.
    let rates = prop::collection::vec(prop::option::weighted(0.4, lives::rate()), MOST_SUBSCRIBERS);
    let parts = (plan(), choice, rates, paths::paths(), tables::tables(), returns::returns());
    parts.prop_map(|((plan, is_calm), (frames, overflow), rates, paths, tables, returns)| {
        let plan = if is_calm { plan } else { lives::with_rates(plan, &rates) };
        // Not for calm ones: nobody there has reason to lose anything.
        let plan = match paths {
            Some(paths) if !is_calm => paths.applied(plan),
            Some(_) | None => plan,
        };
        let plan = match tables {
            Some(tables) => tables.applied(plan),
            None => plan,
        };
        let plan = match returns {
            Some(returns) if !is_calm => returns.applied(plan),
            Some(_) | None => plan,
        };
        Case { plan, frames, overflow }
    })
}

/// The case of a seed: the same on every machine with the same version of proptest.
pub fn case_of(seed: u64) -> Case {
    // Without proptest's file of failed cases: the seed alone gives the case again.
    let config = Config { rng_seed: RngSeed::Fixed(seed), failure_persistence: None, ..Config::default() };
    let tree = any_case().new_tree(&mut TestRunner::new(config));
    let mut case = tree.map(|tree| tree.current()).unwrap_or_else(|why| unreachable!("nothing is filtered: {why}"));
    case.plan.seed = seed;
    case
}

/// A plan, and whether it is a calm one.
fn plan() -> impl Strategy<Value = (Plan, bool)> {
    let classes = prop::collection::vec(class(), 1..=3);
    let subscribers = prop::collection::vec((any::<Index>(), lives::subscriber()), 2..=MOST_SUBSCRIBERS);
    let time_scale = prop_oneof![3 => Just(1), 1 => Just(3)];
    let parts = (classes, subscribers, arrivals(), server(), time_scale, faults::faults());
    let plan = parts.prop_map(assembled);
    (plan, prop::bool::weighted(0.25)).prop_map(|(plan, is_calm)| (if is_calm { calm(plan) } else { plan }, is_calm))
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

type Parts = (Vec<ClassPlan>, Vec<(Index, SubscriberPlan)>, Vec<Arrival>, ServerPlan, u32, faults::Drawn);

fn assembled((mut classes, members, arrivals, server, time_scale, drawn): Parts) -> Plan {
    let members =
        members.into_iter().map(|(class, member)| SubscriberPlan { class: class.index(classes.len()), ..member });
    let mut subscribers: Vec<_> = members.collect();
    // A plan has its subscribers grouped by class.
    subscribers.sort_by_key(|subscriber| subscriber.class);
    for (index, class) in classes.iter_mut().enumerate() {
        class.name = format!("class-{index}");
    }
    let faults: Vec<Fault> = drawn.assembled(subscribers.len(), classes.len());
    Plan {
        scenario: "law".into(),
        // Any seed will do here: `case_of` puts the case's own in its place.
        seed: 3,
        table: "t".into(),
        other_tables: Vec::new(),
        duration: arrivals.last().map_or(BEGIN, |last| last.at),
        drain: Duration::from_millis(300),
        time_scale,
        server,
        arrivals,
        classes,
        subscribers,
        faults,
    }
}

fn millis(range: std::ops::Range<u64>) -> impl Strategy<Value = Duration> {
    range.prop_map(Duration::from_millis)
}

fn micros(range: std::ops::Range<u64>) -> impl Strategy<Value = Duration> {
    range.prop_map(Duration::from_micros)
}

fn server() -> impl Strategy<Value = ServerPlan> {
    let cpu = (micros(20..300), micros(10..200)).prop_map(|(publish, delivery)| {
        // Derived and not drawn, so that no other draw changes.
        let frame = if publish.as_micros() % 2 == 0 { Duration::ZERO } else { delivery / 4 };
        CpuPlan { publish, delivery, frame, connect: Duration::ZERO }
    });
    let deadline = prop_oneof![1 => Just(LONG), 1 => millis(60..400)];
    let keepalive = prop_oneof![2 => Just(LONG), 1 => millis(10..100)];
    let frames_per_write = prop_oneof![2 => Just(1), 1 => 2usize..=MAX_FRAMES_PER_WRITE];
    let transport = prop_oneof![3 => Just(Transport::Sse), 1 => Just(Transport::Ws)];
    let others = (frames_per_write, transport, prop::option::of(cpu), prop::option::of(recovery()));
    let parts = (deadline, keepalive, millis(40..300), others);
    parts.prop_map(|(write_deadline, keepalive, user_timeout, (frames_per_write, transport, cpu, recovery))| {
        let retry = DEFAULT_RETRY;
        ServerPlan { keepalive, write_deadline, user_timeout, frames_per_write, transport, cpu, retry, recovery }
    })
}

/// Histories that cover everything, and such that do not.
fn recovery() -> impl Strategy<Value = Recovery> {
    let events = prop_oneof![1 => 1usize..60, 1 => Just(100_000)];
    let bytes = prop_oneof![1 => 100usize..20_000, 2 => Just(1 << 30)];
    let waiting_bytes = prop::option::weighted(0.3, 1usize..5000).prop_map(|bytes| bytes.and_then(NonZeroUsize::new));
    let waiting_age = prop::option::weighted(0.3, millis(1..150));
    (events, bytes, waiting_bytes, waiting_age).prop_map(
        |(history_events, history_bytes, waiting_bytes, waiting_age)| Recovery {
            history_events,
            history_bytes,
            waiting_bytes,
            waiting_age,
        },
    )
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
        selection: Selection::default(),
        obeys_retry: false,
        path: None,
    })
}

/// Trains of events: some in one instant, some drawn out; of equal or of unequal sizes.
fn arrivals() -> impl Strategy<Value = Vec<Arrival>> {
    let spacing = prop_oneof![2 => Just(Duration::ZERO), 3 => micros(50..4000)];
    let train = (millis(0..80), spacing, 1usize..40);
    let sizes = prop_oneof![
        1 => (1u32..1500).prop_map(|size| vec![size; 300]),
        1 => prop::collection::vec(prop_oneof![3 => 1u32..300, 1 => 300u32..4000], 300),
    ];
    let keys = (1u32..40).prop_flat_map(|keys| prop::collection::vec(0..keys, 600));
    (prop::collection::vec(train, 2..=14), sizes, keys).prop_map(|(trains, sizes, keys)| {
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
        let late = Duration::from_millis(1);
        times.extend((times.len()..20).map(|n| at + late * u32::try_from(n).unwrap_or(0)));
        // The sizes end the zip: a case has at most 300 events, however long its trains are.
        let arrivals = times.into_iter().zip(sizes).zip(keys);
        arrivals.map(|((at, payload_bytes), key)| Arrival { at, payload_bytes, key, table: 0 }).collect()
    })
}
