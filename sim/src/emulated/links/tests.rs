use super::*;
use crate::tcp::{LostSlots, Outage, OutageKind, Outages, Rate};

const MILLISECOND: u64 = 1_000_000;
const SERVER: [u8; 4] = [10, 1, 0, 1];
const ZERO: u64 = 77 * MILLISECOND;

fn client(index: u8) -> Ipv4Addr {
    Ipv4Addr::new(10, 64, 0, index + 1)
}

/// A packet to a client or from it.
fn packet(from: Side, index: u8, bytes: usize) -> Vec<u8> {
    let mut packet = vec![0; bytes];
    packet[0] = 0x45;
    let ends = match from {
        Side::Server => [SERVER, client(index).octets()],
        Side::Client => [client(index).octets(), SERVER],
    };
    packet[12..20].copy_from_slice(&ends.concat());
    packet
}

/// 1 Mbit/s: a packet of 1250 B takes 10 ms, and then the delay.
fn plan(delay_ms: u64) -> LinkPlan {
    let rate = Rate::BitsPerSecond(1_000_000);
    LinkPlan { rate, queue_bytes: Some(5_000), delay: delay_ms * MILLISECOND, ..LinkPlan::default() }
}

fn links(down: &LinkPlan) -> Links {
    let mut links = Links::new(Ipv4Addr::new(10, 64, 0, 0), 2);
    let of = |index| SubscriberLinks { address: client(index), down: down.clone(), up: plan(5) };
    links.begin(0, ZERO, [of(0), of(1)]);
    links
}

/// When packets come out, in milliseconds of the run, and at which side.
fn deliveries(links: &mut Links) -> Vec<(u64, Side)> {
    let mut found = Vec::new();
    while let Some(at) = links.next_due() {
        assert_eq!(links.next_delivery(at - 1), None);
        while let Some(delivery) = links.next_delivery(at) {
            found.push(((at - ZERO) / MILLISECOND, delivery.to));
        }
    }
    found
}

#[test]
fn a_packet_finds_the_link_of_its_client_in_its_direction() {
    let mut links = links(&plan(60));
    links.send(ZERO, Side::Server, &packet(Side::Server, 0, 1_250));
    links.send(ZERO, Side::Server, &packet(Side::Server, 0, 1_250));
    links.send(ZERO, Side::Server, &packet(Side::Server, 1, 1_250));
    links.send(ZERO, Side::Client, &packet(Side::Client, 1, 1_250));
    let expected = [(15, Side::Server), (70, Side::Client), (70, Side::Client), (80, Side::Client)];
    assert_eq!(deliveries(&mut links), expected);
    assert_eq!(links.lateness(0).packets, 4);
    assert_eq!(links.lateness(1).packets, 0);
}

#[test]
fn what_is_no_packet_of_a_subscriber_is_ignored() {
    let mut links = links(&plan(60));
    let mut of_version_6 = packet(Side::Server, 0, 100);
    of_version_6[0] = 0x60;
    for packet in [of_version_6, packet(Side::Server, 9, 100), vec![0x45; 10], Vec::new()] {
        links.send(ZERO, Side::Server, &packet);
    }
    assert_eq!(links.next_due(), None);
}

#[test]
fn slots_and_outages_count_from_time_0_of_the_run() {
    // The second slot of 10 ms is lost: a packet that leaves the line at 10 to 20 ms.
    let lost_slots = LostSlots::new(10 * MILLISECOND, [1]);
    let outage = Outage { from: 100 * MILLISECOND, until: 200 * MILLISECOND, kind: OutageKind::Drops };
    let plan = LinkPlan { lost_slots, outages: std::sync::Arc::new(Outages::new([outage])), ..plan(0) };
    let mut links = links(&plan);
    for at in [1, 25, 110, 205] {
        links.send(ZERO + at * MILLISECOND, Side::Server, &packet(Side::Server, 0, 1_250));
    }
    assert_eq!(deliveries(&mut links), [(35, Side::Client), (215, Side::Client)]);
}

#[test]
fn a_packet_that_is_delivered_after_it_was_due_counts_as_late() {
    let mut links = links(&plan(60));
    for index in 0..2 {
        links.send(ZERO, Side::Server, &packet(Side::Server, index, 1_250));
    }
    assert!(links.next_delivery(ZERO + 70 * MILLISECOND).is_some());
    assert!(links.next_delivery(ZERO + 77 * MILLISECOND).is_some());
    let lateness = links.lateness(0);
    assert!(lateness.p50_ms < 0.01 && (lateness.max_ms - 7.0).abs() < 0.1, "{lateness:?}");
}
