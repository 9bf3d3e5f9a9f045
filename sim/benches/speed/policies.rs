//! What a policy costs at every push, and what a long replay costs everybody else.

use std::io::Write;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use bytes::Bytes;
use hubbub::frame;
use hubbub::hub::{Cursor, HistorySettings, Rules};
use hubbub::mailbox::{Key, Letter, Mailbox};
use hubbub::{Capacity, Event, EventId, Hub, Limits, Overflow, Pattern, Subscription, Topic};

use crate::{median, say, timed};

/// Frames of a mailbox, and entities that events are about.
const FRAMES: usize = 256;
const KEYS: usize = 128;
const EVENTS: usize = 10_000;
/// As many as a fan-out may go to: the event is warm, as it is there, and its making does not count.
const MAILBOXES: usize = 64;
const REPLAYED: usize = 100_000;
const PUBLISHED: usize = 200_000;
static PAYLOAD: [u8; 700] = [b'x'; 700];

/// Target: a conflating or parked mailbox costs at most twice a plain one, in a Hub as it is.
pub(crate) fn pushes() {
    say(&format!(
        "a push, one event to {MAILBOXES} mailboxes of {FRAMES} after the other, about one of {KEYS} keys (median of 9)"
    ));
    say("  mailbox alone             in a Hub");
    say("  nobody reads  all is read  nobody reads");
    for policy in Overflow::ALL {
        let of = |nanoseconds: &dyn Fn() -> f64| median((0..9).map(|_| nanoseconds()).collect());
        let alone = |is_read| of(&|| nanoseconds_a_push(policy, is_read));
        let in_a_hub = of(&|| nanoseconds_an_offer(policy));
        say(&format!("  {:9.1} ns {:9.1} ns {in_a_hub:10.1} ns  {policy}", alone(false), alone(true)));
    }
}

/// With its lock, its account and what is kept in mind to be told; and its part of the event's making, key and all.
fn nanoseconds_an_offer(policy: Overflow) -> f64 {
    let mut rules = Rules::plain(limits(), policy);
    rules.policy.key = "build".parse().ok();
    rules.announces_gaps = true;
    let (hub, topic) = (Hub::with(1, rules), Topic::new("ingest.builds").expect("a topic"));
    let pattern = [Pattern::from(topic.clone())];
    let mut subscriptions: Vec<_> = (0..MAILBOXES).map(|_| hub.subscribe(&pattern)).collect();
    let payloads: Vec<_> = (0..EVENTS).map(|number| Bytes::from(format!("{{\"build\":{}}}", key_of(number)))).collect();
    let ((), took) = timed(|| {
        for payload in payloads {
            hub.publish(Duration::ZERO, &topic, payload);
            for subscription in subscriptions.iter_mut().filter(|subscription| subscription.is_closed()) {
                *subscription = hub.subscribe(&pattern);
            }
        }
    });
    took.as_secs_f64() * 1e9 / (EVENTS * MAILBOXES) as f64
}

/// With the handle that is made for it and, where all is read, its way out.
fn nanoseconds_a_push(policy: Overflow, is_read: bool) -> f64 {
    let mut mailboxes: Vec<_> = (0..MAILBOXES).map(|_| Mailbox::new(limits(), policy)).collect();
    let frames: Vec<_> = (0..EVENTS).map(Frame::of).collect();
    let ((), took) = timed(|| {
        for frame in frames {
            for mailbox in &mut mailboxes {
                // One that has been cut off takes nothing more: it begins anew, as its client would.
                if mailbox.closed().is_some() {
                    *mailbox = Mailbox::new(limits(), policy);
                }
                mailbox.push(frame.clone(), |_, _| {});
                if is_read {
                    mailbox.take();
                    mailbox.flushed();
                }
            }
        }
    });
    took.as_secs_f64() * 1e9 / (EVENTS * MAILBOXES) as f64
}

/// Target: the replay of 100,000 events to one subscriber does not move another's p99.
pub(crate) fn replay() {
    say(&format!(
        "from publish to a subscriber's hands, {PUBLISHED} events, beside one that has {REPLAYED} replayed over and over \
         (medians of 5)"
    ));
    for back in Back::ALL {
        let runs: Vec<_> = (0..5).map(|_| latencies(back)).collect();
        let of = |what: fn(&Latencies) -> f64| median(runs.iter().map(what).collect());
        let (p50, p99, replays) = (of(|run| run.p50), of(|run| run.p99), of(|run| run.replays));
        say(&format!("  p50 {p50:5.2} µs  p99 {p99:5.2} µs  {replays:4.1} replays  {}", back.name()));
    }
}

/// A frame about one of the keys, as an event's handle is: cheap to clone, its key found beforehand.
#[derive(Clone)]
struct Frame(std::sync::Arc<(u64, String)>);

impl Frame {
    fn of(number: usize) -> Self {
        let key = key_of(number);
        Self(std::sync::Arc::new(((key as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15), format!("\"build-{key}\""))))
    }
}

