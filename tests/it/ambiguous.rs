//! Requests, commands and options that say a thing twice, or a thing that means nothing: each is refused or harmless,
//! as the table in `docs/deployment.md` has it.

use std::time::Duration;

use hubbub::ServerSettings;
use hubbub::server::Token;
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;

use crate::command::{file, refuses};
use crate::holes::watch;
use crate::support::wire::{read_until, text_to_end};
use crate::support::{Served, Setup, payload, soon, topic};
use crate::websocket::{next, open, say};

/// An answer to raw bytes, and all that follows until the server closes.
async fn exchange(served: &Served, request: &str) -> String {
    let mut stream = soon("a connection", TcpStream::connect(served.address)).await.unwrap();
    stream.write_all(request.as_bytes()).await.unwrap();
    text_to_end(&mut stream).await
}

async fn get(served: &Served, path: &str, headers: &str) -> String {
    exchange(served, &format!("GET {path} HTTP/1.1\r\nconnection: close\r\n{headers}\r\n")).await
}

async fn post(served: &Served, path: &str, headers: &str) -> String {
    let head = format!("POST {path} HTTP/1.1\r\nhost: hub\r\nconnection: close\r\ncontent-length: 2\r\n{headers}\r\n");
    exchange(served, &format!("{head}{{}}")).await
}

fn assert_refused(answer: &str, status: u16, why: &str) {
    assert!(answer.starts_with(&format!("HTTP/1.1 {status} ")), "{why}: {answer}");
    assert!(answer.ends_with(&format!("\r\n\r\n{{\"error\":\"{why}\"}}\n")), "{why}: {answer}");
}

/// Any status but 200 ends an `EventSource` for good.
#[tokio::test]
async fn what_means_nothing_to_a_stream_does_it_no_harm() {
    let served = Served::start(Setup { history: 10, ..Setup::default() });
    for (query, header) in [
        ("&x=y&x=z&tables=a", ""),
        ("&since=", "last-event-id: \r\nlast-event-id:\r\n"),
        ("&since=nowhere", ""),
        ("", "last-event-id: 7-99999999999999999999999\r\n"),
        ("&since=7-0&since=7-0", "authorization: a\r\nauthorization: b\r\ncontent-type: a\r\ncontent-type: b\r\n"),
    ] {
        let mut stream = watch(&served, query, header).await;
        read_until(&mut stream, |chunks| chunks.iter().any(|chunk| chunk.text.contains(": hubbub\n"))).await;
    }
}

#[tokio::test]
async fn cursors_that_differ_are_one_that_is_unknown_and_the_client_is_told() {
    let served = Served::start(Setup { history: 10, ..Setup::default() });
    for _ in 0..3 {
        served.hub.publish(Duration::ZERO, &topic(), payload(10));
    }
    for (query, header, is_known) in [
        ("&since=7-1&since=7-2", "", false),
        ("", "last-event-id: 7-1\r\nlast-event-id: 7-2\r\n", false),
        ("&since=7-1&since=7-1", "", true),
        ("", "last-event-id: 7-1\r\nlast-event-id: 7-1\r\n", true),
        ("&since=7-1&since=7-2", "last-event-id: 7-1\r\n", true),
    ] {
        let mut stream = watch(&served, query, header).await;
        let begun = read_until(&mut stream, |chunks| {
            chunks.iter().any(|chunk| chunk.gap().is_some() || chunk.sequence() == Some(3))
        })
        .await;
        let gap = begun.iter().find_map(|chunk| chunk.gap());
        assert_eq!(gap.is_none(), is_known, "{query} {header}: {begun:?}");
        assert!(gap.is_none_or(|gap| gap.contains("unknown_cursor")), "{gap:?}");
    }
}

