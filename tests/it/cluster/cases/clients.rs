//! The publisher and the viewers of a case.

use std::io;
use std::time::Duration;

use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpStream;
use tokio::time::{Instant, sleep, sleep_until, timeout_at};

use super::file::{Case, ViewerPlan};
use super::seen::{Got, Id, Seen};
use crate::cluster::node::id;

/// Pause before the next attempt.
const PAUSE: Duration = Duration::from_millis(60);
/// Longest time of an attempt to publish.
const ATTEMPT: Duration = Duration::from_secs(4);

/// Publishes one event after the other, each until it is acknowledged.
pub(super) async fn publish(case: Case, seen: Seen, zero: Instant) {
    let client = reqwest::Client::builder().timeout(ATTEMPT).build().unwrap();
    let mut attempt = 0;
    for (number, at) in case.publish_at.iter().enumerate() {
        sleep_until(zero + *at).await;
        loop {
            attempt += 1;
            if let Some(address) = seen.address(attempt) {
                let request = client.post(format!("http://{address}/v1/ingest/t")).header("idempotency-key", number);
                let answer = request.body(format!("{{\"n\":{number}}}")).send().await;
                if let Ok(answer) = answer
                    && answer.status() == 202
                    && let Ok(text) = answer.text().await
                {
                    seen.lock().acknowledged.push(Id::parse(&id(&text)));
                    break;
                }
            }
            sleep(PAUSE).await;
        }
    }
}

/// Watches at one server after the other, and is away when the plan says so. It does not end.
pub(super) async fn watch(number: usize, plan: ViewerPlan, seen: Seen, zero: Instant) {
    sleep_until(zero + plan.comes_at).await;
    let mut viewer = Viewer { number, seen, attempt: plan.first_node, cursor: None };
    for leave in &plan.leaves {
        let _ = timeout_at(zero + leave.at, viewer.stay()).await;
        sleep(leave.away).await;
    }
    viewer.stay().await;
}

struct Viewer {
    number: usize,
    seen: Seen,
    attempt: usize,
    cursor: Option<String>,
}

impl Viewer {
    async fn stay(&mut self) {
        loop {
            if let Some(address) = self.seen.address(self.attempt) {
                // However it ends, the viewer comes back.
                let _ = self.session(&address).await;
            }
            self.attempt += 1;
            sleep(PAUSE).await;
        }
    }

    async fn session(&mut self, address: &str) -> io::Result<()> {
        let mut stream = TcpStream::connect(address).await?;
        let cursor = self.cursor.as_ref().map_or(String::new(), |id| format!("last-event-id: {id}\r\n"));
        let request = format!("GET /v1/stream/sse?table=t HTTP/1.1\r\nhost: hub\r\n{cursor}\r\n");
        stream.write_all(request.as_bytes()).await?;
        let mut lines = BufReader::new(stream).lines();
        let mut block = Block::default();
        while let Some(line) = lines.next_line().await? {
            if let Some(id) = line.strip_prefix("id: ") {
                block.id = Some(id.to_owned());
            } else if let Some(data) = line.strip_prefix("data: ") {
                block.data = Some(data.to_owned());
            } else if line == "event: gap" {
                block.is_gap = true;
            } else if line.is_empty() {
                self.take(std::mem::take(&mut block));
            }
        }
        Ok(())
    }

    fn take(&mut self, block: Block) {
        let data = block.data.map(|data| serde_json::from_str::<serde_json::Value>(&data).unwrap());
        let got = match (&block.id, data) {
            (_, Some(notice)) if block.is_gap => Some(Got::gap(&notice)),
            (Some(id), Some(event)) => {
                let number = event["n"].as_u64().unwrap_or_else(|| panic!("{event}"));
                Some(Got::Event(Id::parse(id), usize::try_from(number).unwrap()))
            }
            (Some(id), None) => Some(Got::Place(Id::parse(id))),
            (None, _) => None,
        };
        self.seen.lock().got[self.number].extend(got);
        self.cursor = block.id.or(self.cursor.take());
    }
}

/// A block of a stream, as far as it has come.
#[derive(Debug, Default)]
struct Block {
    id: Option<String>,
    data: Option<String>,
    is_gap: bool,
}
