//! Limits, keys and the policies of topics.

use super::*;

#[test]
fn limits_in_bytes_and_in_age_hold_for_events() {
    let capacity = Capacity::new(100).unwrap();
    let event = |hub: &Hub, at_ms, bytes: usize| {
        let payload = Bytes::from(vec![b'0'; bytes]);
        hub.publish(Duration::from_millis(at_ms), &Topic::new("t").unwrap(), payload).dropped
    };
    let limits = Limits { bytes: std::num::NonZeroUsize::new(100), ..Limits::frames(capacity) };
    let by_bytes = Hub::with(EPOCH, Rules::plain(limits, Overflow::DropNewest));
    let subscription = by_bytes.subscribe(&patterns("t")).open_for_client();
    assert_eq!([60, 40, 1].map(|bytes| event(&by_bytes, 0, bytes)), [0, 0, 1]);
    assert_eq!(subscription.counts().dropped.bytes, 1);
    let limits = Limits { age: Some(Duration::from_millis(50)), ..Limits::frames(capacity) };
    let by_age = Hub::with(EPOCH, Rules::plain(limits, Overflow::DropNewest));
    let subscription = by_age.subscribe(&patterns("t")).open_for_client();
    assert_eq!([7, 57, 58].map(|at_ms| event(&by_age, at_ms, 1)), [0, 0, 1]);
    assert_eq!(subscription.counts().dropped.age, 1);
}

#[test]
fn equal_keys_of_two_topics_are_not_about_the_same() {
    let mut rules = Rules::plain(Limits::frames(Capacity::new(2).unwrap()), Overflow::Conflate);
    rules.policy.key = "id".parse().ok();
    let hub = Hub::with(EPOCH, rules);
    let subscription = hub.subscribe(&patterns("*")).open_for_client();
    for topic in ["a", "b", "a"] {
        hub.publish(Duration::ZERO, &Topic::new(topic).unwrap(), Bytes::from_static(b"{\"id\":1}"));
    }
    assert_eq!(drain(&subscription), [E(2), E(3)]);
}

#[test]
fn an_event_is_about_what_its_topics_policy_says_and_one_without_a_key_is_counted() {
    let limits = Limits::frames(Capacity::new(2).unwrap());
    let mut rules = Rules::plain(limits, Overflow::DropNewest);
    let policy = Policy { limits, overflow: Overflow::Conflate, key: "id".parse().ok() };
    rules.by_topic = vec![Rule { pattern: Pattern::new("prices.*").unwrap(), policy }];
    rules.announces_gaps = true;
    let hub = Hub::with(EPOCH, rules);
    let prices = hub.subscribe(&patterns("prices.eu")).open_for_client();
    let others = hub.subscribe(&patterns("others")).open_for_client();
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
