//! One of the kernel's buffers: bytes in a bounded number of pieces of memory, of any size each.
//!
//! What is sent goes from the front, piece by piece. So a large first piece keeps its place until all of it is sent, and
//! the sizes of the pieces decide when there is room for another one.

/// `MAX_SKB_FRAGS`.
const MOST_PIECES: usize = 17;

#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Buffer {
    bytes: u64,
    /// The bytes of each piece.
    pieces: [u32; MOST_PIECES],
    count: usize,
}

impl Buffer {
    pub(super) fn bytes(&self) -> u64 {
        self.bytes
    }

    /// Whether no piece can be added.
    pub(super) fn is_in_most_pieces(&self) -> bool {
        self.count >= MOST_PIECES
    }

    /// Adds bytes, as a piece of their own or to the last one. The first bytes of a buffer are a piece, whatever they follow.
    pub(super) fn add(&mut self, bytes: u64, as_piece: bool) {
        if (as_piece || self.count == 0) && !self.is_in_most_pieces() {
            self.pieces[self.count] = 0;
            self.count += 1;
        }
        // A buffer has 64 KiB at most.
        self.pieces[self.count - 1] += bytes as u32;
        self.bytes += bytes;
    }

    /// Takes bytes off the front.
    pub(super) fn take_first(&mut self, bytes: u64) {
        let mut left = bytes as u32;
        let gone = self.pieces[..self.count].iter().take_while(|piece| {
            let is_whole = **piece <= left;
            left -= if is_whole { **piece } else { 0 };
            is_whole
        });
        let gone = gone.count();
        self.pieces.copy_within(gone..self.count, 0);
        self.count -= gone;
        if self.count > 0 {
            self.pieces[0] -= left;
        }
        self.bytes -= bytes;
    }

    /// Moves up to `bytes` from the front of the next buffer to the end of this one, as far as there is room for pieces.
    pub(super) fn take_from(&mut self, next: &mut Self, bytes: u64) {
        let mut left = bytes.min(next.bytes);
        while left > 0 && !self.is_in_most_pieces() {
            let moved = left.min(u64::from(next.pieces[0]));
            self.add(moved, true);
            next.take_first(moved);
            left -= moved;
        }
    }

    /// Drops up to `bytes` from the end, and returns how many those are.
    pub(super) fn drop_last(&mut self, bytes: u64) -> u64 {
        let dropped = bytes.min(self.bytes);
        let mut left = dropped as u32;
        while left > 0 {
            let last = &mut self.pieces[self.count - 1];
            let of_piece = left.min(*last);
            *last -= of_piece;
            left -= of_piece;
            self.count -= usize::from(*last == 0);
        }
        self.bytes -= dropped;
        dropped
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A backlog of 8,000 B in one piece and 16 frames in pieces of their own.
    fn backlog() -> Buffer {
        let mut buffer = Buffer::default();
        buffer.add(8_000, true);
        (0..16).for_each(|_| buffer.add(700, true));
        buffer
    }

    #[test]
    fn a_large_first_piece_keeps_its_place_until_all_of_it_is_sent() {
        let mut buffer = backlog();
        buffer.take_first(7_999);
        assert!(buffer.is_in_most_pieces());
        buffer.take_first(1);
        assert!(!buffer.is_in_most_pieces());
        assert_eq!(buffer.bytes(), 16 * 700);
    }

    #[test]
    fn what_is_moved_from_the_next_buffer_leaves_that_in_the_same_order() {
        let mut first = Buffer::default();
        first.add(900, true);
        let mut next = backlog();
        first.take_from(&mut next, 8_100);
        assert_eq!((first.bytes(), first.count), (9_000, 3));
        assert_eq!((next.bytes(), next.pieces[0], next.count), (16 * 700 - 100, 600, 16));
    }

    #[test]
    fn nothing_is_moved_into_a_buffer_in_the_most_pieces() {
        let (mut first, mut next) = (backlog(), backlog());
        first.take_from(&mut next, 1_000);
        assert_eq!(first.bytes(), next.bytes());
    }

    #[test]
    fn what_is_dropped_from_the_end_frees_its_pieces() {
        let mut buffer = backlog();
        assert_eq!(buffer.drop_last(1_000), 1_000);
        assert_eq!((buffer.count, buffer.pieces[15]), (16, 400));
        assert_eq!(buffer.drop_last(100_000), 18_200);
        assert_eq!((buffer.bytes(), buffer.count), (0, 0));
    }
}
