//! What a client of a stream is sent.

use std::time::Duration;

use hubbub::transport::ConnectionSettings;
use hubbub::{LossReason, PushOutcome};
use tokio::io::AsyncReadExt;

use crate::support::wire::{Chunk, parse, read_to_end, read_until, sequences};
use crate::support::{App, Setup, soon};

const SINCE_FIRST: &str = "GET /watch/t HTTP/1.1\r\nhost: hub\r\nlast-event-id: 7-1\r\n\r\n";

#[tokio::test]
async fn a_stream_has_the_headers_that_the_server_gives_it() {
    let app = App::start(Setup::default());
    let mut client = app.watch().await;
    app.publish(10);
    let mut bytes = Vec::new();
    let (head, chunks) = loop {
        soon("a frame", client.read_buf(&mut bytes)).await.unwrap();
        if let Some((head, chunks)) = parse(&bytes).filter(|(_, chunks)| sequences(chunks) == [1]) {
            break (head, chunks);
        }
    };
    for header in ["content-type: text/event-stream", "cache-control: no-cache", "x-accel-buffering: no"] {
        assert!(head.contains(&format!("\r\n{header}\r\n")), "{header} in {head}");
    }
    let hello = &chunks[0].text;
    assert!(hello.starts_with(": hubbub\nretry: ") && hello.ends_with("\nid: 7-0\n\n"), "{hello:?}");
    assert_eq!(app.hub.counts_of("sse").offered, 1, "a subscription without a label gets that of the transport");
}

#[tokio::test]
async fn a_client_that_comes_back_gets_what_was_published_meanwhile() {
    let app = App::start(Setup { history: 100, ..Setup::default() });
    let client = app.watch().await;
    app.publish(10);
    drop(client);
    app.let_go().await;
    for _ in 0..3 {
        app.hub.publish(Duration::ZERO, &crate::support::topic(), "missed");
    }
    let mut client = app.ask_to_watch(SINCE_FIRST).await;
    let chunks = read_until(&mut client, |chunks| chunks.last().and_then(Chunk::sequence) == Some(4)).await;
    assert_eq!(sequences(&chunks), [2, 3, 4]);
    assert!(chunks.iter().all(|chunk| chunk.gap().is_none()), "{chunks:?}");
}

#[tokio::test]
async fn what_the_history_no_longer_has_is_told_in_front_of_the_stream() {
    let app = App::start(Setup { history: 2, ..Setup::default() });
    for _ in 0..5 {
        app.hub.publish(Duration::ZERO, &crate::support::topic(), "missed");
    }
    let mut client = app.ask_to_watch(SINCE_FIRST).await;
    let chunks = read_until(&mut client, |chunks| chunks.last().and_then(Chunk::sequence) == Some(5)).await;
    assert_eq!(sequences(&chunks), [4, 5]);
    let gap = chunks[0].gap().expect("a gap notice");
    assert!(gap.contains("\"first\":\"7-2\",\"last\":\"7-3\""), "{gap}");
}

#[tokio::test]
async fn a_cursor_is_not_refused_by_a_hub_without_history() {
    // An `EventSource` sends the id of the last event whether anybody asked for it or not, and gives up for good on
    // any other status than 200.
    let app = App::start(Setup::default());
    let mut client = app.ask_to_watch(SINCE_FIRST).await;
    app.publish(10);
    let chunks = read_until(&mut client, |chunks| sequences(chunks) == [1]).await;
    // This Hub has published nothing: the id is not one of its own.
    assert!(chunks[0].gap().is_some_and(|gap| gap.contains("unknown_cursor")), "{chunks:?}");
}

#[tokio::test]
async fn a_slow_client_is_told_where_it_lost_events() {
    let app = App::start(Setup { capacity: 4, history: 1000, ..Setup::default() });
    let mut client = app.watch().await;
    assert_eq!(app.fill(5_000).await, PushOutcome::Refused { reason: LossReason::BufferFull });
    let lost = app.hub.counts().offered;
    let mut bytes = Vec::new();
    let (_, chunks) = loop {
        soon("frames", client.read_buf(&mut bytes)).await.unwrap();
        let counts = app.hub.counts();
        if counts.waiting + counts.in_flight == 0 && counts.offered == lost {
            app.publish(10);
        }
        if let Some(read) = parse(&bytes).filter(|(_, read)| read.last().and_then(Chunk::sequence) == Some(lost + 1)) {
            break read;
        }
    };
    let gap = chunks.last().and_then(Chunk::gap).expect("a gap notice in front of the next event");
    assert!(gap.contains(&format!("\"first\":\"7-{lost}\",\"last\":\"7-{lost}\",\"count\":1")), "{gap}");
}

#[tokio::test]
async fn a_silent_stream_gets_a_comment() {
    let settings = ConnectionSettings { keepalive: Duration::from_millis(50), ..ConnectionSettings::default() };
    let app = App::start(Setup { settings, ..Setup::default() });
    let mut client = app.watch().await;
    let chunks = read_until(&mut client, |chunks| chunks.len() == 3).await;
    assert!(chunks[1..].iter().all(|chunk| chunk.text == ": keepalive\n\n"), "{chunks:?}");
}

#[tokio::test]
async fn over_http_1_0_the_stream_ends_with_its_connection_and_the_account_is_exact() {
    let mut app = App::start(Setup::default());
    // hyper would promise to keep this connection, unless the answer is HTTP/1.0.
    let request = "GET /watch/t HTTP/1.0\r\nhost: hub\r\nconnection: keep-alive\r\n\r\n";
    let mut client = app.ask_to_watch(request).await;
    app.publish(10);
    app.connections.shutdown(Duration::from_secs(5)).await;
    let counts = app.ended().await;
    assert_eq!([counts.offered, counts.delivered, counts.dropped.total()], [1, 1, 0]);
    let answer = String::from_utf8(read_to_end(&mut client).await).unwrap();
    assert!(answer.starts_with("HTTP/1.0 200 OK\r\n"), "{answer}");
    assert!(!answer.contains("keep-alive\r\n") && !answer.contains("transfer-encoding"), "{answer}");
    assert!(answer.contains("\r\n\r\n: hubbub\n") && answer.contains("id: 7-1\ndata: xxxxxxxxxx\n\n"), "{answer}");
}

#[tokio::test]
async fn the_answer_to_head_leaves_no_subscriber() {
    let mut app = App::start(Setup::default());
    let mut client = app.ask("HEAD /watch/t HTTP/1.1\r\nhost: hub\r\nconnection: close\r\n\r\n").await;
    let answer = String::from_utf8(read_to_end(&mut client).await).unwrap();
    assert!(answer.starts_with("HTTP/1.1 200 OK\r\n") && answer.ends_with("\r\n\r\n"), "{answer}");
    assert_eq!(app.ended().await.offered, 0);
    app.let_go().await;
}
