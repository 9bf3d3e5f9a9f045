//! A stream as a client has it, over either protocol: what its bytes say, and where in the response they say it.

use std::time::Duration;

use hubbub::EventId;

use super::http::{NotAStream, Response};
use super::notice::Notice;
use super::sse::SseBlocks;
use super::stream_id::StreamId;
use super::websocket::WebSocketMessages;
use crate::transport::Transport;

/// The name of an event that has none.
pub(super) const UNNAMED: &str = "message";

/// What a stream says. Offsets count the bytes of the response from its head on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum StreamItem<'a> {
    /// An event of this project's server has begun to arrive; its first byte is the one at offset `start`.
    Begins { start: u64, id: EventId },
    /// An event has arrived whole, with the byte before offset `end`.
    Event { end: u64, event: StreamEvent<'a> },
    /// A gap notice has arrived whole: events are missing.
    Gap { end: u64, notice: Notice },
    /// An id without an event has arrived: the place that the stream is at.
    Place { end: u64, id: StreamId },
}

/// An event that has arrived whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct StreamEvent<'a> {
    /// The number in its payload, if that has one.
    pub(crate) number: Option<u64>,
    /// Bytes of its data. Line ends between lines of data count.
    pub(crate) bytes: u64,
    /// Its name, `message` where the stream gives none.
    pub(crate) name: &'a str,
    /// The id that the event itself carries.
    pub(crate) id: Option<StreamId>,
}

impl StreamItem<'_> {
    /// The event, if it is one that has arrived whole.
    pub(crate) fn event(&self) -> Option<StreamEvent<'_>> {
        match self {
            Self::Event { event, .. } => Some(*event),
            Self::Begins { .. } | Self::Gap { .. } | Self::Place { .. } => None,
        }
    }
}

/// Parses one response, fed with slices of any size. It keeps no payload, so that a client holds nothing back that the
/// plan has waiting in the network.
#[derive(Debug)]
pub(crate) struct StreamParser {
    response: Response,
    body: Body,
}

#[derive(Debug)]
enum Body {
    Sse(SseBlocks),
    WebSocket(WebSocketMessages),
}

impl StreamParser {
    /// A parser for the response to a request for a stream.
    pub(crate) fn new(transport: Transport) -> Self {
        match transport {
            Transport::Sse => Self::sse_after(None),
            Transport::Ws => {
                Self { response: Response::of_websocket(), body: Body::WebSocket(WebSocketMessages::default()) }
            }
        }
    }

    /// A parser of server-sent events for a client that comes back with the id of the last block it had.
    pub(crate) fn sse_after(last_id: Option<String>) -> Self {
        Self { response: Response::of_sse(), body: Body::Sse(SseBlocks::after(last_id)) }
    }

    /// Whether the stream is open: the head of its response has come.
    pub(crate) fn is_open(&self) -> bool {
        self.response.is_open()
    }

    /// Whether the server has said that nothing follows. After a WebSocket's farewell it just closes.
    pub(crate) fn has_ended(&self) -> bool {
        self.response.has_ended()
    }

    /// The id that a client gives when it comes back: where the stream began, or the last event that came whole.
    pub(crate) fn last_id(&self) -> Option<String> {
        match &self.body {
            Body::Sse(blocks) => blocks.last_id().map(str::to_owned),
            Body::WebSocket(messages) => messages.last_id().map(|id| id.to_string()),
        }
    }

    /// How long the server wants a client to wait before it comes back, if it has said so.
    pub(crate) fn retry(&self) -> Option<Duration> {
        match &self.body {
            Body::Sse(blocks) => blocks.retry(),
            Body::WebSocket(_) => None,
        }
    }

    /// Takes the next bytes, and tells `item` what they say, in order.
    ///
    /// # Errors
    /// When the response is not the stream that was asked for.
    pub(crate) fn feed(&mut self, bytes: &[u8], mut item: impl FnMut(StreamItem<'_>)) -> Result<(), NotAStream> {
        match &mut self.body {
            Body::Sse(blocks) => self.response.feed(bytes, |start, body| blocks.feed(start, body, &mut item)),
            Body::WebSocket(messages) => self.response.feed(bytes, |start, body| messages.feed(start, body, &mut item)),
        }
    }
}

#[cfg(test)]
mod tests;
