//! Clients that dawdle, exaggerate or crowd: each is bounded, and costs nobody else anything.

use std::time::Duration;

use futures_util::StreamExt;
use hubbub::ServerSettings;
use reqwest_eventsource::{Event, EventSource};
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;
use tokio::time::{Instant, sleep};

use crate::support::wire::{read_to_end, text_to_end};
use crate::support::{Served, Setup, soon};

const TIMEOUT: Duration = Duration::from_millis(300);

fn served(settings: ServerSettings) -> Served {
    Served::start(Setup { settings, ..Setup::default() })
}

fn hasty() -> Served {
    served(ServerSettings { request_timeout: Some(TIMEOUT), ..ServerSettings::default() })
}

async fn connect(served: &Served) -> TcpStream {
    soon("a connection", TcpStream::connect(served.address)).await.unwrap()
}

/// Sends a byte now and then, until it is cut off; how long that took.
async fn dawdle(stream: &mut TcpStream, text: &[u8]) -> Duration {
    let start = Instant::now();
    for byte in text.iter().cycle() {
        if stream.write_all(&[*byte]).await.is_err() || start.elapsed() > TIMEOUT * 20 {
            break;
        }
        sleep(TIMEOUT / 20).await;
    }
    start.elapsed()
}

#[tokio::test]
async fn a_head_that_comes_a_byte_at_a_time_is_cut_off() {
    let served = hasty();
    let mut stream = connect(&served).await;
    stream.write_all(b"GET /healthz HTTP/1.1\r\nhost: hub\r\n").await.unwrap();
    let took = dawdle(&mut stream, b"x: y\r\n").await;
    assert!(took < TIMEOUT * 10, "{took:?}");
}

#[tokio::test]
async fn a_connection_that_asks_nothing_is_closed() {
    let served = hasty();
    let mut stream = connect(&served).await;
    assert!(read_to_end(&mut stream).await.is_empty());
}

#[tokio::test]
async fn a_stream_is_not_cut_off_because_no_further_request_comes() {
    let mut served = hasty();
    let mut client = served.watch().await;
    sleep(TIMEOUT * 3).await;
    assert!(!served.has_ended());
    drop(client.shutdown().await);
    served.ended().await;
}

#[tokio::test]
async fn a_body_that_comes_a_byte_at_a_time_is_cut_off_with_its_status() {
    let served = hasty();
    let mut stream = connect(&served).await;
    stream.write_all(b"POST /v1/ingest/t HTTP/1.1\r\nhost: hub\r\ncontent-length: 100000\r\n\r\n{").await.unwrap();
    let (mut read, mut write) = stream.split();
    let answer = async {
        let mut bytes = Vec::new();
        while !bytes.ends_with(b"}\n") {
            assert!(tokio::io::AsyncReadExt::read_buf(&mut read, &mut bytes).await.unwrap() > 0);
        }
        String::from_utf8(bytes).unwrap()
    };
    let dawdle = async {
        while write.write_all(b" ").await.is_ok() {
            sleep(TIMEOUT / 20).await;
        }
        std::future::pending::<String>().await
    };
    let answer = soon("an answer", async {
        tokio::select! { answer = answer => answer, never = dawdle => never }
    })
    .await;
    assert!(answer.starts_with("HTTP/1.1 408 "), "{answer}");
}

#[tokio::test]
async fn publishes_that_dawdle_let_others_wait_but_not_for_ever() {
    let settings = ServerSettings { request_timeout: Some(TIMEOUT), max_publishes: 1, ..ServerSettings::default() };
    let served = served(settings);
    let mut slow = connect(&served).await;
    slow.write_all(b"POST /v1/ingest/t HTTP/1.1\r\nhost: hub\r\ncontent-length: 2\r\n\r\n{").await.unwrap();
    sleep(TIMEOUT / 10).await;
    let before = Instant::now();
    let post = reqwest::Client::new().post(served.url("/v1/ingest/t")).body("{}");
    assert_eq!(soon("an answer", post.send()).await.unwrap().status(), 202);
    assert!(before.elapsed() >= TIMEOUT / 2, "it waited for its turn");
}

