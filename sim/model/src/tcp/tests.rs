//! A whole connection: under any losses it delivers what was written, and without any it is a plain window.

mod news;
mod plain;

use std::sync::Arc;

use proptest::prelude::*;

use super::units::{MILLISECOND, SECOND};
use super::*;

/// A way of 1 Mbit/s and 60 ms.
fn way() -> LinkPlan {
    LinkPlan {
        rate: Rate::BitsPerSecond(1_000_000),
        queue_bytes: Some(32_768),
        delay: 60 * MILLISECOND,
        ..LinkPlan::default()
    }
}

fn cut(from: u64, until: u64) -> Arc<Outages> {
    Arc::new(Outages::new([Outage { from, until, kind: OutageKind::Drops }]))
}

/// Advances event by event while a condition holds, until `end` at most.
fn advance_while(connection: &mut Connection, end: u64, mut goes_on: impl FnMut(&Connection) -> bool) {
    while goes_on(connection) {
        let Some(at) = connection.next_event().filter(|at| *at <= end) else { return };
        connection.advance(at);
    }
}

fn established(down: LinkPlan, up: LinkPlan, settings: &Settings) -> Connection {
    let mut connection = Connection::open(Path::new(down, up), settings, 0);
    advance_while(&mut connection, 1_000 * SECOND, |connection| !connection.is_established(End::Server));
    connection
}

#[test]
fn a_connection_is_there_for_the_client_after_a_round_trip_and_for_the_server_after_half_of_one_more() {
    let mut connection = Connection::open(Path::new(way(), way()), &Settings::LINUX, 0);
    advance_while(&mut connection, SECOND, |connection| !connection.is_established(End::Client));
    assert_eq!(connection.now() / MILLISECOND, 120);
    advance_while(&mut connection, SECOND, |connection| !connection.is_established(End::Server));
    assert_eq!(connection.now() / MILLISECOND, 181);
}

#[test]
fn a_client_that_connects_in_an_outage_is_connected_by_a_later_syn() {
    let way = LinkPlan { outages: cut(0, 2_500 * MILLISECOND), ..way() };
    let connection = established(way.clone(), way, &Settings::LINUX);
    assert_eq!(connection.now() / SECOND, 3);
}

#[test]
fn a_client_gives_up_when_no_syn_is_answered() {
    let way = LinkPlan { outages: cut(0, u64::MAX), ..way() };
    let mut connection = Connection::open(Path::new(way.clone(), way), &Settings::LINUX, 0);
    advance_while(&mut connection, 1_000 * SECOND, |_| true);
    assert_eq!(connection.failure(End::Client), Some(Failure::NotEstablished));
    assert!((131..150).contains(&(connection.now() / SECOND)));
}

#[test]
fn a_server_that_finds_nobody_gives_up_after_the_user_timeout() {
    let settings = Settings { user_timeout: Some(20 * SECOND), ..Settings::LINUX };
    let mut connection = established(way(), way(), &settings);
    let now = connection.now();
    connection.vanish(End::Client, now);
    connection.write(End::Server, 700, Piece::Own, now);
    advance_while(&mut connection, 1_000 * SECOND, |_| true);
    assert_eq!(connection.failure(End::Server), Some(Failure::TimedOut));
    assert!((20..24).contains(&((connection.now() - now) / SECOND)));
}

#[test]
fn who_writes_before_the_connection_is_there_is_told_when_it_is() {
    let mut connection = Connection::open(Path::new(way(), way()), &Settings::LINUX, 0);
    assert_eq!(connection.write(End::Client, 100, Piece::Own, 0), 0);
    advance_while(&mut connection, SECOND, |connection| !connection.is_established(End::Client));
    assert!(connection.take_wake(End::Client));
}

#[test]
fn who_closes_before_the_connection_is_there_ends_it_when_it_is() {
    let mut connection = Connection::open(Path::new(way(), way()), &Settings::LINUX, 0);
    connection.close(End::Client, 0);
    advance_while(&mut connection, SECOND, |connection| !connection.has_ended(End::Server));
    assert!(connection.has_ended(End::Server));
    assert_eq!(connection.received(End::Server), 0);
}

#[test]
fn the_next_connection_meets_the_same_bottleneck() {
    let lost_slots = LostSlots::new(MILLISECOND, 4_000..5_000);
    let way = LinkPlan { lost_slots, ..way() };
    let path = established(way.clone(), way, &Settings::LINUX).into_path();
    let mut connection = Connection::open(path, &Settings::LINUX, 4_100 * MILLISECOND);
    advance_while(&mut connection, 10 * SECOND, |connection| !connection.is_established(End::Server));
    let took = connection.now() / MILLISECOND - 4_100;
    assert!((1_181..1_220).contains(&took), "the first SYN is lost, the second one is not: {took}");
}

#[test]
fn an_outage_that_holds_packets_is_no_loss_in_the_end() {
    let outages = Outages::new([Outage { from: 2 * SECOND, until: 3 * SECOND, kind: OutageKind::Holds }]);
    let down = LinkPlan { outages: Arc::new(outages), ..way() };
    let mut connection = established(down, way(), &Settings::LINUX);
    for nth in 0..60 {
        connection.write(End::Server, 700, Piece::Own, SECOND + nth * 25 * MILLISECOND);
    }
    advance_while(&mut connection, 100 * SECOND, |_| true);
    assert_eq!(connection.received(End::Client), 60 * 700);
    let counts = connection.counts(End::Server);
    assert!(counts.timeouts > 0 && counts.undone > 0, "{counts:?}");
}