#[tokio::test]
async fn a_publish_takes_no_parameters_and_says_so() {
    let served = Served::start(Setup::default());
    for query in ["table=u", "key=1&key=2", "="] {
        let name = query.split('=').next().unwrap();
        let why = format!("no parameters here, and there is \\\"{name}\\\": the table is in the path");
        assert_refused(&post(&served, &format!("/v1/ingest/t?{query}"), "").await, 400, &why);
    }
    assert!(post(&served, "/v1/ingest/t?", "").await.starts_with("HTTP/1.1 202 "), "nothing is asked for");
}

#[tokio::test]
async fn a_header_that_decides_something_is_refused_where_it_is_there_twice() {
    let settings = ServerSettings { publish_token: Token::new("s3cret"), ..ServerSettings::default() };
    let served = Served::start(Setup { settings, ..Setup::default() });
    let token = "authorization: Bearer s3cret\r\n";
    let twice = |header: &str| format!("2 {header} headers: send one");
    for other in ["", "Bearer x", "Bearer s3cret"] {
        let headers = format!("{token}authorization: {other}\r\n");
        assert_refused(&post(&served, "/v1/ingest/t", &headers).await, 400, &twice("authorization"));
    }
    let kinds = format!("{token}content-type: application/json\r\ncontent-type: application/x-ndjson\r\n");
    assert_refused(&post(&served, "/v1/ingest/t", &kinds).await, 400, &twice("content-type"));
    let origins = "host: hub\r\norigin: http://hub\r\norigin: http://evil.example\r\n";
    for path in ["/healthz", "/v1/stream/sse?table=t", "/nowhere"] {
        assert_refused(&get(&served, path, origins).await, 400, &twice("origin"));
    }
    let handshake = "host: hub\r\nupgrade: websocket\r\nconnection: upgrade\r\nsec-websocket-version: 13\r\n\
                     sec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n";
    for again in ["sec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n", "sec-websocket-version: 8\r\n"] {
        let answer = get(&served, "/v1/stream/ws", &format!("{handshake}{again}")).await;
        assert_refused(&answer, 400, &twice(again.split(':').next().unwrap()));
    }
    assert_eq!(served.hub.subscribers(), 0);
}

#[tokio::test]
async fn a_body_in_a_coding_is_refused_by_its_name_and_one_in_none_is_taken() {
    let served = Served::start(Setup::default());
    for coding in ["gzip", "identity, br", "\u{e9}"] {
        let answer = post(&served, "/v1/ingest/t", &format!("content-encoding: {coding}\r\n")).await;
        assert_refused(&answer, 415, "a body must come as it is, without a content-encoding");
        assert!(answer.contains("\r\naccept-encoding: identity\r\n"), "{answer}");
    }
    assert_refused(
        &post(&served, "/v1/ingest/t", "content-encoding: identity\r\ncontent-encoding: gzip\r\n").await,
        400,
        "2 content-encoding headers: send one",
    );
    for coding in ["identity", "Identity", ""] {
        let answer = post(&served, "/v1/ingest/t", &format!("content-encoding: {coding}\r\n")).await;
        assert!(answer.starts_with("HTTP/1.1 202 "), "{answer}");
    }
}

#[tokio::test]
async fn a_request_names_one_host_or_speaks_a_protocol_that_has_none() {
    let served = Served::start(Setup::default());
    for (headers, why) in [
        ("", "a request of HTTP/1.1 must have a host header"),
        ("host: a\r\nhost: a\r\n", "2 host headers: send one"),
        ("host: a\r\nhost: b\r\n", "2 host headers: send one"),
        ("host: a b\r\n", "the host header must be a name or an address, and perhaps a port"),
        ("host: me@hub\r\n", "the host header must be a name or an address, and perhaps a port"),
        ("host: hub/x\r\n", "the host header must be a name or an address, and perhaps a port"),
        ("host: \u{e9}\r\n", "the host header must be a name or an address, and perhaps a port"),
    ] {
        for path in ["/healthz", "/v1/stream/sse?table=t", "http://hub/healthz", "/nowhere"] {
            assert_refused(&get(&served, path, headers).await, 400, why);
        }
    }
    for host in ["hub", "hub:80", "[::1]:8080", "127.0.0.1", ""] {
        let answer = get(&served, "/healthz", &format!("host: {host}\r\n")).await;
        assert!(answer.starts_with("HTTP/1.1 200 "), "{host}: {answer}");
    }
    let old = exchange(&served, "GET /healthz HTTP/1.0\r\n\r\n").await;
    assert!(old.starts_with("HTTP/1.0 200 ") && old.ends_with("ok\n"), "{old}");
    let old = exchange(&served, "GET /healthz HTTP/1.0\r\nhost: a\r\nhost: b\r\n\r\n").await;
    assert!(old.starts_with("HTTP/1.0 400 "), "{old}");
}

