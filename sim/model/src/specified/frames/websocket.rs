//! Lengths in bytes of a WebSocket: the answer to the handshake, and messages, each in one frame that is not masked.

use hubbub::frame::websocket;
use hubbub::{EventId, Gap};

use super::envelope::{self, TABLE};
use super::{Framed, id_digits};

/// The server's response to a handshake: the status line, `connection`, `upgrade`, `sec-websocket-accept` and `date`,
/// each with its line end, and an empty line.
// A constant, since a date and an accept key always have the same lengths: 29 and 28 characters.
pub(super) const HANDSHAKE: u64 = 34 + 21 + 20 + 52 + 37 + 2;

/// The ping after a silence: a header alone.
pub(super) const PING: u64 = 2;

/// The header of a message: its kind, and the length of its text in one byte, in three or in nine.
fn header(text_bytes: u64) -> u64 {
    // A first length of 126 or 127 announces a longer field, so it says 125 at most (RFC 6455, 5.2).
    match text_bytes {
        0..126 => 2,
        126..0x1_0000 => 4,
        _ => 10,
    }
}

fn message(text_bytes: u64) -> u64 {
    header(text_bytes) + text_bytes
}

/// The first message of a stream: the place it begins at is in it where the client is told.
pub(super) fn hello(begins_at: Option<EventId>) -> u64 {
    message(websocket::hello(begins_at).len() as u64)
}

/// A gap notice.
pub(super) fn gap(gap: &Gap) -> u64 {
    message(websocket::gap(gap).len() as u64)
}

/// An event's message: its envelope.
pub(super) fn event(event: &Framed) -> u64 {
    message(envelope::added_bytes(event) + event.payload_bytes)
}

/// The beginning of an event's message of so many bytes, up to the quote behind the id.
pub(super) fn id_end(table_bytes: u64, id: EventId, message_bytes: u64) -> u64 {
    // Found by trial, because the header depends on the length of the text: only one of the three fits.
    let is_header_of = |bytes: &u64| message(message_bytes.saturating_sub(*bytes)) == message_bytes;
    let header = [2, 4, 10].into_iter().find(is_header_of).unwrap_or(0);
    // With the quote: before it the id could still have another digit.
    header + TABLE + table_bytes + id_digits(id) + 1
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::client::payload;

    #[test]
    fn a_messages_length_is_told_in_its_header() {
        for (text, header_bytes) in [(0, 2), (125, 2), (126, 4), (65_535, 4), (65_536, 10)] {
            assert_eq!(header(text), header_bytes, "{text} bytes");
            assert_eq!(message(text), websocket::wire_bytes(usize::try_from(text).unwrap()) as u64, "{text} bytes");
        }
    }

    #[test]
    fn an_events_message_is_as_long_as_its_text_and_the_clients_know_its_id_from_the_quote_behind_it() {
        let id = EventId { epoch: 1_764_000_000_000, sequence: 42 };
        for bytes in [0, 1, 2, 15, 16, 17, 60, 61, 62, 63, 500, 65_480, 65_500] {
            let data = String::from_utf8(payload(7, 3, bytes).to_vec()).unwrap();
            let is_json = serde_json::from_str::<serde_json::Value>(&data).is_ok();
            let data = if is_json { data } else { format!("\"{data}\"") };
            let text = format!("{{\"table\":\"quotes\",\"id\":\"{id}\",\"data\":{data}}}");
            let is_json = super::super::is_json(7, u64::from(bytes));
            let message_bytes = event(&Framed { id, payload_bytes: u64::from(bytes), is_json, table_bytes: 6 });
            assert_eq!(message_bytes, websocket::wire_bytes(text.len()) as u64, "{bytes} bytes");
            let header = websocket::wire_bytes(text.len()) - text.len();
            let behind_the_id = header + text.find("\",\"data\"").unwrap() + 1;
            assert_eq!(id_end(6, id, message_bytes), behind_the_id as u64, "{bytes} bytes");
        }
    }
}
