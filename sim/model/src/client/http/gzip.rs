//! A body that the server has compressed.

use std::io::Write;

use flate2::write::MultiGzDecoder;

use super::NotAStream;

/// Compressed bytes that are unpacked at a time. They become a thousand times as many at most, so a hostile body
/// cannot fill the memory.
const PIECE_BYTES: usize = 1 << 10;

/// Unpacks a body that is compressed with gzip, in one member or several. Whatever the bytes that came so far say is handed on at once: only the
/// compressor can hold an event back.
#[derive(Debug)]
pub(super) struct Gzip {
    decoder: MultiGzDecoder<Vec<u8>>,
    /// Bytes unpacked.
    offset: u64,
}

impl Gzip {
    pub(super) fn new() -> Self {
        Self { decoder: MultiGzDecoder::new(Vec::new()), offset: 0 }
    }

    /// Takes the next bytes of the body, and hands what they say to `body`, with the offset in the unpacked body of the
    /// first.
    pub(super) fn feed(&mut self, bytes: &[u8], body: &mut impl FnMut(u64, &[u8])) -> Result<(), NotAStream> {
        for piece in bytes.chunks(PIECE_BYTES) {
            let unpacked = self.decoder.write_all(piece).and_then(|()| self.decoder.flush());
            let said = self.decoder.get_mut();
            if !said.is_empty() {
                body(self.offset, said);
                self.offset += said.len() as u64;
                said.clear();
            }
            unpacked.map_err(|_| NotAStream::Malformed("its compressed body"))?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use flate2::Compression;
    use flate2::write::GzEncoder;

    use super::*;

    fn unpacked(gzip: &mut Gzip, bytes: &[u8]) -> Result<Vec<u8>, NotAStream> {
        let mut said = Vec::new();
        gzip.feed(bytes, &mut |_, part| said.extend_from_slice(part)).map(|()| said)
    }

    #[test]
    fn an_event_that_the_compressor_has_flushed_is_there_at_once() {
        let mut server = GzEncoder::new(Vec::new(), Compression::default());
        let mut gzip = Gzip::new();
        for number in 0..100 {
            let event = format!("data: {number}\n\n");
            server.write_all(event.as_bytes()).unwrap();
            server.flush().unwrap();
            let sent = std::mem::take(server.get_mut());
            assert_eq!(unpacked(&mut gzip, &sent).unwrap(), event.as_bytes());
        }
    }

    #[test]
    fn a_body_of_several_members_is_unpacked_wherever_it_is_cut() {
        let member = |text: &str| {
            let mut server = GzEncoder::new(Vec::new(), Compression::default());
            server.write_all(text.as_bytes()).unwrap();
            server.finish().unwrap()
        };
        let sent = [member("data: 1\n\n"), member("data: 2\n\n"), member("data: 3\n\n")].concat();
        for size in [1, 2, 7, sent.len()] {
            let mut gzip = Gzip::new();
            let said: Vec<u8> = sent.chunks(size).flat_map(|piece| unpacked(&mut gzip, piece).unwrap()).collect();
            assert_eq!(String::from_utf8_lossy(&said), "data: 1\n\ndata: 2\n\ndata: 3\n\n", "{size}");
        }
    }

    #[test]
    fn a_body_may_be_cut_anywhere_and_a_garbled_one_is_malformed() {
        let mut server = GzEncoder::new(Vec::new(), Compression::default());
        server.write_all(&b"data: x\n\n".repeat(1000)).unwrap();
        let sent = server.finish().unwrap();
        for size in [1, 3, 7] {
            let mut gzip = Gzip::new();
            let said: Vec<u8> = sent.chunks(size).flat_map(|piece| unpacked(&mut gzip, piece).unwrap()).collect();
            assert_eq!(said, b"data: x\n\n".repeat(1000));
        }
        assert!(unpacked(&mut Gzip::new(), b"data: not compressed at all\n\n").is_err());
    }
}