#[tokio::test]
async fn the_host_that_a_request_line_names_is_the_one_a_pages_origin_is_held_against() {
    let served = Served::start(Setup::default());
    let from = |origin: &str| format!("host: proxy\r\norigin: http://{origin}\r\n");
    let answer = get(&served, "http://hub/healthz", &from("hub")).await;
    assert!(answer.starts_with("HTTP/1.1 200 "), "{answer}");
    let answer = get(&served, "http://hub/healthz", &from("proxy")).await;
    assert!(answer.starts_with("HTTP/1.1 403 "), "{answer}");
}

#[tokio::test]
async fn a_command_with_a_member_that_is_unknown_or_there_twice_is_answered_with_its_name() {
    let served = Served::start(Setup::default());
    let mut socket = open(&served, "?table=t&table=t&x=y").await;
    assert!(next(&mut socket).await["hello"].is_object());
    for (command, what) in [
        (r#"{"action":"subscribe","table":"a","since":"7-1"}"#, "unknown field `since`"),
        (r#"{"action":"subscribe","table":"a","table":"b"}"#, "duplicate field `table`"),
        (r#"{"action":"subscribe","action":"unsubscribe","table":"t"}"#, "duplicate field `action`"),
    ] {
        say(&mut socket, command).await;
        let error = next(&mut socket).await["error"].as_str().unwrap().to_owned();
        assert!(error.starts_with(&format!("not a command: {what}")), "{error}");
    }
    served.hub.publish(Duration::ZERO, &topic(), payload(10));
    assert_eq!(next(&mut socket).await["id"], "7-1", "once, and nothing was done");
}

#[tokio::test]
async fn an_option_or_a_setting_that_is_given_twice_is_refused_in_one_line() {
    let path = file("twice.toml", b"[server]\nkeepalive_seconds = 1\nkeepalive_seconds = 2\n");
    let sections = file("sections.toml", b"[server]\n[server]\n");
    let listen = ["--listen", "127.0.0.1:0"];
    for (arguments, said) in [
        (&["serve", "--config", &path][..], "twice.toml:3: invalid TOML: duplicate key"),
        (&["serve", "--config", &sections], "sections.toml:2: invalid TOML: duplicate key"),
        (&["serve", "--config", &path, "--config", &path], "'--config <FILE>' cannot be used multiple times"),
        (&[&["serve"][..], &listen, &listen].concat(), "'--listen <ADDR>' cannot be used multiple times"),
        (&["config", "--markdown", "--markdown"], "'--markdown' cannot be used multiple times"),
        (&["serve", "now"], "unexpected argument 'now'"),
    ] {
        let lines = refuses(arguments, &[], 2).await;
        assert!(lines.len() == 1 && lines[0].contains(said), "{said}: {lines:?}");
    }
    let twice = [("WH_POLICIES", "ingest.a park,ingest.> park,ingest.a conflate key=x")];
    let lines = refuses(&["config"], &twice, 2).await;
    assert!(lines.len() == 1 && lines[0].starts_with("hubbub: WH_POLICIES: server.policies = "), "{lines:?}");
}
