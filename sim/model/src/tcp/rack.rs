//! Which segments are lost, by time: RACK (RFC 8985, section 6.2, as Linux has it).
//!
//! 1. Of all segments that have arrived, the one that was sent last counts; of two sent at once, the later in the stream.
//!    A retransmission whose acknowledgement comes sooner than the least round trip says nothing: it was the original.
//! 2. A segment is lost if it was sent before that one and a round trip and the reordering window have passed.
//! 3. The reordering window is a quarter of the least round trip, and SRTT/8 at most. It is nothing in recovery, and when
//!    three segments are SACKed: links do not reorder here, so none is seen (section 6.2, step 4).
//! 4. Where a segment is not lost yet, a timer looks again.

use super::scoreboard::{Scoreboard, SentSegment};
use super::units::{JIFFY, MICROSECOND};

/// The number of SACKed segments that ends the patience (RFC 8985, DupThresh).
const DUPLICATE_THRESHOLD: u64 = 3;

/// What the kernel adds to the time after which it looks again (`TCP_TIMEOUT_MIN_US`).
const TIMER_SLACK: u64 = 2 * JIFFY;

#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Rack {
    /// When the newest segment that has arrived was sent, and where it ends.
    newest: (u64, u64),
    /// Its round trip, in microseconds.
    rtt: u64,
    /// Whether an acknowledgement has shown an arrival since the last look.
    has_advanced: bool,
}

/// What a look at the scoreboard has found.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Detected {
    /// Segments that are lost now and were not before.
    pub(super) lost: u64,
    /// After how many nanoseconds to look again, if there is a reason to.
    pub(super) look_again_after: Option<u64>,
}

/// What the reordering window depends on.
#[derive(Debug, Clone, Copy)]
pub(super) struct Patience {
    pub(super) is_recovering: bool,
    pub(super) least_rtt_micros: u64,
    pub(super) srtt_micros: u64,
}

impl Rack {
    /// The round trip of the newest segment that has arrived, in microseconds; 0 before there is one.
    pub(super) fn rtt_micros(&self) -> u64 {
        self.rtt
    }

    /// A segment has arrived.
    pub(super) fn arrived(&mut self, segment: &SentSegment, now: u64, least_rtt_micros: u64) {
        let rtt = (now - segment.sent_at) / MICROSECOND;
        if segment.was_retransmitted && rtt < least_rtt_micros {
            return;
        }
        self.has_advanced = true;
        self.rtt = rtt;
        self.newest = self.newest.max((segment.sent_at, segment.bytes.end));
    }

    /// Whether an acknowledgement has shown an arrival since this was asked last.
    pub(super) fn take_advance(&mut self) -> bool {
        std::mem::take(&mut self.has_advanced)
    }

    /// Marks what is lost by now.
    pub(super) fn detect(&self, board: &mut Scoreboard, patience: Patience, now: u64) -> Detected {
        let window = reordering_window(board.sacked(), patience);
        let mut longest_wait = 0;
        let lost = board.mark_lost(|segment| {
            let is_waiting_to_be_sent = segment.is_lost && !segment.is_retransmitted;
            if is_waiting_to_be_sent || (segment.sent_at, segment.bytes.end) >= self.newest {
                return false;
            }
            let remaining = (self.rtt + window).saturating_sub((now - segment.sent_at) / MICROSECOND);
            longest_wait = longest_wait.max(remaining);
            remaining == 0
        });
        let look_again_after = (longest_wait > 0).then_some(longest_wait * MICROSECOND + TIMER_SLACK);
        Detected { lost, look_again_after }
    }
}

