//! A chunk of a response's body in HTTP/1.1 (RFC 9112, 7.1): a line with the size of its data in hexadecimal digits, the
//! data, and the end of a line.
//!
//! Frames are encoded with their chunk, so that all streams share both, and a frame is one piece of a write.

use bytes::{Buf, BufMut, Bytes, BytesMut};

/// The line behind the data.
const LINE_END: &[u8] = b"\r\n";

/// The chunk that ends a body, and an empty trailer.
#[cfg(feature = "server")]
pub(crate) const LAST: &[u8] = b"0\r\n\r\n";

/// Room for the size of any chunk in hexadecimal digits, and for the end of its line.
const SIZE_LINE_BYTES: usize = usize::BITS as usize / 4 + LINE_END.len();

/// Makes a chunk of the data that `write` appends, which has about `bytes` bytes. Data must not be empty: an empty chunk
/// ends the body.
pub(crate) fn chunk(bytes: usize, write: impl FnOnce(&mut BytesMut)) -> Bytes {
    let mut chunk = BytesMut::with_capacity(SIZE_LINE_BYTES + bytes + LINE_END.len());
    // The size is known only behind the data. Its line ends where the data begin.
    chunk.put_bytes(0, SIZE_LINE_BYTES);
    write(&mut chunk);
    let size = chunk.len() - SIZE_LINE_BYTES;
    debug_assert!(size > 0, "an empty chunk ends the body");
    let digits = format!("{size:X}");
    let begin = SIZE_LINE_BYTES - LINE_END.len() - digits.len();
    chunk[begin..SIZE_LINE_BYTES - LINE_END.len()].copy_from_slice(digits.as_bytes());
    chunk[SIZE_LINE_BYTES - LINE_END.len()..SIZE_LINE_BYTES].copy_from_slice(LINE_END);
    chunk.put_slice(LINE_END);
    chunk.advance(begin);
    chunk.freeze()
}

/// The data of a chunk, without a copy.
pub(crate) fn data(chunk: &Bytes) -> Bytes {
    chunk.slice(chunk.len() - LINE_END.len() - data_bytes(chunk)..chunk.len() - LINE_END.len())
}

/// Returns the number of bytes of a chunk's data.
pub(crate) fn data_bytes(chunk: &[u8]) -> usize {
    let size_line = chunk.iter().take_while(|byte| **byte != b'\n').count() + 1;
    chunk.len() - size_line - LINE_END.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_chunk_is_its_data_behind_their_size_in_hexadecimal_digits() {
        let of = |data: &[u8]| chunk(data.len(), |room| room.put_slice(data));
        assert_eq!(of(b"nine byte"), &b"9\r\nnine byte\r\n"[..]);
        for bytes in [1, 15, 16, 255, 256, 0xABC, 0xF_FFFF] {
            // Line ends in the data change nothing.
            let text = vec![b'\n'; bytes];
            let chunk = of(&text);
            assert_eq!(chunk, [format!("{bytes:X}\r\n").as_bytes(), &text, b"\r\n"].concat());
            assert_eq!((data(&chunk).as_ref(), data_bytes(&chunk)), (&*text, bytes));
        }
    }
}
