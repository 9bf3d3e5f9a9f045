use super::*;
use crate::tcp::segment::{Packet, Segment};
use crate::tcp::units::MILLISECOND;

/// 1 Mbit/s: a packet of 1250 B takes 10 ms.
fn plan() -> LinkPlan {
    LinkPlan {
        rate: Rate::BitsPerSecond(1_000_000),
        queue_bytes: Some(5_000),
        delay: 60 * MILLISECOND,
        ..LinkPlan::default()
    }
}

/// When packets of 1250 B arrive that are sent at these milliseconds.
fn arrivals(plan: LinkPlan, sent: &[u64]) -> (Vec<u64>, LinkCounts) {
    let mut link = Link::new(plan);
    sent.iter().for_each(|at| link.send(at * MILLISECOND, Packet::Data(Segment::default()), 1_250));
    let mut arrived = Vec::new();
    while let Some(at) = link.next_arrival_at() {
        link.arrived(at);
        arrived.push(at / MILLISECOND);
    }
    (arrived, link.counts())
}

fn outages(outages: &[(u64, u64, OutageKind)]) -> Arc<Outages> {
    let all = outages.iter().map(|(from, until, kind)| Outage {
        from: from * MILLISECOND,
        until: until * MILLISECOND,
        kind: *kind,
    });
    Arc::new(Outages::new(all))
}

#[test]
fn packets_leave_one_after_the_other_and_then_take_the_delay() {
    assert_eq!(arrivals(plan(), &[0, 0, 100]).0, [70, 80, 170]);
}

#[test]
fn a_packet_that_the_queue_has_no_room_for_is_dropped() {
    let (arrived, counts) = arrivals(plan(), &[0, 0, 0, 0, 0, 10]);
    assert_eq!(arrived, [70, 80, 90, 100, 110], "there is room for four, and for one more when one has gone");
    assert_eq!(counts, LinkCounts { sent: 6, cut: 0, overflowed: 1, lost: 0, most_queued: 5_000 });
}

#[test]
fn a_packet_is_lost_in_the_slot_in_which_its_last_byte_leaves() {
    let slots = |lost: &[u64]| LinkPlan { lost_slots: LostSlots::new(5 * MILLISECOND, lost.to_vec()), ..plan() };
    assert_eq!(arrivals(slots(&[2]), &[0, 0]).0, [80], "it leaves at 10 ms");
    assert_eq!(arrivals(slots(&[0, 1, 3]), &[0, 0]).0, [70, 80]);
    assert_eq!(arrivals(slots(&[4, 2]), &[0, 0, 50]).0, [120]);
}

#[test]
fn a_lost_packet_takes_its_time_on_the_line() {
    let lossy = LinkPlan { lost_slots: LostSlots::new(5 * MILLISECOND, [2]), ..plan() };
    assert_eq!(arrivals(lossy, &[0, 0]).0, [80]);
}

#[test]
fn an_outage_that_drops_loses_what_reaches_the_bottleneck_while_it_lasts() {
    let plan = LinkPlan { outages: outages(&[(5, 20, OutageKind::Drops)]), ..plan() };
    let (arrived, counts) = arrivals(plan, &[4, 5, 19, 20]);
    assert_eq!(arrived, [74, 90]);
    assert_eq!(counts.cut, 2);
}

#[test]
fn in_an_outage_that_holds_the_line_stands_still_and_the_queue_fills() {
    let plan = LinkPlan { outages: outages(&[(5, 25, OutageKind::Holds)]), ..plan() };
    let (arrived, counts) = arrivals(plan, &[0, 6, 7, 8, 9]);
    assert_eq!(arrived, [90, 100, 110, 120], "the first was half-way through");
    // 625 B of the first are still to go, so there is room for three more.
    assert_eq!(counts.overflowed, 1);
    assert_eq!(counts.most_queued, 625 + 3 * 1_250);
}

#[test]
fn a_line_without_a_rate_waits_for_the_end_of_an_outage_that_holds() {
    let plan = LinkPlan { rate: Rate::Unbounded, outages: outages(&[(5, 25, OutageKind::Holds)]), ..plan() };
    assert_eq!(arrivals(plan, &[4, 5, 24, 25]).0, [64, 85, 85, 85]);
}

#[test]
fn outages_that_overlap_are_one() {
    let both = outages(&[(5, 15, OutageKind::Drops), (10, 20, OutageKind::Drops)]);
    assert_eq!([4, 5, 14, 17, 20].map(|at| both.drops_at(at * MILLISECOND)), [false, true, true, true, false]);
}
