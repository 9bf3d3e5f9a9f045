//! The scoreboard: what has been sent and not acknowledged, and what is known of it (RFC 6675, section 3).
//!
//! The kernel keeps score in segments and not in bytes, and so does this: cwnd, pipe and thresholds count segments. A
//! segment is lost, retransmitted or SACKed; the pipe is what is in neither of the first and last state, plus what has
//! been sent again (`tcp_packets_in_flight`).
//! `scoreboard/buffers.rs`: in how many of the kernel's buffers the segments are.

mod buffers;

use std::collections::VecDeque;

use super::range::ByteRange;

/// A segment that has been sent and not been acknowledged in order.
#[derive(Debug, Clone, Copy)]
pub(super) struct SentSegment {
    pub(super) bytes: ByteRange,
    pub(super) has_fin: bool,
    /// When it was sent last.
    pub(super) sent_at: u64,
    pub(super) is_sacked: bool,
    pub(super) is_lost: bool,
    /// Sent again and not known to be lost again.
    pub(super) is_retransmitted: bool,
    /// Sent more than once.
    pub(super) was_retransmitted: bool,
    /// The last segment of the kernel's buffer that holds it.
    ends_buffer: bool,
}

/// The segments between `una` and `next`, and the counts of their states.
#[derive(Debug, Clone, Default)]
pub(super) struct Scoreboard {
    segments: VecDeque<SentSegment>,
    /// SND.UNA: everything before it is acknowledged.
    una: u64,
    /// SND.NXT: everything before it has been sent.
    next: u64,
    sacked: u64,
    lost: u64,
    retransmitted: u64,
    buffers: u64,
}

impl Scoreboard {
    pub(super) fn una(&self) -> u64 {
        self.una
    }

    pub(super) fn next(&self) -> u64 {
        self.next
    }

    /// The segments that are not acknowledged (`packets_out`).
    pub(super) fn len(&self) -> u64 {
        self.segments.len() as u64
    }

    pub(super) fn is_empty(&self) -> bool {
        self.segments.is_empty()
    }

    pub(super) fn sacked(&self) -> u64 {
        self.sacked
    }

    pub(super) fn lost(&self) -> u64 {
        self.lost
    }

    pub(super) fn retransmitted(&self) -> u64 {
        self.retransmitted
    }

    /// The bytes that are not acknowledged, and in how many of the kernel's buffers they are.
    pub(super) fn in_flight(&self) -> (u64, u64) {
        (self.next - self.una, self.buffers)
    }

    /// The segments that are believed to be under way (RFC 6675, section 4: pipe).
    pub(super) fn pipe(&self) -> u64 {
        (self.len() + self.retransmitted).saturating_sub(self.sacked + self.lost)
    }

    pub(super) fn first(&self) -> Option<&SentSegment> {
        self.segments.front()
    }

    pub(super) fn get(&self, nth: usize) -> Option<&SentSegment> {
        self.segments.get(nth)
    }

    /// Adds a segment that is sent for the first time. `ends_buffer` says that the next one is in another buffer.
    pub(super) fn push(&mut self, len: u64, has_fin: bool, ends_buffer: bool, now: u64) -> ByteRange {
        let bytes = ByteRange::new(self.next, self.next + len);
        self.next = bytes.end;
        self.buffers += u64::from(ends_buffer);
        self.segments.push_back(SentSegment {
            bytes,
            has_fin,
            sent_at: now,
            is_sacked: false,
            is_lost: false,
            is_retransmitted: false,
            was_retransmitted: false,
            ends_buffer,
        });
        bytes
    }

    /// Notes that a segment is sent again. The pipe does not change by that.
    pub(super) fn note_sent_again(&mut self, nth: usize, now: u64) {
        let segment = &mut self.segments[nth];
        segment.was_retransmitted = true;
        segment.sent_at = now;
    }

    /// Counts what was sent again as under way, beside the original.
    pub(super) fn count_retransmission(&mut self, nth: usize) {
        let segment = &mut self.segments[nth];
        self.retransmitted += u64::from(!std::mem::replace(&mut segment.is_retransmitted, true));
    }

    /// Marks as SACKed what lies in a block, and shows each segment to `found` as it was before.
    pub(super) fn sack(&mut self, block: ByteRange, mut found: impl FnMut(&SentSegment)) {
        let first = self.segments.partition_point(|segment| segment.bytes.start < block.start);
        let end = self.segments.partition_point(|segment| segment.bytes.end <= block.end);
        self.split_between_sacked_and_not(first, end);
        for nth in first..end {
            let segment = &mut self.segments[nth];
            if segment.is_sacked {
                continue;
            }
            found(segment);
            self.sacked += 1;
            let was_retransmitted = std::mem::take(&mut segment.is_retransmitted);
            let was_lost = std::mem::take(&mut segment.is_lost);
            self.retransmitted -= u64::from(was_retransmitted);
            self.lost -= u64::from(was_lost);
            segment.is_sacked = true;
            // Of a retransmission that was not lost again it is not known whether it or the original has arrived.
            if was_lost || !was_retransmitted {
                self.join_neighbours(nth);
            }
        }
    }

