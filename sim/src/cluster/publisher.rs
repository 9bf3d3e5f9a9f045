//! The publisher: one event after the other, at one node after the other, each until it is acknowledged.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use hubbub::EventId;
use serde::Deserialize;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::time::{Instant, sleep, sleep_until, timeout};
use turmoil::net::TcpStream;

use super::case::ClusterCase;
use super::listener::PORT;
use super::node::name;
use super::seen::Seen;
use crate::client::{LEAST_NUMBERED_BYTES, payload};

/// Pause after an attempt that has failed.
const PAUSE: Duration = Duration::from_millis(50);
/// Longest time of an attempt.
const ATTEMPT: Duration = Duration::from_secs(4);
/// Time between two questions whether a node is ready.
const ASKS_EVERY: Duration = Duration::from_millis(200);

#[derive(Deserialize)]
struct Answer {
    id: String,
}

/// What is published for an event of a case.
pub(super) fn body(number: usize) -> Bytes {
    payload(number, 0, LEAST_NUMBERED_BYTES)
}

/// Publishes everything, and asks at the end whether every node is ready.
pub(super) async fn publish(case: Arc<ClusterCase>, seen: Seen) {
    let zero = Instant::now();
    let mut attempt = 0;
    for (number, at) in case.publish_at.iter().enumerate() {
        sleep_until(zero + *at).await;
        let key = format!("idempotency-key: {number}\r\n");
        loop {
            attempt += 1;
            match timeout(ATTEMPT, post(attempt % case.nodes, &key, &body(number))).await {
                Ok(Ok((202, answer))) if let Some(id) = id(&answer) => {
                    seen.lock().acknowledged.push(id);
                    break;
                }
                Ok(Ok((status, _))) => seen.lock().refused.push(status),
                // The node is gone, or does not answer.
                Ok(Err(_)) | Err(_) => {}
            }
            sleep(PAUSE).await;
        }
    }
    while !seen.lock().is_complete {
        sleep(ASKS_EVERY).await;
    }
    for node in 0..case.nodes {
        while !matches!(timeout(ATTEMPT, get(node, "/readyz")).await, Ok(Ok((200, _)))) {
            sleep(ASKS_EVERY).await;
        }
    }
    seen.lock().are_ready = true;
}

fn id(answer: &str) -> Option<EventId> {
    serde_json::from_str::<Answer>(answer).ok()?.id.parse().ok()
}

async fn post(node: usize, headers: &str, body: &[u8]) -> std::io::Result<(u16, String)> {
    let head = format!("POST /v1/ingest/t HTTP/1.1\r\nhost: cluster\r\ncontent-length: {}\r\n{headers}", body.len());
    exchange(node, &head, body).await
}

async fn get(node: usize, path: &str) -> std::io::Result<(u16, String)> {
    exchange(node, &format!("GET {path} HTTP/1.1\r\nhost: cluster\r\n"), b"").await
}

/// One request on a connection of its own: the status and the body of the answer.
async fn exchange(node: usize, head: &str, body: &[u8]) -> std::io::Result<(u16, String)> {
    let mut stream = TcpStream::connect((name(node), PORT)).await?;
    stream.write_all(&[head.as_bytes(), b"connection: close\r\n\r\n", body].concat()).await?;
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).await?;
    let answer = String::from_utf8_lossy(&answer).into_owned();
    let status = answer.split(' ').nth(1).and_then(|status| status.parse().ok()).unwrap_or_default();
    let body = answer.split_once("\r\n\r\n").map(|(_, body)| body.to_owned()).unwrap_or_default();
    Ok((status, body))
}
