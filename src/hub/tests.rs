use std::task::{Context, Poll, Waker};

use bytes::Bytes;

use super::*;
use crate::loss::{LossReason, PushOutcome};
use crate::topic::Topic;

fn hub(capacity: usize, overflow: Overflow) -> Hub {
    Hub::new(HubSettings { epoch: 9, capacity: Capacity::new(capacity).unwrap(), overflow })
}

fn patterns(texts: &[&str]) -> Vec<Pattern> {
    texts.iter().map(|text| Pattern::new(text).unwrap()).collect()
}

fn publish(hub: &Hub, topic: &str) -> Publication {
    hub.publish(Duration::ZERO, &Topic::new(topic).unwrap(), Bytes::from_static(b"{}"))
}

fn poll(subscription: &RawSubscription, waker: &Arc<Woken>) -> Poll<Option<u64>> {
    let taken = subscription.poll_take(&mut Context::from_waker(&Waker::from(waker.clone())));
    taken.map(|taken| taken.map(|taken| taken.event.id().sequence))
}

/// Everything that waits, flushed at once.
fn drain(subscription: &RawSubscription) -> Vec<u64> {
    let mut cx = Context::from_waker(Waker::noop());
    std::iter::from_fn(|| match subscription.poll_take(&mut cx) {
        Poll::Ready(Some(taken)) => {
            subscription.flushed(None);
            Some(taken.event.id().sequence)
        }
        Poll::Ready(None) | Poll::Pending => None,
    })
    .collect()
}

#[test]
fn an_event_reaches_whoever_asked_for_its_topic_and_nobody_else() {
    let hub = hub(8, Overflow::DropNewest);
    let orders = hub.subscribe(&patterns(&["ingest.orders"])).open_raw().unwrap();
    let all = hub.subscribe(&patterns(&["ingest.>"])).open_raw().unwrap();
    assert_eq!(publish(&hub, "ingest.orders").offered, 2);
    assert_eq!(publish(&hub, "ingest.users").offered, 1);
    assert_eq!(publish(&hub, "audit").offered, 0);
    assert_eq!(drain(&orders), vec![1]);
    assert_eq!(drain(&all), vec![1, 2]);
}

#[test]
fn the_first_that_is_taken_is_in_flight_until_it_is_flushed_and_those_behind_it_wait() {
    let hub = hub(8, Overflow::DropNewest);
    let subscription = hub.subscribe(&patterns(&["t"])).open_raw().unwrap();
    let woken = Arc::new(Woken::default());
    let _ = (publish(&hub, "t"), publish(&hub, "t"));
    assert_eq!(poll(&subscription, &woken), Poll::Ready(Some(1)));
    assert_eq!(poll(&subscription, &woken), Poll::Ready(Some(2)));
    assert_eq!(poll(&subscription, &woken), Poll::Pending);
    assert_eq!(subscription.counts().waiting, 1);
    assert_eq!(subscription.counts().in_flight, 1);
    assert!(subscription.flushed(None) && subscription.flushed(None) && !subscription.flushed(None));
}

#[test]
fn a_double_match_delivers_once() {
    let hub = hub(8, Overflow::DropNewest);
    let twice = hub.subscribe(&patterns(&["ingest.orders", "ingest.*", "ingest.>"])).open_raw().unwrap();
    assert_eq!(publish(&hub, "ingest.orders").offered, 1);
    assert_eq!(drain(&twice), [1]);
}

#[test]
fn a_full_mailbox_delays_nobody_and_loses_only_its_own_frames() {
    let hub = hub(2, Overflow::DropNewest);
    let slow = hub.subscribe(&patterns(&["t"])).open_raw().unwrap();
    let fast = hub.subscribe(&patterns(&["t"])).open_raw().unwrap();
    let dropped: Vec<_> = (0..4).map(|_| (publish(&hub, "t").dropped, drain(&fast).len())).collect();
    assert_eq!(dropped, [(0, 1), (0, 1), (1, 1), (1, 1)]);
    assert_eq!(slow.counts().dropped.buffer_full, 2);
    assert_eq!(fast.counts(), Counts { offered: 4, delivered: 4, high_water: 1, ..Counts::default() });
    assert_eq!(drain(&slow), [1, 2]);
}

