//! In how many of the kernel's buffers the segments of a scoreboard are. Each takes memory beside its bytes, so it decides
//! when a sender's socket takes more.
//!
//! 1. A SACK that covers a part of a buffer splits it.
//! 2. A segment that is SACKed joins the buffer of the SACKed one before it if both are as long, and the two join the next
//!    one in the same way (`tcp_shift_skb_data`). The bound on the pieces of memory in a buffer is left out here.

use super::Scoreboard;

impl Scoreboard {
    /// The segments from `first` to before `end` are SACKed. Those beside them that are not get buffers of their own.
    pub(super) fn split_between_sacked_and_not(&mut self, first: usize, end: usize) {
        if first >= end {
            return;
        }
        for last in [first.checked_sub(1), Some(end - 1)].into_iter().flatten() {
            let outer = if last < first { last } else { end };
            if self.segments.get(outer).is_some_and(|outer| !outer.is_sacked) {
                let ends_buffer = std::mem::replace(&mut self.segments[last].ends_buffer, true);
                self.buffers += u64::from(!ends_buffer);
            }
        }
    }

    /// Puts a segment that is SACKed now into the buffer of the one before it, and both into that of the next one.
    pub(super) fn join_neighbours(&mut self, nth: usize) {
        let joins = nth.checked_sub(1).is_some_and(|before| self.joins_next(before));
        if joins {
            self.joins_next(nth);
        }
    }

    /// Joins a SACKed segment with the next one, if that is SACKed and as long. Returns whether they are in one buffer now.
    fn joins_next(&mut self, nth: usize) -> bool {
        let (Some(one), Some(next)) = (self.segments.get(nth), self.segments.get(nth + 1)) else { return false };
        if !one.is_sacked || !next.is_sacked || one.bytes.len() != next.bytes.len() {
            return false;
        }
        self.buffers -= u64::from(std::mem::take(&mut self.segments[nth].ends_buffer));
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tcp::range::ByteRange;

    fn block(start: u64, end: u64) -> ByteRange {
        ByteRange::new(start * 1_000, end * 1_000)
    }

    /// As many segments of 1000 B in buffers of so many segments each.
    fn board(segments: u64, in_buffer: u64) -> Scoreboard {
        let mut board = Scoreboard::default();
        (1..=segments).for_each(|nth| {
            board.push(1_000, false, nth % in_buffer == 0, nth);
        });
        board
    }

    #[test]
    fn sacked_segments_of_one_length_share_a_buffer() {
        let mut board = board(10, 1);
        let mut after = |start, end| {
            board.sack(block(start, end), |_| ());
            board.in_flight().1
        };
        assert_eq!([after(2, 3), after(2, 4), after(6, 8)], [10, 9, 8]);
        // What fills the hole between two buffers joins both.
        assert_eq!(after(2, 8), 5);
    }

    #[test]
    fn a_sack_of_a_part_of_a_buffer_splits_it() {
        let mut board = board(4, 2);
        board.sack(block(1, 3), |_| ());
        assert_eq!(board.in_flight().1, 3, "one, two that are SACKed, one");
        board.acknowledge(4_000, |_| ());
        assert_eq!(board.in_flight().1, 0);
    }
}
