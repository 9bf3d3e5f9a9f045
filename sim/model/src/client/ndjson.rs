//! Events out of newline-delimited JSON: one event a line. Of a line it keeps the beginning alone.

use memchr::memchr;

use super::item::{StreamEvent, StreamItem, UNNAMED};
use super::payload;

/// How much of a line is kept: the number of an event comes within it.
const LINE_BYTES: usize = 512;

/// The parser of one stream.
#[derive(Debug, Default)]
pub(super) struct NdjsonLines {
    /// The beginning of a line that is not whole yet.
    line: Vec<u8>,
    line_bytes: u64,
    /// Whether its last byte is a CR, which belongs to the line end.
    ends_with_cr: bool,
}

impl NdjsonLines {
    /// Takes the next bytes of the body and tells `item` what they say. The first byte is at offset `start`.
    pub(super) fn feed(&mut self, start: u64, mut body: &[u8], item: &mut impl FnMut(StreamItem<'_>)) {
        let mut offset = start;
        while let Some(end) = memchr(b'\n', body) {
            self.extend(&body[..end]);
            offset += end as u64 + 1;
            body = &body[end + 1..];
            self.end_line(offset, item);
        }
        self.extend(body);
    }

    fn extend(&mut self, part: &[u8]) {
        let room = LINE_BYTES - self.line.len();
        self.line.extend_from_slice(&part[..part.len().min(room)]);
        self.line_bytes += part.len() as u64;
        self.ends_with_cr = part.last().map_or(self.ends_with_cr, |last| *last == b'\r');
    }

    /// Ends a line. `end` is the offset after its line end.
    fn end_line(&mut self, end: u64, item: &mut impl FnMut(StreamItem<'_>)) {
        let bytes = self.line_bytes - u64::from(std::mem::take(&mut self.ends_with_cr));
        // An empty line is a keep-alive.
        if bytes > 0 {
            let number = payload::number(&self.line);
            item(StreamItem::Event { end, event: StreamEvent { number, bytes, name: UNNAMED, id: None } });
        }
        self.line.clear();
        self.line_bytes = 0;
    }
}
