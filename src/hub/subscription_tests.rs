//! Subscriptions as programs use them: what the builder decides and refuses, and what becomes of each event that is read.

use std::future::Future;
use std::pin::pin;
use std::task::{Context, Poll, Waker};

use bytes::Bytes;
use futures_core::Stream;
use proptest::prelude::*;

use super::*;
use crate::event::{Gap, GapReason};
use crate::loss::LossReason;
use crate::topic::Topic;

const KEPT: HistorySettings = HistorySettings { events: 100, bytes: 1 << 20 };

fn rules(frames: usize) -> Rules {
    Rules::plain(Limits::frames(Capacity::new(frames).unwrap()), Overflow::DropNewest)
}

fn wanted(texts: &[&str]) -> Vec<Pattern> {
    texts.iter().map(|text| Pattern::new(text).unwrap()).collect()
}

fn publish(hub: &Hub, times: usize) {
    for _ in 0..times {
        hub.publish(Duration::ZERO, &Topic::new("t").unwrap(), Bytes::from_static(b"{}"));
    }
}

/// The result of a future that is polled once.
fn now<T>(future: impl Future<Output = T>) -> Option<T> {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(result) => Some(result),
        Poll::Pending => None,
    }
}

fn received(subscription: &mut Subscription) -> Vec<u64> {
    std::iter::from_fn(|| subscription.try_recv().ok().map(|taken| taken.event.id().sequence)).collect()
}

fn ends(gap: &Gap) -> (Option<u64>, Option<u64>, Option<u64>) {
    (gap.first.map(|id| id.sequence), gap.last.map(|id| id.sequence), gap.count)
}

#[test]
fn a_wildcard_has_the_policy_of_the_rule_that_covers_it_and_of_several_patterns_the_first_decides() {
    let limits = Limits::frames(Capacity::new(3).unwrap());
    let mut rules = rules(1);
    let policy = Policy { limits, overflow: Overflow::DropOldest, key: None };
    rules.by_topic = vec![Rule { pattern: Pattern::new("prices.>").unwrap(), policy }];
    let hub = Hub::with(1, rules);
    for (patterns, capacity) in [
        (&["prices.eu"][..], 3),
        (&["prices.*"], 3),
        (&["prices.>"], 3),
        (&["*.eu"], 1),
        (&[">"], 1),
        (&["prices.*", "others"], 3),
        (&["others", "prices.*"], 1),
        (&["*", "prices.eu"], 1),
        (&[], 1),
    ] {
        let subscription = hub.subscribe(&wanted(patterns)).open_raw().unwrap();
        subscription.want(&Pattern::new("t").unwrap());
        publish(&hub, 5);
        assert_eq!(subscription.counts().waiting, capacity, "{patterns:?}");
    }
    let own = hub.subscribe(&wanted(&["prices.eu", "t"])).capacity(Capacity::new(2).unwrap());
    let own = own.overflow(Overflow::DropNewest).open_raw().unwrap();
    publish(&hub, 5);
    assert_eq!(own.counts().waiting, 2, "what the caller says goes before any rule");
}

#[test]
fn what_was_replayed_or_parked_is_received_without_waiting_as_well() {
    let hub = Hub::with(1, Rules { history: KEPT, ..rules(2) });
    publish(&hub, 5);
    let back = hub.subscribe(&wanted(&["t"])).after(Cursor::read("1-1")).overflow(Overflow::Park);
    let mut back = back.open().unwrap();
    assert_eq!(received(&mut back), [2, 3, 4, 5]);
    publish(&hub, 7);
    assert_eq!(received(&mut back), (6..=12).collect::<Vec<_>>());
    assert_eq!(back.try_recv().err(), Some(TryRecvError::Empty));
    hub.evict_all();
    assert_eq!(back.try_recv().err(), Some(TryRecvError::Closed));
    assert_eq!(back.closed(), Some(CloseReason::Evicted));
}

#[test]
fn a_cursor_never_loses_events_in_silence() {
    let keeps_nothing = Hub::with(1, rules(8));
    publish(&keeps_nothing, 3);
    let back = || keeps_nothing.subscribe(&wanted(&["t"])).after(Cursor::read("1-1"));
    assert_eq!(back().open().err(), Some(SubscribeError::CursorWithoutHistory));
    let keeps_two = Hub::with(1, Rules { history: HistorySettings { events: 2, ..KEPT }, ..rules(8) });
    publish(&keeps_two, 5);
    let kept = keeps_two.subscribe(&wanted(&["t"])).after(Cursor::read("1-1")).open().unwrap();
    for (mut told, hub, next, missing) in [
        (back().gap_notices(true).open().unwrap(), &keeps_nothing, 4, (Some(2), Some(3), None)),
        (kept, &keeps_two, 4, (Some(2), Some(3), None)),
    ] {
        assert_eq!(told.opening().map(ends), Some(missing));
        if told.replays().is_none() {
            publish(hub, 1);
        }
        let first = told.try_recv().unwrap();
        assert_eq!(first.event.id().sequence, next);
        assert_eq!(first.gap.map(|gap| ends(&gap)), Some(missing));
        assert_eq!(first.gap.map(|gap| gap.reason), Some(GapReason::Lost(LossReason::OutOfReach)));
        publish(hub, 1);
        assert!(told.try_recv().unwrap().gap.is_none(), "told once");
    }
}

