//! How far this server has read the stream, who waits for that, and whether it should get new clients.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::{Notify, watch};
use tokio::time::{Instant, timeout};

use crate::event_log::Place;
use crate::metrics::LogMetrics;

/// How long a server may be behind a broker that answers before it should get no new clients.
const MOST_BEHIND: Duration = Duration::from_secs(5);
/// Longest time that a client waits for the server to read up to its cursor.
const MOST_WAIT: Duration = Duration::from_secs(5);

/// How far the stream has been read.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Progress {
    /// The last sequence that the Hub has.
    pub(super) position: u64,
    /// The last sequence of the stream, when it was asked last.
    pub(super) last: u64,
    /// Whether the Hub has what the stream had when the server began.
    pub(super) is_filled: bool,
    /// How often the stream was asked for its last sequence.
    pub(super) asked: u64,
    /// The number of the last question that was answered.
    pub(super) answered: u64,
}

/// What the reader, the publisher and the client of a stream share: how far this server has read, who waits for that, and
/// whether it should get new clients.
#[derive(Debug)]
pub struct ReadState {
    pub(super) metrics: Arc<LogMetrics>,
    pub(super) progress: watch::Sender<Progress>,
    /// Whether there has been a connection.
    was_connected: AtomicBool,
    grace: Duration,
    since: Mutex<Since>,
    /// How often the connection was made again.
    connections: watch::Sender<u64>,
    is_asked: Notify,
}

/// Since when something is amiss; `None` while it is not.
#[derive(Debug, Default)]
struct Since {
    away: Option<Instant>,
    behind: Option<Instant>,
}

impl ReadState {
    /// Of a server that has read nothing. `grace` is how long it stays ready without its stream.
    pub fn new(metrics: Arc<LogMetrics>, grace: Duration) -> Self {
        Self {
            metrics,
            progress: watch::Sender::default(),
            was_connected: AtomicBool::new(false),
            grace,
            since: Mutex::default(),
            connections: watch::Sender::default(),
            is_asked: Notify::new(),
        }
    }

    /// Notes that the stream cannot be read now.
    pub fn away(&self, why: &str) {
        let mut since = self.since();
        // Told once for each time that it is away.
        if since.away.is_none() {
            tracing::warn!("the stream cannot be read: {why}; this server goes on with what it has");
            since.away = Some(Instant::now());
        }
    }

    /// Notes that the stream answers.
    pub(super) fn back(&self) {
        if let Some(away) = self.since().away.take() {
            tracing::info!("the stream is read again after {} ms", away.elapsed().as_millis());
        }
    }

    /// Notes how far the server is behind the stream, as of an answer of the broker. Events that were published while the
    /// answer was on its way are no sign of that: `is_behind` is whether the server had not even read what an earlier
    /// answer named.
    pub(super) fn lags(&self, events: u64, is_behind: bool) {
        let mut since = self.since();
        since.behind = if is_behind { since.behind.or_else(|| Some(Instant::now())) } else { None };
        let lag = since.behind.map(|since| since.elapsed()).unwrap_or_default();
        drop(since);
        self.metrics.lags(events, lag);
    }

    /// Notes that there is a connection; one that replaces another ends the reader's wait for messages.
    pub fn connected(&self) {
        if self.was_connected.swap(true, Ordering::AcqRel) {
            self.metrics.reconnected();
            self.connections.send_modify(|connections| *connections += 1);
        }
    }

    /// The connections from now on.
    pub(super) fn connections(&self) -> watch::Receiver<u64> {
        self.connections.subscribe()
    }

    /// Waits until somebody wants to know the last sequence of the stream.
    pub(super) async fn is_asked(&self) {
        self.is_asked.notified().await;
    }

    /// Waits until the Hub has everything up to `sequence`, and everything that the stream had at the start.
    ///
    /// A stream that ends before the sequence has never had it. That is known from an answer to a question that was asked
    /// after the wait began: all clients that wait at that time share it.
    pub(super) async fn reach(&self, sequence: u64) -> Place {
        let mut progress = self.progress.subscribe();
        let now = *progress.borrow_and_update();
        if now.is_filled && now.position >= sequence {
            return Place::Reached;
        }
        self.is_asked.notify_one();
        let is_decided = |progress: &Progress| {
            let has_ended_before = progress.answered > now.asked && progress.last < sequence;
            progress.is_filled && (progress.position >= sequence || has_ended_before)
        };
        match timeout(MOST_WAIT, progress.wait_for(is_decided)).await {
            Ok(Ok(decided)) if decided.position >= sequence => Place::Reached,
            Ok(Ok(_)) => Place::Beyond,
            Ok(Err(_)) | Err(_) => Place::NotYet,
        }
    }

    /// Waits until the stream is known to be the one that this server reads: by an answer to a question that was asked after
    /// the wait began. A server whose stream is another one ends without that answer.
    pub(super) async fn confirm(&self) -> Place {
        let mut progress = self.progress.subscribe();
        let asked = progress.borrow_and_update().asked;
        self.is_asked.notify_one();
        let is_confirmed = |progress: &Progress| progress.is_filled && progress.answered > asked;
        match timeout(MOST_WAIT, progress.wait_for(is_confirmed)).await {
            Ok(Ok(_)) => Place::Reached,
            Ok(Err(_)) | Err(_) => Place::NotYet,
        }
    }

    /// Why the server should get no new clients; `None` if it should.
    ///
    /// A broker that is away is so for all servers, and to take them all out of the balancer would cut off clients that
    /// can still be served from the history. So the server stays ready for the grace.
    pub(super) fn unready(&self) -> Option<String> {
        let Progress { position, last, is_filled, .. } = *self.progress.borrow();
        if !is_filled {
            return Some(format!("reading the stream: at {position} of {last}"));
        }
        let since = self.since();
        if let Some(away) = since.away {
            let seconds = away.elapsed().as_secs();
            return (away.elapsed() > self.grace).then(|| format!("the broker has been away for {seconds} s"));
        }
        let behind = since.behind.filter(|behind| behind.elapsed() > MOST_BEHIND)?;
        let events = last.saturating_sub(position);
        Some(format!("{events} events behind the stream, for {} s", behind.elapsed().as_secs()))
    }

    fn since(&self) -> MutexGuard<'_, Since> {
        self.since.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