#[tokio::test]
async fn a_head_may_be_as_large_as_the_limit_and_a_larger_one_has_its_status() {
    const LIMIT: usize = 2000;
    let served = served(ServerSettings { max_header_bytes: LIMIT, ..ServerSettings::default() });
    for (excess, status) in [(0, "200 OK"), (1, "431 Request Header Fields Too Large"), (50_000, "431 ")] {
        let head = |padding: usize| {
            format!("GET /healthz HTTP/1.1\r\nhost: hub\r\nconnection: close\r\nx: {}\r\n\r\n", "x".repeat(padding))
        };
        let head = head(LIMIT + excess - head(0).len());
        assert_eq!(head.len(), LIMIT + excess);
        let mut stream = connect(&served).await;
        // The server may have answered and closed before all of it is out.
        let _ = stream.write_all(head.as_bytes()).await;
        let answer = text_to_end(&mut stream).await;
        assert!(answer.starts_with(&format!("HTTP/1.1 {status}")), "{excess}: {answer}");
    }
    let mut stream = connect(&served).await;
    let many = "a: b\r\n".repeat(200);
    stream.write_all(format!("GET /healthz HTTP/1.1\r\nhost: hub\r\n{many}\r\n").as_bytes()).await.unwrap();
    assert!(text_to_end(&mut stream).await.starts_with("HTTP/1.1 431 "));
}

#[tokio::test]
async fn a_body_that_says_it_is_too_large_is_refused_before_it_is_sent() {
    let served = served(ServerSettings { max_ingest_bytes: 1000, ..ServerSettings::default() });
    let mut stream = connect(&served).await;
    let head = "POST /v1/ingest/t HTTP/1.1\r\nhost: hub\r\nexpect: 100-continue\r\ncontent-length: 1001\r\n\r\n";
    stream.write_all(head.as_bytes()).await.unwrap();
    let answer = text_to_end(&mut stream).await;
    assert!(answer.starts_with("HTTP/1.1 413 "), "{answer}");
}

#[tokio::test]
async fn what_is_no_http_is_refused_and_the_server_goes_on() {
    let served = hasty();
    for bytes in [
        &b"\0\0\0\0\r\n\r\n"[..],
        b"GET\r\n\r\n",
        b"GET / HTTP/9.9\r\n\r\n",
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        b"\x16\x03\x01",
    ] {
        let mut stream = connect(&served).await;
        stream.write_all(bytes).await.unwrap();
        let answer = read_to_end(&mut stream).await;
        assert!(answer.is_empty() || answer.starts_with(b"HTTP/1.1 400 "), "{}", String::from_utf8_lossy(&answer));
    }
    assert_eq!(reqwest::get(served.url("/healthz")).await.unwrap().status(), 200);
}

#[tokio::test]
async fn a_full_server_has_an_event_source_come_back_until_there_is_a_place() {
    let mut served = served(ServerSettings { max_subscribers: 1, ..ServerSettings::default() });
    let first = served.watch().await;
    let ready = reqwest::get(served.url("/readyz")).await.unwrap();
    assert_eq!(ready.status(), 503, "and a balancer is told");

    let mut raw = connect(&served).await;
    raw.write_all(b"GET /v1/stream/sse?table=t HTTP/1.1\r\nhost: hub\r\n\r\n").await.unwrap();
    let answer = text_to_end(&mut raw).await;
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    assert!(head.starts_with("HTTP/1.1 200 OK\r\n") && head.contains("content-type: text/event-stream"), "{head}");
    let retry = body.strip_prefix("retry: ").unwrap().strip_suffix("\n\n").unwrap().parse::<u64>().unwrap();
    assert!((5000..10_000).contains(&retry), "{retry} ms");

    let request = reqwest::Client::new().get(served.url("/v1/stream/sse?table=t"));
    let mut source = EventSource::new(request).unwrap();
    let come_back = Duration::from_millis(20);
    source.set_retry_policy(Box::new(reqwest_eventsource::retry::Constant::new(come_back, None)));
    assert!(matches!(soon("an answer", source.next()).await, Some(Ok(Event::Open))));
    assert!(matches!(soon("its end", source.next()).await, Some(Err(reqwest_eventsource::Error::StreamEnded))));
    drop(first);
    served.ended().await;
    // It is still alive, and finds the place that has become free.
    soon("a place", async {
        while served.hub.subscribers() == 0 {
            let _ = tokio::time::timeout(Duration::from_millis(10), source.next()).await;
        }
    })
    .await;
}

#[tokio::test]
async fn a_connection_too_many_is_closed_and_one_that_leaves_makes_room() {
    let mut served = served(ServerSettings { max_connections: 2, max_subscribers: 1, ..ServerSettings::default() });
    let stream = served.watch().await;
    let mut second = connect(&served).await;
    second.write_all(b"GET /readyz HTTP/1.1\r\nhost: hub\r\n\r\n").await.unwrap();
    soon("an answer", second.peek(&mut [0; 1])).await.unwrap();
    let mut third = connect(&served).await;
    assert!(read_to_end(&mut third).await.is_empty());
    drop(stream);
    served.ended().await;
    let answer = soon("an answer", reqwest::get(served.url("/readyz"))).await.unwrap();
    assert_eq!(answer.text().await.unwrap(), "ready\n");
}