#[test]
fn what_is_missing_before_the_first_event_is_told_as_one_gap_or_behind_the_last() {
    let hub = Hub::with(1, Rules { announces_gaps: true, ..rules(1) });
    publish(&hub, 3);
    let back = || hub.subscribe(&wanted(&["t"])).after(Cursor::read("1-1")).open().unwrap();
    let [mut quiet, mut busy] = [back(), back()];
    assert_eq!(quiet.take_last_gap().map(|gap| ends(&gap)), Some((Some(2), Some(3), None)));
    assert_eq!(quiet.take_last_gap(), None);
    publish(&hub, 3);
    assert_eq!(busy.take_last_gap(), None, "an event waits that tells it");
    assert_eq!(busy.try_recv().unwrap().gap.map(|gap| ends(&gap)), Some((Some(2), Some(3), None)));
    assert_eq!(busy.take_last_gap().map(|gap| ends(&gap)), Some((Some(5), Some(6), Some(2))));
}

#[test]
fn to_park_needs_a_history_and_to_conflate_needs_a_key() {
    let hub = Hub::with(1, rules(1));
    let with = |overflow| hub.subscribe(&wanted(&["t", "u"])).overflow(overflow).open().err();
    assert_eq!(with(Overflow::Park), Some(SubscribeError::ParkWithoutHistory));
    let pattern = Pattern::new("t").unwrap();
    let refused = SubscribeError::ConflateWithoutKey { pattern };
    assert_eq!(
        refused.to_string(),
        "the policy conflate needs a key, and the rules name none for t: see `Policy::key`"
    );
    assert_eq!(with(Overflow::Conflate), Some(refused));
    assert_eq!([Overflow::DropNewest, Overflow::DropOldest, Overflow::Disconnect].map(with), [None, None, None]);
    let mut rules = Rules { history: KEPT, ..rules(1) };
    rules.policy.key = "id".parse().ok();
    let hub = Hub::with(1, rules.clone());
    for overflow in Overflow::ALL {
        assert!(hub.subscribe(&wanted(&["t", "*"])).overflow(overflow).open().is_ok(), "{overflow}");
    }
    // The rules alone can be at fault, too.
    rules.policy = Policy { overflow: Overflow::Conflate, key: None, ..rules.policy };
    assert!(Hub::with(1, rules).subscribe(&wanted(&["t"])).open().is_err());
}

#[test]
fn what_is_received_counts_as_delivered_at_once_and_a_stream_ends_when_it_is_cut_off() {
    let hub = Hub::with(1, rules(8));
    let mut subscription = hub.subscribe(&wanted(&["t"])).open().unwrap();
    assert!(now(subscription.recv()).is_none());
    publish(&hub, 2);
    assert_eq!(now(subscription.recv()).flatten().map(|taken| taken.event.id().sequence), Some(1));
    assert_eq!(subscription.counts().delivered, 1);
    assert_eq!(subscription.counts().in_flight, 0);
    let mut stream = pin!(subscription);
    let mut cx = Context::from_waker(Waker::noop());
    let mut next = || stream.as_mut().poll_next(&mut cx).map(|taken| taken.map(|taken| taken.event.id().sequence));
    assert_eq!(next(), Poll::Ready(Some(2)));
    assert_eq!(next(), Poll::Pending);
    hub.evict_all();
    assert_eq!([next(), next()], [Poll::Ready(None), Poll::Ready(None)]);
    assert_eq!(hub.counts().delivered, 2);
}

#[test]
fn deliveries_that_are_forgotten_keep_one_event_and_each_is_counted_as_lost() {
    let hub = Hub::with(1, rules(256));
    let mut subscription = hub.subscribe(&wanted(&["t"])).open().unwrap();
    for published in 1..=8_000 {
        publish(&hub, 1);
        let delivery = now(subscription.delivery()).flatten().expect("an event waits");
        assert_eq!(delivery.event().id().sequence, published);
        std::mem::forget(delivery);
        let counts = subscription.counts();
        assert!(counts.is_conserved() && counts.in_flight == 1, "{counts:?}");
        assert_eq!(hub.pinned_bytes().now(), 2, "the bytes of one event");
    }
    publish(&hub, 1);
    assert_eq!(received(&mut subscription), [8_001]);
    assert_eq!(hub.pinned_bytes().now(), 0);
    let counts = subscription.counts();
    assert_eq!(counts.in_flight, 0);
    assert_eq!(counts.delivered, 1);
    assert_eq!(counts.dropped.client_gone, 8_000);
}

