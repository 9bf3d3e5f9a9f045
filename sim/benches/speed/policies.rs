//! What a policy costs at every push, and what a long replay costs everybody else.

use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use bytes::Bytes;
use hubbub::hub::{Cursor, HistorySettings, Rules};
use hubbub::{Capacity, EventId, Hub, Limits, Overflow, Pattern, Subscription, Topic};

use crate::{median, say, timed};

/// Frames of a mailbox, and entities that events are about.
const FRAMES: usize = 256;
const KEYS: usize = 128;
const EVENTS: usize = 200_000;
const REPLAYED: usize = 100_000;
const PUBLISHED: usize = 20_000;

/// Target: a conflating or parked mailbox costs at most twice a plain one.
pub(crate) fn pushes() {
    say(&format!(
        "a publish to one mailbox of {FRAMES} that nobody reads: {KEYS} keys, no wakeup, the event made beforehand not \
         counted (median of 9)"
    ));
    for policy in Overflow::ALL {
        let times = (0..9).map(|_| {
            let mut mailbox = hubbub::mailbox::Mailbox::new(limits(), policy);
            let frames: Vec<_> = (0..EVENTS).map(Frame::of).collect();
            let ((), took) = timed(|| {
                for frame in frames {
                    // One that has been cut off takes nothing more: it begins anew, as its client would.
                    if mailbox.closed().is_some() {
                        mailbox = hubbub::mailbox::Mailbox::new(limits(), policy);
                    }
                    mailbox.push(frame, |_, _| {});
                }
            });
            took.as_secs_f64() * 1e9 / EVENTS as f64
        });
        say(&format!("  {:5.0} ns  {policy}", median(times.collect())));
    }
}

/// Target: the replay of 100,000 events to one subscriber does not move another's p99.
pub(crate) fn replay() {
    say(&format!(
        "from publish to another subscriber's hands, {PUBLISHED} events, while {REPLAYED} are replayed to one over and over"
    ));
    for (what, replays) in [("nobody comes back", false), ("one comes back all the time", true)] {
        let (p50, p99) = latencies(replays);
        say(&format!("  p50 {p50:6.2} µs  p99 {p99:6.2} µs  {what}"));
    }
}

/// A frame about one of the keys, as an event's handle is: cheap to move, its key found beforehand.
struct Frame(std::sync::Arc<(u64, String)>);

impl Frame {
    fn of(number: usize) -> Self {
        // Spread, so that neighbours are about different things.
        let key = number.wrapping_mul(2_654_435_761) % KEYS;
        Self(std::sync::Arc::new(((key as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15), format!("\"build-{key}\""))))
    }
}

impl hubbub::mailbox::Letter for Frame {
    fn bytes(&self) -> usize {
        700
    }

    fn key(&self) -> Option<hubbub::mailbox::Key<'_>> {
        Some(hubbub::mailbox::Key { hash: self.0.0, scope: "ingest.builds", text: &self.0.1 })
    }
}

fn limits() -> Limits {
    Limits::frames(Capacity::new(FRAMES).expect("a capacity"))
}

fn hub() -> Hub {
    let mut rules = Rules::plain(limits(), Overflow::DropNewest);
    rules.history = HistorySettings { events: REPLAYED, bytes: 1 << 30 };
    rules.announces_gaps = true;
    Hub::with(1, rules)
}

/// Median and 99 %, in microseconds.
fn latencies(replays: bool) -> (f64, f64) {
    let (hub, topic) = (hub(), Topic::new("t").expect("a topic"));
    let payload = Bytes::from(vec![b'x'; 700]);
    for _ in 0..REPLAYED {
        hub.publish(Duration::ZERO, &topic, payload.clone());
    }
    let other = hub.subscribe(&[Pattern::from(topic.clone())]);
    let is_over = AtomicBool::new(false);
    let mut latencies: Vec<f64> = std::thread::scope(|scope| {
        scope.spawn(|| {
            let mut last = REPLAYED as u64;
            while replays && !is_over.load(Ordering::Relaxed) {
                // From as far back as the history reaches.
                let at = EventId { epoch: 1, sequence: last.saturating_sub(REPLAYED as u64) };
                let back = hub.resume(&[Pattern::from(topic.clone())], Cursor::After(at));
                last = drain(&back).max(last);
            }
        });
        let latencies = (0..PUBLISHED).map(|_| {
            let ((), took) = timed(|| {
                hub.publish(Duration::ZERO, &topic, payload.clone());
                drain(&other);
            });
            took.as_secs_f64() * 1e6
        });
        let latencies = latencies.collect();
        is_over.store(true, Ordering::Relaxed);
        latencies
    });
    latencies.sort_by(f64::total_cmp);
    (latencies[PUBLISHED / 2], latencies[PUBLISHED * 99 / 100])
}

/// Everything that waits; returns the last sequence.
fn drain(subscription: &Subscription) -> u64 {
    let mut last = 0;
    while let Poll::Ready(Some(taken)) = subscription.poll_take(&mut Context::from_waker(Waker::noop())) {
        last = taken.event.id().sequence;
        subscription.flushed(None);
    }
    last
}