#[test]
fn whoever_leaves_during_a_fan_out_is_offered_nothing_after_that() {
    let hub = hub(8, Overflow::DropNewest);
    let first = hub.subscribe(&patterns(&["t"])).open_raw().unwrap();
    let mut second = Some(hub.subscribe(&patterns(&["t"])).open_raw().unwrap());
    let mut third = None;
    let mut seen = Vec::new();
    hub.publish_each(Duration::ZERO, &Topic::new("t").unwrap(), Bytes::new(), |id, _| {
        seen.push(id);
        second = None;
        third = Some(hub.subscribe(&patterns(&["t"])).open_raw().unwrap());
    });
    assert_eq!(seen, [first.id()], "the second left, the third came too late");
    assert_eq!(publish(&hub, "t").offered, 2);
    assert_eq!(hub.subscribers(), 2);
}

#[test]
fn the_hub_keeps_the_account_of_those_that_left() {
    let hub = hub(1, Overflow::DropNewest);
    let gone = hub.subscribe(&patterns(&["t"])).open_raw().unwrap();
    let evicted = hub.subscribe(&patterns(&["t"])).open_raw().unwrap();
    publish(&hub, "t");
    publish(&hub, "t");
    evicted.evict();
    drop((gone, evicted));
    let counts = hub.counts();
    assert!(counts.is_conserved());
    assert_eq!(counts.offered, 4);
    assert_eq!(counts.dropped.buffer_full, 2);
    assert_eq!(counts.dropped.client_gone, 1);
    assert_eq!(counts.dropped.evicted, 1);
    assert_eq!(hub.subscribers(), 0);
    assert_eq!(hub.pinned_bytes().now(), 0);
}

#[test]
fn a_disconnected_subscriber_is_woken_though_it_waits_for_no_frame() {
    let hub = hub(1, Overflow::Disconnect);
    let subscription = hub.subscribe(&patterns(&["t"])).open_raw().unwrap();
    let woken = Arc::new(Woken::default());
    subscription.wake_on_close(&Waker::from(woken.clone()));
    publish(&hub, "t");
    assert_eq!(woken.times(), 0);
    assert!(!subscription.is_closed());
    assert_eq!(publish(&hub, "t").dropped, 1);
    assert_eq!(woken.times(), 1);
    assert!(subscription.is_closed());
    assert_eq!(publish(&hub, "t").offered, 0, "nothing is offered to a closed mailbox");
}

#[test]
fn a_subscriber_that_waits_is_woken_by_its_next_frame_and_only_once() {
    let hub = hub(8, Overflow::DropNewest);
    let subscription = hub.subscribe(&patterns(&["t"])).open_raw().unwrap();
    let woken = Arc::new(Woken::default());
    assert!(poll(&subscription, &woken).is_pending() && poll(&subscription, &woken).is_pending());
    publish(&hub, "other");
    assert_eq!(woken.times(), 0, "the event was not for it");
    publish(&hub, "t");
    publish(&hub, "t");
    assert_eq!(woken.times(), 1);
    assert!(poll(&subscription, &woken).is_ready());
}

#[test]
fn the_last_to_wait_is_the_one_that_is_woken() {
    let hub = hub(8, Overflow::DropNewest);
    let subscription = hub.subscribe(&patterns(&["t"])).open_raw().unwrap();
    let first = Arc::new(Woken::default());
    let last = Arc::new(Woken::default());
    assert!(poll(&subscription, &first).is_pending() && poll(&subscription, &last).is_pending());
    publish(&hub, "t");
    assert_eq!(first.times(), 0);
    assert_eq!(last.times(), 1);
}