#[test]
fn a_dropped_delivery_is_lost_and_told_in_front_of_the_next_with_the_gap_that_it_carried() {
    let mut rules = rules(2);
    rules.announces_gaps = true;
    let hub = Hub::with(1, rules);
    publish(&hub, 1);
    let mut subscription = hub.subscribe(&wanted(&["t"])).after(Cursor::read("1-0")).open().unwrap();
    publish(&hub, 4);
    let gap = |subscription: &mut Subscription| {
        let delivery = now(subscription.delivery()).flatten().expect("an event waits");
        let gap = delivery.gap().map(ends);
        (delivery.event().id().sequence, gap)
    };
    assert_eq!(gap(&mut subscription), (2, Some((Some(1), Some(1), None))));
    assert_eq!(gap(&mut subscription), (3, Some((Some(1), Some(2), None))), "the one before was dropped");
    publish(&hub, 1);
    assert_eq!(gap(&mut subscription), (6, Some((Some(1), Some(5), None))));
    publish(&hub, 2);
    let delivery = now(subscription.delivery()).flatten().expect("an event waits");
    assert!(delivery.flushed());
    assert_eq!(gap(&mut subscription), (8, None));
    publish(&hub, 1);
    assert_eq!(gap(&mut subscription), (9, Some((Some(8), Some(8), Some(1)))));
    assert_eq!(subscription.take_last_gap().map(|gap| ends(&gap)), Some((Some(8), Some(9), Some(2))));
    let counts = subscription.counts();
    assert!(counts.is_conserved());
    assert_eq!([counts.delivered, counts.dropped.client_gone, counts.dropped.buffer_full], [1, 5, 2]);
}

#[test]
fn a_delivery_that_outlives_its_subscriber_counts_once() {
    let hub = Hub::with(1, rules(2));
    let mut subscription = hub.subscribe(&wanted(&["t"])).open().unwrap();
    publish(&hub, 1);
    let delivery = now(subscription.delivery()).flatten().expect("an event waits");
    hub.evict_all();
    assert!(!delivery.flushed());
    let counts = subscription.leave();
    assert_eq!([counts.offered, counts.delivered, counts.dropped.evicted, counts.dropped.total()], [1, 0, 1, 1]);
}

#[test]
fn the_account_of_each_label_is_kept_and_all_of_them_add_up() {
    let hub = Hub::with(1, rules(2));
    let plain = hub.subscribe(&wanted(&["t"])).open().unwrap();
    let page = hub.subscribe(&wanted(&["t"])).label("page").open().unwrap();
    publish(&hub, 3);
    drop(page);
    assert_eq!(hub.labels(), ["page", UNLABELLED]);
    assert_eq!([hub.subscribers_of("page"), hub.subscribers_of(UNLABELLED), hub.subscribers()], [0, 1, 1]);
    assert_eq!(hub.counts_of("page").dropped.client_gone, 2);
    assert_eq!(hub.counts_of(UNLABELLED), plain.counts());
    assert_eq!(hub.counts_of("other"), Counts::default());
    assert_eq!(hub.counts().offered, 6);
}

/// Compiles, or not.
#[test]
fn what_programs_hold_may_go_to_any_thread() {
    fn may_move<T: Send + Sync>() {}
    fn may_run_anywhere<T: Send>(_: T) {}
    may_move::<(Hub, Subscription, RawSubscription, Delivery<'_>, SubscriptionBuilder<'_>, Taken)>();
    may_move::<(Topic, Pattern, Event, Arc<Event>, Rules, Cursor, SubscribeError, TryRecvError)>();
    let hub = Hub::with(1, rules(2));
    let mut subscription = hub.subscribe(&wanted(&["t"])).open().unwrap();
    may_run_anywhere(subscription.recv());
    may_run_anywhere(subscription.delivery());
}

proptest! {
    #[test]
    fn no_text_that_is_a_topic_matches_anything_but_itself(text in "[a-z.*>]{0,6}", other in "[a-z]{1,2}(\\.[a-z]{1,2}){0,2}") {
        if let Ok(topic) = Topic::new(&text) {
            let pattern = Pattern::from(topic.clone());
            let other = Topic::new(&other).unwrap();
            prop_assert_eq!(pattern.as_topic(), Some(topic.clone()));
            prop_assert_eq!(pattern.matches(&other), topic == other);
        }
    }
}
