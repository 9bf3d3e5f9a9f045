//! Figures of a log that several servers share: what it costs to publish to it, and how far this server is behind it.

use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::time::Duration;

use super::histogram::{Histogram, MICROSECONDS, Read};

/// The figures of a log, counted by what reads and writes it. [`Measured::with_log`](super::Measured::with_log) has them
/// exported.
#[derive(Debug)]
pub struct LogMetrics {
    acknowledgement: Histogram,
    unacknowledged: AtomicU64,
    reconnects: AtomicU64,
    lag_events: AtomicU64,
    lag_ms: AtomicU64,
    skipped: AtomicU64,
    reread: AtomicU64,
    clock_ahead_ms: AtomicI64,
}

impl Default for LogMetrics {
    fn default() -> Self {
        Self {
            acknowledgement: Histogram::new(&MICROSECONDS),
            unacknowledged: AtomicU64::new(0),
            reconnects: AtomicU64::new(0),
            lag_events: AtomicU64::new(0),
            lag_ms: AtomicU64::new(0),
            skipped: AtomicU64::new(0),
            reread: AtomicU64::new(0),
            clock_ahead_ms: AtomicI64::new(0),
        }
    }
}

// Relaxed, here and where they are read: figures for an operator, and no other memory depends on their order.
impl LogMetrics {
    /// Counts an event that the log has acknowledged, and the time from sending it.
    pub fn acknowledged(&self, after: Duration) {
        self.acknowledgement.observe(u64::try_from(after.as_micros()).unwrap_or(u64::MAX));
    }

    /// Counts an event that the log has not acknowledged.
    pub fn not_acknowledged(&self) {
        self.unacknowledged.fetch_add(1, Ordering::Relaxed);
    }

    /// Counts a new connection to the log after a lost one.
    pub fn reconnected(&self) {
        self.reconnects.fetch_add(1, Ordering::Relaxed);
    }

    /// Counts a message of the log that is no event.
    pub fn skipped(&self) {
        self.skipped.fetch_add(1, Ordering::Relaxed);
    }

    /// Counts events that were read from the log for clients whose cursor was older than the history.
    pub fn reread(&self, events: u64) {
        self.reread.fetch_add(events, Ordering::Relaxed);
    }

    /// Sets how many events of the log this server has not read, and since how long there are any.
    pub fn lags(&self, events: u64, since: Duration) {
        self.lag_events.store(events, Ordering::Relaxed);
        self.lag_ms.store(u64::try_from(since.as_millis()).unwrap_or(u64::MAX), Ordering::Relaxed);
    }

    /// Sets by how many milliseconds the log's clock is ahead of this server's at least; below zero it is behind.
    pub fn clock_differs(&self, ahead_ms: i64) {
        self.clock_ahead_ms.store(ahead_ms, Ordering::Relaxed);
    }

    pub(super) fn read(&self) -> LogFigures {
        LogFigures {
            acknowledgement: self.acknowledgement.read(),
            unacknowledged: self.unacknowledged.load(Ordering::Relaxed),
            reconnects: self.reconnects.load(Ordering::Relaxed),
            lag_events: self.lag_events.load(Ordering::Relaxed),
            lag: Duration::from_millis(self.lag_ms.load(Ordering::Relaxed)),
            skipped: self.skipped.load(Ordering::Relaxed),
            reread: self.reread.load(Ordering::Relaxed),
            clock_ahead_ms: self.clock_ahead_ms.load(Ordering::Relaxed),
        }
    }
}

/// The figures of a log at one moment.
#[derive(Debug)]
pub(super) struct LogFigures {
    pub(super) acknowledgement: Read,
    pub(super) unacknowledged: u64,
    pub(super) reconnects: u64,
    pub(super) lag_events: u64,
    pub(super) lag: Duration,
    pub(super) skipped: u64,
    pub(super) reread: u64,
    pub(super) clock_ahead_ms: i64,
}
