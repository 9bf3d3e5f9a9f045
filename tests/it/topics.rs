//! Several tables, and topics by pattern, in one stream: one mailbox, one cursor, and each event says which it is of.

use std::time::Duration;

use hubbub::{ServerSettings, Topic};
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;

use crate::support::wire::{Chunk, read_on_until, read_until, sequences, text_to_end};
use crate::support::{Served, Setup, payload, soon};
use crate::websocket::{next, open, say};

async fn stream(served: &Served, query: &str) -> TcpStream {
    let mut stream = soon("a connection", TcpStream::connect(served.address)).await.unwrap();
    let request = format!("GET /v1/stream/sse?{query} HTTP/1.1\r\nhost: hub\r\n\r\n");
    stream.write_all(request.as_bytes()).await.unwrap();
    stream
}

fn publish(served: &Served, topic: &str) {
    served.hub.publish(Duration::ZERO, &Topic::new(topic).unwrap(), "{}");
}

/// The frames of events, without the first chunk of the stream.
fn frames(chunks: &[Chunk]) -> Vec<&str> {
    chunks.iter().filter(|chunk| chunk.sequence().is_some() && !chunk.text.contains(": hubbub")).map(text).collect()
}

fn text(chunk: &Chunk) -> &str {
    &chunk.text
}

#[tokio::test]
async fn several_tables_come_in_the_order_of_publication_each_event_with_its_topic_as_its_name() {
    let mut served = Served::start(Setup { history: 10, ..Setup::default() });
    let mut both = stream(&served, "table=a&table=b").await;
    served.subscribed().await;
    for topic in ["ingest.a", "ingest.c", "ingest.b", "ingest.a"] {
        publish(&served, topic);
    }
    let chunks = read_until(&mut both, |chunks| sequences(chunks).last() == Some(&4)).await;
    let expected = ["id: 7-1\nevent: ingest.a\n", "id: 7-3\nevent: ingest.b\n", "id: 7-4\nevent: ingest.a\n"];
    assert_eq!(frames(&chunks), expected.map(|frame| format!("{frame}data: {{}}\n\n")));
    // One cursor for all: what follows it comes, of either table.
    let mut back = stream(&served, "table=b&table=a&since=7-1").await;
    let chunks = read_until(&mut back, |chunks| sequences(chunks).last() == Some(&4)).await;
    assert_eq!(sequences(&chunks), [3, 4]);
}

