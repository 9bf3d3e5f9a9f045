//! What is no request is refused in JSON that says why, and a connection serves one request after another.

use reqwest::{Method, Response, StatusCode};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::support::wire::{read_until, sequences};
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
async fn another_method_is_answered_with_the_one_there_is() {
    let served = served();
    for (method, path, allowed) in [
        (Method::POST, "/v1/stream/sse?table=t", "GET"),
        (Method::GET, "/v1/ingest/t", "POST"),
        (Method::PUT, "/v1/ingest/t", "POST"),
        (Method::DELETE, "/healthz", "GET"),
    ] {
        let answer = send(&served, method, path, vec![]).await;
        assert_eq!(answer.status(), StatusCode::METHOD_NOT_ALLOWED);
        assert_eq!(answer.headers()["allow"], allowed);
        assert_eq!(reason(answer).await, format!("only {allowed} here"));
    }
}

#[tokio::test]
async fn a_healthy_server_says_so_and_an_unknown_path_is_not_found() {
    let served = served();
    let answer = send(&served, Method::GET, "/healthz", vec![]).await;
    assert_eq!((answer.status(), answer.text().await.unwrap().as_str()), (StatusCode::OK, "ok\n"));
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
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(soon("a head", stream.read_u8()).await.unwrap());
    }
    let head = String::from_utf8(head).unwrap();
    let length = head.lines().find_map(|line| line.strip_prefix("content-length: ")).unwrap().parse().unwrap();
    soon("a body", stream.read_exact(&mut vec![0; length])).await.unwrap();
    head
}
