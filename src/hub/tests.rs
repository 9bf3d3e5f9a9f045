use std::task::{Context, Poll, Waker};

use super::*;

fn hub(capacity: usize, overflow: Overflow) -> Hub {
    Hub::new(HubSettings { epoch: 9, capacity: Capacity::new(capacity).unwrap(), overflow })
}

fn patterns(texts: &[&str]) -> Vec<Pattern> {
    texts.iter().map(|text| Pattern::new(text).unwrap()).collect()
}

fn publish(hub: &Hub, topic: &str) -> Publication {
    hub.publish(Duration::ZERO, &Topic::new(topic).unwrap(), Bytes::from_static(b"{}"))
}

/// Everything that waits, flushed at once.
fn drain(subscription: &Subscription) -> Vec<u64> {
    let mut cx = Context::from_waker(Waker::noop());
    std::iter::from_fn(|| match subscription.poll_take(&mut cx) {
        Poll::Ready(Some(event)) => {
            subscription.flushed(None);
            Some(event.id().sequence)
        }
        Poll::Ready(None) | Poll::Pending => None,
    })
    .collect()
}

#[test]
fn an_event_reaches_whoever_asked_for_its_topic_and_nobody_else() {
    let hub = hub(8, Overflow::DropNewest);
    let orders = hub.subscribe(&patterns(&["ingest.orders"]));
    let all = hub.subscribe(&patterns(&["ingest.>"]));
    assert_eq!(publish(&hub, "ingest.orders").offered, 2);
    assert_eq!(publish(&hub, "ingest.users").offered, 1);
    assert_eq!(publish(&hub, "audit").offered, 0);
    assert_eq!((drain(&orders), drain(&all)), (vec![1], vec![1, 2]));
}

#[test]
fn a_double_match_delivers_once() {
    let hub = hub(8, Overflow::DropNewest);
    let twice = hub.subscribe(&patterns(&["ingest.orders", "ingest.*", "ingest.>"]));
    assert_eq!(publish(&hub, "ingest.orders").offered, 1);
    assert_eq!(drain(&twice), [1]);
}

#[test]
fn a_full_mailbox_delays_nobody_and_loses_only_its_own_frames() {
    let hub = hub(2, Overflow::DropNewest);
    let (slow, fast) = (hub.subscribe(&patterns(&["t"])), hub.subscribe(&patterns(&["t"])));
    let dropped: Vec<_> = (0..4).map(|_| (publish(&hub, "t").dropped, drain(&fast).len())).collect();
    assert_eq!(dropped, [(0, 1), (0, 1), (1, 1), (1, 1)]);
    assert_eq!(slow.counts().dropped.buffer_full, 2);
    assert_eq!(fast.counts(), Counts { offered: 4, delivered: 4, high_water: 1, ..Counts::default() });
    assert_eq!(drain(&slow), [1, 2]);
}

#[test]
fn whoever_leaves_during_a_fan_out_is_offered_nothing_after_that() {
    let hub = hub(8, Overflow::DropNewest);
    let first = hub.subscribe(&patterns(&["t"]));
    let mut second = Some(hub.subscribe(&patterns(&["t"])));
    let mut third = None;
    let mut seen = Vec::new();
    hub.publish_each(Duration::ZERO, &Topic::new("t").unwrap(), Bytes::new(), |id, _| {
        seen.push(id);
        second = None;
        third = Some(hub.subscribe(&patterns(&["t"])));
    });
    assert_eq!(seen, [first.id()], "the second left, the third came too late");
    assert_eq!((publish(&hub, "t").offered, hub.subscribers()), (2, 2));
}

#[test]
fn the_hub_keeps_the_account_of_those_that_left() {
    let hub = hub(1, Overflow::DropNewest);
    let gone = hub.subscribe(&patterns(&["t"]));
    let evicted = hub.subscribe(&patterns(&["t"]));
    publish(&hub, "t");
    publish(&hub, "t");
    evicted.evict();
    drop((gone, evicted));
    let counts = hub.counts();
    assert!(counts.is_conserved());
    assert_eq!((counts.offered, counts.dropped.buffer_full), (4, 2));
    assert_eq!((counts.dropped.client_gone, counts.dropped.evicted, hub.subscribers()), (1, 1, 0));
    assert_eq!(hub.pinned_bytes().now(), 0);
}

#[test]
fn a_disconnected_subscriber_is_woken_though_it_waits_for_no_frame() {
    let hub = hub(1, Overflow::Disconnect);
    let subscription = hub.subscribe(&patterns(&["t"]));
    let woken = Arc::new(Woken::default());
    subscription.wake_on_close(&Waker::from(woken.clone()));
    publish(&hub, "t");
    assert_eq!((woken.times(), subscription.is_closed()), (0, false));
    assert_eq!(publish(&hub, "t").dropped, 1);
    assert_eq!((woken.times(), subscription.is_closed()), (1, true));
    assert_eq!(publish(&hub, "t").offered, 0, "nothing is offered to a closed mailbox");
}

#[test]
fn publishers_on_many_threads_never_put_ids_out_of_order() {
    let hub = hub(4096, Overflow::DropNewest);
    let subscription = hub.subscribe(&patterns(&["t"]));
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| (0..500).map(|_| publish(&hub, "t").offered).sum::<usize>());
        }
    });
    assert_eq!(drain(&subscription), (1..=2000).collect::<Vec<_>>());
}

#[derive(Default)]
struct Woken(std::sync::atomic::AtomicUsize);

impl Woken {
    fn times(&self) -> usize {
        self.0.load(std::sync::atomic::Ordering::SeqCst)
    }
}

impl std::task::Wake for Woken {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, std::sync::atomic::Ordering::SeqCst);
    }
}