#[tokio::test]
async fn topics_by_pattern_come_in_the_envelope_of_a_websocket_and_both_transports_say_the_same() {
    let mut served = Served::start(Setup::default());
    let mut events = stream(&served, "topic=ingest.builds.*&table=t").await;
    served.subscribed().await;
    let mut socket = open(&served, "?topic=ingest.builds.*&table=t").await;
    served.subscribed().await;
    next(&mut socket).await;
    for topic in ["ingest.builds", "ingest.builds.eu", "ingest.builds.eu.west", "ingest.t", "other.builds.eu"] {
        publish(&served, topic);
    }
    let chunks = read_until(&mut events, |chunks| sequences(chunks).last() == Some(&4)).await;
    let expected = [r#"{"table":"builds.eu","id":"7-2","data":{}}"#, r#"{"table":"t","id":"7-4","data":{}}"#];
    for ((frame, envelope), id) in frames(&chunks).into_iter().zip(expected).zip([2, 4]) {
        assert_eq!(frame, format!("id: 7-{id}\ndata: {envelope}\n\n"));
        assert_eq!(next(&mut socket).await, serde_json::from_str::<serde_json::Value>(envelope).unwrap());
    }
}

#[tokio::test]
async fn a_final_tail_is_everything_below_and_an_event_that_two_patterns_match_comes_once() {
    let mut served = Served::start(Setup::default());
    let mut all = stream(&served, "topic=ingest.%3E&topic=ingest.a.*&table=a").await;
    served.subscribed().await;
    for topic in ["ingest.a", "ingest.a.b", "ingest.a.b.c", "secret.a"] {
        publish(&served, topic);
    }
    publish(&served, "ingest.last");
    let chunks = read_until(&mut all, |chunks| sequences(chunks).last() == Some(&5)).await;
    assert_eq!(sequences(&chunks), [1, 2, 3, 5]);
}

#[tokio::test]
async fn a_topic_with_several_tokens_is_published_over_http_too() {
    let mut served = Served::start(Setup::default());
    let mut eu = stream(&served, "topic=ingest.builds.eu").await;
    served.subscribed().await;
    let client = reqwest::Client::new();
    for (path, status, said) in [
        ("/v1/publish/ingest.builds.eu", 202, "\"id\":\"7-1\""),
        ("/v1/publish/builds", 400, "topic: \\\"builds\\\" does not begin with ingest."),
        ("/v1/publish/ingest.*", 400, "topic: \\\"ingest.*\\\" has '*': a token is made of A-Z a-z 0-9 _ -"),
        ("/v1/publish/", 400, "topic: 0 bytes long"),
    ] {
        let answer = soon("an answer", client.post(served.url(path)).body("{}").send()).await.unwrap();
        assert_eq!(answer.status(), status, "{path}");
        let text = answer.text().await.unwrap();
        assert!(text.contains(said), "{path}: {text}");
    }
    let chunks = read_until(&mut eu, |chunks| sequences(chunks) == [1]).await;
    assert_eq!(frames(&chunks), ["id: 7-1\ndata: {\"table\":\"builds.eu\",\"id\":\"7-1\",\"data\":{}}\n\n"]);
}

#[tokio::test]
async fn one_mailbox_holds_the_events_of_all_tables_and_a_gap_is_told_among_them() {
    let mut served = Served::start(Setup { capacity: 4, history: 1000, ..Setup::default() });
    let mut both = stream(&served, "table=t&table=u").await;
    served.subscribed().await;
    served.fill(1, 200_000).await;
    let counts = served.hub.counts();
    assert_eq!((counts.waiting, counts.dropped.buffer_full), (4, 1), "four of both tables together");
    let last = counts.offered;
    let mut bytes = Vec::new();
    read_on_until(&mut both, &mut bytes, |chunks| sequences(chunks).last() == Some(&(last - 1))).await;
    publish(&served, "ingest.u");
    let chunks = read_on_until(&mut both, &mut bytes, |chunks| sequences(chunks).last() == Some(&(last + 1))).await;
    let told = chunks.last().unwrap();
    assert!(told.gap().is_some_and(|gap| gap.contains("buffer_full")), "{told:?}");
    assert!(told.text.ends_with(&format!("id: 7-{}\nevent: ingest.u\ndata: {{}}\n\n", last + 1)), "{told:?}");
}

#[tokio::test]
async fn a_thousand_topics_and_what_is_no_topic_are_refused_in_one_line() {
    let settings = ServerSettings { max_header_bytes: 1 << 17, ..ServerSettings::default() };
    let served = Served::start(Setup { settings, ..Setup::default() });
    let thousand = |parameter: &dyn Fn(usize) -> String| (0..1000).map(parameter).collect::<Vec<_>>().join("&");
    for (query, why) in [
        (thousand(&|n| format!("table=t{n}")), "a request names at most 256 tables and topics"),
        (thousand(&|n| format!("topic=ingest.t{n}.*")), "a request names at most 256 tables and topics"),
        (
            (0..100).map(|n| format!("topic=ingest.t{n}.*&")).collect(),
            "100 topics with wildcards: a stream has at most 16",
        ),
        ("topic=%3E".to_owned(), "topic: \\\">\\\" does not begin with ingest."),
        ("table=t&topic=secret.*".to_owned(), "topic: \\\"secret.*\\\" does not begin with ingest."),
        ("table=t&table=".to_owned(), "table: \\\"\\\" has an empty token: tokens are separated by single dots"),
    ] {
        for route in ["/v1/stream/sse", "/v1/stream/ws"] {
            let mut refused = soon("a connection", TcpStream::connect(served.address)).await.unwrap();
            let handshake = "upgrade: websocket\r\nconnection: upgrade, close\r\nsec-websocket-version: 13\r\n\
                             sec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n";
            let request = format!("GET {route}?{query} HTTP/1.1\r\nhost: hub\r\n{handshake}\r\n");
            refused.write_all(request.as_bytes()).await.unwrap();
            let answer = text_to_end(&mut refused).await;
            assert!(answer.starts_with("HTTP/1.1 400 "), "{route}: {answer}");
            assert!(answer.ends_with(&format!("{{\"error\":\"{why}\"}}\n")), "{route}: {answer}");
        }
    }
    assert_eq!(served.hub.subscribers(), 0);
}

#[tokio::test]
async fn patterns_come_and_go_by_command_up_to_sixteen_with_wildcards() {
    let mut served = Served::start(Setup::default());
    let mut socket = open(&served, "").await;
    served.subscribed().await;
    next(&mut socket).await;
    for n in 0..18 {
        say(&mut socket, &format!(r#"{{"action":"subscribe","topic":"ingest.t{n}.>"}}"#)).await;
        let answer = next(&mut socket).await;
        if n < 16 {
            assert_eq!(answer["subscribed"], format!("ingest.t{n}.>"));
        } else {
            assert_eq!(answer["error"], "a connection watches at most 16 wildcards");
        }
    }
    publish(&served, "ingest.t3.x");
    assert_eq!(next(&mut socket).await["table"], "t3.x");
    say(&mut socket, r#"{"action":"unsubscribe","topic":"ingest.t3.>"}"#).await;
    assert_eq!(next(&mut socket).await["unsubscribed"], "ingest.t3.>");
    publish(&served, "ingest.t3.x");
    served.hub.publish(Duration::ZERO, &Topic::new("ingest.t4.y").unwrap(), payload(10));
    assert_eq!(next(&mut socket).await["table"], "t4.y");
    say(&mut socket, r#"{"action":"subscribe","topic":"ingest.t3.>"}"#).await;
    assert_eq!(next(&mut socket).await["subscribed"], "ingest.t3.>", "there is room again");
}