/// The reordering window in microseconds.
fn reordering_window(sacked: u64, patience: Patience) -> u64 {
    if patience.is_recovering || sacked >= DUPLICATE_THRESHOLD {
        return 0;
    }
    (patience.least_rtt_micros / 4).min(patience.srtt_micros / 8)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tcp::range::ByteRange;
    use crate::tcp::units::MILLISECOND;

    const PATIENCE: Patience = Patience { is_recovering: false, least_rtt_micros: 100_000, srtt_micros: 120_000 };

    /// Six segments of 1000 B, sent 1 ms apart.
    fn six() -> Scoreboard {
        let mut board = Scoreboard::default();
        (0..6).for_each(|nth| {
            board.push(1_000, false, true, nth * MILLISECOND);
        });
        board
    }

    /// SACKs the segments from `start` up to `end` at `now`.
    fn sack(rack: &mut Rack, board: &mut Scoreboard, start: u64, end: u64, now: u64) {
        board.sack(ByteRange::new(start * 1_000, end * 1_000), |segment| {
            rack.arrived(segment, now, PATIENCE.least_rtt_micros);
        });
    }

    #[test]
    fn a_segment_sent_before_one_that_has_arrived_is_lost_after_the_reordering_window() {
        // RFC 8985, section 6.2, step 5.
        let (mut rack, mut board) = (Rack::default(), six());
        sack(&mut rack, &mut board, 1, 2, 101 * MILLISECOND);
        // The window is SRTT/8 = 15 ms here, since a quarter of the least round trip is longer.
        let detected = rack.detect(&mut board, PATIENCE, 101 * MILLISECOND);
        assert_eq!(detected, Detected { lost: 0, look_again_after: Some(14 * MILLISECOND + TIMER_SLACK) });
        let detected = rack.detect(&mut board, PATIENCE, 115 * MILLISECOND);
        assert_eq!(detected, Detected { lost: 1, look_again_after: None });
    }

    #[test]
    fn three_sacked_segments_end_the_patience() {
        // RFC 8985, section 6.2, step 4; RFC 5681, section 3.2: three duplicate acknowledgements.
        let (mut rack, mut board) = (Rack::default(), six());
        sack(&mut rack, &mut board, 1, 4, 103 * MILLISECOND);
        assert_eq!(rack.detect(&mut board, PATIENCE, 103 * MILLISECOND).lost, 1);
    }

    #[test]
    fn what_was_sent_later_than_the_newest_arrival_is_not_lost() {
        let (mut rack, mut board) = (Rack::default(), six());
        sack(&mut rack, &mut board, 0, 3, 102 * MILLISECOND);
        assert_eq!(rack.detect(&mut board, PATIENCE, 500 * MILLISECOND), Detected::default());
    }

    #[test]
    fn a_lost_retransmission_is_found_by_the_arrival_of_a_later_one() {
        // RFC 8985, section 3: the advantage over counting duplicates.
        let (mut rack, mut board) = (Rack::default(), six());
        sack(&mut rack, &mut board, 2, 6, 105 * MILLISECOND);
        assert_eq!(rack.detect(&mut board, PATIENCE, 105 * MILLISECOND).lost, 2);
        for nth in 0..2 {
            board.note_sent_again(nth, (105 + nth as u64) * MILLISECOND);
            board.count_retransmission(nth);
        }
        sack(&mut rack, &mut board, 1, 2, 206 * MILLISECOND);
        assert_eq!(rack.detect(&mut board, PATIENCE, 206 * MILLISECOND).lost, 1);
        assert_eq!(board.next_to_retransmit(0), Some(0));
    }

    #[test]
    fn a_retransmission_acknowledged_too_soon_was_the_original() {
        // RFC 8985, section 6.2, step 2.
        let (mut rack, mut board) = (Rack::default(), six());
        board.note_sent_again(0, 100 * MILLISECOND);
        sack(&mut rack, &mut board, 0, 1, 110 * MILLISECOND);
        assert!(!rack.take_advance());
    }

    #[test]
    fn of_two_segments_sent_at_once_the_later_in_the_stream_is_the_newer() {
        // RFC 8985, section 6.2, RACK_sent_after.
        let mut board = Scoreboard::default();
        (0..2).for_each(|_| {
            board.push(1_000, false, true, 0);
        });
        let mut rack = Rack::default();
        sack(&mut rack, &mut board, 1, 2, 100 * MILLISECOND);
        assert_eq!(rack.detect(&mut board, PATIENCE, 115 * MILLISECOND).lost, 1);
    }
}
