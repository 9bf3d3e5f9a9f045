//! What a client makes of the bytes of a WebSocket: which events they hold, and where each ends.
//!
//! Reads what this project's server sends: a head, and unmasked messages of one frame each. Fed with any slices of it,
//! it keeps no payload.

use hubbub::EventId;

use super::client_stream::{Seen, Told};
use super::head::Head;
use super::messages::{Messages, Piece};

/// Longest part of a message that is kept: more than a hello, a gap notice or the beginning of an event ever has.
const KEPT_BYTES: usize = 512;

pub(crate) struct WebSocketStream {
    part: Part,
    events: Events,
}

enum Part {
    /// And how long it is until now.
    Head(Head, u64),
    Messages(Messages),
}

/// The message that is being read.
#[derive(Default)]
struct Events {
    start: u64,
    is_text: bool,
    kept: Vec<u8>,
    /// Which event it is, if it is one.
    id: Option<EventId>,
}

impl Default for WebSocketStream {
    fn default() -> Self {
        Self { part: Part::Head(Head::default(), 0), events: Events::default() }
    }
}

impl WebSocketStream {
    /// Takes the next bytes; `event` is told where events begin and end.
    pub(crate) fn feed(&mut self, bytes: &[u8], mut event: impl FnMut(Seen)) {
        let mut bytes = bytes.iter();
        while let Part::Head(head, before) = self.part
            && let Some(byte) = bytes.next()
        {
            self.part = match head.after(*byte) {
                Some(head) => Part::Head(head, before + 1),
                None => Part::Messages(Messages::after(before + 1)),
            };
        }
        if let Part::Messages(messages) = &mut self.part {
            messages.feed(bytes.as_slice(), |piece| self.events.take(&piece, &mut event));
        }
    }
}

impl Events {
    fn take(&mut self, piece: &Piece<'_>, event: &mut impl FnMut(Seen)) {
        match *piece {
            Piece::Begins { start, is_text } => (self.start, self.is_text) = (start, is_text),
            Piece::Part(part) => self.keep(part, event),
            Piece::Ends { end } => self.end(end, event),
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

    fn end(&mut self, end: u64, event: &mut impl FnMut(Seen)) {
        let kept = std::mem::take(&mut self.kept);
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
}

/// Where a message leaves its client: the id of an event, or the one that a stream begins after. Of other messages none.
pub(crate) fn message_id(kept: &[u8]) -> Option<EventId> {
    event_id(kept).or_else(|| {
        let value: serde_json::Value = serde_json::from_slice(kept).ok()?;
        value["hello"]["at"].as_str()?.parse().ok()
    })
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
    use super::super::messages::message;
    use super::*;

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
