//! Server-sent events: the framing of the WHATWG HTML standard, section "Server-sent events".
//!
//! ```
//! use bytes::Bytes;
//! use hubbub::{Event, EventId, Topic, frame::sse};
//!
//! let id = EventId { epoch: 7, sequence: 1 };
//! let topic = Topic::new("builds").expect("a topic");
//! let event = Event::new(id, topic, Bytes::from_static(b"a\nb"), std::time::Duration::ZERO);
//! assert_eq!(sse::event(&event), "id: 7-1\ndata: a\ndata: b\n\n");
//! ```

use std::time::Duration;

use bytes::{BufMut, Bytes, BytesMut};

use super::chunk::{chunk, data, data_bytes};
use super::envelope::envelope;
use crate::event::{Event, EventId, Gap, WireForm};
use crate::topic::Topic;

/// The first bytes of a stream. They begin with a comment, which shows proxies and clients that the stream is open before
/// the first event.
///
/// - `retry` is how long the client waits before it connects again after it has lost the stream.
/// - `at` is the id after which the stream begins. An `id:` without data moves the client's cursor and shows nothing. So
///   a client that is cut off before the first event can still ask for all that it has missed.
pub fn hello(retry: Option<Duration>, at: Option<EventId>) -> Bytes {
    let retry = retry.map(|after| format!("retry: {}\n", after.as_millis())).unwrap_or_default();
    let id = at.map(|at| format!("id: {at}\n")).unwrap_or_default();
    Bytes::from(format!(": hubbub\n{retry}{id}\n"))
}

/// A comment that is sent after a silence, so that proxies keep the stream open. It has no `id:` and moves no cursor.
pub const KEEPALIVE: &[u8] = b": keepalive\n\n";

/// The event of a stream that ends because its token has expired. A `retry:` follows it. A client that does not listen
/// for `expired` comes back with the token that it has, and is refused.
pub const EXPIRED: &[u8] = b"event: expired\ndata: {}\n\n";

/// A field that tells a client how long to wait before it connects again. It moves no cursor and shows nothing.
pub fn retry(after: Duration) -> Bytes {
    Bytes::from(format!("retry: {}\n\n", after.as_millis()))
}

/// A gap notice: an event named `gap` without an `id:`, so that the client's cursor stays where it was.
///
/// Its data is a JSON object with the ids `first` and `last`, the number `count`, each null if it is not known, and the
/// `reason`.
pub fn gap(gap: &Gap) -> Bytes {
    Bytes::from(format!("event: gap\ndata: {}\n\n", super::gap(gap)))
}

/// The frame of an event, encoded once and shared: its `id:`, one `data:` line for each line of the payload, and an
/// empty line.
///
/// A payload line ends at CRLF, LF **or** CR, as in the standard's parser. A client reads LF for all three.
pub fn event(event: &Event) -> Bytes {
    data(&event_chunk(event))
}

/// The chunk of [`event`].
pub(crate) fn event_chunk(event: &Event) -> Bytes {
    event.sse(|event| form(encode(&event.id().to_string(), None, event.payload())))
}

/// The frame of an event that has the event's topic as its name, encoded once and shared. So a page with several tables
/// has one listener for each, as in `source.addEventListener("ingest.builds", …)`.
///
/// ```
/// use hubbub::{Event, EventId, Topic, frame::sse};
///
/// let id = EventId { epoch: 7, sequence: 1 };
/// let event = Event::new(id, Topic::of_table("builds").expect("a table"), "{}", std::time::Duration::ZERO);
/// assert_eq!(sse::named_event(&event), "id: 7-1\nevent: ingest.builds\ndata: {}\n\n");
/// ```
pub fn named_event(event: &Event) -> Bytes {
    data(&named_event_chunk(event))
}

/// The chunk of [`named_event`].
pub(crate) fn named_event_chunk(event: &Event) -> Bytes {
    event.sse_named(|event| form(encode(&event.id().to_string(), Some(event.topic()), event.payload())))
}

/// The frame of an event without a name, whose data is the envelope that a WebSocket has:
/// `{"table":"T","id":"E-S","data":…}`. It is encoded once and shared.
pub fn enveloped_event(event: &Event) -> Bytes {
    data(&enveloped_event_chunk(event))
}

/// The chunk of [`enveloped_event`].
pub(crate) fn enveloped_event_chunk(event: &Event) -> Bytes {
    event.sse_enveloped(|event| form(encode(&event.id().to_string(), None, envelope(event).as_bytes())))
}

fn form(chunk: Bytes) -> WireForm {
    WireForm { frame_bytes: data_bytes(&chunk), wire: chunk }
}

/// Makes the frame of an event, in its chunk.
fn encode(id: &str, name: Option<&Topic>, payload: &[u8]) -> Bytes {
    // Enough for a payload of one line: room for `id: `, `event: `, `data: ` and four line ends.
    let named = name.map_or(0, |name| name.as_str().len() + 8);
    chunk(payload.len() + id.len() + named + 16, |frame| write_event(frame, id, name, payload))
}

fn write_event(frame: &mut BytesMut, id: &str, name: Option<&Topic>, payload: &[u8]) {
    frame.put_slice(b"id: ");
    frame.put_slice(id.as_bytes());
    frame.put_u8(b'\n');
    if let Some(name) = name {
        frame.put_slice(b"event: ");
        frame.put_slice(name.as_str().as_bytes());
        frame.put_u8(b'\n');
    }
    for line in lines(payload) {
        frame.put_slice(b"data: ");
        frame.put_slice(line);
        frame.put_u8(b'\n');
    }
    frame.put_u8(b'\n');
}

