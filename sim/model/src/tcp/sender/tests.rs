use super::*;
use crate::tcp::range::SackBlocks;
use crate::tcp::segment::Acknowledgement;
use crate::tcp::units::{MILLISECOND, MSS, SECOND};

const WIDE: u64 = 1 << 20;

/// A sender with a round trip of 100 ms, so a timeout of 300 ms.
fn sender(congestion: Congestion, window: u64) -> Sender {
    let settings = Settings { congestion, user_timeout: Some(2 * SECOND), ..Settings::LINUX };
    let mut sender = Sender::new(&settings);
    sender.offered(window);
    sender.established(100_000, 0);
    sender
}

/// A sender that has sent so many full segments at time 0.
fn after_sending(segments: u64) -> Sender {
    let mut sender = sender(Congestion::Reno, WIDE);
    assert_eq!(sender.write(segments * MSS, Piece::Own, 0), segments * MSS);
    assert_eq!(starts(&mut sender), (0..segments).collect::<Vec<_>>());
    sender
}

/// The numbers of the segments that are to be sent.
fn starts(sender: &mut Sender) -> Vec<u64> {
    sender.outbox().drain(..).map(|outgoing| outgoing.bytes.start / MSS).collect()
}

/// An acknowledgement of whole segments, with blocks of them.
fn ack(next: u64, blocks: &[(u64, u64)], echo: u64) -> Acknowledgement {
    let sacked = SackBlocks::of(blocks.iter().map(|(start, end)| ByteRange::new(start * MSS, end * MSS)));
    Acknowledgement { next: next * MSS, window_end: next * MSS + WIDE, echo, sacked, is_duplicate: false }
}

/// Fires the timer, and returns when that was.
fn fire(sender: &mut Sender) -> u64 {
    let at = sender.timer_at().expect("a timer");
    sender.timer_fired(at);
    at
}

#[test]
fn the_last_segment_of_each_pair_is_pushed_and_one_alone_where_its_buffer_ends() {
    // Measured: a backlog leaves in pairs, the second of each with PSH.
    let mut sender = sender(Congestion::Reno, WIDE);
    sender.write(7 * MSS, Piece::Own, 0);
    let pushed: Vec<bool> = sender.outbox().drain(..).map(|outgoing| outgoing.is_pushed).collect();
    assert_eq!(pushed, [false, true, false, true, false, true, true]);
}

#[test]
fn three_sacked_segments_make_the_first_one_be_sent_again_with_half_the_window() {
    // RFC 5681, section 3.2, and RFC 6675, section 5: fast retransmit.
    let mut sender = after_sending(10);
    sender.acknowledged(&ack(0, &[(1, 3)], 0), 100 * MILLISECOND);
    assert_eq!(starts(&mut sender), [] as [u64; 0]);
    sender.acknowledged(&ack(0, &[(1, 4)], 0), 101 * MILLISECOND);
    assert_eq!(starts(&mut sender), [0]);
    assert_eq!(sender.ssthresh(), 5);
}

#[test]
fn recovery_ends_with_the_threshold_as_window_when_all_is_acknowledged_that_was_sent_before() {
    // RFC 6675, section 5, step A.
    let mut sender = after_sending(10);
    sender.acknowledged(&ack(0, &[(1, 10)], 0), 100 * MILLISECOND);
    sender.acknowledged(&ack(10, &[], 100 * MILLISECOND), 200 * MILLISECOND);
    assert_eq!((sender.cwnd(), sender.ssthresh(), sender.state), (5, 5, State::Open));
    assert_eq!(sender.counts().retransmissions, 1);
}

#[test]
fn the_last_segment_is_sent_again_after_two_round_trips_and_then_a_whole_timeout_runs() {
    // RFC 8985, sections 7.2 and 7.3.
    let mut sender = after_sending(3);
    let probed = fire(&mut sender);
    assert!((208..=216).contains(&(probed / MILLISECOND)), "2 SRTT and 8 ms: {probed}");
    assert_eq!(starts(&mut sender), [2]);
    let timed_out = fire(&mut sender);
    assert!((300..=336).contains(&((timed_out - probed) / MILLISECOND)), "by the timer wheel");
    assert_eq!(starts(&mut sender), [0]);
    assert_eq!((sender.counts().tail_probes, sender.counts().timeouts), (1, 1));
}

#[test]
fn without_congestion_control_an_application_that_writes_on_does_not_put_off_the_timeout() {
    // A keepalive every 50 ms to a client that has died: less than the two round trips of a probe.
    let mut sender = sender(Congestion::None, WIDE);
    for at in (0..100).map(|nth| nth * 50 * MILLISECOND) {
        while sender.timer_at().is_some_and(|due| due <= at) {
            fire(&mut sender);
        }
        sender.write(2, Piece::Own, at);
    }
    assert!(sender.has_timed_out(), "the user timeout is 2 s");
}

#[test]
fn a_single_segment_is_probed_for_no_sooner_than_its_timeout() {
    // RFC 8985, section 7.2: the receiver may hold its acknowledgement back, and the timeout comes first.
    let mut sender = after_sending(1);
    assert!((300..=336).contains(&(fire(&mut sender) / MILLISECOND)), "by the timer wheel");
    assert_eq!(sender.counts().tail_probes, 1);
}

