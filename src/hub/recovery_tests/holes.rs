//! Gap notices: what a subscriber is told to be missing, and where.

use super::*;

#[test]
fn a_hole_is_told_once_before_the_event_that_follows_it_and_takes_no_slot() {
    let hub = hub(2, Overflow::DropNewest, 0);
    let subscription = hub.subscribe(&patterns("t")).open_for_client();
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
    let subscription = hub.subscribe(&patterns("t")).open_for_client();
    publish(&hub, "t", 2);
    assert_eq!(next(&subscription), [E(1)]);
    publish(&hub, "t", 5);
    assert_eq!(drain(&subscription), [Hole(2, 4, Some(3)), E(5), E(6), E(7)]);
}

#[test]
fn other_peoples_events_are_no_hole() {
    let hub = hub(1, Overflow::DropNewest, 0);
    let subscription = hub.subscribe(&patterns("t")).open_for_client();
    for topic in ["t", "other", "t", "other", "t", "other"] {
        publish(&hub, topic, 1);
    }
    assert_eq!(drain(&subscription), [E(1)]);
    publish(&hub, "t", 1);
    assert_eq!(drain(&subscription), [Hole(3, 5, Some(2)), E(7)]);
}

#[test]
fn a_value_that_a_later_one_has_replaced_is_no_hole() {
    let limits = Limits::frames(Capacity::new(2).unwrap());
    let mut rules = Rules::plain(limits, Overflow::Conflate);
    rules.policy.key = "id".parse().ok();
    rules.announces_gaps = true;
    let hub = Hub::with(EPOCH, rules);
    let subscription = hub.subscribe(&patterns("t")).open_for_client();
    for payload in ["{\"id\":1}", "{\"id\":2}", "{\"id\":1}", "{\"id\":1}"] {
        hub.publish(Duration::ZERO, &Topic::new("t").unwrap(), Bytes::from_static(payload.as_bytes()));
    }
    assert_eq!(drain(&subscription), [E(2), E(4)]);
}
