//! Clients that come back with a cursor.

use super::*;

#[test]
fn who_comes_back_gets_what_it_missed_and_then_what_is_live_once_and_in_order() {
    for frames in [1, 3, 100] {
        let hub = hub(frames, Overflow::DropNewest, 100);
        publish(&hub, "t", 4);
        publish(&hub, "other", 2);
        publish(&hub, "t", 4);
        let back = resume(&hub, after(2));
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
        let back = resume(&hub, after(0));
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
    let back = resume(&hub, after(0));
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

#[test]
fn who_comes_back_in_the_middle_of_a_fan_out_gets_that_event_once() {
    let hub = hub(8, Overflow::DropNewest, 100);
    let _first = hub.subscribe(&patterns("t")).open_for_client();
    let mut back = None;
    publish(&hub, "t", 1);
    hub.publish_each(Duration::ZERO, &Topic::new("t").unwrap(), Bytes::new(), |_, _| {
        back = Some(resume(&hub, after(0)));
    });
    publish(&hub, "t", 1);
    assert_eq!(drain(&back.unwrap()), [E(1), E(2), E(3)]);
}

#[test]
fn what_is_out_of_reach_is_told_first() {
    let hub = hub(4, Overflow::DropNewest, 3);
    publish(&hub, "t", 10);
    let back = resume(&hub, after(2));
    let gap = *back.opening().unwrap();
    assert_eq!(hole(gap), Hole(3, 7, None));
    assert_eq!(gap.reason, GapReason::Lost(LossReason::OutOfReach));
    assert_eq!(drain(&back), [E(8), E(9), E(10)]);
    assert_eq!(back.begins_at(), None, "its cursor stays where it was until then");
    assert_eq!(resume(&hub, after(10)).opening(), None);
    assert_eq!(resume(&hub, after(7)).opening(), None);
}

#[test]
fn a_cursor_of_another_life_gets_all_there_is_of_this_one_and_one_of_no_life_begins_now() {
    let hub = hub(4, Overflow::DropNewest, 100);
    publish(&hub, "t", 3);
    let restarted = resume(&hub, Cursor::After(EventId { epoch: EPOCH - 1, sequence: 70 }));
    let gap = *restarted.opening().unwrap();
    assert_eq!(gap.first, None);
    assert_eq!(gap.last, None);
    assert_eq!(gap.count, None);
    assert_eq!(gap.reason, GapReason::Restarted);
    assert_eq!(restarted.replays(), Some((EventId { epoch: EPOCH, sequence: 1 }, 3)));
    assert_eq!(drain(&restarted), [E(1), E(2), E(3)]);
    for cursor in [after(4), Cursor::Unknown, Cursor::read("yesterday"), Cursor::read(&format!("{EPOCH}-99"))] {
        let lost = resume(&hub, cursor);
        assert_eq!(lost.opening().map(|gap| gap.reason), Some(GapReason::UnknownCursor));
        assert_eq!(lost.begins_at(), Some(EventId { epoch: EPOCH, sequence: 3 }));
        assert_eq!(drain(&lost), vec![]);
    }
}

#[test]
fn of_another_life_that_has_forgotten_its_beginning_it_is_told_up_to_where() {
    let hub = hub(4, Overflow::DropNewest, 2);
    publish(&hub, "t", 5);
    let restarted = resume(&hub, Cursor::After(EventId { epoch: EPOCH + 1, sequence: 1 }));
    assert_eq!(restarted.opening().map(|gap| gap.last), Some(Some(EventId { epoch: EPOCH, sequence: 3 })));
    assert_eq!(restarted.replays(), Some((EventId { epoch: EPOCH, sequence: 4 }, 2)));
    assert_eq!(drain(&restarted), [E(4), E(5)]);
    assert_eq!(resume(&hub, after(5)).replays(), None, "nothing was missed");
}

#[test]
fn a_stream_says_where_it_begins_so_that_even_who_has_seen_nothing_can_come_back() {
    let hub = hub(4, Overflow::DropNewest, 100);
    publish(&hub, "t", 2);
    let at = hub.subscribe(&patterns("t")).open_for_client().begins_at().unwrap();
    publish(&hub, "t", 2);
    assert_eq!(drain(&resume(&hub, Cursor::After(at))), [E(3), E(4)]);
}
