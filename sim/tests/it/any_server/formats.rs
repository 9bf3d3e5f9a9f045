//! One parser for all worlds: the same events over server-sent events, a WebSocket and newline-delimited JSON.

use std::sync::{Arc, Mutex};

use axum::body::Body;
use axum::extract::Request;
use axum::http::StatusCode;
use axum::http::header::{CONNECTION, UPGRADE};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Extension, Router};
use hubbub_sim::{Dialect, Exactness, Running, Server, Start, Testbed};
use tokio::io::AsyncWriteExt;
use tokio::sync::mpsc::{Sender, channel};

use super::{By, Feed, feeding, small};

/// A WebSocket's text message, in two frames with a ping between them.
fn message(text: &str) -> Vec<u8> {
    let (first, rest) = text.split_at(text.len() / 2);
    let frame = |opcode: u8, part: &str| {
        assert!(part.len() < 126);
        [&[opcode, u8::try_from(part.len()).unwrap()], part.as_bytes()].concat()
    };
    [frame(0x01, first), frame(0x89, "ping"), frame(0x80, rest)].concat()
}

type Clients = Arc<Mutex<Vec<Sender<Vec<u8>>>>>;

async fn upgrade(Extension(clients): Extension<Clients>, mut request: Request) -> Response {
    let upgrade = hyper::upgrade::on(&mut request);
    // As axum does it: the socket is served by a task of its own.
    drop(tokio::spawn(async move {
        let (sender, mut messages) = channel::<Vec<u8>>(64);
        let mut socket = hyper_util::rt::TokioIo::new(upgrade.await.unwrap());
        clients.lock().unwrap().push(sender);
        while let Some(message) = messages.recv().await {
            socket.write_all(&message).await.unwrap();
        }
    }));
    let head = [(CONNECTION, "upgrade"), (UPGRADE, "websocket")];
    (StatusCode::SWITCHING_PROTOCOLS, head, Body::empty()).into_response()
}

fn over_websockets() -> impl Server {
    By(
        |_: &Start| {
            let clients = Clients::default();
            let routes = Router::new().route("/watch", get(upgrade)).layer(Extension(clients.clone()));
            Running::serving(routes).publishing(move |event| {
                let text = format!("{{\"event\":{}}}", std::str::from_utf8(&event).unwrap());
                let message = message(&text);
                clients.lock().unwrap().iter().for_each(|client| client.try_send(message.clone()).unwrap());
            })
        },
        Dialect::websocket("/watch"),
    )
}

fn over_ndjson() -> impl Server {
    let publish = |feed: &Feed, event: &str| feed.put(&format!("{{\"event\":{event}}}\r\n\n"));
    By(move |_: &Start| Feed::default().running("application/x-ndjson", publish), Dialect::ndjson("/watch"))
}

#[test]
fn each_format_brings_every_event_once_and_in_order() {
    let received = |server: Testbed| {
        let run = server.check_determinism(&small(), 8).unwrap();
        let counts: Vec<u64> = run.record.subscribers.iter().map(|one| one.received).collect();
        (counts, run.exactness)
    };
    let sse = feeding(|feed, event| feed.put(&format!("data: {event}\n\n")));
    assert_eq!(received(Testbed::new("sse", sse)), (vec![10, 10], Exactness::Nanosecond));
    assert_eq!(received(Testbed::new("ndjson", over_ndjson())), (vec![10, 10], Exactness::Nanosecond));
    let to_a_tick = Exactness::Tick { own_tasks: 2, is_posted: false };
    assert_eq!(received(Testbed::new("ws", over_websockets())), (vec![10, 10], to_a_tick));
}
