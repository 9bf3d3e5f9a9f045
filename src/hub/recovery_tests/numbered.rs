//! Events that bring their numbers from a log.

use super::*;

fn publish_at(hub: &Hub, sequences: &[u64]) {
    let topic = Topic::new("t").unwrap();
    sequences.iter().for_each(|sequence| {
        hub.publish_at(*sequence, Duration::ZERO, &topic, Bytes::from_static(b"{}"));
    });
}

#[test]
fn numbers_that_the_log_leaves_out_are_no_hole_for_anybody() {
    let hub = hub(2, Overflow::DropNewest, 3);
    let live = resume(&hub, after(0));
    publish_at(&hub, &[3, 7]);
    assert_eq!(drain(&live), [E(3), E(7)]);
    publish_at(&hub, &[8, 20]);
    assert_eq!(drain(&live), [E(8), E(20)]);
    // 3 is forgotten. Between it and 7 there is nothing.
    for cursor in [3, 5, 6] {
        let back = resume(&hub, after(cursor));
        assert_eq!(back.opening(), None, "after {cursor}");
        assert_eq!(drain(&back), [E(7), E(8), E(20)], "after {cursor}");
    }
    let late = resume(&hub, after(2));
    assert_eq!(late.opening().copied().map(hole), Some(Hole(3, 3, None)));
}

#[test]
fn an_event_that_a_log_sends_again_is_published_once() {
    let hub = hub(9, Overflow::DropNewest, 9);
    let live = resume(&hub, after(0));
    publish_at(&hub, &[1, 2, 2, 1, 3]);
    assert_eq!(drain(&live), [E(1), E(2), E(3)]);
    assert_eq!(hub.last_id(), EventId { epoch: EPOCH, sequence: 3 });
}

#[test]
fn frames_lost_between_numbers_that_are_left_out_are_counted_as_frames() {
    let hub = hub(1, Overflow::DropNewest, 9);
    let live = resume(&hub, after(0));
    publish_at(&hub, &[10, 20, 30]);
    assert_eq!(next(&live), [E(10)]);
    publish_at(&hub, &[40]);
    assert_eq!(next(&live), [Hole(20, 30, Some(2)), E(40)]);
}

#[test]
fn a_log_that_ends_with_deleted_events_is_read_to_its_end() {
    let hub = hub(9, Overflow::DropNewest, 9);
    publish_at(&hub, &[1, 2]);
    hub.advance_to(5);
    let back = resume(&hub, after(5));
    assert_eq!(back.opening(), None);
    publish_at(&hub, &[6]);
    assert_eq!(drain(&back), [E(6)]);
    assert_eq!(drain(&resume(&hub, after(1))), [E(2), E(6)]);
}

#[test]
fn events_that_the_log_lost_before_they_were_read_cut_everybody_off_and_are_told_to_those_who_come_back() {
    let hub = hub(9, Overflow::DropNewest, 9);
    let live = resume(&hub, after(0));
    publish_at(&hub, &[1, 2]);
    assert_eq!(drain(&live), [E(1), E(2)]);
    hub.lose_until(6);
    assert!(live.is_closed());
    publish_at(&hub, &[7]);
    let back = resume(&hub, after(2));
    let gap = *back.opening().unwrap();
    assert_eq!((hole(gap), gap.reason), (Hole(3, 6, None), GapReason::Lost(LossReason::OutOfReach)));
    assert_eq!(drain(&back), [E(7)]);
}