#[test]
fn whoever_waits_for_a_flush_is_woken_by_it_if_there_is_more_and_else_by_the_next_frame() {
    let hub = hub(8, Overflow::DropNewest);
    let subscription = hub.subscribe(&patterns(&["t"])).open_raw().unwrap();
    let woken = Arc::new(Woken::default());
    let flush = || subscription.flushed(Some(Waker::from(woken.clone())));
    assert!(!flush(), "nothing is in flight");
    publish(&hub, "t");
    publish(&hub, "t");
    assert!(poll(&subscription, &woken).is_ready() && flush());
    assert_eq!(woken.times(), 1, "there is a second frame");
    assert!(poll(&subscription, &woken).is_ready() && flush());
    assert_eq!(woken.times(), 1, "there is no third");
    publish(&hub, "t");
    assert_eq!(woken.times(), 2);
}

#[test]
fn an_eviction_wakes_whoever_waits_and_ends_the_stream() {
    let hub = hub(8, Overflow::DropNewest);
    let subscription = hub.subscribe(&patterns(&["t"])).open_raw().unwrap();
    let on_frame = Arc::new(Woken::default());
    let on_close = Arc::new(Woken::default());
    assert!(poll(&subscription, &on_frame).is_pending());
    subscription.wake_on_close(&Waker::from(on_close.clone()));
    assert!(!subscription.is_closed());
    subscription.evict();
    assert_eq!(on_frame.times(), 1);
    assert_eq!(on_close.times(), 1);
    assert!(subscription.is_closed());
    assert_eq!(poll(&subscription, &on_frame), Poll::Ready(None));
    assert_eq!(hub.subscribers(), 0);
}

#[test]
fn a_frame_that_finds_the_mailbox_open_wakes_nobody_who_waits_for_its_close() {
    let hub = hub(1, Overflow::DropNewest);
    let subscription = hub.subscribe(&patterns(&["t"])).open_raw().unwrap();
    let woken = Arc::new(Woken::default());
    subscription.wake_on_close(&Waker::from(woken.clone()));
    assert_eq!(publish(&hub, "t").dropped, 0);
    assert_eq!(publish(&hub, "t").dropped, 1);
    assert_eq!(woken.times(), 0);
    assert!(!subscription.is_closed());
}

#[test]
fn leaving_gives_the_final_account_and_takes_nothing_from_the_others() {
    for topics in [["t"], ["*"]] {
        let hub = hub(8, Overflow::DropNewest);
        let leaver = hub.subscribe(&patterns(&topics)).open_raw().unwrap();
        let other = hub.subscribe(&patterns(&topics)).open_raw().unwrap();
        publish(&hub, "t");
        let counts = leaver.leave();
        assert_eq!(counts.offered, 1);
        assert_eq!(counts.dropped.client_gone, 1);
        assert_eq!(counts.waiting, 0);
        assert_eq!(publish(&hub, "t").offered, 1);
        assert_eq!(hub.subscribers(), 1);
        assert_eq!(leaver.counts(), counts);
        assert_eq!(drain(&other), vec![1, 2]);
    }
}

#[test]
fn whoever_left_is_in_no_audience_any_more_whatever_it_had_subscribed_to() {
    let hub = hub(8, Overflow::DropNewest);
    let audience = || hub.shared.registry.read().unwrap().audience(&Topic::new("t").unwrap()).iter().count();
    let leaver = hub.subscribe(&patterns(&["t", "*"])).open_raw().unwrap();
    let other = hub.subscribe(&patterns(&["t", "*"])).open_raw().unwrap();
    assert_eq!(audience(), 4, "each by its topic and by its pattern");
    drop(leaver);
    assert_eq!(audience(), 2);
    drop(other);
    assert_eq!(audience(), 0);
}

