//! What is left to write of a response in chunks: its head, and frames, each of which is a chunk by itself (RFC 9112,
//! 7.1).

use std::collections::VecDeque;
use std::io::{Cursor, IoSlice};

use bytes::buf::Chain;
use bytes::{Buf, Bytes};

/// Most frames that are gathered for a write.
const MOST_FRAMES: usize = 16;

/// The bytes that are gathered for a write. The frame that reaches them is the last one.
const MOST_BYTES: usize = 8192;

/// The line behind a chunk.
const LINE_END: &[u8] = b"\r\n";

/// The chunk that ends a body, and an empty trailer.
const LAST_CHUNK: &[u8] = b"0\r\n\r\n";

/// Room for the size of any chunk in hexadecimal digits, and for the end of its line.
type SizeLine = [u8; usize::BITS as usize / 4 + LINE_END.len()];

/// A chunk: the line with its size, a frame, and the end of a line.
// The size is kept here and not in a buffer of its own, which would have to be allocated for every frame.
type Chunk = Chain<Chain<Cursor<SizeLine>, Bytes>, &'static [u8]>;

/// What is left to write of a response. A single frame needs no allocation.
#[derive(Debug)]
pub(super) struct Chunks {
    /// What comes before all chunks.
    head: Bytes,
    /// The oldest chunk; `None` only when there is none.
    first: Option<Chunk>,
    /// The chunks behind the first.
    more: VecDeque<Chunk>,
    /// The sum of all bytes that are left.
    bytes: usize,
}

impl Chunks {
    /// A response of which the head is to be written.
    pub(super) fn new(head: Bytes) -> Self {
        let bytes = head.len();
        Self { head, first: None, more: VecDeque::new(), bytes }
    }

    /// Whether as much is gathered as one write should have.
    pub(super) fn is_full(&self) -> bool {
        self.bytes >= MOST_BYTES || usize::from(self.first.is_some()) + self.more.len() >= MOST_FRAMES
    }

    /// Adds a frame behind the others. An empty frame is left out: an empty chunk would end the response.
    pub(super) fn push(&mut self, frame: Bytes) {
        if !frame.is_empty() {
            let size_line = size_line(frame.len());
            self.add(size_line.chain(frame).chain(LINE_END));
        }
    }

    /// Adds the end of the response.
    pub(super) fn end(&mut self) {
        let mut nothing = Cursor::new(SizeLine::default());
        nothing.set_position(nothing.get_ref().len() as u64);
        self.add(nothing.chain(Bytes::from_static(LAST_CHUNK)).chain(&[]));
    }

    /// Makes one piece of all that is left, for a stream that takes one at a time.
    pub(super) fn join(&mut self) {
        // What is one piece already is left as it is: a stream that is blocked asks again and again.
        if self.first.is_some() {
            self.head = self.copy_to_bytes(self.bytes);
            self.bytes = self.head.len();
        }
    }

    fn add(&mut self, chunk: Chunk) {
        self.bytes += chunk.remaining();
        match self.first {
            None => self.first = Some(chunk),
            Some(_) => self.more.push_back(chunk),
        }
    }
}

/// The line in front of a chunk of so many bytes.
fn size_line(bytes: usize) -> Cursor<SizeLine> {
    let digits = bytes.checked_ilog2().unwrap_or_default() as usize / 4 + 1;
    let mut line = Cursor::new(SizeLine::default());
    // At the end of its room: what is left of a line is what is behind its position.
    line.set_position((line.get_ref().len() - digits - LINE_END.len()) as u64);
    // By hand, since this runs for every frame of every stream.
    let (room, line_end) = line.get_mut().split_at_mut(usize::BITS as usize / 4);
    line_end.copy_from_slice(LINE_END);
    let mut rest = bytes;
    for digit in room.iter_mut().rev().take(digits) {
        *digit = b"0123456789ABCDEF"[rest % 16];
        rest /= 16;
    }
    line
}

impl Buf for Chunks {
    fn remaining(&self) -> usize {
        self.bytes
    }

