//! Events out of a WebSocket's messages. This project's server sends a hello with the place that the stream begins at, gap
//! notices, and events in an envelope. Any other text message is an event by its payload.

use hubbub::EventId;
use serde::Deserialize;

use super::item::{StreamEvent, StreamItem, UNNAMED};
use super::messages::{Messages, Piece};
use super::notice::Notice;
use super::payload;
use super::stream_id::StreamId;

/// How much of a message is kept. A hello and a gap notice are shorter, and in an envelope only the table's name and the
/// id come before the payload's number.
const KEPT_BYTES: usize = 512;

/// The parser of the messages of one stream.
#[derive(Debug, Default)]
pub(super) struct WebSocketMessages {
    messages: Messages,
    message: Message,
}

/// The message that is being read.
#[derive(Debug, Default)]
struct Message {
    start: u64,
    is_text: bool,
    /// Its beginning, up to [`KEPT_BYTES`].
    kept: Vec<u8>,
    bytes: u64,
    /// The id of the event that it carries, once that has been read.
    id: Option<EventId>,
    /// The last event that came whole in this stream, or the place where the stream began.
    last_id: Option<EventId>,
}

/// A message that carries no event.
#[derive(Default, Deserialize)]
struct Told {
    hello: Option<Hello>,
    gap: Option<Notice>,
}

#[derive(Deserialize)]
struct Hello {
    at: String,
}

impl WebSocketMessages {
    /// The place where the stream began, or the last event that came whole.
    pub(super) fn last_id(&self) -> Option<EventId> {
        self.message.last_id
    }

    /// Takes the next bytes and tells `item` what they say. The first byte is at offset `start`.
    pub(super) fn feed(&mut self, start: u64, bytes: &[u8], item: &mut impl FnMut(StreamItem<'_>)) {
        self.messages.feed(start, bytes, |piece| self.message.take(&piece, item));
    }
}

impl Message {
    fn take(&mut self, piece: &Piece<'_>, item: &mut impl FnMut(StreamItem<'_>)) {
        match *piece {
            Piece::Begins { start, is_text } => {
                self.start = start;
                self.is_text = is_text;
                self.kept.clear();
                self.bytes = 0;
                self.id = None;
            }
            Piece::Part(part) => self.part(part, item),
            Piece::Ends { end } => self.end(end, item),
        }
    }

    fn part(&mut self, part: &[u8], item: &mut impl FnMut(StreamItem<'_>)) {
        self.bytes += part.len() as u64;
        let room = KEPT_BYTES - self.kept.len();
        if room == 0 {
            return;
        }
        self.kept.extend_from_slice(&part[..part.len().min(room)]);
        // Tried at every part, since the id says where a frame begins, and a segment may end inside the envelope.
        if self.is_text && self.id.is_none() {
            self.id = event_id(&self.kept);
            if let Some(id) = self.id {
                item(StreamItem::Begins { start: self.start, id });
            }
        }
    }

    fn end(&mut self, end: u64, item: &mut impl FnMut(StreamItem<'_>)) {
        if let Some(id) = self.id {
            self.last_id = Some(id);
            let number = payload::number(&self.kept);
            let event = StreamEvent { number, bytes: self.bytes, name: UNNAMED, id: Some(StreamId::Event(id)) };
            item(StreamItem::Event { end, event });
            return;
        }
        if !self.is_text {
            return;
        }
        let told: Told = serde_json::from_slice(&self.kept).unwrap_or_default();
        let is_told = told.hello.is_some() || told.gap.is_some();
        if let Some(id) = told.hello.and_then(|hello| hello.at.parse().ok()) {
            self.last_id = Some(id);
            item(StreamItem::Place { end, id: StreamId::Event(id) });
        }
        if let Some(notice) = told.gap {
            item(StreamItem::Gap { end, notice });
        }
        if !is_told {
            let number = payload::number(&self.kept);
            item(StreamItem::Event { end, event: StreamEvent { number, bytes: self.bytes, name: UNNAMED, id: None } });
        }
    }
}

/// The id of an event, once its envelope has come far enough: `{"table":"T","id":"E-S",`.
fn event_id(kept: &[u8]) -> Option<EventId> {
    // The last character may be cut in two.
    let rest = kept.utf8_chunks().next()?.valid();
    let rest = rest.strip_prefix("{\"table\":\"")?;
    let (_, rest) = rest.split_once("\",\"id\":\"")?;
    rest.split_once('"')?.0.parse().ok()
}
