//! What a client makes of the bytes of a WebSocket: which events they hold, and where each ends.
//!
//! Reads what this project's server sends: a head, and unmasked messages of one frame each. Fed with any slices of it,
//! it keeps no payload.

use hubbub::EventId;

use super::client_stream::{Seen, Told};
use super::head::Head;

/// Longest part of a message that is kept: more than a hello, a gap notice or the beginning of an event ever has.
const KEPT_BYTES: usize = 512;

/// Opcode of a text, in the first byte.
const TEXT: u8 = 1;

pub(super) struct WebSocketStream {
    part: Part,
    /// Bytes seen.
    offset: u64,
    /// Where the message that is being read begins.
    start: u64,
    is_text: bool,
    kept: Vec<u8>,
    /// Id of the event that is being read.
    id: Option<EventId>,
}

enum Part {
    Head(Head),
    Opcode,
    Length,
    /// Bytes of a longer length that are to come, and its value until now.
    LongLength(u8, u64),
    Payload(u64),
}

impl Default for WebSocketStream {
    fn default() -> Self {
        Self { part: Part::Head(Head::default()), offset: 0, start: 0, is_text: false, kept: Vec::new(), id: None }
    }
}

impl WebSocketStream {
    /// Takes the next bytes; `event` is told where events begin and end.
    pub(super) fn feed(&mut self, bytes: &[u8], mut event: impl FnMut(Seen)) {
        let mut rest = bytes;
        while let Some((&byte, after)) = rest.split_first() {
            if let Part::Payload(left) = self.part {
                let here = rest.len().min(usize::try_from(left).unwrap_or(usize::MAX));
                self.keep(&rest[..here], &mut event);
                rest = &rest[here..];
                self.offset += here as u64;
                self.payload(left - here as u64, &mut event);
                continue;
            }
            self.offset += 1;
            rest = after;
            self.framing(byte, &mut event);
        }
    }

    fn framing(&mut self, byte: u8, event: &mut impl FnMut(Seen)) {
        match self.part {
            Part::Head(head) => self.part = head.after(byte).map_or(Part::Opcode, Part::Head),
            Part::Opcode => {
                (self.start, self.is_text) = (self.offset - 1, byte & 0x0f == TEXT);
                self.part = Part::Length;
            }
            Part::Length => match byte {
                126 => self.part = Part::LongLength(2, 0),
                127 => self.part = Part::LongLength(8, 0),
                length => self.payload(u64::from(length), event),
            },
            Part::LongLength(left, length) => {
                let length = length << 8 | u64::from(byte);
                match left {
                    1 => self.payload(length, event),
                    _ => self.part = Part::LongLength(left - 1, length),
                }
            }
            Part::Payload(_) => {}
        }
    }

    /// So many bytes of the message are to come.
    fn payload(&mut self, left: u64, event: &mut impl FnMut(Seen)) {
        if left > 0 {
            self.part = Part::Payload(left);
            return;
        }
        self.part = Part::Opcode;
        let (end, kept) = (self.offset, std::mem::take(&mut self.kept));
        if let Some(id) = self.id.take() {
            event(Seen::Ends { end, id });
        } else if self.is_text {
            let value: serde_json::Value = serde_json::from_slice(&kept).unwrap_or_default();
            let id = |id: &serde_json::Value| id.as_str().and_then(|id| id.parse().ok());
            if let Some(id) = id(&value["hello"]["at"]) {
                event(Seen::Place { end, id });
            } else if let Some(gap) = value.get("gap") {
                event(Seen::Gap { end, told: Told { first: id(&gap["first"]), last: id(&gap["last"]) } });
            }
        }
    }

    fn keep(&mut self, part: &[u8], event: &mut impl FnMut(Seen)) {
        let room = KEPT_BYTES - self.kept.len();
        if !self.is_text || self.id.is_some() || room == 0 {
            return;
        }
        self.kept.extend_from_slice(&part[..part.len().min(room)]);
        self.id = event_id(&self.kept);
        if let Some(id) = self.id {
            event(Seen::Begins { start: self.start, id });
        }
    }
}

/// The id of an event, once its envelope has come so far: `{"table":"T","id":"E-S",`.
fn event_id(kept: &[u8]) -> Option<EventId> {
    // A character may be cut in two.
    let rest = kept.utf8_chunks().next()?.valid();
    let rest = rest.strip_prefix("{\"table\":\"")?;
    let (_, rest) = rest.split_once("\",\"id\":\"")?;
    rest.split_once('"')?.0.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message(opcode: u8, text: &str) -> Vec<u8> {
        let mut bytes = vec![0x80 | opcode];
        match text.len() {
            short @ 0..126 => bytes.push(short as u8),
            long @ 126..0x1_0000 => bytes.extend([126, (long >> 8) as u8, long as u8]),
            huge => bytes.extend([&[127][..], &(huge as u64).to_be_bytes()].concat()),
        }
        [bytes, text.as_bytes().to_vec()].concat()
    }

    #[test]
    fn events_begin_and_end_where_their_messages_do_in_pieces_of_any_size() {
        let id = |sequence| EventId { epoch: 7, sequence };
        let event = |sequence, pad| format!(r#"{{"table":"t","id":"7-{sequence}","data":"{}"}}"#, "ä".repeat(pad));
        let parts = [
            b"HTTP/1.1 101 Switching Protocols\r\nupgrade: websocket\r\n\r\n".to_vec(),
            message(1, r#"{"hello":{"at":"7-40"}}"#),
            message(1, &event(41, 1)),
            message(9, ""),
            message(1, &event(42, 300)),
            message(1, r#"{"gap":{"first":"7-43","last":"7-44","count":2,"reason":"age"}}"#),
            message(1, &event(45, 40_000)),
        ];
        let ends: Vec<u64> = (1..=parts.len()).map(|n| parts[..n].iter().map(Vec::len).sum::<usize>() as u64).collect();
        let expected = [
            Seen::Place { end: ends[1], id: id(40) },
            Seen::Begins { start: ends[1], id: id(41) },
            Seen::Ends { end: ends[2], id: id(41) },
            Seen::Begins { start: ends[3], id: id(42) },
            Seen::Ends { end: ends[4], id: id(42) },
            Seen::Gap { end: ends[5], told: Told { first: Some(id(43)), last: Some(id(44)) } },
            Seen::Begins { start: ends[5], id: id(45) },
            Seen::Ends { end: ends[6], id: id(45) },
        ];
        let bytes = parts.concat();
        for size in [1, 2, 3, 7, 100, bytes.len()] {
            let (mut stream, mut seen) = (WebSocketStream::default(), Vec::new());
            bytes.chunks(size).for_each(|piece| stream.feed(piece, |event| seen.push(event)));
            assert_eq!(seen, expected, "in pieces of {size}");
        }
    }
}
