//! What is no request is refused in JSON that says why, and a connection serves one request after another.

use reqwest::{Method, Response, StatusCode};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::support::wire::{read_until, sequences, text_to_end};
use crate::support::{Served, Setup, soon};

const MAX_INGEST_BYTES: usize = 1000;

fn served() -> Served {
    let settings = hubbub::ServerSettings { max_ingest_bytes: MAX_INGEST_BYTES, ..Default::default() };
    Served::start(Setup { settings, ..Setup::default() })
}

async fn send(served: &Served, method: Method, path: &str, body: Vec<u8>) -> Response {
    let request = reqwest::Client::new().request(method, served.url(path)).body(body);
    soon("an answer", request.send()).await.unwrap()
}

/// The reason a refusal gives.
async fn reason(answer: Response) -> String {
    assert_eq!(answer.headers()["content-type"], "application/json");
    let body: serde_json::Value = serde_json::from_str(&answer.text().await.unwrap()).unwrap();
    body["error"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn a_stream_without_a_table_that_can_be_is_refused() {
    let served = served();
    let long = format!("?table={}", "x".repeat(300));
    for query in
        ["", "?", "?tables=t", "?table", "?table=", "?table=a.b", "?table=*", "?table=%3E", "?table=a%00", &long]
    {
        let answer = send(&served, Method::GET, &format!("/v1/stream/sse{query}"), vec![]).await;
        assert_eq!(answer.status(), StatusCode::BAD_REQUEST, "{query}");
        assert!(reason(answer).await.contains("table"), "{query}");
    }
    assert_eq!(served.hub.subscribers(), 0);
}

#[tokio::test]
async fn an_event_that_is_no_json_object_is_refused_and_published_to_nobody() {
    let mut served = served();
    let _client = served.watch().await;
    let mut bodies: Vec<&[u8]> = vec![b"", b"{", b"{}{}", b"nope", b"[1]", b"1", b"null", b"\"x\"", b"{\"a\":NaN}"];
    // A stream is UTF-8 text: other bytes would end it for every client that takes the standard at its word.
    bodies.extend([&b"{\"a\":\"\xff\"}"[..], b"\xef\xbb\xbf{}", b"{\"a\":\"\0\"}"]);
    for body in bodies {
        let answer = send(&served, Method::POST, "/v1/ingest/t", body.to_vec()).await;
        assert_eq!(answer.status(), StatusCode::BAD_REQUEST, "{body:?}");
        assert!(reason(answer).await.contains("body"), "{body:?}");
    }
    assert_eq!(served.hub.counts().offered, 0);
}

#[tokio::test]
async fn an_event_may_be_as_large_as_the_limit_and_no_larger() {
    let served = served();
    for (bytes, status) in [
        (MAX_INGEST_BYTES, StatusCode::ACCEPTED),
        (MAX_INGEST_BYTES + 1, StatusCode::PAYLOAD_TOO_LARGE),
        (MAX_INGEST_BYTES * 100, StatusCode::PAYLOAD_TOO_LARGE),
        (MAX_INGEST_BYTES * 10_000, StatusCode::PAYLOAD_TOO_LARGE),
    ] {
        let body = crate::support::payload(bytes).into_bytes();
        assert_eq!(body.len(), bytes);
        assert_eq!(send(&served, Method::POST, "/v1/ingest/t", body).await.status(), status, "{bytes} bytes");
    }
}

#[tokio::test]
async fn an_event_for_a_table_that_cannot_be_is_refused() {
    let served = served();
    let long = "x".repeat(300);
    for table in ["", "a.b", "a/b", "a%20b", "*", &long] {
        let answer = send(&served, Method::POST, &format!("/v1/ingest/{table}"), b"{}".to_vec()).await;
        assert_eq!(answer.status(), StatusCode::BAD_REQUEST, "{table}");
        assert!(reason(answer).await.contains("table"), "{table}");
    }
}

#[tokio::test]
async fn another_method_is_answered_with_those_there_are() {
    let served = served();
    for (method, path, allowed) in [
        (Method::POST, "/v1/stream/sse?table=t", "GET, HEAD, OPTIONS"),
        (Method::GET, "/v1/ingest/t", "POST, OPTIONS"),
        (Method::PUT, "/v1/ingest/t", "POST, OPTIONS"),
        (Method::DELETE, "/healthz", "GET, HEAD, OPTIONS"),
    ] {
        let answer = send(&served, method, path, vec![]).await;
        assert_eq!(answer.status(), StatusCode::METHOD_NOT_ALLOWED);
        assert_eq!(answer.headers()["allow"], allowed);
        assert_eq!(reason(answer).await, format!("only {allowed} here"));
    }
    let answer = send(&served, Method::HEAD, "/v1/ingest/t", vec![]).await;
    assert_eq!(answer.status().as_u16(), 405);
    assert_eq!(answer.headers()["allow"], "POST, OPTIONS");
}

#[tokio::test]
async fn options_are_answered_with_the_methods_there_are() {
    let served = served();
    for (path, allowed) in [
        ("/", "GET, HEAD, OPTIONS"),
        ("/healthz", "GET, HEAD, OPTIONS"),
        ("/readyz", "GET, HEAD, OPTIONS"),
        ("/metrics", "GET, HEAD, OPTIONS"),
        ("/v1/stream/sse", "GET, HEAD, OPTIONS"),
        ("/v1/stream/ws", "GET, HEAD, OPTIONS"),
        ("/v1/ingest/t", "POST, OPTIONS"),
    ] {
        let answer = send(&served, Method::OPTIONS, path, vec![]).await;
        assert_eq!(answer.status(), StatusCode::NO_CONTENT);
        assert_eq!(answer.headers()["allow"], allowed);
        assert!(!answer.headers().contains_key("access-control-allow-methods"), "nobody has asked for another page");
    }
    assert_eq!(send(&served, Method::OPTIONS, "/nowhere", vec![]).await.status(), StatusCode::NOT_FOUND);
    for (request, status) in [("OPTIONS * HTTP/1.1\r\nhost: hub", 204), ("GET * HTTP/1.1\r\nhost: hub", 404)] {
        let answer = raw(&served, &format!("{request}\r\nconnection: close\r\n\r\n")).await;
        assert!(answer.starts_with(&format!("HTTP/1.1 {status} ")), "{answer}");
        assert_eq!(answer.contains("\r\nallow: GET, HEAD, POST, OPTIONS\r\n"), status == 204, "{answer}");
    }
    let check = raw(&served, "OPTIONS / HTTP/1.0\r\n\r\n").await;
    assert!(check.starts_with("HTTP/1.0 204 "), "as a balancer asks: {check}");
}

#[tokio::test]
async fn head_is_answered_as_get_is_without_the_body() {
    let served = served();
    for path in ["/", "/healthz", "/readyz", "/metrics", "/nowhere", "/v1/stream/sse", "/v1/stream/sse?table=a.b"] {
        let get = send(&served, Method::GET, path, vec![]).await;
        let head = send(&served, Method::HEAD, path, vec![]).await;
        assert_eq!(get.status(), head.status(), "{path}");
        for name in ["content-type", "cache-control", "content-security-policy"] {
            assert_eq!(get.headers().get(name), head.headers().get(name), "{path} {name}");
        }
        if path != "/metrics" {
            assert_eq!(get.headers()["content-length"], head.headers()["content-length"], "{path}");
        }
    }
    let answers = raw(
        &served,
        "HEAD /healthz HTTP/1.1\r\nhost: hub\r\n\r\nGET /healthz HTTP/1.1\r\nhost: hub\r\nconnection: close\r\n\r\n",
    )
    .await;
    assert_eq!(answers.matches("HTTP/1.1 200 OK").count(), 2, "no byte of a body lies between the two: {answers}");
    assert_eq!(answers.matches("ok\n").count(), 1, "{answers}");
}

#[tokio::test]
async fn a_head_of_a_stream_opens_none_and_takes_no_place() {
    let settings = hubbub::ServerSettings { max_subscribers: 1, ..Default::default() };
    let mut served = Served::start(Setup { settings, ..Setup::default() });
    let mut first = None;
    for round in ["with a place", "without"] {
        let mut stream = TcpStream::connect(served.address).await.unwrap();
        for _ in 0..3 {
            stream.write_all(b"HEAD /v1/stream/sse?table=t HTTP/1.1\r\nhost: hub\r\n\r\n").await.unwrap();
            let head = head_of(&mut stream).await;
            assert!(head.starts_with("HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n"), "{round}: {head}");
            assert!(!head.contains("content-length"), "of a stream nobody knows it: {head}");
        }
        let answer = send(&served, Method::HEAD, "/v1/stream/ws?table=t", vec![]).await;
        assert_eq!(answer.status(), StatusCode::UPGRADE_REQUIRED);
        if round == "with a place" {
            assert_eq!(served.hub.subscribers(), 0);
            first = Some(served.watch().await);
        }
    }
    drop(first);
    let handshake = "HEAD /v1/stream/ws HTTP/1.1\r\nhost: hub\r\nupgrade: websocket\r\nconnection: upgrade, close\r\n\
                     sec-websocket-version: 13\r\nsec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";
    assert!(raw(&served, handshake).await.starts_with("HTTP/1.1 426 "), "a handshake is a GET");
    let metrics = reqwest::get(served.url("/metrics")).await.unwrap().text().await.unwrap();
    assert!(metrics.contains("\nhubbub_refused_total{limit=\"subscribers\"} 0\n"), "no HEAD was kept out");
}

/// The connection ends with the stream: there is no other way to say where its body does.
#[tokio::test]
async fn a_stream_over_http_1_0_does_not_promise_to_keep_its_connection() {
    let settings = hubbub::ServerSettings { max_subscribers: 1, ..Default::default() };
    let served = Served::start(Setup { settings, ..Setup::default() });
    let mut streams = Vec::new();
    for asked in ["connection: keep-alive\r\n", "", "connection: keep-alive\r\n"] {
        let mut stream = TcpStream::connect(served.address).await.unwrap();
        let request = format!("GET /v1/stream/sse?table=t HTTP/1.0\r\nhost: hub\r\n{asked}\r\n");
        stream.write_all(request.as_bytes()).await.unwrap();
        let head = head_of(&mut stream).await;
        assert!(head.starts_with("HTTP/1.0 200 OK\r\n") && !head.contains("keep-alive"), "{asked}: {head}");
        assert!(!head.contains("transfer-encoding"), "{head}");
        // The first has the place, and those that follow are told to come back.
        streams.push(stream);
    }
    let kept =
        raw(&served, "GET /healthz HTTP/1.0\r\nconnection: keep-alive\r\n\r\nGET /healthz HTTP/1.0\r\n\r\n").await;
    assert!(
        kept.contains("connection: keep-alive") && kept.matches("ok\n").count() == 2,
        "where the end is known: {kept}"
    );
}

#[tokio::test]
async fn a_table_in_a_path_is_decoded_as_in_a_query() {
    let mut served = served();
    let mut client = served.watch().await;
    for table in ["%74", "t"] {
        assert_eq!(send(&served, Method::POST, &format!("/v1/ingest/{table}"), b"{}".to_vec()).await.status(), 202);
    }
    read_until(&mut client, |chunks| sequences(chunks) == [1, 2]).await;
    for (encoded, table) in
        [("a%2Fb", "a/b"), ("a%2fb", "a/b"), ("%20", " "), ("%", "%"), ("%7", "%7"), ("%ff", "\u{fffd}")]
    {
        let published = send(&served, Method::POST, &format!("/v1/ingest/{encoded}"), b"{}".to_vec()).await;
        let watched = send(&served, Method::GET, &format!("/v1/stream/sse?table={encoded}"), vec![]).await;
        assert_eq!(published.status(), StatusCode::BAD_REQUEST);
        assert_eq!(watched.status(), StatusCode::BAD_REQUEST);
        let why = reason(published).await;
        assert!(why.starts_with(&format!("table: {table:?} has ")), "{encoded}: {why}");
        assert_eq!(why, reason(watched).await, "{encoded}");
    }
    let disguised = send(&served, Method::POST, "/v1/%69ngest/t", b"{}".to_vec()).await;
    assert_eq!(disguised.status(), StatusCode::NOT_FOUND, "what a proxy keeps out has no second name");
}

#[tokio::test]
async fn a_healthy_server_says_so_and_an_unknown_path_is_not_found() {
    let served = served();
    let answer = send(&served, Method::GET, "/healthz", vec![]).await;
    assert_eq!(answer.status(), StatusCode::OK);
    assert_eq!(answer.text().await.unwrap().as_str(), "ok\n");
    for path in ["/page", "/healthz/", "/v1/stream", "/v1/stream/rss", "/v1/ingest"] {
        let answer = send(&served, Method::GET, path, vec![]).await;
        assert_eq!(answer.status(), StatusCode::NOT_FOUND, "{path}");
        assert!(reason(answer).await.starts_with("no such path"), "{path}");
    }
}

#[tokio::test]
async fn one_connection_takes_several_requests_and_then_a_stream() {
    let mut served = served();
    let mut stream = TcpStream::connect(served.address).await.unwrap();
    for request in ["GET /healthz HTTP/1.1\r\nhost: hub\r\n\r\n", "GET /nowhere HTTP/1.1\r\nhost: hub\r\n\r\n"] {
        for _ in 0..3 {
            stream.write_all(request.as_bytes()).await.unwrap();
            assert!(answer_to(&mut stream).await.starts_with("HTTP/1.1 "));
        }
    }
    let post = "POST /v1/ingest/t HTTP/1.1\r\nhost: hub\r\ncontent-length: 2\r\n\r\n{}";
    stream.write_all(post.as_bytes()).await.unwrap();
    assert!(answer_to(&mut stream).await.starts_with("HTTP/1.1 202 "));
    stream.write_all(b"GET /v1/stream/sse?table=t HTTP/1.1\r\nhost: hub\r\n\r\n").await.unwrap();
    served.subscribed().await;
    served.publish(100);
    read_until(&mut stream, |chunks| sequences(chunks) == [2]).await;
    drop(stream);
    served.ended().await;
    served.assert_let_go();
}

/// A response with a known length: its head; the body is read too.
async fn answer_to(stream: &mut TcpStream) -> String {
    let head = head_of(stream).await;
    let length = head.lines().find_map(|line| line.strip_prefix("content-length: ")).unwrap().parse().unwrap();
    soon("a body", stream.read_exact(&mut vec![0; length])).await.unwrap();
    head
}

async fn head_of(stream: &mut TcpStream) -> String {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(soon("a head", stream.read_u8()).await.unwrap());
    }
    String::from_utf8(head).unwrap()
}

/// All that comes back until the server closes.
async fn raw(served: &Served, requests: &str) -> String {
    let mut stream = TcpStream::connect(served.address).await.unwrap();
    stream.write_all(requests.as_bytes()).await.unwrap();
    text_to_end(&mut stream).await
}
