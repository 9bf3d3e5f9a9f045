//! What is left to write to a socket: pieces in order, of which a frame is the one copy that all mailboxes share.

use std::collections::VecDeque;
use std::io::IoSlice;

use bytes::{Buf, Bytes};

/// Most pieces that are gathered for a write.
const MOST_PIECES: usize = 16;

/// The bytes that are gathered for a write. The piece that reaches them is the last one.
const MOST_BYTES: usize = 8192;

/// Pieces that are left to write. A single piece needs no allocation.
#[derive(Debug, Default)]
pub(super) struct Unsent {
    /// The first piece; empty only when nothing is left.
    first: Bytes,
    /// The pieces behind the first, none of them empty.
    more: VecDeque<Bytes>,
    /// The sum of all bytes that are left.
    bytes: usize,
}

impl Unsent {
    /// Whether as much is gathered as one write should have.
    pub(super) fn is_full(&self) -> bool {
        self.bytes >= MOST_BYTES || self.more.len() + 1 >= MOST_PIECES
    }

    /// Adds a piece behind the others. An empty piece is left out.
    pub(super) fn push(&mut self, piece: Bytes) {
        self.bytes += piece.len();
        if self.first.is_empty() {
            self.first = piece;
        } else if !piece.is_empty() {
            self.more.push_back(piece);
        }
    }

    /// Makes one piece of all that is left, for a stream that takes one at a time.
    pub(super) fn join(&mut self) {
        // What is one piece already is left as it is: a stream that is blocked asks again and again.
        if !self.more.is_empty() {
            self.first = self.copy_to_bytes(self.bytes);
            self.bytes = self.first.len();
        }
    }
}

impl Buf for Unsent {
    fn remaining(&self) -> usize {
        self.bytes
    }

    fn chunk(&self) -> &[u8] {
        &self.first
    }

    fn chunks_vectored<'a>(&'a self, parts: &mut [IoSlice<'a>]) -> usize {
        let pieces = std::iter::once(&self.first).filter(|first| !first.is_empty()).chain(&self.more);
        let filled = parts.iter_mut().zip(pieces).map(|(part, piece)| *part = IoSlice::new(piece));
        filled.count()
    }

    fn advance(&mut self, mut bytes: usize) {
        assert!(bytes <= self.bytes, "advanced beyond the end");
        self.bytes -= bytes;
        // `>=`, so that an exhausted first piece is replaced and `first` is empty only at the end.
        while bytes >= self.first.len() {
            bytes -= self.first.len();
            let Some(next) = self.more.pop_front() else {
                // A stream that is idle after a burst keeps no room for the next one.
                *self = Self::default();
                return;
            };
            self.first = next;
        }
        self.first.advance(bytes);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// What is left, as a vectored write would take it.
    fn gathered(unsent: &Unsent) -> Vec<u8> {
        let mut parts = [IoSlice::new(&[]); 16];
        let filled = unsent.chunks_vectored(&mut parts);
        parts[..filled].iter().flat_map(|part| part.to_vec()).collect()
    }

    #[test]
    fn a_write_has_at_most_sixteen_pieces_and_ends_with_the_one_that_reaches_8192_bytes() {
        let gathers = |bytes: usize| {
            let mut unsent = Unsent::default();
            (1..).find(|_| {
                unsent.push(vec![b'x'; bytes].into());
                unsent.is_full()
            })
        };
        assert_eq!([1, 400, 1000, 8192, 100_000].map(gathers), [Some(16), Some(16), Some(9), Some(1), Some(1)]);
    }

    proptest! {
        #[test]
        fn whatever_is_taken_off_the_front_the_rest_is_the_pieces_in_their_order(
            pieces in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..6), 0..8),
            steps in prop::collection::vec(0usize..7, 0..12),
            joined_at in 0usize..12,
        ) {
            let mut unsent = Unsent::default();
            pieces.iter().for_each(|piece| unsent.push(Bytes::from(piece.clone())));
            let mut left = pieces.concat();
            for (number, step) in steps.into_iter().enumerate() {
                let step = step.min(left.len());
                unsent.advance(step);
                left.drain(..step);
                if number == joined_at {
                    unsent.join();
                }
                prop_assert_eq!(unsent.remaining(), left.len());
                prop_assert_eq!(gathered(&unsent), left.clone());
                prop_assert_eq!(unsent.chunk().is_empty(), left.is_empty());
                prop_assert!(left.starts_with(unsent.chunk()));
            }
        }
    }
}
