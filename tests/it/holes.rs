//! What a client is told of what it misses, and what it gets when it says where it was.

use std::time::Duration;

use futures_util::StreamExt;
use reqwest_eventsource::{Event, EventSource};
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;

use crate::support::wire::{Chunk, read_on_until, read_until, sequences};
use crate::support::{EPOCH, Served, Setup, payload, soon, topic};

fn served(capacity: usize, history: usize) -> Served {
    Served::start(Setup { capacity, history, ..Setup::default() })
}

/// A stream asked for with some query and header.
pub(crate) async fn watch(served: &Served, query: &str, header: &str) -> TcpStream {
    let mut stream = soon("a connection", TcpStream::connect(served.address)).await.unwrap();
    let request = format!("GET /v1/stream/sse?table=t{query} HTTP/1.1\r\nhost: hub\r\n{header}\r\n");
    stream.write_all(request.as_bytes()).await.unwrap();
    stream
}

/// Publishes events, whoever is there; returns the last one's sequence.
fn publish(served: &Served, events: usize) -> u64 {
    let publish = |_| served.hub.publish(Duration::ZERO, &topic(), payload(1_000)).id.sequence;
    (0..events).map(publish).max().unwrap()
}

#[tokio::test]
async fn a_hole_is_told_in_the_write_of_the_event_that_follows_it() {
    let mut served = served(4, 100);
    let mut stream = served.watch().await;
    served.fill(1, 200_000).await;
    publish(&served, 2);
    let counts = served.hub.counts();
    let kept = counts.offered - counts.dropped.total();
    let lost = counts.dropped.buffer_full;
    assert_eq!(lost, 3);
    let mut bytes = Vec::new();
    let before = read_on_until(&mut stream, &mut bytes, |chunks| sequences(chunks).len() as u64 == kept).await;
    assert_eq!(before[0].text, format!(": hubbub\nretry: 1617\nid: {EPOCH}-0\n\n"), "where it begins");
    assert!(before.iter().all(|chunk| chunk.gap().is_none()), "nothing has followed the hole yet");
    let last = publish(&served, 1);
    let told = read_on_until(&mut stream, &mut bytes, |chunks| sequences(chunks).last() == Some(&last)).await;
    let notice: serde_json::Value = serde_json::from_str(told.last().unwrap().gap().expect("a notice")).unwrap();
    let expected = serde_json::json!({
        "first": format!("{EPOCH}-{}", kept + 1), "last": format!("{EPOCH}-{}", kept + lost), "count": lost,
        "reason": "buffer_full",
    });
    assert_eq!(notice, expected);
    assert_eq!(told.iter().filter(|chunk| chunk.gap().is_some()).count(), 1, "once");
}

#[tokio::test]
async fn an_event_source_is_shown_a_hole_as_an_event_of_its_own_and_its_cursor_stays() {
    let served = served(4, 2);
    publish(&served, 5);
    let request = reqwest::Client::new().get(served.url("/v1/stream/sse?table=t&since=7-1"));
    let mut source = EventSource::new(request).unwrap();
    assert!(matches!(soon("the stream", source.next()).await, Some(Ok(Event::Open))));
    let mut seen = Vec::new();
    while seen.len() < 3 {
        match soon("a message", source.next()).await {
            Some(Ok(Event::Message(message))) => seen.push((message.event, message.id, message.data)),
            other => panic!("{other:?}"),
        }
    }
    assert_eq!(seen[0].0.as_str(), "gap");
    assert_eq!(seen[0].1.as_str(), "");
    assert_eq!(seen[0].2, r#"{"first":"7-2","last":"7-3","count":null,"reason":"out_of_reach"}"#);
    assert_eq!(seen[1].1.as_str(), "7-4");
    assert_eq!(seen[2].1.as_str(), "7-5");
}

#[tokio::test]
async fn who_comes_back_says_where_it_was_in_the_header_or_else_in_the_address() {
    let served = served(4, 100);
    publish(&served, 6);
    for (query, header, first) in [
        ("", "last-event-id: 7-2\r\n", 3),
        ("&since=7-4", "", 5),
        ("&since=7-1", "Last-Event-ID: 7-5\r\n", 6),
        ("&since=7-4", "last-event-id: \r\n", 5),
    ] {
        let mut stream = watch(&served, query, header).await;
        let chunks = read_until(&mut stream, |chunks| sequences(chunks).last() == Some(&6)).await;
        assert_eq!(sequences(&chunks), (first..=6).collect::<Vec<_>>(), "{query} {header}");
        assert!(chunks.iter().all(|chunk| chunk.gap().is_none()));
    }
}

#[tokio::test]
async fn a_cursor_that_nobody_gave_out_is_never_refused() {
    let served = served(4, 100);
    publish(&served, 3);
    for (cursor, reason) in [
        ("7-4", "unknown_cursor"),
        ("yesterday", "unknown_cursor"),
        ("\u{fc}", "unknown_cursor"),
        ("-", "unknown_cursor"),
        ("7-99999999999999999999", "unknown_cursor"),
        ("6-2", "restarted"),
        ("8-2", "restarted"),
    ] {
        let mut stream = watch(&served, "", &format!("last-event-id: {cursor}\r\n")).await;
        let mut bytes = Vec::new();
        let chunks = read_on_until(&mut stream, &mut bytes, |chunks| !chunks.is_empty()).await;
        let notice: serde_json::Value = serde_json::from_str(chunks[0].gap().expect("a notice")).unwrap();
        assert_eq!(notice["reason"], reason, "{cursor}");
        let expected = if reason == "restarted" { vec![1, 2, 3] } else { vec![] };
        let all = |chunks: &[Chunk]| sequences(chunks).len() == expected.len();
        let chunks = read_on_until(&mut stream, &mut bytes, all).await;
        assert_eq!(sequences(&chunks), expected, "{cursor}");
    }
}

#[tokio::test]
async fn a_replay_larger_than_the_buffer_overflows_nothing_while_events_go_on() {
    let mut served = served(2, 10_000);
    publish(&served, 2_000);
    let mut stream = watch(&served, "&since=7-0", "").await;
    served.subscribed().await;
    for _ in 0..500 {
        publish(&served, 1);
        tokio::task::yield_now().await;
    }
    let chunks = read_until(&mut stream, |chunks| sequences(chunks).last() == Some(&2_500)).await;
    assert_eq!(sequences(&chunks), (1..=2_500).collect::<Vec<_>>());
    assert_eq!(served.hub.counts().dropped.total(), 0);
}
