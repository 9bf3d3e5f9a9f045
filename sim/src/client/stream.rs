//! An event stream as a client has it: a response, and in its body server-sent events.

use std::time::Duration;

use super::http::{NotAStream, Response};
use super::sse::Blocks;
pub(crate) use super::sse::{Heard, Received};

/// What a client makes of a response.
#[derive(Debug)]
pub(crate) struct EventStream {
    response: Response,
    blocks: Blocks,
}

impl EventStream {
    pub(crate) fn new() -> Self {
        Self::resuming(None)
    }

    /// Of a client that comes back with the id of the last block it had.
    pub(crate) fn resuming(last_id: Option<String>) -> Self {
        Self { response: Response::new(), blocks: Blocks::after(last_id) }
    }

    /// Whether the stream is open: its head has come.
    pub(crate) fn is_open(&self) -> bool {
        self.response.is_open()
    }

    /// Whether the server has ended the response.
    pub(crate) fn has_ended(&self) -> bool {
        self.response.has_ended()
    }

    /// The id that a client gives when it comes back.
    pub(crate) fn last_id(&self) -> Option<String> {
        self.blocks.last_id().map(str::to_owned)
    }

    /// How long the server wants a client to wait before it comes back, if it has said so.
    pub(crate) fn retry(&self) -> Option<Duration> {
        self.blocks.retry()
    }

    /// Takes the next bytes; `heard` is told of every block that is whole with them and says something.
    pub(crate) fn feed(&mut self, bytes: &[u8], mut heard: impl FnMut(Heard<'_>)) -> Result<(), NotAStream> {
        let blocks = &mut self.blocks;
        self.response.feed(bytes, |body| blocks.feed(body, &mut heard))
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
                let event = |heard: Heard<'_>| events.extend(heard.event().map(|event| (event.number, event.bytes)));
                stream.feed(bytes, event).unwrap();
            }
            assert!(stream.is_open() && !stream.has_ended());
            assert_eq!(events, [(Some(0), 17), (Some(17), 15), (None, 1)], "in pieces of {piece}");
            assert_eq!((stream.last_id().as_deref(), stream.retry()), (Some("1"), Some(Duration::from_millis(5))));
        }
    }
}
