//! A viewer: it watches at one node after the other, and comes back with its cursor.

use std::time::Duration;

use hubbub::EventId;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::time::{Instant, sleep, sleep_until, timeout, timeout_at};
use turmoil::net::TcpStream;

use super::case::ViewerPlan;
use super::listener::PORT;
use super::node::{KEEPALIVE, name};
use super::seen::{Got, Seen};
use crate::client::{Dialect, StreamId, StreamItem};

/// Pause before a viewer comes back whose stream has ended.
const PAUSE: Duration = Duration::from_millis(60);
/// Silence after which a viewer takes its server for gone.
const SILENCE: Duration = KEEPALIVE.saturating_mul(3);
/// Longest time to connect.
const CONNECTS_WITHIN: Duration = Duration::from_secs(1);

/// One viewer.
pub(super) struct Viewer {
    pub(super) index: usize,
    pub(super) plan: ViewerPlan,
    pub(super) nodes: usize,
    pub(super) seen: Seen,
}

impl Viewer {
    /// Watches for ever.
    pub(super) async fn watch(self) {
        let zero = Instant::now();
        sleep_until(zero + self.plan.comes_at).await;
        let mut cursor = None;
        let mut attempt = self.plan.first_node;
        for leave in &self.plan.leaves {
            let _ = timeout_at(zero + leave.at, self.watch_on(&mut attempt, &mut cursor)).await;
            sleep(leave.away).await;
        }
        self.watch_on(&mut attempt, &mut cursor).await;
    }

    async fn watch_on(&self, attempt: &mut usize, cursor: &mut Option<String>) {
        loop {
            // However it has ended, the viewer comes back.
            let _ = self.session(*attempt % self.nodes, cursor).await;
            *attempt += 1;
            sleep(PAUSE).await;
        }
    }

    /// One stream. An error is an end like another.
    async fn session(&self, node: usize, cursor: &mut Option<String>) -> Result<(), Box<dyn std::error::Error>> {
        let dialect = Dialect::sse("/v1/stream/sse?table=t");
        let mut stream = timeout(CONNECTS_WITHIN, TcpStream::connect((name(node), PORT))).await??;
        stream.write_all(dialect.request("cluster", cursor.as_deref()).as_bytes()).await?;
        let mut parser = dialect.parser();
        let mut bytes = [0; 4096];
        loop {
            let read = timeout(SILENCE, stream.read(&mut bytes)).await??;
            if read == 0 {
                return Ok(());
            }
            parser.feed(&bytes[..read], |item| {
                let got = got(&item);
                self.seen.lock().got[self.index].extend(got);
            })?;
            *cursor = parser.last_id().or(cursor.take());
        }
    }
}

fn got(item: &StreamItem<'_>) -> Option<Got> {
    let id = |id: StreamId| -> Option<EventId> { id.event() };
    match item {
        StreamItem::Begins { .. } => None,
        StreamItem::Event { event, .. } => Some(Got::Event(event.id.and_then(id)?, event.number)),
        StreamItem::Place { id: place, .. } => Some(Got::Place(id(*place)?)),
        StreamItem::Gap { notice, .. } => {
            Some(Got::Gap { first: notice.first, last: notice.last, reason: notice.reason.clone() })
        }
    }
}
