//! Which subscribers are told of missing events, and which ones get them later.

mod coming_back;
mod holes;
mod interests;
mod numbered;
mod older;
mod parking;
mod policies;

use std::task::{Context, Poll, Waker};

use bytes::Bytes;

use super::tests::Woken;
use super::*;
use crate::event::{Gap, GapReason};
use crate::loss::LossReason;
use crate::topic::Topic;

const EPOCH: u64 = 9;

fn hub(frames: usize, overflow: Overflow, events: usize) -> Hub {
    let mut rules = Rules::plain(Limits::frames(Capacity::new(frames).unwrap()), overflow);
    rules.history = HistorySettings { events, bytes: 1 << 20 };
    rules.announces_gaps = true;
    Hub::with(EPOCH, rules)
}

fn publish(hub: &Hub, topic: &str, times: usize) {
    for _ in 0..times {
        hub.publish(Duration::ZERO, &Topic::new(topic).unwrap(), Bytes::from_static(b"{}"));
    }
}

fn patterns(text: &str) -> Vec<Pattern> {
    vec![Pattern::new(text).unwrap()]
}

fn after(sequence: u64) -> Cursor {
    Cursor::After(EventId { epoch: EPOCH, sequence })
}

fn resume(hub: &Hub, cursor: Cursor) -> RawSubscription {
    hub.subscribe(&patterns("t")).after(cursor).open_for_client()
}

/// What a client sees: a number is an event, a pair a hole told in front of the next.
#[derive(Debug, PartialEq, Eq)]
enum Seen {
    Event(u64),
    Hole(u64, u64, Option<u64>),
}
use Seen::{Event as E, Hole};

fn next(subscription: &RawSubscription) -> Vec<Seen> {
    let Poll::Ready(Some(Taken { event, gap })) = subscription.poll_take(&mut Context::from_waker(Waker::noop()))
    else {
        return Vec::new();
    };
    subscription.flushed(None);
    gap.map(hole).into_iter().chain([E(event.id().sequence)]).collect()
}

fn hole(gap: Gap) -> Seen {
    Hole(gap.first.map_or(0, |id| id.sequence), gap.last.map_or(0, |id| id.sequence), gap.count)
}

fn drain(subscription: &RawSubscription) -> Vec<Seen> {
    let steps = std::iter::from_fn(|| Some(next(subscription)).filter(|seen| !seen.is_empty()));
    steps.flatten().collect()
}