/// The lines of a payload. The last line is empty if the payload is empty or ends with a line end.
fn lines(payload: &[u8]) -> impl Iterator<Item = &[u8]> {
    let mut rest = Some(payload);
    std::iter::from_fn(move || {
        let text = rest?;
        let Some(end) = memchr::memchr2(b'\n', b'\r', text) else {
            rest = None;
            return Some(text);
        };
        let width = if text[end..].starts_with(b"\r\n") { 2 } else { 1 };
        rest = Some(&text[end + width..]);
        Some(&text[..end])
    })
}

#[cfg(test)]
mod tests {

    use super::*;
    use crate::event::GapReason;
    use crate::loss::LossReason;
    use eventsource_stream::Eventsource;
    use futures_util::{StreamExt, stream};
    use proptest::prelude::*;

    #[test]
    fn every_kind_of_line_end_starts_a_new_data_line() {
        let encode = |payload| data(&encode("1-2", None, payload));
        let frame = encode(b"a\nb\r\nc\rd");
        assert_eq!(frame, &b"id: 1-2\ndata: a\ndata: b\ndata: c\ndata: d\n\n"[..]);
        assert_eq!(encode(b""), &b"id: 1-2\ndata: \n\n"[..]);
        assert_eq!(encode(b"\n"), &b"id: 1-2\ndata: \ndata: \n\n"[..]);
    }

    #[test]
    fn an_event_is_framed_once_with_its_own_id_and_payload() {
        let id = EventId { epoch: 3, sequence: 8 };
        let topic = Topic::new("t").unwrap();
        let made = Event::new(id, topic, Bytes::from_static(b"{}"), Duration::ZERO);
        let frame = event(&made);
        assert_eq!(frame, &b"id: 3-8\ndata: {}\n\n"[..]);
        assert_eq!(event(&made).as_ptr(), frame.as_ptr(), "shared");
    }

    #[test]
    fn an_event_among_those_of_other_tables_says_which_it_is_of_by_its_name_or_in_an_envelope() {
        let id = EventId { epoch: 3, sequence: 8 };
        let made = Event::new(id, Topic::of_table("t").unwrap(), Bytes::from_static(b"{\n}"), Duration::ZERO);
        assert_eq!(named_event(&made), &b"id: 3-8\nevent: ingest.t\ndata: {\ndata: }\n\n"[..]);
        let enveloped = &b"id: 3-8\ndata: {\"table\":\"t\",\"id\":\"3-8\",\"data\":{\ndata: }}\n\n"[..];
        assert_eq!(enveloped_event(&made), enveloped);
        assert_eq!(event(&made), &b"id: 3-8\ndata: {\ndata: }\n\n"[..]);
        assert_eq!(named_event(&made).as_ptr(), named_event(&made).as_ptr(), "shared");
        assert_eq!(enveloped_event(&made).as_ptr(), enveloped_event(&made).as_ptr(), "shared");
    }

    #[test]
    fn a_stream_says_where_it_begins_and_what_is_missing_by_events_that_show_nothing() {
        let id = |sequence| EventId { epoch: 3, sequence };
        assert_eq!(hello(None, None), &b": hubbub\n\n"[..]);
        let retry = Some(Duration::from_millis(1617));
        assert_eq!(hello(retry, Some(id(8))), &b": hubbub\nretry: 1617\nid: 3-8\n\n"[..]);
        let known =
            Gap { first: Some(id(1)), last: Some(id(2)), count: Some(2), reason: GapReason::Lost(LossReason::Age) };
        let text = "event: gap\ndata: {\"first\":\"3-1\",\"last\":\"3-2\",\"count\":2,\"reason\":\"age\"}\n\n";
        assert_eq!(gap(&known), text);
        let unknown = Gap { first: None, last: None, count: None, reason: GapReason::UnknownCursor };
        let text = "event: gap\ndata: {\"first\":null,\"last\":null,\"count\":null,\"reason\":\"unknown_cursor\"}\n\n";
        assert_eq!(gap(&unknown), text);
    }

    #[test]
    fn a_client_is_told_in_milliseconds_when_to_come_back() {
        assert_eq!(retry(Duration::from_secs(3)), &b"retry: 3000\n\n"[..]);
    }

    proptest! {
        #[test]
        fn an_independent_parser_reads_back_what_was_sent_however_it_is_cut(
            payloads in prop::collection::vec("(?s)[ -~\n\r:äø]{0,40}", 1..5),
            cut in 1usize..50,
        ) {
            let mut wire = hello(Some(Duration::from_secs(1)), None).to_vec();
            for (sequence, payload) in payloads.iter().enumerate() {
                wire.extend_from_slice(&data(&encode(&format!("7-{sequence}"), None, payload.as_bytes())));
                wire.extend_from_slice(KEEPALIVE);
            }
            let chunks = wire.chunks(cut).map(|chunk| Ok::<_, std::io::Error>(chunk.to_vec()));
            let chunks = stream::iter(chunks.collect::<Vec<_>>());
            let read = futures_executor::block_on(chunks.eventsource().collect::<Vec<_>>());
            let read: Vec<_> = read.into_iter().map(|event| event.map(|e| (e.id, e.data)).unwrap()).collect();
            let sent = payloads.iter().enumerate().map(|(sequence, payload)| {
                (format!("7-{sequence}"), payload.replace("\r\n", "\n").replace('\r', "\n"))
            });
            let sent: Vec<_> = sent.collect();
            prop_assert_eq!(read, sent);
        }
    }
}