/// A path with losses and outages in the first ten seconds, and how it is used.
#[derive(Debug, Clone)]
struct Case {
    down: LinkPlan,
    up: LinkPlan,
    settings: Settings,
    /// Nanoseconds since the write before, and bytes.
    writes: Vec<(u64, u64)>,
}

fn link_plans() -> impl Strategy<Value = LinkPlan> {
    let outage = (0..10_000_u64, 1..3_000_u64, any::<bool>()).prop_map(|(from, length, holds)| Outage {
        from: from * MILLISECOND,
        until: (from + length) * MILLISECOND,
        kind: if holds { OutageKind::Holds } else { OutageKind::Drops },
    });
    (
        proptest::option::of(100_000..20_000_000_u64),
        proptest::option::of(3_000..60_000_u64),
        0..200_u64,
        (1..30_u64, proptest::collection::vec(0..1_000_u64, 0..200)),
        proptest::collection::vec(outage, 0..3),
    )
        .prop_map(|(rate, queue_bytes, delay, (slot, lost), outages)| LinkPlan {
            rate: rate.map_or(Rate::Unbounded, Rate::BitsPerSecond),
            queue_bytes,
            delay: delay * MILLISECOND,
            lost_slots: LostSlots::new(slot * MILLISECOND, lost),
            outages: Arc::new(Outages::new(outages)),
        })
}

fn settings() -> impl Strategy<Value = Settings> {
    let congestion = prop_oneof![Just(Congestion::None), Just(Congestion::Reno), Just(Congestion::Cubic)];
    let buffer = prop_oneof![Just(ReceiveBuffer::Auto), (4_096..100_000_u64).prop_map(ReceiveBuffer::Bytes)];
    let reads = prop_oneof![Just(Reads::AtOnce), Just(Reads::WhenTold)];
    (congestion, buffer, reads, 0..512_u64).prop_map(|(congestion, receive_buffer, reads, jiffies_at_start)| Settings {
        congestion,
        receive_buffer,
        reads,
        jiffies_at_start,
        ..Settings::LINUX
    })
}

fn cases() -> impl Strategy<Value = Case> {
    let writes = proptest::collection::vec((0..200 * MILLISECOND, 1..5_000_u64), 1..60);
    (link_plans(), link_plans(), settings(), writes).prop_map(|(down, up, settings, writes)| Case {
        down,
        up,
        settings,
        writes,
    })
}

/// Runs a case to its end; the client reads every 50 ms where it does not read at once.
fn run(case: &Case) -> Result<(Connection, u64), TestCaseError> {
    let mut connection = established(case.down.clone(), case.up.clone(), &case.settings);
    let (mut at, mut written, mut received) = (connection.now(), 0, 0);
    let mut writes = case.writes.iter();
    let mut left = 0;
    let mut rounds = 0;
    loop {
        if left == 0 {
            let Some((gap, bytes)) = writes.next() else { break };
            at += gap;
            left = *bytes;
        } else {
            at += 50 * MILLISECOND;
        }
        let accepted = connection.write(End::Server, left, Piece::Own, at);
        left -= accepted;
        written += accepted;
        connection.read(End::Client, u64::MAX, at);
        prop_assert!(connection.received(End::Client) >= received && connection.received(End::Client) <= written);
        received = connection.received(End::Client);
        rounds += 1;
        prop_assert!(rounds < 100_000, "the socket takes nothing any more");
    }
    connection.close(End::Server, at);
    for _ in 0..100_000 {
        at += 50 * MILLISECOND;
        connection.advance(at);
        connection.read(End::Client, u64::MAX, at);
        if connection.has_ended(End::Client) && connection.unacknowledged_bytes(End::Server) == 0 {
            break;
        }
    }
    Ok((connection, written))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 150, failure_persistence: None, ..ProptestConfig::default() })]

    /// The receiver itself asserts that nothing comes past its window.
    #[test]
    fn whatever_is_lost_for_a_time_everything_arrives_in_order_and_once(case in cases()) {
        let (connection, written) = run(&case)?;
        prop_assert!(connection.has_ended(End::Client), "{:?}", connection.counts(End::Server));
        prop_assert_eq!(connection.received(End::Client), written);
        prop_assert_eq!(connection.unacknowledged_bytes(End::Server) + connection.unsent_bytes(End::Server), 0);
        prop_assert_eq!(connection.failure(End::Server), None);
    }

    #[test]
    fn a_queue_never_holds_more_than_its_bytes(case in cases()) {
        let (connection, _) = run(&case)?;
        for (link, plan) in [(&connection.path().down, &case.down), (&connection.path().up, &case.up)] {
            prop_assert!(plan.queue_bytes.is_none_or(|most| link.counts().most_queued <= most));
        }
    }

    #[test]
    fn the_same_calls_give_the_same_connection(case in cases()) {
        let (first, _) = run(&case)?;
        let (second, _) = run(&case)?;
        prop_assert_eq!(first.now(), second.now());
        prop_assert_eq!(first.counts(End::Server), second.counts(End::Server));
        prop_assert_eq!(first.path().down.counts(), second.path().down.counts());
    }
}
