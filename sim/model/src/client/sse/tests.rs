use hubbub::EventId;

use super::*;

/// What a stream says, one line a block, however it is cut.
fn said(body: &[u8]) -> (Vec<String>, Option<String>, Option<Duration>) {
    let mut each = Vec::new();
    for piece in (1..=body.len()).chain([usize::MAX]) {
        let mut blocks = SseBlocks::default();
        let mut said = Vec::new();
        for bytes in body.chunks(piece) {
            blocks.feed(0, bytes, &mut |item| said.extend(in_words(&item)));
        }
        each.push((said, blocks.last_id().map(str::to_owned), blocks.retry()));
    }
    let first = each[0].clone();
    assert!(each.iter().all(|said| *said == first), "it depends on where it is cut: {each:?}");
    first
}

fn in_words(item: &StreamItem<'_>) -> Option<String> {
    match item {
        StreamItem::Begins { .. } => None,
        StreamItem::Event { event: StreamEvent { bytes, name, id, .. }, .. } => {
            Some(format!("{name} of {bytes} B, id {id:?}"))
        }
        StreamItem::Gap { notice, .. } => Some(format!("gap of {:?}: {}", notice.count, notice.reason)),
        StreamItem::Place { id, .. } => Some(format!("at {id:?}")),
    }
}

#[test]
fn a_byte_order_mark_begins_the_stream_and_nothing_else() {
    assert_eq!(said(b"\xEF\xBB\xBFdata: x\n\n").0, ["message of 1 B, id None"]);
    assert_eq!(said(b"\xEF\xBB\xBF\ndata: x\n\n").0, ["message of 1 B, id None"], "an empty first line");
    assert_eq!(said(b"\n\xEF\xBB\xBFdata: x\n\ndata: yz\n\n").0, ["message of 2 B, id None"]);
}

#[test]
fn lines_end_in_any_of_three_ways_and_a_block_at_an_empty_one() {
    for end in ["\n", "\r", "\r\n"] {
        let text = ": hello||id: 1|data: a|data:  bc|data|||event: e|data:||data: half".replace('|', end);
        assert_eq!(said(text.as_bytes()).0, ["message of 6 B, id Some(Number(1))", "e of 0 B, id None"], "{end:?}");
    }
}

#[test]
fn the_cursor_is_the_last_id_of_a_block_that_has_come_whole() {
    let cursor = |body: &str| said(body.as_bytes()).1;
    assert_eq!(cursor("data: x\n\n"), None);
    assert_eq!(cursor("id: 7-1\ndata: x\n\ndata: y\n\n").as_deref(), Some("7-1"), "it stays");
    assert_eq!(cursor("id: 7-1\ndata: x\n\nid: 7-2\ndata: y\n").as_deref(), Some("7-1"), "the block is not finished");
    assert_eq!(cursor("id: 7-1\ndata: x\n\nid: 7-9\n\n").as_deref(), Some("7-9"), "without data");
    assert_eq!(cursor("id: 7-1\ndata: x\n\nid\ndata: y\n\n"), None, "an empty one takes it back");
    assert_eq!(cursor("id: 7-1\n\nid: 7\u{0}2\ndata: y\n\n").as_deref(), Some("7-1"), "NUL");
    assert_eq!(cursor("id: a\nid:  b\n\n").as_deref(), Some(" b"), "of two the last, less one space");
    let long = "x".repeat(LINE_BYTES);
    let mut blocks = SseBlocks::default();
    let body = format!("id: 7-1\n\nid: {long}\n\n");
    blocks.feed(0, body.as_bytes(), &mut |_| {});
    assert_eq!(blocks.last_id(), Some("7-1"), "no half of one");
}

#[test]
fn a_pause_is_digits_alone_and_needs_no_block() {
    let pause = |body: &str| said(body.as_bytes()).2;
    assert_eq!(pause("retry: 250\n"), Some(Duration::from_millis(250)));
    assert_eq!(pause("retry: 250\nretry: 1s\nretry: -1\nretry:\nretry: +5\n"), Some(Duration::from_millis(250)));
    assert_eq!(pause("retry: 99999999999999999999999\n"), Some(Duration::from_millis(MOST_RETRY_MS)));
}

#[test]
fn a_notice_is_told_from_an_event_by_its_form_and_not_by_its_name_alone() {
    let notice = "data: {\"first\":\"3-1\",\"last\":\"3-2\",\"count\":2,\"reason\":\"age\"}\n";
    assert_eq!(said(format!("event: gap\n{notice}\n").as_bytes()).0, ["gap of Some(2): age"]);
    assert_eq!(said(format!("{notice}event: gap\n\n").as_bytes()).0, ["gap of Some(2): age"]);
    assert_eq!(said(format!("{notice}\n").as_bytes()).0, ["message of 53 B, id None"]);
    assert_eq!(said(b"event: gap\ndata: mind it\n\n").0, ["gap of 7 B, id None"]);
    let mut notices = Vec::new();
    SseBlocks::default().feed(0, format!("event: gap\n{notice}\n").as_bytes(), &mut |item| {
        let StreamItem::Gap { notice, .. } = item else { return };
        notices.push(notice);
    });
    assert_eq!(notices[0].last, Some(EventId { epoch: 3, sequence: 2 }));
}

#[test]
fn data_as_long_as_you_like_is_counted_and_not_kept() {
    let mut blocks = SseBlocks::default();
    let mut bytes = Vec::new();
    let megabyte = vec![b'x'; 1 << 20];
    blocks.feed(0, b"data: {\"n\":5,", &mut |_| {});
    for _ in 0..30 {
        blocks.feed(0, &megabyte, &mut |_| {});
    }
    assert!(blocks.line.capacity() <= 2 * DATA_LINE_BYTES, "{}", blocks.line.capacity());
    blocks.feed(0, b"\n\n", &mut |item| bytes.extend(item.event().map(|event| (event.number, event.bytes))));
    assert_eq!(bytes, [(Some(5), 7 + 30 * (1 << 20))]);
}