#[test]
fn a_probe_that_has_repaired_a_loss_lowers_the_window_once() {
    // RFC 8985, section 7.4.
    let mut sender = after_sending(3);
    let probed = fire(&mut sender);
    sender.write(MSS, Piece::Own, probed);
    sender.acknowledged(&ack(4, &[], probed), probed + 100 * MILLISECOND);
    assert_eq!((sender.cwnd(), sender.ssthresh()), (5, 5));
}

#[test]
fn a_probe_that_was_not_needed_changes_nothing() {
    // RFC 8985, section 7.4: the receiver says by DSACK that it had the segment.
    let mut sender = after_sending(3);
    let probed = fire(&mut sender);
    sender.acknowledged(&ack(3, &[], 0), probed + 10 * MILLISECOND);
    let answer = Acknowledgement { is_duplicate: true, ..ack(3, &[], 0) };
    sender.acknowledged(&answer, probed + 100 * MILLISECOND);
    sender.write(MSS, Piece::Own, probed + 110 * MILLISECOND);
    sender.acknowledged(&ack(4, &[], probed + 110 * MILLISECOND), probed + 210 * MILLISECOND);
    assert!(sender.cwnd() >= 10);
}

#[test]
fn after_a_timeout_the_losses_are_repaired_in_slow_start() {
    // RFC 5681, section 3.1: the loss window is one segment, the threshold half.
    let mut sender = after_sending(8);
    fire(&mut sender);
    let timed_out = fire(&mut sender);
    assert_eq!(starts(&mut sender), [7, 0]);
    assert_eq!((sender.cwnd(), sender.ssthresh()), (1, 5));
    sender.acknowledged(&ack(1, &[], timed_out), timed_out + 100 * MILLISECOND);
    assert_eq!(starts(&mut sender), [1, 2]);
}

#[test]
fn a_timeout_is_taken_back_when_the_originals_arrive_after_all() {
    // RFC 3522, section 3.2: the echoed timestamp is older than the retransmission. RFC 5682 comes to the same.
    let mut sender = after_sending(8);
    fire(&mut sender);
    let timed_out = fire(&mut sender);
    sender.acknowledged(&ack(2, &[], 0), timed_out + 20 * MILLISECOND);
    assert_eq!(sender.counts().undone, 1);
    assert!(sender.cwnd() >= 10);
    starts(&mut sender);
    sender.acknowledged(&ack(7, &[], 0), timed_out + 22 * MILLISECOND);
    assert_eq!(starts(&mut sender), [] as [u64; 0], "nothing more is sent again");
}

#[test]
fn each_timeout_waits_twice_as_long_until_the_user_timeout() {
    // RFC 6298, section 5.5, and `TCP_USER_TIMEOUT`, which runs from the first retransmission on.
    let mut sender = after_sending(1);
    let first = (fire(&mut sender), fire(&mut sender)).1;
    let second = fire(&mut sender);
    assert!((600..=610).contains(&((second - first) / MILLISECOND)));
    let mut last = second;
    while !sender.has_timed_out() {
        last = fire(&mut sender);
    }
    assert!((2_000..=2_040).contains(&((last - first) / MILLISECOND)), "{first} {last}");
    assert_eq!(sender.timer_at(), None);
}

#[test]
fn a_write_after_an_idle_time_begins_with_ten_segments_again() {
    // RFC 5681, section 4.1.
    let mut sender = after_sending(10);
    sender.acknowledged(&ack(10, &[], 0), 100 * MILLISECOND);
    assert_eq!(sender.cwnd(), 20);
    sender.write(30 * MSS, Piece::Own, 2 * SECOND);
    assert_eq!(starts(&mut sender).len(), 10);
}

#[test]
fn a_closed_window_is_probed_and_what_it_has_room_for_goes_out() {
    // RFC 9293, section 3.8.6.1.
    let mut sender = sender(Congestion::Cubic, 1_000);
    assert_eq!(sender.write(5_000, Piece::Own, 0), 5_000);
    assert!(sender.outbox().is_empty(), "less than a segment is not sent at once");
    let at = fire(&mut sender);
    assert_eq!(sender.outbox().drain(..).map(|outgoing| outgoing.bytes.len()).sum::<u64>(), 1_000);
    let closed = Acknowledgement { next: 1_000, window_end: 1_000, echo: at, ..Acknowledgement::default() };
    sender.acknowledged(&closed, at + 100 * MILLISECOND);
    let at = fire(&mut sender);
    assert!(sender.outbox().drain(..).all(|outgoing| outgoing.is_window_probe && outgoing.bytes.len() == 0));
    sender.acknowledged(&Acknowledgement { window_end: WIDE, ..closed }, at + 100 * MILLISECOND);
    assert_eq!(sender.outbox().drain(..).map(|outgoing| outgoing.bytes.len()).sum::<u64>(), 4_000);
}

#[test]
fn a_fin_rides_on_the_last_segment_and_takes_an_offset() {
    let mut sender = sender(Congestion::Cubic, 1_000);
    sender.write(2 * MSS, Piece::Own, 0);
    sender.close(0);
    assert_eq!(sender.write(1, Piece::Own, 0), 0);
    sender.acknowledged(&Acknowledgement { window_end: WIDE, ..Acknowledgement::default() }, MILLISECOND);
    let sent: Vec<_> = sender.outbox().drain(..).map(|outgoing| (outgoing.bytes.len(), outgoing.has_fin)).collect();
    assert_eq!(sent, [(MSS, false), (MSS + 1, true)]);
}
