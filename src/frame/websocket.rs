//! The messages of a WebSocket, of the server and of a client. All are JSON objects.
//!
//! ```
//! use hubbub::frame::websocket::ClientCommand;
//! use hubbub::{Pattern, Topic};
//!
//! let command = ClientCommand::read(r#"{"action":"subscribe","table":"builds"}"#);
//! assert_eq!(command, Ok(ClientCommand::Subscribe(Topic::of_table("builds").expect("a table").into())));
//! let command = ClientCommand::read(r#"{"action":"subscribe","topic":"ingest.builds.*"}"#);
//! assert_eq!(command, Ok(ClientCommand::Subscribe(Pattern::new("ingest.builds.*").expect("a pattern"))));
//! assert!(ClientCommand::read("builds").is_err());
//! ```

use bytes::Bytes;
use serde::Deserialize;

use super::envelope::envelope;
use crate::event::{Event, EventId, Gap, WireForm};
use crate::topic::{Pattern, Topic, TopicError};

/// Largest message of a client, in bytes. Commands are short.
pub const MAX_COMMAND_BYTES: usize = 4096;

/// A command of a client.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ClientCommand {
    /// Send the events of a table, or of the topics of a pattern, from now on.
    Subscribe(Pattern),
    /// Send no more events for a table or pattern.
    Unsubscribe(Pattern),
}

/// Why a text is not a command. The client is told, and may try again.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CommandError {
    /// The text is not such a JSON object; what is wrong with it.
    #[error("not a command: {0}: send {{\"action\":\"subscribe\",\"table\":\"NAME\"}}, or \"unsubscribe\"")]
    Form(String),
    /// The name of the table is invalid.
    #[error("table: {0}")]
    Table(TopicError),
    /// The pattern of topics is invalid.
    #[error("topic: {0}")]
    Topic(TopicError),
}

/// A command as it is written. Unknown members are refused: the client may rely on them.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Asked {
    action: Action,
    table: Option<String>,
    topic: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "lowercase")]
enum Action {
    Subscribe,
    Unsubscribe,
}

impl ClientCommand {
    /// Reads a client's message: `{"action":"subscribe","table":"T"}` or `unsubscribe`. In place of `table` there may be
    /// `topic`, a pattern of topics that begins with `ingest.`.
    ///
    /// # Errors
    /// When the text is not such an object, has another member or one twice, or the name or the pattern is invalid.
    pub fn read(text: &str) -> Result<Self, CommandError> {
        // A derived deserialiser would also accept an array of the values.
        if !text.trim_ascii_start().starts_with('{') {
            return Err(CommandError::Form("not a JSON object".to_owned()));
        }
        let Asked { action, table, topic } = serde_json::from_str(text).map_err(|why| {
            let why = why.to_string();
            // The position is left out: a command is short.
            CommandError::Form(why.rsplit_once(" at line ").map_or(&*why, |(what, _)| what).to_owned())
        })?;
        let pattern = match (table, topic) {
            (Some(table), None) => Topic::of_table(&table).map_err(CommandError::Table)?.into(),
            (None, Some(topic)) => Pattern::of_tables(&topic).map_err(CommandError::Topic)?,
            (None, None) => return Err(CommandError::Form("neither a table nor a topic".to_owned())),
            (Some(_), Some(_)) => return Err(CommandError::Form("both a table and a topic".to_owned())),
        };
        Ok(match action {
            Action::Subscribe => Self::Subscribe(pattern),
            Action::Unsubscribe => Self::Unsubscribe(pattern),
        })
    }
}

/// The first byte of a text message in one frame (RFC 6455, 5.2).
const WHOLE_TEXT: u8 = 0x81;

/// The message of an event with its frame header, encoded once and shared: `{"table":"T","id":"E-S","data":…}`. A
/// payload that is not JSON becomes a string.
pub fn event(event: &Event) -> Bytes {
    event.websocket(|event| {
        let wire = message(&envelope(event));
        WireForm { frame_bytes: wire.len(), wire }
    })
}

/// A text message with its frame header. Messages of a server are not masked, so all clients get the same bytes.
pub fn message(text: &str) -> Bytes {
    let length = text.len();
    let mut bytes = Vec::with_capacity(wire_bytes(length));
    bytes.push(WHOLE_TEXT);
    match (u8::try_from(length), u16::try_from(length)) {
        // 126 and 127 in place of a length announce a longer one of two or eight bytes (RFC 6455, 5.2).
        (Ok(short @ ..126), _) => bytes.push(short),
        (_, Ok(longer)) => {
            bytes.push(126);
            bytes.extend(longer.to_be_bytes());
        }
        (_, Err(_)) => {
            bytes.push(127);
            bytes.extend((length as u64).to_be_bytes());
        }
    }
    bytes.extend(text.as_bytes());
    bytes.into()
}

/// The first message of a stream, with the id after which it begins, if that is known.
pub fn hello(at: Option<EventId>) -> String {
    at.map_or("{\"hello\":{}}".to_owned(), |at| format!("{{\"hello\":{{\"at\":\"{at}\"}}}}"))
}

/// A gap notice, with the same JSON object as a gap notice in SSE.
pub fn gap(gap: &Gap) -> String {
    format!("{{\"gap\":{}}}", super::gap(gap))
}

/// The answer to a command that was carried out, or that had nothing to do. It has the name of a table, or the pattern.
pub fn done(command: &ClientCommand) -> String {
    let (done, pattern) = match command {
        ClientCommand::Subscribe(pattern) => ("subscribed", pattern),
        ClientCommand::Unsubscribe(pattern) => ("unsubscribed", pattern),
    };
    // The characters of a pattern need no escaping.
    match pattern.as_topic().filter(|topic| !topic.table().contains('.')) {
        Some(topic) => format!("{{\"{done}\":\"{}\"}}", topic.table()),
        None => format!("{{\"{done}\":\"{pattern}\"}}"),
    }
}

