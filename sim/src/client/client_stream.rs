//! What a client makes of the bytes of a response: which events they hold, and where each ends.
//!
//! Reads what this project's server sends: a head, chunks, and in them server-sent events with an `id:`. Fed with any
//! slices of it, it keeps no payload.

use hubbub::EventId;
use memchr::memchr;

use super::head::Head;

/// Longest part of a line that is kept: more than an `id:` line or a gap notice ever has.
const LINE_BYTES: usize = 256;

#[derive(Default)]
pub(crate) struct ClientStream {
    part: Part,
    /// Bytes seen.
    offset: u64,
    line: Line,
    /// Id of the event whose lines are being read.
    id: Option<EventId>,
    /// Whether that event has a line of data.
    has_data: bool,
    /// The notice whose lines are being read: nothing yet, or its data.
    gap: Option<Option<Told>>,
}

/// What a gap notice says is missing: the ids as the server gives them, each `None` where it knows none.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Told {
    pub(crate) first: Option<EventId>,
    pub(crate) last: Option<EventId>,
}

/// What has come of an event.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Seen {
    /// Its first line; `start` is where that begins, as an offset in the response.
    Begins { start: u64, id: EventId },
    /// All of it, up to the offset `end`.
    Ends { end: u64, id: EventId },
    /// An id without an event: the place that the stream begins at.
    Place { end: u64, id: EventId },
    /// Events are missing.
    Gap { end: u64, told: Told },
}

enum Part {
    Head(Head),
    ChunkSize(u64),
    ChunkSizeEnd(u64),
    Chunk(u64),
    ChunkEnd(u8),
}

impl Default for Part {
    fn default() -> Self {
        Self::Head(Head::default())
    }
}

#[derive(Default)]
struct Line {
    start: Vec<u8>,
}

impl ClientStream {
    /// Takes the next bytes; `event` is told where events begin and end.
    pub(crate) fn feed(&mut self, bytes: &[u8], mut event: impl FnMut(Seen)) {
        let mut rest = bytes;
        while let Some((&byte, after)) = rest.split_first() {
            if let Part::Chunk(left) = self.part {
                let here = rest.len().min(usize::try_from(left).unwrap_or(usize::MAX));
                self.data(&rest[..here], &mut event);
                rest = &rest[here..];
                self.offset += here as u64;
                let left = left - here as u64;
                self.part = if left == 0 { Part::ChunkEnd(2) } else { Part::Chunk(left) };
                continue;
            }
            self.part = self.part.framing(byte);
            self.offset += 1;
            rest = after;
        }
    }

    fn data(&mut self, data: &[u8], event: &mut impl FnMut(Seen)) {
        let mut from = 0;
        while let Some(length) = memchr(b'\n', &data[from..]) {
            self.line.extend(&data[from..from + length]);
            let line_end = self.offset + (from + length) as u64;
            from += length + 1;
            if self.line.start.is_empty() {
                self.end_block(line_end + 1, event);
            } else if self.line.start.starts_with(b"data:") {
                self.has_data = true;
                if let Some(gap) = &mut self.gap {
                    *gap = told(&self.line.start);
                }
            } else if self.line.start == b"event: gap" {
                self.gap = Some(None);
            } else if let Some(id) = self.line.start.strip_prefix(b"id: ") {
                self.id = parsed(id);
                if let Some(id) = self.id {
                    // An id line is shorter than what is kept of a line.
                    event(Seen::Begins { start: line_end - self.line.start.len() as u64, id });
                }
            }
            self.line.start.clear();
        }
        self.line.extend(&data[from..]);
    }
}

impl ClientStream {
    fn end_block(&mut self, end: u64, event: &mut impl FnMut(Seen)) {
        let has_data = std::mem::take(&mut self.has_data);
        match (self.id.take(), self.gap.take()) {
            (Some(id), _) if has_data => event(Seen::Ends { end, id }),
            (Some(id), _) => event(Seen::Place { end, id }),
            (None, Some(Some(told))) => event(Seen::Gap { end, told }),
            (None, Some(None) | None) => {}
        }
    }
}

/// The data of a gap notice.
fn told(line: &[u8]) -> Option<Told> {
    let value: serde_json::Value = serde_json::from_slice(line.strip_prefix(b"data: ")?).ok()?;
    let id = |name: &str| value[name].as_str().and_then(|id| id.parse().ok());
    Some(Told { first: id("first"), last: id("last") })
}

impl Line {
    fn extend(&mut self, part: &[u8]) {
        let room = LINE_BYTES - self.start.len();
        self.start.extend_from_slice(&part[..part.len().min(room)]);
    }
}

impl Part {
    /// The part after one byte that belongs to no event.
    fn framing(&self, byte: u8) -> Self {
        match *self {
            Self::Head(head) => head.after(byte).map_or(Self::ChunkSize(0), Self::Head),
            Self::ChunkSize(size) => match char::from(byte).to_digit(16) {
                Some(digit) => Self::ChunkSize(size * 16 + u64::from(digit)),
                None => Self::ChunkSizeEnd(size),
            },
            Self::ChunkSizeEnd(size) => Self::Chunk(size),
            Self::Chunk(left) => Self::Chunk(left),
            Self::ChunkEnd(2) => Self::ChunkEnd(1),
            Self::ChunkEnd(_) => Self::ChunkSize(0),
        }
    }
}

fn parsed(id: &[u8]) -> Option<EventId> {
    let (epoch, sequence) = std::str::from_utf8(id).ok()?.split_once('-')?;
    Some(EventId { epoch: epoch.parse().ok()?, sequence: sequence.parse().ok()? })
}

#[cfg(test)]
mod tests {
    use super::*;

    const RESPONSE: &[u8] = b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n\r\n\
        A\r\n: hubbub\n\n\r\n13\r\nid: 7-41\ndata: {}\n\n\r\n11\r\nid: 7-42\ndata: x\n\r\n1\r\n\n\r\n";

    #[test]
    fn events_are_found_from_their_first_byte_to_their_last_however_the_response_is_cut() {
        for size in 1..RESPONSE.len() {
            let (mut stream, mut events) = (ClientStream::default(), Vec::new());
            RESPONSE.chunks(size).for_each(|bytes| stream.feed(bytes, |seen| events.push(seen)));
            let at = |part: &[u8]| RESPONSE.windows(part.len()).position(|window| window == part).unwrap() as u64;
            let id = |sequence| EventId { epoch: 7, sequence };
            let expected = [
                Seen::Begins { start: at(b"id: 7-41"), id: id(41) },
                Seen::Ends { end: at(b"{}\n\n") + 4, id: id(41) },
                Seen::Begins { start: at(b"id: 7-42"), id: id(42) },
                Seen::Ends { end: at(b"1\r\n\n") + 4, id: id(42) },
            ];
            assert_eq!(events, expected, "in pieces of {size}");
        }
    }
}
