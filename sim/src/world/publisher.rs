//! Publishes over the simulated network: a host that posts each event on one connection, without waiting for the answer to
//! the one before. Its answers take as long as those to the first class of subscribers.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::sync::Notify;
use tokio::time::Instant;
use turmoil::net::TcpStream;

use super::account::Account;
use super::address::{SERVER, SERVER_PORT};
use super::network::Network;
use super::server_fault::ServerFaultKind;
use super::sightings::Sightings;
use super::wire::{Path, Wire};
use crate::client::{Answers, Dialect};
use crate::plan::Plan;

/// What is read of answers at a time.
const BUFFER_BYTES: usize = 4096;

/// Events on their way from the driver to the publisher.
#[derive(Clone, Default)]
pub(super) struct Outbox(Arc<Shared>);

#[derive(Default)]
struct Shared {
    events: Mutex<VecDeque<Bytes>>,
    bell: Notify,
    was_used: AtomicBool,
}

impl Outbox {
    /// Whether any event was posted.
    pub(super) fn was_used(&self) -> bool {
        self.0.was_used.load(Ordering::Relaxed)
    }

    pub(super) fn put(&self, event: Bytes) {
        // Relaxed: it is asked for after the run.
        self.0.was_used.store(true, Ordering::Relaxed);
        self.events().push_back(event);
        self.0.bell.notify_one();
    }

    fn take(&self) -> VecDeque<Bytes> {
        std::mem::take(&mut self.events())
    }

    fn events(&self) -> MutexGuard<'_, VecDeque<Bytes>> {
        self.0.events.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Makes a host that posts events, for servers that have no other way.
pub(super) fn host(
    sim: &mut turmoil::Sim<'_>,
    plan: &Plan,
    (network, account): (&Arc<Network>, &Account),
    (outbox, dialect): (Outbox, &Dialect),
) {
    let (account, network) = (account.clone(), network.clone());
    let path = dialect.publish_path().to_owned();
    let may_be_cut_off = plan.restarts().next().is_some();
    sim.client("publisher", async move {
        // The server's host has begun by now: hosts run in the order in which they were made.
        if let Some(sightings) = account.sightings().cloned() {
            Publisher { outbox, path, network, sightings, may_be_cut_off }.run().await;
        }
        Ok(())
    });
}

struct Publisher {
    outbox: Outbox,
    path: String,
    network: Arc<Network>,
    sightings: Sightings,
    /// Whether the plan ends the server's process: what is not answered then is no fault.
    may_be_cut_off: bool,
}

impl Publisher {
    /// Publishes to the end of the run.
    async fn run(self) {
        let zero = Instant::now();
        loop {
            self.outbox.0.bell.notified().await;
            let why = self.connection(zero).await;
            if !self.may_be_cut_off {
                let kind = ServerFaultKind::PublishUnanswered(why);
                return self.sightings.blame(zero.elapsed(), None, kind);
            }
        }
    }

    /// One connection, up to its end; returns why it ended.
    async fn connection(&self, zero: Instant) -> String {
        let stream = match TcpStream::connect((SERVER, SERVER_PORT)).await {
            Ok(stream) => stream,
            Err(why) => return why.to_string(),
        };
        // Its window never binds, and it is no subscriber of the plan.
        let path =
            Path { subscriber: usize::MAX, class: 0, window_bytes: u64::MAX, keeps_times: false, is_over_path: false };
        let address = stream.local_addr().ok();
        let Some(wire) = address.and_then(|address| self.network.claim(address, path)) else {
            return "the connection was closed at once".to_owned();
        };
        let (mut reading, mut writing) = stream.into_split();
        let mut answers = Answers::default();
        let mut buffer = [0; BUFFER_BYTES];
        loop {
            let mut requests = Vec::new();
            for event in self.outbox.take() {
                let length = event.len();
                let path = &self.path;
                let head = format!("POST {path} HTTP/1.1\r\nhost: {SERVER}\r\ncontent-type: application/json\r\n");
                requests.extend_from_slice(format!("{head}content-length: {length}\r\n\r\n").as_bytes());
                requests.extend_from_slice(&event);
            }
            if !requests.is_empty()
                && let Err(why) = writing.write_all(&requests).await
            {
                return why.to_string();
            }
            let got = tokio::select! {
                biased;
                () = self.outbox.0.bell.notified() => continue,
                got = reading.read(&mut buffer) => got,
            };
            match got {
                Ok(0) => return "the connection ends".to_owned(),
                Ok(got) => {
                    self.read(zero, &wire, got);
                    if let Err(why) = answers.feed(&buffer[..got]) {
                        return why;
                    }
                    if let Some(status) = answers.refusal() {
                        self.sightings.blame(zero.elapsed(), None, ServerFaultKind::PublishRefused(status));
                    }
                }
                Err(why) => return why.to_string(),
            }
        }
    }

    /// What it has read leaves the window.
    fn read(&self, zero: Instant, wire: &Arc<Wire>, bytes: usize) {
        self.network.has_read(zero.elapsed(), 0, wire, bytes as u64);
    }
}