/// The answer to a message that was not understood, or asked for too much.
pub fn error(why: &str) -> String {
    serde_json::json!({ "error": why }).to_string()
}

/// The length on the wire of a message with `text` bytes: a header of 2, 4 or 10 bytes, and the text (RFC 6455, 5.2).
pub fn wire_bytes(text: usize) -> usize {
    let head = match text {
        0..126 => 2,
        126..0x1_0000 => 4,
        _ => 10,
    };
    head + text
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use bytes::Bytes;

    use super::*;
    use crate::event::GapReason;
    use crate::loss::LossReason;

    #[test]
    fn a_command_is_read_and_anything_else_is_refused_with_the_reason() {
        let topic = Pattern::from(Topic::of_table("t").unwrap());
        let subscribe = r#"{"table":"\u0074","action":"subscribe"}"#;
        assert_eq!(ClientCommand::read(subscribe), Ok(ClientCommand::Subscribe(topic.clone())));
        assert_eq!(
            ClientCommand::read(r#"{"action":"unsubscribe","table":"t"}"#),
            Ok(ClientCommand::Unsubscribe(topic))
        );
        for (text, why) in [
            ("", "not a JSON object"),
            (r#"["subscribe","t"]"#, "not a JSON object"),
            ("{}", "missing field `action`"),
            (r#"{"action":"drop","table":"t"}"#, "unknown variant `drop`, expected `subscribe` or `unsubscribe`"),
            (r#"{"action":"subscribe","table":7}"#, "invalid type: integer `7`, expected a string"),
            (
                r#"{"action":"subscribe","table":"t","n":[1]}"#,
                "unknown field `n`, expected one of `action`, `table`, `topic`",
            ),
            (r#"{"action":"subscribe","table":"t","table":"t"}"#, "duplicate field `table`"),
        ] {
            assert_eq!(ClientCommand::read(text), Err(CommandError::Form(why.to_owned())), "{text}");
        }
        for (text, why) in [
            (r#"{"action":"subscribe"}"#, "neither a table nor a topic"),
            (r#"{"action":"subscribe","table":"t","topic":"ingest.t"}"#, "both a table and a topic"),
        ] {
            assert_eq!(ClientCommand::read(text), Err(CommandError::Form(why.to_owned())), "{text}");
        }
        let why = ClientCommand::read(r#"{"action":"subscribe","topic":">"}"#).unwrap_err().to_string();
        assert_eq!(why, "topic: \">\" does not begin with ingest.");
        let why = ClientCommand::read("{").unwrap_err().to_string();
        let all = r#"EOF while parsing an object: send {"action":"subscribe","table":"NAME"}, or "unsubscribe""#;
        assert_eq!(why, format!("not a command: {all}"));
        let why = ClientCommand::read(r#"{"action":"subscribe","table":"a.b"}"#).unwrap_err().to_string();
        assert_eq!(why, "table: \"a.b\" has '.': a token is made of A-Z a-z 0-9 _ -");
    }

    #[test]
    fn an_event_is_put_into_words_once_and_a_gap_has_what_is_known_of_it() {
        let id = |sequence| EventId { epoch: 3, sequence };
        let topic = Topic::of_table("t").unwrap();
        let made = Event::new(id(8), topic, Bytes::from_static(b"{}"), Duration::ZERO);
        let text = event(&made);
        assert_eq!(text, message(r#"{"table":"t","id":"3-8","data":{}}"#));
        assert_eq!(event(&made).as_ptr(), text.as_ptr(), "shared");
        let hole =
            Gap { first: Some(id(1)), last: Some(id(2)), count: Some(2), reason: GapReason::Lost(LossReason::Age) };
        assert_eq!(gap(&hole), r#"{"gap":{"first":"3-1","last":"3-2","count":2,"reason":"age"}}"#);
    }

    #[test]
    fn what_the_server_says_of_itself_is_json() {
        assert_eq!(hello(None), r#"{"hello":{}}"#);
        assert_eq!(hello(Some(EventId { epoch: 7, sequence: 1 })), r#"{"hello":{"at":"7-1"}}"#);
        assert_eq!(error("a \"b\""), r#"{"error":"a \"b\""}"#);
        let topic = Pattern::from(Topic::of_table("t").unwrap());
        assert_eq!(done(&ClientCommand::Subscribe(topic.clone())), r#"{"subscribed":"t"}"#);
        let pattern = Pattern::new("ingest.a.>").unwrap();
        assert_eq!(done(&ClientCommand::Subscribe(pattern)), r#"{"subscribed":"ingest.a.>"}"#);
        assert_eq!(done(&ClientCommand::Unsubscribe(topic)), r#"{"unsubscribed":"t"}"#);
        assert_eq!([125, 126, 65_535, 65_536].map(wire_bytes), [127, 130, 65_539, 65_546]);
    }

    #[test]
    fn a_message_goes_over_the_wire_as_the_library_would_write_it() {
        use tokio_tungstenite::tungstenite::protocol::frame::Frame;
        use tokio_tungstenite::tungstenite::protocol::frame::coding::{Data, OpCode};
        for length in [0, 1, 125, 126, 255, 256, 65_535, 65_536, 70_000] {
            let text = "ä".repeat(length / 2) + &"x".repeat(length % 2);
            let mut expected = Vec::new();
            Frame::message(text.clone(), OpCode::Data(Data::Text), true).format(&mut expected).unwrap();
            assert_eq!(message(&text), Bytes::from(expected), "{length} bytes");
            assert_eq!(message(&text).len(), wire_bytes(length), "{length} bytes");
        }
    }
}
