use super::*;
use crate::tcp::units::{MILLISECOND, MSS, SECOND};

fn segment(start: u64, end: u64) -> Segment {
    Segment { bytes: ByteRange::new(start * MSS, end * MSS), ..Segment::default() }
}

/// A receiver of full segments that have arrived in this order.
fn after(numbers: &[u64]) -> Receiver {
    let mut receiver = Receiver::new(WindowKind::Tuned, true);
    for (number, nth) in numbers.iter().zip(1..) {
        receiver.receive(&segment(*number, number + 1), SECOND, nth * MILLISECOND);
    }
    receiver
}

#[test]
fn bytes_count_when_everything_before_them_has_arrived() {
    assert_eq!(after(&[0, 2, 3]).available(), MSS);
    assert_eq!(after(&[0, 2, 3, 1]).available(), 4 * MSS);
    assert_eq!(after(&[0, 0, 1, 0, 1]).available(), 2 * MSS);
}

#[test]
fn a_segment_beyond_a_hole_is_told_at_once_in_the_first_block() {
    // RFC 2018, section 4; RFC 5681, section 4.2.
    let mut receiver = after(&[0, 2, 4]);
    assert!(receiver.acknowledges_now());
    let answer = receiver.acknowledgement();
    let blocks: Vec<_> = answer.sacked.iter().map(|block| (block.start / MSS, block.end / MSS)).collect();
    assert_eq!((answer.next, blocks), (MSS, vec![(4, 5), (2, 3)]));
}

#[test]
fn a_segment_that_had_arrived_is_answered_with_a_dsack() {
    // RFC 2883, section 4.
    let mut receiver = after(&[0, 1]);
    receiver.acknowledgement();
    receiver.receive(&segment(0, 1), SECOND, 10 * MILLISECOND);
    assert!(receiver.acknowledges_now() && receiver.acknowledgement().is_duplicate);
    assert!(!receiver.acknowledgement().is_duplicate);
}

#[test]
fn the_echo_is_of_the_segment_that_moved_the_receiver_and_not_of_one_beyond_a_hole() {
    // RFC 7323, section 4.3.
    let mut receiver = after(&[]);
    receiver.receive(&Segment { sent_at: 5, ..segment(0, 1) }, SECOND, 10);
    assert_eq!(receiver.acknowledgement().echo, 5);
    receiver.receive(&Segment { sent_at: 7, ..segment(2, 3) }, SECOND, 12);
    assert_eq!(receiver.acknowledgement().echo, 5);
}

#[test]
fn the_echo_is_not_of_a_segment_before_what_was_acknowledged_last() {
    // Measured: after an outage in which acknowledgements were lost, the first retransmission is answered with the timestamp
    // of the last segment before the outage.
    let mut receiver = after(&[]);
    receiver.receive(&Segment { sent_at: 5, ..segment(0, 1) }, SECOND, 10);
    receiver.acknowledgement();
    receiver.receive(&Segment { sent_at: 6, ..segment(1, 2) }, SECOND, 11);
    receiver.acknowledgement();
    receiver.receive(&Segment { sent_at: 700, ..segment(0, 1) }, SECOND, 800);
    assert_eq!(receiver.acknowledgement().echo, 6);
    receiver.receive(&Segment { sent_at: 900, ..segment(1, 2) }, SECOND, 1_000);
    assert_eq!(receiver.acknowledgement().echo, 900, "a probe of the tail");
}

#[test]
fn a_fin_ends_the_stream_and_is_no_byte_of_it() {
    let mut receiver = after(&[0]);
    let end = Segment { bytes: ByteRange::new(MSS, MSS + 1), has_fin: true, ..Segment::default() };
    assert!(!receiver.has_ended());
    receiver.receive(&end, SECOND, 10 * MILLISECOND);
    assert!(receiver.has_ended());
    assert_eq!(receiver.available(), MSS);
    assert_eq!(receiver.acknowledgement().next, MSS + 1);
}

#[test]
fn what_is_not_read_closes_the_window_and_reading_it_opens_it() {
    // RFC 9293, section 3.8.6.2.2.
    let mut receiver = Receiver::new(WindowKind::Fixed(16_384), false);
    let mut nth = 0;
    while receiver.window_end() >= (nth + 1) * MSS {
        receiver.receive(&segment(nth, nth + 1), SECOND, nth * MILLISECOND);
        receiver.acknowledgement();
        nth += 1;
    }
    let closed = receiver.acknowledgement();
    assert!(closed.window_end - closed.next < MSS, "no room for a segment");
    receiver.read(u64::MAX, SECOND);
    assert!(receiver.acknowledges_now());
    assert!(receiver.acknowledgement().window_end >= closed.next + 8_000);
}

#[test]
fn an_acknowledgement_without_bytes_has_a_timestamp_to_be_echoed() {
    // RFC 7323, section 4.3: any segment that is in sequence. The tuning of the other end's buffer depends on it.
    let mut receiver = after(&[]);
    receiver.receive(&Segment { sent_at: 9, ..Segment::default() }, SECOND, 10);
    assert_eq!(receiver.acknowledgement().echo, 9);
    assert!(!receiver.acknowledges_now());
}