    fn chunk(&self) -> &[u8] {
        if self.head.is_empty() { self.first.as_ref().map_or(&[], Buf::chunk) } else { &self.head }
    }

    fn chunks_vectored<'a>(&'a self, parts: &mut [IoSlice<'a>]) -> usize {
        let mut filled = self.head.chunks_vectored(parts);
        for chunk in self.first.iter().chain(&self.more) {
            filled += chunk.chunks_vectored(&mut parts[filled..]);
        }
        filled
    }

    fn advance(&mut self, mut bytes: usize) {
        assert!(bytes <= self.bytes, "advanced beyond the end");
        self.bytes -= bytes;
        let of_head = bytes.min(self.head.len());
        self.head.advance(of_head);
        bytes -= of_head;
        if self.head.is_empty() {
            // An empty rest of a head would keep all of it.
            self.head = Bytes::new();
        }
        while let Some(first) = &mut self.first {
            let of_first = bytes.min(first.remaining());
            first.advance(of_first);
            bytes -= of_first;
            if first.has_remaining() {
                return;
            }
            self.first = self.more.pop_front();
        }
        // A stream that is idle after a burst keeps no room for the next one.
        self.more = VecDeque::new();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// What is left, as a vectored write would take it.
    fn gathered(chunks: &Chunks) -> Vec<u8> {
        let mut parts = [IoSlice::new(&[]); 64];
        let filled = chunks.chunks_vectored(&mut parts);
        parts[..filled].iter().flat_map(|part| part.to_vec()).collect()
    }

    #[test]
    fn every_frame_is_a_chunk_behind_its_size_in_hexadecimal_digits_and_an_empty_one_ends_the_response() {
        let mut chunks = Chunks::new(Bytes::from_static(b"head "));
        chunks.push(Bytes::from_static(b"nine byte"));
        chunks.push(Bytes::new());
        chunks.push(Bytes::from(vec![b'x'; 0xABC]));
        chunks.end();
        let expected = format!("head 9\r\nnine byte\r\nABC\r\n{}\r\n0\r\n\r\n", "x".repeat(0xABC));
        assert_eq!(gathered(&chunks), expected.as_bytes());
        for bytes in [1, 15, 16, 255, 256, 4095, 4096, usize::MAX] {
            let line = size_line(bytes);
            assert_eq!(line.chunk(), format!("{bytes:X}\r\n").as_bytes());
        }
    }

    #[test]
    fn a_write_has_at_most_sixteen_frames_and_ends_with_the_frame_that_reaches_8192_bytes() {
        let gathers = |bytes: usize| {
            let mut chunks = Chunks::new(Bytes::new());
            (1..).find(|_| {
                chunks.push(vec![b'x'; bytes].into());
                chunks.is_full()
            })
        };
        assert_eq!([1, 400, 1000, 8192, 100_000].map(gathers), [Some(16), Some(16), Some(9), Some(1), Some(1)]);
    }

    proptest! {
        #[test]
        fn whatever_is_taken_off_the_front_the_rest_is_the_response_in_its_order(
            frames in prop::collection::vec(prop::collection::vec(any::<u8>(), 1..40), 0..8),
            steps in prop::collection::vec(0usize..60, 0..12),
            joined_at in 0usize..12,
        ) {
            let mut chunks = Chunks::new(Bytes::from_static(b"head"));
            frames.iter().for_each(|frame| chunks.push(Bytes::from(frame.clone())));
            chunks.end();
            let mut left = gathered(&chunks);
            for (number, step) in steps.into_iter().enumerate() {
                let step = step.min(left.len());
                chunks.advance(step);
                left.drain(..step);
                if number == joined_at {
                    chunks.join();
                }
                prop_assert_eq!(chunks.remaining(), left.len());
                prop_assert_eq!(gathered(&chunks), left.clone());
                prop_assert_eq!(chunks.chunk().is_empty(), left.is_empty());
                prop_assert!(left.starts_with(chunks.chunk()));
            }
        }
    }
}
