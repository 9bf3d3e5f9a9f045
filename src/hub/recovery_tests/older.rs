//! Events that are put in front of the history for subscribers that come back with an older cursor.

use std::sync::Arc;

use proptest::prelude::*;

use super::*;
use crate::event::Event;

const TOPICS: [&str; 3] = ["t", "u", "v.w"];

fn older(hub: &Hub, sequences: impl IntoIterator<Item = u64>) -> Vec<Arc<Event>> {
    let topic = Topic::new("t").unwrap();
    let event = |sequence| hub.older_event(sequence, &topic, Bytes::from_static(b"{}"), Duration::ZERO);
    sequences.into_iter().map(event).collect()
}

fn more(events: usize) -> HistorySettings {
    HistorySettings { events, bytes: 1 << 20 }
}

#[test]
fn a_cursor_older_than_the_history_finds_what_was_put_in_front_and_then_goes_on() {
    let hub = hub(2, Overflow::DropNewest, 3);
    publish(&hub, "t", 10);
    assert_eq!(hub.reaches_back_to(), 8);
    assert!(hub.put_in_front(3, 8, &older(&hub, 3..8), more(5)));
    let back = resume(&hub, after(2));
    assert_eq!(back.opening(), None);
    let mut seen = next(&back);
    // It has as much as it may, so it forgets the oldest, and the subscriber has that already.
    publish(&hub, "t", 1);
    assert_eq!(hub.reaches_back_to(), 4);
    seen.extend(drain(&back));
    assert_eq!(seen, (3..=11).map(E).collect::<Vec<_>>());
}

#[test]
fn what_is_in_front_stays_while_somebody_reads_it_and_no_longer() {
    let hub = hub(2, Overflow::DropNewest, 3);
    publish(&hub, "t", 2_000);
    assert!(hub.put_in_front(100, 1_998, &older(&hub, 100..1_998), more(5_000)));
    let back = resume(&hub, after(99));
    assert_eq!(next(&back), [E(100)]);
    assert!(!hub.forget_older());
    assert_eq!(hub.reaches_back_to(), 100);
    assert_eq!(drain(&back).len(), 1_900);
    assert!(hub.forget_older());
    assert_eq!((hub.reaches_back_to(), hub.older_events(), hub.history_state().events), (1_998, 0, 3));
    assert_eq!(resume(&hub, after(1)).opening().copied().map(hole), Some(Hole(2, 1_997, None)));
}

#[test]
fn events_that_do_not_reach_the_history_are_not_put_in_front_of_it() {
    let hub = hub(2, Overflow::DropNewest, 3);
    publish(&hub, "t", 10);
    assert!(!hub.put_in_front(3, 7, &older(&hub, 3..7), more(9)), "7 would be missing");
    assert_eq!((hub.reaches_back_to(), hub.older_events()), (8, 0));
    // Where the log has no events, none are missing.
    assert!(hub.put_in_front(5, 8, &[], more(9)));
    let back = resume(&hub, after(4));
    assert_eq!((back.opening(), drain(&back)), (None, vec![E(8), E(9), E(10)]));
}

#[test]
fn a_hole_of_the_log_empties_what_was_put_in_front_too() {
    let hub = hub(2, Overflow::DropNewest, 3);
    publish(&hub, "t", 10);
    assert!(hub.put_in_front(1, 8, &older(&hub, 1..8), more(9)));
    hub.lose_until(20);
    assert_eq!((hub.reaches_back_to(), hub.older_events(), hub.history_state().events), (21, 0, 0));
}

proptest! {
    #[test]
    fn in_two_parts_it_is_the_history_that_it_would_be_in_one(
        topics in prop::collection::vec(0usize..3, 1..300),
        kept in 1usize..100,
        begins_at in 0usize..300,
        later in 0usize..100,
        extra in 0usize..300,
        cursor in 0u64..300,
    ) {
        let whole = hub(7, Overflow::DropNewest, 1_000);
        let parts = hub(7, Overflow::DropNewest, kept);
        let publish_all = |topics: &[usize]| topics.iter().for_each(|topic| {
            publish(&whole, TOPICS[*topic], 1);
            publish(&parts, TOPICS[*topic], 1);
        });
        publish_all(&topics);
        let reached = parts.reaches_back_to();
        let from = (begins_at as u64 + 1).min(reached);
        let events = topics.iter().zip(1..).filter(|(_, sequence)| (from..reached).contains(sequence));
        let events = events.map(|(topic, sequence)| {
            let topic = Topic::new(TOPICS[*topic]).unwrap();
            parts.older_event(sequence, &topic, Bytes::from_static(b"{}"), Duration::ZERO)
        });
        prop_assert!(parts.put_in_front(from, reached, &events.collect::<Vec<_>>(), more(extra)));
        publish_all(&vec![0; later]);
        let last = (topics.len() + later) as u64;
        let cursor = after(cursor.min(last).max(parts.reaches_back_to() - 1));
        for wanted in ["t", "v.*", ">"] {
            let watch = |hub: &Hub| {
                let stream = hub.subscribe(&patterns(wanted)).after(cursor).open_for_client();
                (stream.replays().map(|(_, count)| count), drain(&stream))
            };
            prop_assert_eq!(watch(&parts), watch(&whole));
        }
    }
}