    /// Takes off what is acknowledged in order, and shows each segment to `found`.
    pub(super) fn acknowledge(&mut self, una: u64, mut found: impl FnMut(&SentSegment)) {
        while let Some(segment) = self.segments.pop_front_if(|segment| segment.bytes.end <= una) {
            found(&segment);
            self.sacked -= u64::from(segment.is_sacked);
            self.lost -= u64::from(segment.is_lost);
            self.retransmitted -= u64::from(segment.is_retransmitted);
            self.buffers -= u64::from(segment.ends_buffer);
        }
        self.una = una;
    }

    /// Marks as lost each segment that `is_lost` says so of, and returns how many those are. A segment that was sent
    /// again and is lost once more counts, too. SACKed ones are not asked about.
    pub(super) fn mark_lost(&mut self, mut is_lost: impl FnMut(&SentSegment) -> bool) -> u64 {
        let mut marked = 0;
        for segment in self.segments.iter_mut().filter(|segment| !segment.is_sacked) {
            if !is_lost(segment) {
                continue;
            }
            self.retransmitted -= u64::from(std::mem::take(&mut segment.is_retransmitted));
            self.lost += u64::from(!std::mem::replace(&mut segment.is_lost, true));
            marked += 1;
        }
        marked
    }

    /// Takes back all marks of loss: the timeout or the recovery was spurious.
    pub(super) fn forget_losses(&mut self) {
        self.segments.iter_mut().for_each(|segment| segment.is_lost = false);
        self.lost = 0;
    }

    /// The first segment from `nth` on that is lost and has not been sent again.
    pub(super) fn next_to_retransmit(&self, nth: usize) -> Option<usize> {
        let awaits = |segment: &SentSegment| segment.is_lost && !segment.is_sacked && !segment.is_retransmitted;
        (nth..self.segments.len()).find(|nth| awaits(&self.segments[*nth]))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Ten segments of 1000 B.
    fn ten() -> Scoreboard {
        let mut board = Scoreboard::default();
        (0..10).for_each(|nth| {
            board.push(1_000, false, true, nth);
        });
        board
    }

    fn retransmit(board: &mut Scoreboard, nth: usize) {
        board.note_sent_again(nth, 20);
        board.count_retransmission(nth);
    }

    fn block(start: u64, end: u64) -> ByteRange {
        ByteRange::new(start * 1_000, end * 1_000)
    }

    #[test]
    fn what_is_sacked_or_lost_leaves_the_pipe_and_what_is_sent_again_enters_it() {
        // RFC 6675, section 4, SetPipe.
        let mut board = ten();
        assert_eq!(board.pipe(), 10);
        board.sack(block(1, 4), |_| ());
        assert_eq!(board.pipe(), 7);
        assert_eq!(board.mark_lost(|segment| segment.bytes.start == 0), 1);
        assert_eq!(board.pipe(), 6);
        retransmit(&mut board, 0);
        assert_eq!(board.pipe(), 7);
        // The retransmission is lost as well.
        assert_eq!(board.mark_lost(|segment| segment.bytes.start == 0), 1);
        assert_eq!(board.pipe(), 6);
    }

    #[test]
    fn a_segment_is_sacked_once_and_only_whole() {
        // RFC 6675, section 4, Update.
        let mut board = ten();
        let mut found = 0;
        board.sack(ByteRange::new(1_000, 2_500), |_| found += 1);
        board.sack(block(1, 3), |_| found += 1);
        assert_eq!(found, 2);
        assert_eq!(board.sacked(), 2);
    }

    #[test]
    fn the_next_segment_to_send_again_is_the_first_lost_one_that_was_not() {
        // RFC 6675, section 4, NextSeg, rule 1.
        let mut board = ten();
        board.mark_lost(|segment| segment.bytes.start < 3_000);
        retransmit(&mut board, 0);
        assert_eq!(board.next_to_retransmit(0), Some(1));
        board.sack(block(1, 3), |_| ());
        assert_eq!(board.next_to_retransmit(0), None);
    }

    #[test]
    fn an_acknowledgement_takes_off_whole_segments_with_their_states() {
        let mut board = ten();
        board.sack(block(1, 3), |_| ());
        board.mark_lost(|segment| segment.bytes.start == 0);
        retransmit(&mut board, 0);
        let mut taken_off = Vec::new();
        board.acknowledge(3_000, |segment| taken_off.push(segment.bytes));
        assert_eq!(taken_off, [block(0, 1), block(1, 2), block(2, 3)]);
        assert_eq!((board.len(), board.sacked(), board.lost(), board.retransmitted()), (7, 0, 0, 0));
    }
}
