use hubbub::EventId;

use super::*;
use crate::client::StreamId;
use crate::client::messages::message;

const RESPONSE: &[u8] = b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n\r\n: hello\n\nid: 7-1\n\
    data: {\"n\":0,\"pad\":\"x\"}\n\nretry: 5\r\n\r\nid: 1\r\ndata:{\"n\":17,\r\ndata: \"a\":1}\r\n\r\ndata: x\r\rdata: half";

const CHUNKED: &[u8] = b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n\
    A\r\n: hubbub\n\n\r\n13\r\nid: 7-41\ndata: {}\n\n\r\n11\r\nid: 7-42\ndata: x\n\r\n1\r\n\n\r\n";

fn id(sequence: u64) -> EventId {
    EventId { epoch: 7, sequence }
}

/// What a stream of this project's server says, with offsets and without the events' contents.
#[derive(Debug, PartialEq, Eq)]
enum Seen {
    Begins { start: u64, id: EventId },
    Ends { end: u64, id: Option<EventId> },
    Gap { end: u64, first: Option<EventId>, last: Option<EventId> },
    Place { end: u64, id: Option<EventId> },
}

fn seen(transport: StreamFormat, response: &[u8], piece: usize) -> Vec<Seen> {
    let mut parser = StreamParser::new(transport);
    let mut seen = Vec::new();
    for bytes in response.chunks(piece) {
        let item = |item: StreamItem<'_>| {
            seen.push(match item {
                StreamItem::Begins { start, id } => Seen::Begins { start, id },
                StreamItem::Event { end, event } => Seen::Ends { end, id: event.id.and_then(StreamId::event) },
                StreamItem::Gap { end, notice } => Seen::Gap { end, first: notice.first, last: notice.last },
                StreamItem::Place { end, id } => Seen::Place { end, id: id.event() },
            });
        };
        parser.feed(bytes, item).unwrap();
    }
    seen
}

#[test]
fn events_are_found_with_length_and_number_however_the_response_is_cut() {
    for piece in 1..RESPONSE.len() {
        let mut parser = StreamParser::new(StreamFormat::Sse);
        let mut events = Vec::new();
        for bytes in RESPONSE.chunks(piece) {
            let take = |item: StreamItem<'_>| events.extend(item.event().map(|event| (event.number, event.bytes)));
            parser.feed(bytes, take).unwrap();
        }
        assert!(parser.is_open() && !parser.has_ended());
        assert_eq!(events, [(Some(0), 17), (Some(17), 15), (None, 1)], "in pieces of {piece}");
        assert_eq!(parser.last_id().as_deref(), Some("1"));
        assert_eq!(parser.retry(), Some(Duration::from_millis(5)));
    }
}

#[test]
fn events_are_found_from_their_first_byte_to_their_last_however_the_response_is_cut() {
    let at = |part: &[u8]| CHUNKED.windows(part.len()).position(|window| window == part).unwrap() as u64;
    let expected = [
        Seen::Begins { start: at(b"id: 7-41"), id: id(41) },
        Seen::Ends { end: at(b"{}\n\n") + 4, id: Some(id(41)) },
        Seen::Begins { start: at(b"id: 7-42"), id: id(42) },
        Seen::Ends { end: at(b"1\r\n\n") + 4, id: Some(id(42)) },
    ];
    for piece in 1..CHUNKED.len() {
        assert_eq!(seen(StreamFormat::Sse, CHUNKED, piece), expected, "in pieces of {piece}");
    }
}

#[test]
fn events_begin_and_end_where_their_messages_do_in_pieces_of_any_size() {
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
        Seen::Place { end: ends[1], id: Some(id(40)) },
        Seen::Begins { start: ends[1], id: id(41) },
        Seen::Ends { end: ends[2], id: Some(id(41)) },
        Seen::Begins { start: ends[3], id: id(42) },
        Seen::Ends { end: ends[4], id: Some(id(42)) },
        Seen::Gap { end: ends[5], first: Some(id(43)), last: Some(id(44)) },
        Seen::Begins { start: ends[5], id: id(45) },
        Seen::Ends { end: ends[6], id: Some(id(45)) },
    ];
    let bytes = parts.concat();
    for piece in [1, 2, 3, 7, 100, bytes.len()] {
        assert_eq!(seen(StreamFormat::WebSocket, &bytes, piece), expected, "in pieces of {piece}");
    }
}

