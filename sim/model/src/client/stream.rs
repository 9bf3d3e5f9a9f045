//! The parser of a stream over either protocol.

use std::time::Duration;

use super::format::StreamFormat;
use super::http::{NotAStream, Response};
use super::item::StreamItem;
use super::ndjson::NdjsonLines;
use super::sse::SseBlocks;
use super::websocket::WebSocketMessages;

/// Parses one response, fed with slices of any size. It keeps no payload, so that a client holds nothing back that the
/// plan has waiting in the network.
#[derive(Debug)]
pub struct StreamParser {
    response: Response,
    body: Body,
}

#[derive(Debug)]
enum Body {
    Sse(SseBlocks),
    WebSocket(WebSocketMessages),
    Ndjson(NdjsonLines),
}

impl StreamParser {
    /// A parser for the response to a request for a stream.
    pub fn new(format: impl Into<StreamFormat>) -> Self {
        match format.into() {
            StreamFormat::Sse => Self::sse_after(None),
            StreamFormat::WebSocket => {
                Self { response: Response::of_websocket(), body: Body::WebSocket(WebSocketMessages::default()) }
            }
            StreamFormat::Ndjson => {
                Self { response: Response::of_ndjson(), body: Body::Ndjson(NdjsonLines::default()) }
            }
        }
    }

    /// A parser of server-sent events for a client that comes back with the id of the last block it had.
    pub fn sse_after(last_id: Option<String>) -> Self {
        Self { response: Response::of_sse(), body: Body::Sse(SseBlocks::after(last_id)) }
    }

    /// Whether the stream is open: the head of its response has come.
    pub fn is_open(&self) -> bool {
        self.response.is_open()
    }

    /// Whether the server has said that nothing follows. After a WebSocket's farewell it just closes.
    pub fn has_ended(&self) -> bool {
        self.response.has_ended()
    }

    /// Whether the server compresses the stream.
    pub fn is_compressed(&self) -> bool {
        self.response.is_compressed()
    }

    /// The id that a client gives when it comes back: where the stream began, or the last event that came whole.
    pub fn last_id(&self) -> Option<String> {
        match &self.body {
            Body::Sse(blocks) => blocks.last_id().map(str::to_owned),
            Body::WebSocket(messages) => messages.last_id().map(|id| id.to_string()),
            Body::Ndjson(_) => None,
        }
    }

    /// How long the server wants a client to wait before it comes back, if it has said so.
    pub fn retry(&self) -> Option<Duration> {
        match &self.body {
            Body::Sse(blocks) => blocks.retry(),
            // This server puts the pause into the text of its close frame, which a client of the plan does not read.
            Body::WebSocket(_) | Body::Ndjson(_) => None,
        }
    }

    /// Takes the next bytes, and tells `item` what they say, in order.
    ///
    /// # Errors
    /// When the response is not the stream that was asked for.
    pub fn feed(&mut self, bytes: &[u8], mut item: impl FnMut(StreamItem<'_>)) -> Result<(), NotAStream> {
        match &mut self.body {
            Body::Sse(blocks) => self.response.feed(bytes, |start, body| blocks.feed(start, body, &mut item)),
            Body::WebSocket(messages) => self.response.feed(bytes, |start, body| messages.feed(start, body, &mut item)),
            Body::Ndjson(lines) => self.response.feed(bytes, |start, body| lines.feed(start, body, &mut item)),
        }
    }
}

#[cfg(test)]
mod tests;
