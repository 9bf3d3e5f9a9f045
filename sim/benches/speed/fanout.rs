//! What the Hub itself costs a subscriber, without sockets, beside tokio's broadcast channel.
//!
//! One thread, so that nothing but the work is measured: an offer to a mailbox nobody waits at, an offer that wakes a
//! task, and both with what the subscriber does to take the event.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use bytes::Bytes;
use hubbub::{Capacity, Hub, HubSettings, Overflow, Subscription, Topic};
use tokio::runtime::Runtime;
use tokio::sync::broadcast;
use tokio::time::Instant;

use crate::rows::{Line, Row, Rows};
use crate::{median, say};

const SUBSCRIBERS: usize = 1000;
const EVENTS: usize = 256;
const ROUNDS: usize = 21;

/// Nanoseconds a subscriber: of publishing, and of publishing and taking.
struct Cost {
    publish: f64,
    whole: f64,
}

/// Targets: at most 50 ns a subscriber without wake-ups, at most 400 ns with.
pub(crate) fn bench(rows: &mut Rows) {
    say("");
    say(&format!("fan-out to {SUBSCRIBERS}, one thread, no sockets: ns a subscriber, median of {ROUNDS}"));
    say("                                publish   publish and take   target");
    let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
    for (what, target, round) in [
        ("hubbub, nobody waits", Some(50.0), hub_asleep as fn(&Runtime) -> Cost),
        ("tokio broadcast, nobody waits", None, broadcast_asleep),
        ("hubbub, all are woken", Some(400.0), hub_awake),
        ("tokio broadcast, all are woken", None, broadcast_awake),
    ] {
        let costs: Vec<_> = (0..ROUNDS).map(|_| round(&runtime)).collect();
        let publish = median(costs.iter().map(|cost| cost.publish).collect());
        let whole = median(costs.iter().map(|cost| cost.whole).collect());
        let publish = Row::new(format!("{what}: publish"), publish, "ns");
        let whole = Row::new(format!("{what}: publish and take"), whole, "ns");
        let publish = if let Some(target) = target { publish.at_most(target) } else { publish };
        let verdict = publish.verdict(target);
        let line = Line::new(&format!("  {what:30}")).value(7, 0, publish).value(19, 0, whole);
        rows.print(line.text("   ").text(&verdict));
    }
    say("  (a broadcast has one ring for all: no account, size or policy of a subscriber)");
}

fn hub() -> (Hub, Topic) {
    let capacity = Capacity::new(EVENTS).expect("within limits");
    let hub = Hub::new(HubSettings { epoch: 1, capacity, overflow: Overflow::DropNewest });
    (hub, Topic::of_table("t").expect("a table"))
}

fn subscriptions(hub: &Hub, topic: &Topic) -> Vec<Subscription> {
    (0..SUBSCRIBERS).map(|_| hub.subscribe(&[topic.clone().into()]).open().expect("no cursor")).collect()
}

const PAYLOAD: Bytes = Bytes::from_static(b"{}");

fn per_subscriber(took: Duration) -> f64 {
    took.as_secs_f64() * 1e9 / (SUBSCRIBERS * EVENTS) as f64
}

fn hub_asleep(_: &Runtime) -> Cost {
    let (hub, topic) = hub();
    let mut subscriptions = subscriptions(&hub, &topic);
    // Once, so that the mailboxes have their slots.
    let fill = || {
        (0..EVENTS).for_each(|_| {
            hub.publish(Duration::ZERO, &topic, PAYLOAD);
        })
    };
    let mut take = || {
        for subscription in &mut subscriptions {
            while subscription.try_recv().is_ok() {}
        }
    };
    fill();
    take();
    let begun = Instant::now();
    fill();
    let publish = begun.elapsed();
    take();
    Cost { publish: per_subscriber(publish), whole: per_subscriber(begun.elapsed()) }
}

fn broadcast_asleep(_: &Runtime) -> Cost {
    let (sender, receiver) = broadcast::channel(EVENTS);
    let mut receivers: Vec<_> = (1..SUBSCRIBERS).map(|_| sender.subscribe()).chain([receiver]).collect();
    let begun = Instant::now();
    (0..EVENTS).for_each(|_| {
        sender.send(PAYLOAD).expect("receivers");
    });
    let publish = begun.elapsed();
    receivers.iter_mut().for_each(|receiver| while receiver.try_recv().is_ok() {});
    Cost { publish: per_subscriber(publish), whole: per_subscriber(begun.elapsed()) }
}

fn hub_awake(runtime: &Runtime) -> Cost {
    let (hub, topic) = hub();
    let taken = Arc::new(AtomicUsize::new(0));
    for mut subscription in subscriptions(&hub, &topic) {
        let taken = taken.clone();
        runtime.spawn(async move {
            while subscription.recv().await.is_some() {
                taken.fetch_add(1, Ordering::Relaxed);
            }
        });
    }
    let cost = runtime.block_on(awake(
        || {
            hub.publish(Duration::ZERO, &topic, PAYLOAD);
        },
        &taken,
    ));
    hub.evict_all();
    runtime.block_on(rest());
    cost
}

fn broadcast_awake(runtime: &Runtime) -> Cost {
    let (sender, _) = broadcast::channel(EVENTS);
    let taken = Arc::new(AtomicUsize::new(0));
    for _ in 0..SUBSCRIBERS {
        let (taken, mut receiver) = (taken.clone(), sender.subscribe());
        runtime.spawn(async move {
            while receiver.recv().await.is_ok() {
                taken.fetch_add(1, Ordering::Relaxed);
            }
        });
    }
    let cost = runtime.block_on(awake(
        || {
            sender.send(PAYLOAD).expect("receivers");
        },
        &taken,
    ));
    drop(sender);
    runtime.block_on(rest());
    cost
}

/// Publishes, each time when every task has had the event before and waits for the next.
async fn awake(publish: impl Fn(), taken: &AtomicUsize) -> Cost {
    rest().await;
    let (mut published, begun) = (Duration::ZERO, Instant::now());
    for event in 1..=EVENTS {
        let before = Instant::now();
        publish();
        published += before.elapsed();
        while taken.load(Ordering::Relaxed) < event * SUBSCRIBERS {
            tokio::task::yield_now().await;
        }
    }
    Cost { publish: per_subscriber(published), whole: per_subscriber(begun.elapsed()) }
}

/// Until every task has run.
async fn rest() {
    for _ in 0..SUBSCRIBERS {
        tokio::task::yield_now().await;
    }
}
