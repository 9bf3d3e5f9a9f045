//! Frames that share a write, each the one copy that all mailboxes share.

use std::collections::VecDeque;
use std::io::IoSlice;

use bytes::{Buf, Bytes};

/// The frames of one write. A single frame needs no allocation.
#[derive(Debug, Default)]
pub(crate) struct Batch {
    /// The first piece that is left; empty only when nothing is left.
    first: Bytes,
    /// The pieces behind the first, none of them empty.
    more: VecDeque<Bytes>,
}

impl Batch {
    /// Adds a frame behind the others. An empty frame is left out.
    pub(super) fn push(&mut self, frame: Bytes) {
        if self.first.is_empty() {
            self.first = frame;
        } else if !frame.is_empty() {
            self.more.push_back(frame);
        }
    }
}

impl Buf for Batch {
    fn remaining(&self) -> usize {
        self.first.len() + self.more.iter().map(Bytes::len).sum::<usize>()
    }

    fn chunk(&self) -> &[u8] {
        &self.first
    }

    fn chunks_vectored<'a>(&'a self, parts: &mut [IoSlice<'a>]) -> usize {
        let frames = std::iter::once(&self.first).filter(|first| !first.is_empty()).chain(&self.more);
        let filled = parts.iter_mut().zip(frames).map(|(part, frame)| *part = IoSlice::new(frame));
        filled.count()
    }

    fn advance(&mut self, mut bytes: usize) {
        // `>=`, so that an exhausted first piece is replaced and `first` is empty only at the end.
        while bytes >= self.first.len() {
            bytes -= self.first.len();
            match self.more.pop_front() {
                Some(next) => self.first = next,
                None => {
                    assert_eq!(bytes, 0, "advanced beyond the end");
                    self.first = Bytes::new();
                    return;
                }
            }
        }
        self.first.advance(bytes);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// What is left, as a vectored write would take it.
    fn gathered(batch: &Batch) -> Vec<u8> {
        let mut parts = [IoSlice::new(&[]); 16];
        let filled = batch.chunks_vectored(&mut parts);
        parts[..filled].iter().flat_map(|part| part.to_vec()).collect()
    }

    proptest! {
        #[test]
        fn whatever_is_taken_off_the_front_the_rest_is_the_frames_in_their_order(
            frames in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..6), 0..8),
            steps in prop::collection::vec(0usize..7, 0..12),
        ) {
            let mut batch = Batch::default();
            frames.iter().for_each(|frame| batch.push(Bytes::from(frame.clone())));
            let mut left = frames.concat();
            for step in steps {
                let step = step.min(left.len());
                batch.advance(step);
                left.drain(..step);
                prop_assert_eq!(batch.remaining(), left.len());
                prop_assert_eq!(gathered(&batch), left.clone());
                prop_assert_eq!(batch.chunk().is_empty(), left.is_empty());
                prop_assert!(left.starts_with(batch.chunk()));
            }
        }
    }
}