#[test]
fn a_messages_event_has_its_length_and_number_however_the_bytes_are_cut() {
    let event = |number: u64, pad: usize| {
        format!(r#"{{"table":"t","id":"7-{number}","data":{{"n":{number},"pad":"{}"}}}}"#, "x".repeat(pad))
    };
    let gap = r#"{"gap":{"first":"7-4","last":null,"count":2,"reason":"age"}}"#;
    let texts = [r#"{"hello":{"at":"7-0"}}"#.to_owned(), event(3, 10), event(40, 70_000), gap.to_owned()];
    let head = b"HTTP/1.1 101 Switching Protocols\r\nupgrade: websocket\r\n\r\n";
    let bytes = [&head[..], &texts.clone().map(|text| message(1, &text)).concat(), &message(9, "")].concat();
    for piece in [1, 2, 7, 100, bytes.len()] {
        let mut parser = StreamParser::new(StreamFormat::WebSocket);
        let mut events = Vec::new();
        let mut gaps = Vec::new();
        for bytes in bytes.chunks(piece) {
            let take = |item: StreamItem<'_>| match item {
                StreamItem::Gap { notice, .. } => gaps.push(notice.count),
                item => events.extend(item.event().map(|event| (event.number, event.bytes))),
            };
            parser.feed(bytes, take).unwrap();
        }
        assert!(parser.is_open());
        assert_eq!(events, [(Some(3), texts[1].len() as u64), (Some(40), texts[2].len() as u64)], "{piece}");
        assert_eq!(parser.last_id().as_deref(), Some("7-40"), "a gap notice is no place to come back to");
        assert_eq!(gaps, [Some(2)], "in pieces of {piece}");
    }
}

#[test]
fn a_server_that_does_not_agree_to_a_websocket_is_refused() {
    let refused =
        StreamParser::new(StreamFormat::WebSocket).feed(b"HTTP/1.1 426 Upgrade Required\r\n\r\n", |_| {}).unwrap_err();
    assert_eq!(refused.to_string(), "answers with status 426, where 101 was expected");
}

#[test]
fn newline_delimited_json_has_an_event_a_line_however_the_response_is_cut() {
    let response: &[u8] = b"HTTP/1.1 200 OK\r\ncontent-type: application/x-ndjson\r\n\r\n{\"n\":0,\"pad\":\"x\"}\r\n\n\
        {\"event\":{\"n\":17,\"a\":1}}\nhello\n{\"n\":18,\"half\":";
    for piece in 1..response.len() {
        let mut parser = StreamParser::new(StreamFormat::Ndjson);
        let mut events = Vec::new();
        for bytes in response.chunks(piece) {
            let take = |item: StreamItem<'_>| events.extend(item.event().map(|event| (event.number, event.bytes)));
            parser.feed(bytes, take).unwrap();
        }
        assert_eq!(events, [(Some(0), 17), (Some(17), 24), (None, 5)], "in pieces of {piece}");
    }
}

#[test]
fn a_message_of_another_server_is_an_event_by_its_payload_also_in_frames_with_a_ping_between() {
    let part = |opcode: u8, text: &str| [&[opcode, text.len() as u8], text.as_bytes()].concat();
    let head = b"HTTP/1.1 101 Switching Protocols\r\n\r\n".to_vec();
    let whole = message(1, "{\"type\":\"event\",\"data\":{\"n\":3,\"pad\":\"\"}}");
    let frames = [part(0x01, "{\"n\":4"), part(0x89, "{\"n\":9,"), part(0x80, "2,\"pad\":\"\"}")].concat();
    let response = [head, whole, frames, message(1, "\"welcome\""), message(2, "{\"n\":5,}")].concat();
    for piece in 1..response.len() {
        let mut parser = StreamParser::new(StreamFormat::WebSocket);
        let mut numbers = Vec::new();
        for bytes in response.chunks(piece) {
            parser.feed(bytes, |item| numbers.extend(item.event().map(|event| event.number))).unwrap();
        }
        assert_eq!(numbers, [Some(3), Some(42), None], "in pieces of {piece}");
    }
}
