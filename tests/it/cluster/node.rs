//! One server of a cluster as a process, and what its clients see.
//!
//! - [`client`]: a client that comes back

pub(super) mod client;

use std::time::Duration;

use serde_json::Value;
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;
use tokio::process::Child;
use tokio::time::{sleep, timeout};

use crate::command::{Said, serve_and_listen};
use crate::support::nats::{Broker, send};
use crate::support::soon;
use crate::support::wire::{Chunk, read_on_until};

/// One server of a cluster; it is killed with this.
pub(crate) struct Node {
    pub(crate) child: Child,
    pub(crate) address: String,
    pub(crate) said: Said,
}

impl Node {
    pub(crate) async fn start(broker: &Broker) -> Self {
        Self::start_with(broker, &[]).await
    }

    /// Starts one with further settings.
    pub(crate) async fn start_with(broker: &Broker, settings: &[(&str, &str)]) -> Self {
        Self::start_at(&broker.url(), settings).await
    }

    /// Starts one at the addresses of several brokers.
    pub(crate) async fn start_at(urls: &str, settings: &[(&str, &str)]) -> Self {
        let settings = [&[("WH_SOURCE", "jetstream"), ("WH_NATS_URL", urls)][..], settings].concat();
        let (child, address, said) = serve_and_listen(&[], &settings).await;
        Self { child, address, said }
    }

    pub(crate) async fn pause(&self) {
        send(&self.child, "-STOP").await;
    }

    pub(crate) async fn resume(&self) {
        send(&self.child, "-CONT").await;
    }

    /// Publishes a body; the status, the header `retry-after`, and the answer.
    pub(crate) async fn post(&self, headers: &[(&str, &str)], body: &str) -> (u16, Option<String>, String) {
        self.post_to("t", headers, body).await
    }

    /// As [`post`](Self::post), to another table.
    pub(crate) async fn post_to(
        &self,
        table: &str,
        headers: &[(&str, &str)],
        body: &str,
    ) -> (u16, Option<String>, String) {
        let url = format!("http://{}/v1/ingest/{table}", self.address);
        let request = reqwest::Client::new().post(url).body(body.to_owned());
        let request = headers.iter().fold(request, |request, (name, value)| request.header(*name, *value));
        let answer = soon("an answer", request.send()).await.unwrap();
        let retry_after = answer.headers().get("retry-after").map(|value| value.to_str().unwrap().to_owned());
        (answer.status().as_u16(), retry_after, answer.text().await.unwrap())
    }

    /// Publishes an event, which the stream must acknowledge; its id.
    pub(crate) async fn publish(&self, number: u64) -> String {
        let (status, _, answer) = self.post(&[], &format!("{{\"n\":{number}}}")).await;
        assert_eq!(status, 202, "{answer}");
        id(&answer)
    }

    pub(crate) async fn publish_all(&self, numbers: impl Iterator<Item = u64>) -> Vec<String> {
        let mut ids = Vec::new();
        for number in numbers {
            ids.push(self.publish(number).await);
        }
        ids
    }

    /// The status and the text of a path.
    pub(crate) async fn get(&self, path: &str) -> (u16, String) {
        let answer = soon("an answer", reqwest::get(format!("http://{}{path}", self.address))).await.unwrap();
        (answer.status().as_u16(), answer.text().await.unwrap())
    }

    /// Waits until `/readyz` has a status; its text.
    pub(crate) async fn until_ready_is(&self, status: u16) -> String {
        let is = async {
            loop {
                let (now, text) = self.get("/readyz").await;
                if now == status {
                    return text;
                }
                sleep(Duration::from_millis(50)).await;
            }
        };
        soon("another status of /readyz", is).await
    }

    /// Waits until it has read the stream, on a busy machine too.
    pub(crate) async fn reads(&self) {
        let reads = async {
            while self.get("/readyz").await.0 != 200 {
                sleep(Duration::from_millis(100)).await;
            }
        };
        timeout(Duration::from_secs(60), reads).await.expect("a server that has read the stream");
    }

    /// Waits for a line of its log with a text in it.
    pub(crate) async fn says(&mut self, text: &str) -> String {
        loop {
            let line = self.said.next_line().await.unwrap().expect("a server that goes on");
            if line.contains(text) {
                return line;
            }
        }
    }

    /// The value of a sample of `/metrics`.
    pub(crate) async fn sample(&self, name: &str) -> f64 {
        let (_, text) = self.get("/metrics").await;
        let value = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
        value.unwrap_or_else(|| panic!("{name} in {text}")).parse().unwrap()
    }

    /// A stream of the table, after a cursor if there is one.
    pub(crate) async fn watch(&self, cursor: Option<&str>) -> Watch {
        let mut stream = soon("a connection", TcpStream::connect(&self.address)).await.unwrap();
        let cursor = cursor.map_or(String::new(), |id| format!("last-event-id: {id}\r\n"));
        let request = format!("GET /v1/stream/sse?table=t HTTP/1.1\r\nhost: hub\r\n{cursor}\r\n");
        stream.write_all(request.as_bytes()).await.unwrap();
        Watch { stream, bytes: Vec::new() }
    }
}

/// A client of a stream.
pub(crate) struct Watch {
    stream: TcpStream,
    bytes: Vec<u8>,
}

impl Watch {
    /// Waits until the stream has begun.
    pub(crate) async fn begun(mut self) -> Self {
        read_on_until(&mut self.stream, &mut self.bytes, |chunks| !chunks.is_empty()).await;
        self
    }

    /// Reads on until so many events have come since the stream began; their ids and numbers.
    pub(crate) async fn events(&mut self, count: usize) -> Vec<(String, u64)> {
        let chunks = read_on_until(&mut self.stream, &mut self.bytes, |chunks| events(chunks).len() >= count).await;
        assert!(chunks.iter().all(|chunk| chunk.gap().is_none()), "{chunks:?}");
        events(&chunks)
    }

    /// Reads on until a gap is told; what it says.
    pub(crate) async fn gap(&mut self) -> Value {
        let has_gap = |chunks: &[Chunk]| chunks.iter().any(|chunk| chunk.gap().is_some());
        let chunks = read_on_until(&mut self.stream, &mut self.bytes, has_gap).await;
        serde_json::from_str(chunks.iter().find_map(Chunk::gap).unwrap()).unwrap()
    }

    /// All that comes until the server has ended the stream.
    pub(crate) async fn text(mut self) -> String {
        crate::support::wire::text_to_end(&mut self.stream).await
    }

    /// Waits until the server has ended the stream.
    pub(crate) async fn ended(mut self) {
        crate::support::wire::read_to_end(&mut self.stream).await;
    }
}

/// The id and the number of each event.
fn events(chunks: &[Chunk]) -> Vec<(String, u64)> {
    let frames = chunks.iter().flat_map(|chunk| chunk.text.split_inclusive("\n\n"));
    let events = frames.filter_map(|frame| {
        let (id, data) = frame.strip_prefix("id: ")?.split_once("\ndata: ")?;
        let event: Value = serde_json::from_str(data.trim_end()).unwrap();
        Some((id.to_owned(), event["n"].as_u64().unwrap()))
    });
    events.collect()
}

/// The id in an answer to one event.
pub(crate) fn id(answer: &str) -> String {
    let answer: Value = serde_json::from_str(answer).unwrap();
    answer["id"].as_str().unwrap_or_else(|| panic!("{answer}")).to_owned()
}
