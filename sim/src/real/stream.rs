//! Server-sent events out of a response's bytes: how long each payload is, and the number it carries. Reads line ends
//! as the WHATWG standard has them (CRLF, LF, CR) and keeps no more of a line than a number needs.

use memchr::memchr2;

use super::http::{NotAStream, Response};
use super::payload;

/// How much of a line is looked at for its number: envelopes put names before the object that was published.
const LINE_BYTES: usize = 512;

/// What a client makes of a response.
#[derive(Debug)]
pub(super) struct EventStream {
    response: Response,
    events: Events,
}

/// An event that has come whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Received {
    /// The number in its payload, if that has one.
    pub(super) number: Option<u64>,
    /// Bytes of its data, line ends between its lines counted.
    pub(super) bytes: u64,
}

#[derive(Debug, Default)]
struct Events {
    line: Vec<u8>,
    line_bytes: u64,
    /// The last byte was a CR: an LF that follows belongs to it.
    after_cr: bool,
    data_lines: u64,
    data_bytes: u64,
    number: Option<u64>,
    /// The last id, of a block with data or without.
    last_id: Option<String>,
}

impl EventStream {
    pub(super) fn new() -> Self {
        Self { response: Response::new(), events: Events::default() }
    }

    /// Whether the stream is open: its head has come.
    pub(super) fn is_open(&self) -> bool {
        self.response.is_open()
    }

    /// Whether the server has ended the response.
    pub(super) fn has_ended(&self) -> bool {
        self.response.has_ended()
    }

    /// The id that a client gives when it comes back.
    pub(super) fn last_id(&self) -> Option<String> {
        self.events.last_id.clone()
    }

    /// Takes the next bytes; `event` is told of every event that is whole with them.
    pub(super) fn feed(&mut self, bytes: &[u8], mut event: impl FnMut(Received)) -> Result<(), NotAStream> {
        let events = &mut self.events;
        self.response.feed(bytes, |body| events.feed(body, &mut event))
    }
}

impl Events {
    fn feed(&mut self, mut body: &[u8], event: &mut impl FnMut(Received)) {
        while !body.is_empty() {
            if std::mem::take(&mut self.after_cr) && body[0] == b'\n' {
                body = &body[1..];
                continue;
            }
            let end = memchr2(b'\n', b'\r', body);
            self.extend(&body[..end.unwrap_or(body.len())]);
            let Some(end) = end else { return };
            self.after_cr = body[end] == b'\r';
            self.end_line(event);
            body = &body[end + 1..];
        }
    }

    fn extend(&mut self, part: &[u8]) {
        let room = LINE_BYTES - self.line.len();
        self.line.extend_from_slice(&part[..part.len().min(room)]);
        self.line_bytes += part.len() as u64;
    }

    fn end_line(&mut self, event: &mut impl FnMut(Received)) {
        let bytes = std::mem::take(&mut self.line_bytes);
        if bytes == 0 {
            let (lines, data) = (std::mem::take(&mut self.data_lines), std::mem::take(&mut self.data_bytes));
            let number = self.number.take();
            if lines > 0 {
                event(Received { number, bytes: data + lines - 1 });
            }
        } else if let Some(value) = self.line.strip_prefix(b"data:") {
            let space = u64::from(value.first() == Some(&b' '));
            self.data_lines += 1;
            self.data_bytes += bytes - 5 - space;
            self.number = self.number.or_else(|| payload::number(value));
        } else if let Some(value) = self.line.strip_prefix(b"id:") {
            self.last_id = std::str::from_utf8(value.trim_ascii()).ok().map(str::to_owned);
        }
        self.line.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const RESPONSE: &[u8] = b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n\r\n: hello\n\nid: 7-1\n\
        data: {\"n\":0,\"pad\":\"x\"}\n\nretry: 5\r\n\r\nid: 1\r\ndata:{\"n\":17,\r\ndata: \"a\":1}\r\n\r\ndata: x\r\rdata: half";

    #[test]
    fn events_are_found_with_length_and_number_however_the_response_is_cut() {
        for piece in 1..RESPONSE.len() {
            let (mut stream, mut events) = (EventStream::new(), Vec::new());
            for bytes in RESPONSE.chunks(piece) {
                stream.feed(bytes, |event| events.push((event.number, event.bytes))).unwrap();
            }
            assert!(stream.is_open() && !stream.has_ended());
            assert_eq!(events, [(Some(0), 17), (Some(17), 15), (None, 1)], "in pieces of {piece}");
        }
    }
}
