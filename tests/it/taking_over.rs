//! A stream that its connection writes without hyper: its head, and what comes before and behind its request.

use std::time::Duration;

use hubbub::ServerSettings;
use hubbub::server::Origins;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::support::wire::{parse, read_on_until, read_to_end, read_until, sequences};
use crate::support::{Served, Setup, payload, soon, topic};

const STREAM: &str = "GET /v1/stream/sse?table=t HTTP/1.1\r\nhost: hub\r\n\r\n";

async fn connected(served: &Served, requests: &str) -> TcpStream {
    let mut stream = TcpStream::connect(served.address).await.unwrap();
    stream.write_all(requests.as_bytes()).await.unwrap();
    stream
}

/// The lines of a head but those of these headers.
fn lines_without(head: &str, headers: &[&str]) -> Vec<String> {
    let is_left_out = |line: &str| headers.iter().any(|header| line.starts_with(header));
    head.lines().filter(|line| !is_left_out(line)).map(str::to_owned).collect()
}

/// The head of a stream, once its first event is there.
async fn head_of_stream(served: &mut Served, request: &str) -> String {
    let mut stream = connected(served, request).await;
    served.subscribed().await;
    served.publish(100);
    let mut bytes = Vec::new();
    read_on_until(&mut stream, &mut bytes, |chunks| !sequences(chunks).is_empty()).await;
    drop(stream);
    served.ended().await;
    parse(&bytes).unwrap().0
}

#[tokio::test]
async fn a_stream_has_the_head_that_hyper_writes_in_answer_to_head() {
    let allowed_origins = Origins::new(&["*"]).unwrap();
    let settings = ServerSettings { allowed_origins, ..ServerSettings::default() };
    let mut served = Served::start(Setup { settings, ..Setup::default() });
    let origin = "origin: https://elsewhere.example\r\n\r\n";
    for end in ["\r\n", origin, &format!("connection: close\r\n{origin}")] {
        let request = |method: &str| format!("{method} /v1/stream/sse?table=t HTTP/1.1\r\nhost: hub\r\n{end}");
        let written_here = head_of_stream(&mut served, &request("GET")).await;
        let mut asker = connected(&served, &request("HEAD")).await;
        asker.shutdown().await.unwrap();
        let by_hyper = String::from_utf8(read_to_end(&mut asker).await).unwrap();
        assert_eq!(
            lines_without(&written_here, &["date: ", "transfer-encoding: chunked"]),
            lines_without(&by_hyper, &["date: ", "content-length: 0"]),
        );
        assert_eq!(written_here.matches("\r\ndate: ").count(), 1, "{written_here}");
        assert_eq!(written_here.contains("connection: close"), end.contains("close"), "{written_here}");
    }
}

#[tokio::test]
async fn a_stream_whose_request_has_a_body_has_the_same_head_and_the_same_events() {
    let mut served = Served::start(Setup::default());
    let without = head_of_stream(&mut served, STREAM).await;
    let request = "GET /v1/stream/sse?table=t HTTP/1.1\r\nhost: hub\r\ncontent-length: 3\r\n\r\nabc";
    let with = head_of_stream(&mut served, request).await;
    assert_eq!(lines_without(&without, &["date: "]), lines_without(&with, &["date: "]));
}

#[tokio::test]
async fn a_stream_follows_the_answers_to_all_requests_before_it_however_slowly_these_are_read() {
    const PAGES: usize = 1000;
    let mut served = Served::start(Setup::default());
    let stream = TcpStream::connect(served.address).await.unwrap();
    let (mut reader, mut writer) = stream.into_split();
    let asking = tokio::spawn(async move {
        let requests = "GET / HTTP/1.1\r\nhost: hub\r\n\r\n".repeat(PAGES) + STREAM;
        writer.write_all(requests.as_bytes()).await.unwrap();
        writer
    });
    // By then the socket is full of pages that nobody reads.
    tokio::time::sleep(Duration::from_millis(200)).await;
    assert_eq!(served.hub.subscribers(), 0, "no stream begins before its turn");
    let mut bytes = Vec::new();
    let is_begun = |bytes: &[u8]| bytes.ends_with(b"\n\n\r\n");
    while !is_begun(&bytes) {
        assert!(soon("pages", reader.read_buf(&mut bytes)).await.unwrap() > 0);
    }
    let _writer = asking.await.unwrap();
    served.subscribed().await;
    let text = String::from_utf8(bytes).unwrap();
    assert_eq!(text.matches("HTTP/1.1 200 OK\r\n").count(), PAGES + 1);
    assert_eq!(text.matches("</script>").count(), PAGES, "no page is cut");
    let (pages, stream) = text.split_once("content-type: text/event-stream").unwrap();
    assert!(pages.ends_with("HTTP/1.1 200 OK\r\n") && stream.contains("transfer-encoding: chunked"));
}

#[tokio::test]
async fn what_a_client_sends_behind_its_request_gets_no_answer_and_its_stream_goes_on() {
    let mut served = Served::start(Setup::default());
    let request = format!("{STREAM}GET /healthz HTTP/1.1\r\nhost: hub\r\n\r\n");
    let mut in_one_packet = connected(&served, &request).await;
    served.subscribed().await;
    let mut later = connected(&served, STREAM).await;
    served.subscribed().await;
    later.write_all(&[b'x'; 100_000]).await.unwrap();
    for _ in 0..3 {
        served.hub.publish(Duration::ZERO, &topic(), payload(100));
    }
    for stream in [&mut in_one_packet, &mut later] {
        read_until(stream, |chunks| sequences(chunks) == [1, 2, 3]).await;
    }
    served.stop();
    let rest = read_to_end(&mut in_one_packet).await;
    let rest = String::from_utf8_lossy(&rest);
    assert!(rest.contains("retry: ") && rest.ends_with("\r\n0\r\n\r\n") && !rest.contains("HTTP/1.1"), "{rest}");
}
