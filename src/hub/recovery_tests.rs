//! Which subscribers are told of missing events, and which ones get them later.

use std::task::{Context, Poll, Waker};

use super::*;
use crate::event::{Gap, GapReason};
use crate::loss::LossReason;

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

/// What a client sees: a number is an event, a pair a hole told in front of the next.
#[derive(Debug, PartialEq, Eq)]
enum Seen {
    Event(u64),
    Hole(u64, u64, Option<u64>),
}
use Seen::{Event as E, Hole};

fn next(subscription: &Subscription) -> Vec<Seen> {
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

fn drain(subscription: &Subscription) -> Vec<Seen> {
    let steps = std::iter::from_fn(|| Some(next(subscription)).filter(|seen| !seen.is_empty()));
    steps.flatten().collect()
}

#[test]
fn a_hole_is_told_once_before_the_event_that_follows_it_and_takes_no_slot() {
    let hub = hub(2, Overflow::DropNewest, 0);
    let subscription = hub.subscribe(&patterns("t"));
    publish(&hub, "t", 5);
    assert_eq!(subscription.take_last_gap(), None, "an event will come that it can be told before");
    assert_eq!(next(&subscription), [E(1)]);
    publish(&hub, "t", 3);
    assert_eq!(drain(&subscription), [E(2), Hole(3, 5, Some(3)), E(6)]);
    assert_eq!(subscription.counts().dropped.buffer_full, 5);
    assert_eq!(subscription.take_last_gap().map(hole), Some(Hole(7, 8, Some(2))), "nothing has come after it");
    assert_eq!(subscription.take_last_gap(), None);
}

#[test]
fn what_the_oldest_make_room_for_is_told_where_they_were() {
    let hub = hub(3, Overflow::DropOldest, 0);
    let subscription = hub.subscribe(&patterns("t"));
    publish(&hub, "t", 2);
    assert_eq!(next(&subscription), [E(1)]);
    publish(&hub, "t", 5);
    assert_eq!(drain(&subscription), [Hole(2, 4, Some(3)), E(5), E(6), E(7)]);
}

#[test]
fn other_peoples_events_are_no_hole() {
    let hub = hub(1, Overflow::DropNewest, 0);
    let subscription = hub.subscribe(&patterns("t"));
    for topic in ["t", "other", "t", "other", "t", "other"] {
        publish(&hub, topic, 1);
    }
    assert_eq!(drain(&subscription), [E(1)]);
    publish(&hub, "t", 1);
    assert_eq!(drain(&subscription), [Hole(3, 5, Some(2)), E(7)]);
}

#[test]
fn who_comes_back_gets_what_it_missed_and_then_what_is_live_once_and_in_order() {
    for frames in [1, 3, 100] {
        let hub = hub(frames, Overflow::DropNewest, 100);
        publish(&hub, "t", 4);
        publish(&hub, "other", 2);
        publish(&hub, "t", 4);
        let back = hub.resume(&patterns("t"), after(2));
        assert_eq!(back.opening(), None);
        assert_eq!(back.replays(), Some((EventId { epoch: EPOCH, sequence: 3 }, 6)));
        let mut seen = next(&back);
        publish(&hub, "t", 5);
        seen.extend(drain(&back));
        let expected: Vec<_> = [3, 4, 7, 8, 9, 10, 11, 12, 13, 14, 15].map(E).into();
        assert_eq!(seen, expected, "{frames} frames: nothing overflows while it catches up");
        publish(&hub, "t", 1);
        assert_eq!(drain(&back), [E(16)]);
        let counts = back.counts();
        assert_eq!(counts.offered, 12);
        assert_eq!(counts.delivered, 12);
        assert_eq!(counts.dropped.total(), 0);
        assert!(counts.high_water <= frames as u64);
    }
}

#[test]
fn a_replay_that_just_fills_the_mailbox_costs_no_live_event_whatever_the_policy() {
    for overflow in [Overflow::DropNewest, Overflow::DropOldest, Overflow::Disconnect, Overflow::Conflate] {
        let limits = Limits { age: Some(Duration::from_secs(1)), ..Limits::frames(Capacity::new(4).unwrap()) };
        let mut rules = Rules::plain(limits, overflow);
        rules.history = HistorySettings { events: 100, bytes: 1 << 20 };
        rules.announces_gaps = true;
        let hub = Hub::with(EPOCH, rules);
        publish(&hub, "t", 4);
        let back = hub.resume(&patterns("t"), after(0));
        assert_eq!(next(&back), [E(1)]);
        // The replayed events are old and fill the mailbox. Neither may cost a new event.
        let late = |at_s| hub.publish(Duration::from_secs(at_s), &Topic::new("t").unwrap(), Bytes::from_static(b"{}"));
        assert_eq!([9, 9, 9].map(late).map(|publication| publication.dropped), [0, 0, 0], "{overflow}");
        assert_eq!(drain(&back), (2..=7).map(E).collect::<Vec<_>>(), "{overflow}");
        // From here on it is live, and its limits hold.
        assert_eq!([9, 20].map(late).map(|publication| publication.dropped), [0, 1], "{overflow}");
    }
}

#[test]
fn what_the_history_forgets_during_a_replay_was_out_of_reach_and_no_buffer_was_full() {
    let hub = hub(2, Overflow::DropNewest, 5);
    publish(&hub, "t", 5);
    let back = hub.resume(&patterns("t"), after(0));
    assert_eq!(next(&back), [E(1)]);
    publish(&hub, "t", 7);
    assert_eq!(next(&back), [E(2)]);
    let Poll::Ready(Some(Taken { event, gap })) = back.poll_take(&mut Context::from_waker(Waker::noop())) else {
        panic!("more has been published");
    };
    assert_eq!(event.id().sequence, 8);
    assert_eq!(gap.map(|gap| gap.reason), Some(GapReason::Lost(LossReason::OutOfReach)));
    assert_eq!(gap.map(hole), Some(Hole(3, 7, Some(5))));
    assert_eq!(back.take_forgotten(), Some(Forgotten { count: 5, reason: LossReason::OutOfReach }));
    assert_eq!(back.counts().dropped.out_of_reach, 5);
    assert_eq!(back.counts().dropped.total(), 5);
}

/// A history of one event turns over while a reader is between two looks at it; there are more readers than cores, so
/// that some are kept from running just there.
#[test]
fn while_others_publish_every_parked_event_is_read_or_told_to_be_missing_and_no_reader_spins() {
    const EVENTS: u64 = 100_000;
    const READERS: usize = 8;
    let hub = hub(1, Overflow::Park, 1);
    let subscriptions: Vec<_> = (0..READERS).map(|_| hub.subscribe(&patterns("t"))).collect();
    std::thread::scope(|scope| {
        for subscription in &subscriptions {
            scope.spawn(|| {
                let mut settled = 0;
                let mut last = 0;
                while last < EVENTS {
                    let Poll::Ready(taken) = subscription.poll_take(&mut Context::from_waker(Waker::noop())) else {
                        std::thread::yield_now();
                        continue;
                    };
                    let Taken { event, gap } = taken.expect("it is open");
                    subscription.flushed(None);
                    settled += 1 + gap.and_then(|gap| gap.count).unwrap_or(0);
                    last = event.id().sequence;
                }
                assert_eq!(settled, EVENTS);
                assert!(subscription.counts().is_conserved());
                assert_eq!(subscription.counts().waiting, 0);
            });
        }
        publish(&hub, "t", usize::try_from(EVENTS).unwrap());
    });
}

#[test]
fn who_comes_back_in_the_middle_of_a_fan_out_gets_that_event_once() {
    let hub = hub(8, Overflow::DropNewest, 100);
    let _first = hub.subscribe(&patterns("t"));
    let mut back = None;
    publish(&hub, "t", 1);
    hub.publish_each(Duration::ZERO, &Topic::new("t").unwrap(), Bytes::new(), |_, _| {
        back = Some(hub.resume(&patterns("t"), after(0)));
    });
    publish(&hub, "t", 1);
    assert_eq!(drain(&back.unwrap()), [E(1), E(2), E(3)]);
}

#[test]
fn what_is_out_of_reach_is_told_first() {
    let hub = hub(4, Overflow::DropNewest, 3);
    publish(&hub, "t", 10);
    let back = hub.resume(&patterns("t"), after(2));
    let gap = *back.opening().unwrap();
    assert_eq!(hole(gap), Hole(3, 7, None));
    assert_eq!(gap.reason, GapReason::Lost(LossReason::OutOfReach));
    assert_eq!(drain(&back), [E(8), E(9), E(10)]);
    assert_eq!(back.begins_at(), None, "its cursor stays where it was until then");
    assert_eq!(hub.resume(&patterns("t"), after(10)).opening(), None);
    assert_eq!(hub.resume(&patterns("t"), after(7)).opening(), None);
}

#[test]
fn a_cursor_of_another_life_gets_all_there_is_of_this_one_and_one_of_no_life_begins_now() {
    let hub = hub(4, Overflow::DropNewest, 100);
    publish(&hub, "t", 3);
    let restarted = hub.resume(&patterns("t"), Cursor::After(EventId { epoch: EPOCH - 1, sequence: 70 }));
    let gap = *restarted.opening().unwrap();
    assert_eq!(gap.first, None);
    assert_eq!(gap.last, None);
    assert_eq!(gap.count, None);
    assert_eq!(gap.reason, GapReason::Restarted);
    assert_eq!(restarted.replays(), Some((EventId { epoch: EPOCH, sequence: 1 }, 3)));
    assert_eq!(drain(&restarted), [E(1), E(2), E(3)]);
    for cursor in [after(4), Cursor::Unknown, Cursor::read("yesterday"), Cursor::read(&format!("{EPOCH}-99"))] {
        let lost = hub.resume(&patterns("t"), cursor);
        assert_eq!(lost.opening().map(|gap| gap.reason), Some(GapReason::UnknownCursor));
        assert_eq!(lost.begins_at(), Some(EventId { epoch: EPOCH, sequence: 3 }));
        assert_eq!(drain(&lost), vec![]);
    }
}

#[test]
fn of_another_life_that_has_forgotten_its_beginning_it_is_told_up_to_where() {
    let hub = hub(4, Overflow::DropNewest, 2);
    publish(&hub, "t", 5);
    let restarted = hub.resume(&patterns("t"), Cursor::After(EventId { epoch: EPOCH + 1, sequence: 1 }));
    assert_eq!(restarted.opening().map(|gap| gap.last), Some(Some(EventId { epoch: EPOCH, sequence: 3 })));
    assert_eq!(restarted.replays(), Some((EventId { epoch: EPOCH, sequence: 4 }, 2)));
    assert_eq!(drain(&restarted), [E(4), E(5)]);
    assert_eq!(hub.resume(&patterns("t"), after(5)).replays(), None, "nothing was missed");
}

#[test]
fn limits_in_bytes_and_in_age_hold_for_events() {
    let capacity = Capacity::new(100).unwrap();
    let event = |hub: &Hub, at_ms, bytes: usize| {
        let payload = Bytes::from(vec![b'0'; bytes]);
        hub.publish(Duration::from_millis(at_ms), &Topic::new("t").unwrap(), payload).dropped
    };
    let limits = Limits { bytes: std::num::NonZeroUsize::new(100), ..Limits::frames(capacity) };
    let by_bytes = Hub::with(EPOCH, Rules::plain(limits, Overflow::DropNewest));
    let subscription = by_bytes.subscribe(&patterns("t"));
    assert_eq!([60, 40, 1].map(|bytes| event(&by_bytes, 0, bytes)), [0, 0, 1]);
    assert_eq!(subscription.counts().dropped.bytes, 1);
    let limits = Limits { age: Some(Duration::from_millis(50)), ..Limits::frames(capacity) };
    let by_age = Hub::with(EPOCH, Rules::plain(limits, Overflow::DropNewest));
    let subscription = by_age.subscribe(&patterns("t"));
    assert_eq!([7, 57, 58].map(|at_ms| event(&by_age, at_ms, 1)), [0, 0, 1]);
    assert_eq!(subscription.counts().dropped.age, 1);
}

#[test]
fn what_is_wanted_changes_while_it_is_there_and_what_was_parked_still_comes() {
    let hub = hub(1, Overflow::Park, 100);
    let subscription = hub.open(&patterns("a"), None, Capacity::new(2).unwrap(), Channel::WebSocket);
    let a = &patterns("a")[0];
    let b = &patterns("b")[0];
    publish(&hub, "a", 4);
    publish(&hub, "b", 1);
    assert!(subscription.want(b) && !subscription.want(b));
    publish(&hub, "b", 1);
    assert!(subscription.give_up(a) && !subscription.give_up(a));
    publish(&hub, "a", 1);
    publish(&hub, "b", 1);
    assert_eq!(subscription.patterns_kept(), 2);
    assert_eq!(subscription.counts().offered, 6);
    assert_eq!(drain(&subscription), [E(1), E(2), E(3), E(4), E(6), E(8)]);
    assert!(subscription.want(a));
    assert_eq!(subscription.patterns_kept(), 2, "nothing of what was given up is to come any more");
    publish(&hub, "a", 1);
    publish(&hub, "b", 1);
    assert_eq!(drain(&subscription), [E(9), E(10)]);
    assert_eq!(subscription.counts().high_water, 2, "a mailbox of the size that was asked for");
    assert_eq!(hub.subscribers_of(Channel::WebSocket), 1);
    assert_eq!(hub.subscribers_of(Channel::Sse), 0);
    assert!(hub.counts_of(Channel::WebSocket).delivered == 8 && hub.counts_of(Channel::Sse).offered == 0);
    subscription.leave();
    assert!(!subscription.want(a) && !subscription.give_up(b));
    assert_eq!(hub.counts_of(Channel::WebSocket).delivered, 8);
    publish(&hub, "a", 1);
    assert!(hub.counts().is_conserved());
}

#[test]
fn whoever_is_behind_and_changes_its_mind_over_and_over_keeps_nothing_of_it() {
    let hub = hub(1, Overflow::DropNewest, 100);
    publish(&hub, "a", 10);
    let subscription = hub.open(&patterns("a"), Some(after(0)), Capacity::new(1).unwrap(), Channel::WebSocket);
    let b = &patterns("b")[0];
    for _ in 0..1000 {
        assert!(subscription.want(b) && subscription.wants(b) && subscription.give_up(b));
        assert!(subscription.patterns_kept() == 1, "no event came meanwhile");
    }
    for changes in 1..5 {
        subscription.want(b);
        publish(&hub, "b", 1);
        subscription.give_up(b);
        assert_eq!(subscription.patterns_kept(), 1 + changes, "each is still to come");
    }
    assert_eq!(drain(&subscription), (1..=14).map(E).collect::<Vec<_>>());
    assert_eq!(subscription.patterns_kept(), 1);
}

#[test]
fn equal_keys_of_two_topics_are_not_about_the_same() {
    let mut rules = Rules::plain(Limits::frames(Capacity::new(2).unwrap()), Overflow::Conflate);
    rules.policy.key = "id".parse().ok();
    let hub = Hub::with(EPOCH, rules);
    let subscription = hub.subscribe(&patterns("*"));
    for topic in ["a", "b", "a"] {
        hub.publish(Duration::ZERO, &Topic::new(topic).unwrap(), Bytes::from_static(b"{\"id\":1}"));
    }
    assert_eq!(drain(&subscription), [E(2), E(3)]);
}

#[test]
fn a_stream_says_where_it_begins_so_that_even_who_has_seen_nothing_can_come_back() {
    let hub = hub(4, Overflow::DropNewest, 100);
    publish(&hub, "t", 2);
    let at = hub.subscribe(&patterns("t")).begins_at().unwrap();
    publish(&hub, "t", 2);
    assert_eq!(drain(&hub.resume(&patterns("t"), Cursor::After(at))), [E(3), E(4)]);
}

#[test]
fn whoever_is_parked_loses_nothing_while_the_history_covers_it() {
    let hub = hub(2, Overflow::Park, 100);
    let subscription = hub.subscribe(&patterns("t"));
    publish(&hub, "t", 50);
    let counts = subscription.counts();
    assert_eq!(counts.waiting, 50);
    assert_eq!(counts.dropped.total(), 0);
    assert_eq!(counts.high_water, 2);
    assert_eq!(drain(&subscription), (1..=50).map(E).collect::<Vec<_>>());
    publish(&hub, "t", 2);
    assert_eq!(drain(&subscription), [E(51), E(52)]);
    assert_eq!(subscription.take_forgotten(), None);
}

#[test]
fn what_the_history_did_not_keep_for_the_parked_is_counted_told_and_named_by_the_limit() {
    let hub = hub(2, Overflow::Park, 5);
    let subscription = hub.subscribe(&patterns("t"));
    publish(&hub, "t", 20);
    let expected = [E(1), E(2), Hole(3, 15, Some(13)), E(16), E(17), E(18), E(19), E(20)];
    assert_eq!(drain(&subscription), expected);
    assert_eq!(subscription.take_forgotten(), Some(Forgotten { count: 13, reason: LossReason::BufferFull }));
    let counts = subscription.counts();
    assert!(counts.is_conserved() && counts.dropped.buffer_full == 13 && counts.waiting == 0, "{counts:?}");
}

#[test]
fn without_a_history_all_that_was_parked_is_told_at_the_end() {
    let hub = hub(1, Overflow::Park, 0);
    let subscription = hub.subscribe(&patterns("t"));
    publish(&hub, "t", 4);
    assert_eq!(drain(&subscription), [E(1)]);
    assert_eq!(subscription.take_last_gap().map(hole), Some(Hole(2, 4, Some(3))));
}

#[test]
fn an_event_is_about_what_its_topics_policy_says_and_one_without_a_key_is_counted() {
    let limits = Limits::frames(Capacity::new(2).unwrap());
    let mut rules = Rules::plain(limits, Overflow::DropNewest);
    let policy = Policy { limits, overflow: Overflow::Conflate, key: "id".parse().ok() };
    rules.by_topic = vec![Rule { pattern: Pattern::new("prices.*").unwrap(), policy }];
    rules.announces_gaps = true;
    let hub = Hub::with(EPOCH, rules);
    let prices = hub.subscribe(&patterns("prices.eu"));
    let others = hub.subscribe(&patterns("others"));
    for payload in ["{\"id\":1}", "{\"id\":2}", "{\"id\":1,\"v\":2}", "{\"v\":3}"] {
        for topic in ["prices.eu", "others"] {
            hub.publish(Duration::ZERO, &Topic::new(topic).unwrap(), Bytes::from_static(payload.as_bytes()));
        }
    }
    hub.publish(Duration::ZERO, &Topic::new("prices.us").unwrap(), Bytes::new());
    assert_eq!(prices.counts().dropped.conflated, 1);
    assert_eq!(hub.events_without_key(), 2);
    assert!(prices.is_closed(), "two keys and an event without one do not fit into two slots");
    assert_eq!(others.counts().dropped.buffer_full, 2);
}

#[test]
fn a_value_that_a_later_one_has_replaced_is_no_hole() {
    let limits = Limits::frames(Capacity::new(2).unwrap());
    let mut rules = Rules::plain(limits, Overflow::Conflate);
    rules.policy.key = "id".parse().ok();
    rules.announces_gaps = true;
    let hub = Hub::with(EPOCH, rules);
    let subscription = hub.subscribe(&patterns("t"));
    for payload in ["{\"id\":1}", "{\"id\":2}", "{\"id\":1}", "{\"id\":1}"] {
        hub.publish(Duration::ZERO, &Topic::new("t").unwrap(), Bytes::from_static(payload.as_bytes()));
    }
    assert_eq!(drain(&subscription), [E(2), E(4)]);
}
