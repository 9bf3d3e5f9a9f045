//! Plans made by hand.

use std::time::Duration;

use hubbub::{Capacity, Overflow};
use hubbub_sim::internals::plan::{
    Arrival, ClassPlan, DEFAULT_RETRY, HubChoice, Impairments, Plan, Reading, Selection, ServerPlan, SubscriberPlan,
};
use hubbub_sim::internals::record::Record;
use hubbub_sim::internals::runs::{Progress, RunWorld, Workers};
use hubbub_sim::internals::transport::Transport;
use hubbub_sim::internals::world::run;

/// Sweeps by the specification, with spot checks by the full stack.
pub(crate) const IN_BOTH: Workers<'static> =
    Workers { threads: 2, world: RunWorld::Specified, checks_a_share: true, known: None, progress: &Silent };

/// Sweeps by the full stack alone.
pub(crate) const SIMULATED: Workers<'static> = Workers { world: RunWorld::Simulated, ..IN_BOTH };

pub(crate) const fn ms(millis: u64) -> Duration {
    Duration::from_millis(millis)
}

/// One class with the given readers, and one event every `every` from 100 ms on.
pub(crate) fn plan(
    readings: Vec<Reading>,
    window_bytes: u64,
    events: usize,
    every: Duration,
    payload_bytes: u32,
) -> Plan {
    let arrivals = (0..events).map(|n| {
        let at = ms(100) + every * u32::try_from(n).unwrap();
        Arrival { at, payload_bytes, key: 0, table: 0 }
    });
    let subscribers = readings.into_iter().map(|reading| SubscriberPlan {
        class: 0,
        connect_at: Duration::ZERO,
        leave_at: None,
        reading,
        impairments: Impairments::default(),
    });
    let arrivals: Vec<_> = arrivals.collect();
    Plan {
        scenario: "by-hand".into(),
        seed: 3,
        table: "t".into(),
        other_tables: Vec::new(),
        duration: arrivals.last().map_or(ms(100), |last| last.at),
        drain: ms(2000),
        time_scale: 1,
        server: ServerPlan {
            keepalive: ms(15_000),
            write_deadline: ms(30_000),
            user_timeout: ms(20_000),
            frames_per_write: 1,
            transport: Transport::Sse,
            cpu: None,
            retry: DEFAULT_RETRY,
            recovery: None,
        },
        arrivals,
        classes: vec![ClassPlan {
            name: "all".into(),
            round_trip: None,
            window_bytes,
            reconnect_after: None,
            selection: Selection::default(),
            obeys_retry: false,
            path: None,
        }],
        subscribers: subscribers.collect(),
        faults: Vec::new(),
    }
}

/// The plan with three tables, to which events go in turn as listed, and with a class for each selection. Subscribers belong
/// to the classes in turn.
pub(crate) fn over_tables(mut plan: Plan, tables: &[u8], selections: Vec<Selection>) -> Plan {
    plan.table = "builds".into();
    plan.other_tables = vec!["log".into(), "a-table-with-a-long-name".into()];
    for (index, arrival) in plan.arrivals.iter_mut().enumerate() {
        arrival.table = tables[index % tables.len()];
    }
    let all = plan.classes[0].clone();
    let count = selections.len();
    plan.classes = selections.into_iter().map(|selection| ClassPlan { selection, ..all.clone() }).collect();
    for (index, subscriber) in plan.subscribers.iter_mut().enumerate() {
        subscriber.class = index % count;
    }
    plan.subscribers.sort_by_key(|subscriber| subscriber.class);
    plan
}

pub(crate) fn named(tables: &[&str]) -> Selection {
    Selection::Tables(tables.iter().map(|table| (*table).to_owned()).collect())
}

pub(crate) fn choice(frames: usize, overflow: Overflow) -> HubChoice {
    HubChoice { capacity: Capacity::new(frames).unwrap(), overflow }
}

pub(crate) fn at(plan: &Plan, frames: usize) -> Record {
    run(plan, choice(frames, Overflow::DropNewest)).unwrap()
}

/// Nobody wants to know how far the work is.
pub(crate) struct Silent;

impl Progress for Silent {
    fn begin(&self, _: &str, _: u64) {}
    fn advance(&self, _: u64) {}
    fn end(&self) {}
}
