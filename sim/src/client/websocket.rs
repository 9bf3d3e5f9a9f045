//! Events out of a WebSocket's bytes: how long each is, and the number that its payload carries.

use hubbub::EventId;

use super::http::{NotAStream, Response};
use super::messages::{Messages, Piece};
use super::notice::Notice;
use super::payload;
use super::stream::{Heard, Received};
use super::websocket_stream::message_id;

/// How much of a message is looked at for its number: an envelope puts names before the payload.
const KEPT_BYTES: usize = 512;

/// How this server's messages that carry an event begin.
const ENVELOPE: &[u8] = b"{\"table\":";

/// What a client makes of what follows a request for a WebSocket.
#[derive(Debug)]
pub(crate) struct WebSocketEvents {
    response: Response,
    messages: Messages,
    message: Message,
}

#[derive(Debug, Default)]
struct Message {
    kept: Vec<u8>,
    bytes: u64,
    /// Where the stream began, or the last event that came whole.
    last_id: Option<EventId>,
}

impl WebSocketEvents {
    pub(crate) fn new() -> Self {
        Self { response: Response::of_websocket(), messages: Messages::default(), message: Message::default() }
    }

    /// Whether the server has agreed to it.
    pub(crate) fn is_open(&self) -> bool {
        self.response.is_open()
    }

    /// The id that a client gives when it comes back.
    pub(crate) fn last_id(&self) -> Option<String> {
        self.message.last_id.map(|id| id.to_string())
    }

    /// Takes the next bytes; `heard` is told of every event and every gap that is whole with them.
    pub(crate) fn feed(&mut self, bytes: &[u8], mut heard: impl FnMut(Heard<'_>)) -> Result<(), NotAStream> {
        let Self { response, messages, message } = self;
        response.feed(bytes, |body| messages.feed(body, |piece| message.take(&piece, &mut heard)))
    }
}

impl Message {
    fn take(&mut self, piece: &Piece<'_>, heard: &mut impl FnMut(Heard<'_>)) {
        match *piece {
            Piece::Begins { .. } => self.bytes = 0,
            Piece::Part(part) => {
                let room = KEPT_BYTES - self.kept.len();
                self.kept.extend_from_slice(&part[..part.len().min(room)]);
                self.bytes += part.len() as u64;
            }
            Piece::Ends { .. } => {
                self.last_id = message_id(&self.kept).or(self.last_id);
                if self.kept.starts_with(ENVELOPE) {
                    let received = Received { number: payload::number(&self.kept), bytes: self.bytes };
                    heard(Heard::Event { received, name: "message", id: None });
                } else if let Some(notice) = Notice::in_message(&self.kept) {
                    heard(Heard::Gap(notice));
                }
                self.kept.clear();
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::messages::message;
    use super::*;

    #[test]
    fn events_are_found_with_length_and_number_however_the_bytes_are_cut() {
        let event = |number: u64, pad: usize| {
            format!(r#"{{"table":"t","id":"7-{number}","data":{{"n":{number},"pad":"{}"}}}}"#, "x".repeat(pad))
        };
        let gap = r#"{"gap":{"first":"7-4","last":null,"count":2,"reason":"age"}}"#;
        let texts = [r#"{"hello":{"at":"7-0"}}"#.to_owned(), event(3, 10), event(40, 70_000), gap.to_owned()];
        let head = b"HTTP/1.1 101 Switching Protocols\r\nupgrade: websocket\r\n\r\n";
        let bytes = [&head[..], &texts.clone().map(|text| message(1, &text)).concat(), &message(9, "")].concat();
        for piece in [1, 2, 7, 100, bytes.len()] {
            let (mut stream, mut events, mut gaps) = (WebSocketEvents::new(), Vec::new(), Vec::new());
            for bytes in bytes.chunks(piece) {
                let event = |heard: Heard<'_>| match heard {
                    Heard::Gap(notice) => gaps.push(notice.count),
                    heard => events.extend(heard.event().map(|event| (event.number, event.bytes))),
                };
                stream.feed(bytes, event).unwrap();
            }
            let expected = [(Some(3), texts[1].len() as u64), (Some(40), texts[2].len() as u64)];
            assert_eq!((stream.is_open(), &events[..]), (true, &expected[..]), "in pieces of {piece}");
            assert_eq!(stream.last_id().as_deref(), Some("7-40"), "a gap notice is no place to come back to");
            assert_eq!(gaps, [Some(2)], "in pieces of {piece}");
        }
    }

    #[test]
    fn a_server_that_does_not_agree_is_no_stream() {
        let refused = WebSocketEvents::new().feed(b"HTTP/1.1 426 Upgrade Required\r\n\r\n", |_| {}).unwrap_err();
        assert_eq!(refused.to_string(), "answers with status 426, where 101 was expected");
    }
}
