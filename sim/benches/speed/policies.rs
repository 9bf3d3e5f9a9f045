//! What a policy costs at every push.

use std::time::Duration;

use bytes::Bytes;
use hubbub::hub::{HistorySettings, Rules};
use hubbub::mailbox::{Key, Mailbox, QueueItem};
use hubbub::{Capacity, Hub, Limits, Overflow, Pattern, Topic};

use crate::rows::{Line, Row, Rows};
use crate::{median, say, timed};

/// Frames of a mailbox, and entities that events are about.
const FRAMES: usize = 256;
const KEYS: usize = 128;
const EVENTS: usize = 10_000;
/// As many as a fan-out may go to: the event is warm, as it is there, and its making does not count.
const MAILBOXES: usize = 64;

/// Target: a conflating or parked mailbox costs at most twice a plain one. In a Hub it does; a full one alone does not.
pub(crate) fn pushes(rows: &mut Rows) {
    say(&format!("a push, one event to {MAILBOXES} mailboxes of {FRAMES} in turn, {KEYS} keys (medians of 9)"));
    say("  mailbox alone             in a Hub");
    say("  nobody reads  all is read  nobody reads");
    // One after the other, over and over: a machine that is slower for a while is so for all.
    let of =
        |policy| [nanoseconds_a_push(policy, false), nanoseconds_a_push(policy, true), nanoseconds_an_offer(policy)];
    let rounds: Vec<_> = (0..9).map(|_| Overflow::ALL.map(of)).collect();
    for (index, policy) in Overflow::ALL.into_iter().enumerate() {
        let column = |column: usize| median(rounds.iter().map(|round| round[index][column]).collect());
        let of = |what: &str, value| Row::new(format!("a push, {policy}: {what}"), value, "ns");
        let line = Line::new("  ").value(9, 1, of("mailbox alone, nobody reads", column(0))).text(" ns ");
        let line = line.value(9, 1, of("mailbox alone, all is read", column(1))).text(" ns ");
        let line = line.value(10, 1, of("in a Hub, nobody reads", column(2)));
        rows.print(line.text(&format!(" ns  {policy}")));
    }
}

/// With its lock, its account and what is kept in mind to be told; and its part of the event's making, key and all.
fn nanoseconds_an_offer(policy: Overflow) -> f64 {
    let mut rules = Rules::plain(limits(), policy);
    rules.policy.key = "build".parse().ok();
    rules.announces_gaps = true;
    // A policy that parks is refused without a history. It has one event, so that keeping it costs next to nothing.
    if policy == Overflow::Park {
        rules.history = HistorySettings { events: 1, bytes: 1 << 20 };
    }
    let (hub, topic) = (Hub::with(1, rules), Topic::new("ingest.builds").expect("a topic"));
    let pattern = [Pattern::from(topic.clone())];
    let subscribe = || hub.subscribe(&pattern).open().expect("the policy has what it needs");
    let mut subscriptions: Vec<_> = (0..MAILBOXES).map(|_| subscribe()).collect();
    let payloads: Vec<_> = (0..EVENTS).map(|number| Bytes::from(format!("{{\"build\":{}}}", key_of(number)))).collect();
    let ((), took) = timed(|| {
        for payload in payloads {
            hub.publish(Duration::ZERO, &topic, payload);
            for subscription in subscriptions.iter_mut().filter(|subscription| subscription.is_closed()) {
                *subscription = subscribe();
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
                mailbox.push(&frame, |_, _| {});
                if is_read {
                    mailbox.take();
                    mailbox.flushed();
                }
            }
        }
    });
    took.as_secs_f64() * 1e9 / (EVENTS * MAILBOXES) as f64
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

impl QueueItem for Frame {
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