/// Spread, so that neighbours are about different things.
fn key_of(number: usize) -> usize {
    number.wrapping_mul(2_654_435_761) % KEYS
}

impl Letter for Frame {
    fn bytes(&self) -> usize {
        700
    }

    fn key(&self) -> Option<Key<'_>> {
        Some(Key { hash: self.0.0, scope: "ingest.builds", text: &self.0.1 })
    }
}

fn limits() -> Limits {
    Limits::frames(Capacity::new(FRAMES).expect("a capacity"))
}

/// Where the one that comes back does.
#[derive(Clone, Copy)]
enum Back {
    /// Nowhere: it only stands there.
    Nowhere,
    /// To a Hub of its own, so that the machine has as much to do.
    Elsewhere,
    /// To the Hub that is measured.
    Here,
}

impl Back {
    const ALL: [Self; 3] = [Self::Nowhere, Self::Elsewhere, Self::Here];

    fn name(self) -> &'static str {
        match self {
            Self::Nowhere => "which does not come back",
            Self::Elsewhere => "which comes back to a Hub of its own",
            Self::Here => "which comes back to the same Hub",
        }
    }
}

/// In microseconds; and how often everything was replayed meanwhile.
struct Latencies {
    p50: f64,
    p99: f64,
    replays: f64,
}

fn latencies(back: Back) -> Latencies {
    let topic = Topic::new("t").expect("a topic");
    let patterns = [Pattern::from(topic.clone())];
    let (hub, elsewhere) = (filled(&topic), filled(&topic));
    let other = hub.subscribe(&patterns);
    let (stands, comes_back_to) = match back {
        Back::Nowhere => (Some(&hub), None),
        Back::Elsewhere => (Some(&hub), Some(&elsewhere)),
        Back::Here => (None, Some(&hub)),
    };
    // Whoever is published to, there are always two of them.
    let _stands = stands.map(|hub| hub.resume(&patterns, Cursor::After(EventId { epoch: 1, sequence: 0 })));
    let is_over = AtomicBool::new(false);
    let (mut latencies, replayed) = std::thread::scope(|scope| {
        let replays = scope.spawn(|| comes_back_to.map_or(0, |hub| come_back(hub, &patterns, &is_over)));
        let latencies = (0..PUBLISHED).map(|_| {
            let ((), took) = timed(|| {
                hub.publish(Duration::ZERO, &topic, Bytes::from_static(&PAYLOAD));
                drain(&other, |event| drop(frame::sse::event(event)));
            });
            took.as_secs_f64() * 1e6
        });
        let latencies: Vec<_> = latencies.collect();
        is_over.store(true, Ordering::Relaxed);
        (latencies, replays.join().expect("no panic"))
    });
    latencies.sort_by(f64::total_cmp);
    let at = |percent: usize| latencies[PUBLISHED * percent / 100];
    Latencies { p50: at(50), p99: at(99), replays: replayed as f64 / REPLAYED as f64 }
}

/// With a history as long as it may be.
fn filled(topic: &Topic) -> Hub {
    let mut rules = Rules::plain(limits(), Overflow::DropNewest);
    rules.history = HistorySettings { events: REPLAYED, bytes: 1 << 30 };
    rules.announces_gaps = true;
    let hub = Hub::with(1, rules);
    // Of all that is in a history frames have been made.
    let live = hub.subscribe(&[Pattern::from(topic.clone())]);
    for _ in 0..REPLAYED {
        hub.publish(Duration::ZERO, topic, Bytes::from_static(&PAYLOAD));
        drain(&live, |event| drop(frame::sse::event(event)));
    }
    drop(live);
    hub
}

/// Over and over, from as far back as the history reaches, and writes what it gets where nobody reads; returns how many
/// events that were.
fn come_back(hub: &Hub, patterns: &[Pattern], is_over: &AtomicBool) -> usize {
    let (mut replayed, mut last) = (0, REPLAYED as u64);
    let mut nowhere = std::fs::File::create("/dev/null").expect("a place for everything");
    while !is_over.load(Ordering::Relaxed) {
        let at = EventId { epoch: 1, sequence: last.saturating_sub(REPLAYED as u64) };
        let (count, until) = drain(&hub.resume(patterns, Cursor::After(at)), |event| {
            let _ = nowhere.write_all(&frame::sse::event(event));
        });
        (replayed, last) = (replayed + count, until.max(last));
    }
    replayed
}

/// Takes everything that waits; returns how many that were, and the last sequence.
fn drain(subscription: &Subscription, mut write: impl FnMut(&Event)) -> (usize, u64) {
    let mut drained = (0, 0);
    while let Poll::Ready(Some(taken)) = subscription.poll_take(&mut Context::from_waker(Waker::noop())) {
        write(&taken.event);
        drained = (drained.0 + 1, taken.event.id().sequence);
        subscription.flushed(None);
    }
    drained
}
