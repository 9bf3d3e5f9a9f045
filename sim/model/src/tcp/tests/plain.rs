//! Without congestion control, headers, rate, bound on the queue and losses, a connection is a plain window: at most W
//! bytes between a write and the word of their reading, and a delay each way.

use std::collections::VecDeque;

use proptest::prelude::*;

use crate::tcp::units::MICROSECOND;
use crate::tcp::{Congestion, Connection, End, LinkPlan, LostSlots, Path, Piece, Reads, ReceiveBuffer, Settings};

/// The plain window, as the specified world has it.
struct Window {
    bytes: u64,
    delay: u64,
    taken: u64,
    arrived: u64,
    /// Bytes on their way, and words of reads on theirs: when, and how many.
    flights: VecDeque<(u64, u64)>,
    releases: VecDeque<(u64, u64)>,
}

impl Window {
    fn advance(&mut self, now: u64) {
        while let Some((_, bytes)) = self.flights.pop_front_if(|(at, _)| *at <= now) {
            self.arrived += bytes;
        }
        while let Some((_, bytes)) = self.releases.pop_front_if(|(at, _)| *at <= now) {
            self.taken -= bytes;
        }
    }

    fn write(&mut self, bytes: u64, now: u64) -> u64 {
        self.advance(now);
        let accepted = bytes.min(self.bytes - self.taken);
        self.taken += accepted;
        self.flights.push_back((now + self.delay, accepted));
        accepted
    }

    fn read(&mut self, bytes: u64, now: u64) -> u64 {
        self.advance(now);
        let read = bytes.min(self.arrived);
        self.arrived -= read;
        self.releases.push_back((now + self.delay, read));
        read
    }
}

#[derive(Debug, Clone, Copy)]
enum Call {
    Write(u64),
    Read(u64),
}

fn calls() -> impl Strategy<Value = Vec<(u64, Call)>> {
    let call = prop_oneof![(1..5_000_u64).prop_map(Call::Write), (1..5_000_u64).prop_map(Call::Read)];
    proptest::collection::vec((0..100_000 * MICROSECOND, call), 1..200)
}

const MILLISECOND: u64 = 1_000 * MICROSECOND;

/// A connection that is a plain window, established.
fn connection(bytes: u64, delay: u64) -> Connection {
    let way = LinkPlan { delay, ..LinkPlan::default() };
    opened(way.clone(), way, bytes)
}

fn opened(down: LinkPlan, up: LinkPlan, bytes: u64) -> Connection {
    let settings = Settings {
        congestion: Congestion::None,
        receive_buffer: ReceiveBuffer::Bytes(bytes),
        reads: Reads::WhenTold,
        header_bytes: 0,
        ..Settings::LINUX
    };
    let delay = down.delay;
    let mut connection = Connection::open(Path::new(down, up), &settings, 0);
    connection.advance(3 * delay);
    connection
}

#[test]
fn a_writer_that_found_no_room_is_told_when_the_word_of_a_read_has_come_back() {
    let mut connection = connection(1_000, 10 * MILLISECOND);
    assert_eq!(connection.write(End::Server, 1_500, Piece::Own, 30 * MILLISECOND), 1_000);
    connection.read(End::Client, 300, 45 * MILLISECOND);
    connection.advance(55 * MILLISECOND - 1);
    assert!(!connection.take_wake(End::Server));
    connection.advance(55 * MILLISECOND);
    assert!(connection.take_wake(End::Server));
    assert_eq!(connection.write(End::Server, 500, Piece::Own, 55 * MILLISECOND), 300);
}

#[test]
fn a_word_of_a_read_that_is_lost_is_asked_for_again() {
    let down = LinkPlan { delay: 10 * MILLISECOND, ..LinkPlan::default() };
    let up = LinkPlan { lost_slots: LostSlots::new(MILLISECOND, [45]), ..down.clone() };
    let mut connection = opened(down, up, 1_000);
    assert_eq!(connection.write(End::Server, 1_500, Piece::Own, 30 * MILLISECOND), 1_000);
    connection.read(End::Client, 1_000, 45 * MILLISECOND);
    connection.advance(100 * MILLISECOND);
    // Nothing is in flight and nothing is unsent, and yet the writer waits.
    assert!(!connection.take_wake(End::Server));
    connection.advance(1_000 * MILLISECOND);
    assert!(connection.take_wake(End::Server));
}

#[test]
fn the_end_arrives_behind_the_bytes_even_where_the_window_is_full() {
    let mut connection = connection(1_000, 10 * MILLISECOND);
    connection.write(End::Server, 1_000, Piece::Own, 30 * MILLISECOND);
    connection.close(End::Server, 30 * MILLISECOND);
    connection.advance(40 * MILLISECOND - 1);
    assert!(!connection.has_ended(End::Client));
    connection.advance(40 * MILLISECOND);
    assert!(connection.has_ended(End::Client));
    assert_eq!(connection.received(End::Client), 1_000);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn without_limits_and_losses_a_connection_is_a_plain_window(
        bytes in 1..100_000_u64,
        delay in 0..200_000 * MICROSECOND,
        calls in calls(),
    ) {
        let mut connection = connection(bytes, delay);
        let mut at = 3 * delay;
        prop_assert!(connection.is_established(End::Server));
        let mut window =
            Window { bytes, delay, taken: 0, arrived: 0, flights: VecDeque::new(), releases: VecDeque::new() };
        for (gap, call) in calls {
            at += gap;
            match call {
                Call::Write(bytes) => {
                    let accepted = connection.write(End::Server, bytes, Piece::Own, at);
                    prop_assert_eq!(accepted, window.write(bytes, at));
                }
                Call::Read(bytes) => {
                    connection.advance(at);
                    let readable = connection.readable(End::Client);
                    connection.read(End::Client, bytes, at);
                    prop_assert_eq!(readable.min(bytes), window.read(bytes, at));
                }
            }
        }
        prop_assert_eq!(connection.counts(End::Server).retransmissions, 0);
        prop_assert_eq!(connection.unsent_bytes(End::Server), 0);
    }
}