#[test]
fn a_publisher_is_told_what_became_of_its_event_at_each_subscriber() {
    let mut rules = Rules::plain(Limits::frames(Capacity::new(1).unwrap()), Overflow::DropNewest);
    rules.history = HistorySettings { events: 10, bytes: 1 << 20 };
    let hub = Hub::with(9, rules);
    let topic = Topic::new("t").unwrap();
    let wanted = patterns(&["t"]);
    let policies = [Overflow::DropNewest, Overflow::DropOldest, Overflow::Disconnect, Overflow::Park];
    let subscriptions: Vec<_> =
        policies.map(|policy| hub.subscribe(&wanted).overflow(policy).open_raw().unwrap()).into();
    let mut told = Vec::new();
    let first = publish(&hub, "t").id;
    let publication = hub.publish_each(Duration::ZERO, &topic, Bytes::new(), |id, outcome| told.push((id, outcome)));
    let reason = LossReason::BufferFull;
    let lost = [
        PushOutcome::Refused { reason },
        PushOutcome::Displaced { lost: first, reason },
        PushOutcome::Disconnected { reason },
        PushOutcome::Parked { waiting: 2 },
    ];
    assert_eq!(told, subscriptions.iter().map(RawSubscription::id).zip(lost).collect::<Vec<_>>());
    assert_eq!(publication.offered, 4);
    assert_eq!(publication.dropped, 3);
    let ids: Vec<_> = told.iter().map(|(id, _)| id.0).collect();
    assert_eq!(ids, [1, 2, 3, 4]);
}

#[test]
fn an_event_has_the_hubs_epoch_the_next_number_and_the_publishers_time() {
    let hub = hub(8, Overflow::DropNewest);
    let subscription = hub.subscribe(&patterns(&["t"])).open_raw().unwrap();
    publish(&hub, "t");
    let now = Duration::from_millis(7);
    let topic = Topic::new("t").unwrap();
    let id = hub.publish(now, &topic, Bytes::from_static(b"{}")).id;
    assert_eq!(id, EventId { epoch: 9, sequence: 2 });
    assert_eq!(hub.pinned_bytes().now(), 4, "two payloads of two bytes are kept");
    let events = [(); 2].map(|()| match subscription.poll_take(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(Some(taken)) => taken.event,
        other => panic!("{other:?}"),
    });
    assert_eq!(events[1].id(), id);
    assert_eq!(events[1].published_at(), now);
    let counts = hub.counts();
    assert_eq!(counts.offered, 2);
    assert_eq!(counts.waiting, 1);
    assert_eq!(counts.in_flight, 1);
    assert_eq!(counts.high_water, 2);
}

#[test]
fn publishers_on_many_threads_never_put_ids_out_of_order() {
    let hub = hub(4096, Overflow::DropNewest);
    let subscription = hub.subscribe(&patterns(&["t"])).open_raw().unwrap();
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| (0..500).map(|_| publish(&hub, "t").offered).sum::<usize>());
        }
    });
    assert_eq!(drain(&subscription), (1..=2000).collect::<Vec<_>>());
}

#[derive(Default)]
pub(super) struct Woken(std::sync::atomic::AtomicUsize);

impl Woken {
    pub(super) fn times(&self) -> usize {
        self.0.load(std::sync::atomic::Ordering::SeqCst)
    }
}

impl std::task::Wake for Woken {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, std::sync::atomic::Ordering::SeqCst);
    }
}

#[test]
fn when_everybody_is_evicted_what_waits_is_lost_as_evicted_and_newcomers_are_served() {
    let hub = hub(8, Overflow::DropNewest);
    let one = hub.subscribe(&patterns(&["ingest.orders"])).open_raw().unwrap();
    let other = hub.subscribe(&patterns(&["ingest.>"])).open_raw().unwrap();
    publish(&hub, "ingest.orders");
    hub.evict_all();
    assert!(one.is_closed() && other.is_closed() && hub.subscribers() == 0);
    assert_eq!(hub.counts().dropped.evicted, 2);
    assert_eq!(hub.counts().waiting, 0);
    let newcomer = hub.subscribe(&patterns(&["ingest.orders"])).open_raw().unwrap();
    assert_eq!(publish(&hub, "ingest.orders").offered, 1);
    assert_eq!(drain(&newcomer), [2]);
}
