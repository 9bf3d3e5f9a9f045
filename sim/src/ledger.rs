//! An account of one subscriber, kept apart from the Hub's: rebuilt from single observations, and checked at each.
//!
//! An observation that the laws do not allow here is refused with a reason.

// Before the files that use it: a macro is known from its place on.
macro_rules! ensure {
    ($holds:expr, $($why:tt)*) => {
        if !$holds { return Err(format!($($why)*)); }
    };
}

mod audit;
mod offers;
mod stream;

use std::collections::VecDeque;

use crate::record::{ObservationKind, SubscriberRecord, WantedEvents};
pub use audit::{Misfit, audit};
use hubbub::{LossCounts, Overflow};

/// The account of a stream under way, and of those before it.
pub struct Ledger<'a> {
    /// The events that are to be offered.
    wanted: WantedEvents<'a>,
    frames: usize,
    frames_per_write: usize,
    /// The most outstanding frames that may still wait in the history. Their move into slots is not observed.
    parked: usize,
    /// From the first of those on, everything is parked and nothing is lost to a limit, until nothing waits any more.
    is_behind: bool,
    overflow: Overflow,
    connection: u64,
    stream: Stream,
    /// Offered and neither delivered nor lost, oldest first: one in flight at most, then those that wait.
    outstanding: VecDeque<u64>,
    /// Delivered and not read.
    on_the_way: VecDeque<u64>,
    /// The first frame in flight has been read: all of it but the end of its chunk fitted into the window.
    read_before_its_flush: bool,
    /// What may have been written when the stream ended, the frames of one write: the CPU may have been at them, and
    /// does what it has begun, so that they are read yet.
    cut_short: VecDeque<u64>,
    last_offered: Option<u64>,
    sums: LedgerTotals,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stream {
    None,
    Open,
    /// Cut off by the overflow policy, and not yet ended.
    CutOff,
    Ended,
}

/// Over all streams of the subscriber.
#[derive(Debug, Default, Clone, Copy)]
pub struct LedgerTotals {
    /// Frames offered.
    pub offered: u64,
    /// Frames flushed.
    pub delivered: u64,
    /// Frames read.
    pub received: u64,
    /// Frames lost.
    pub dropped: LossCounts,
    /// Read by the client, and lost by the server's account.
    pub read_and_lost: u64,
}
impl<'a> Ledger<'a> {
    /// The account of a subscriber whose mailbox has `frames` slots and this policy, and whose writes carry at most
    /// `frames_per_write` frames. It is offered those events that it wants.
    pub fn new(wanted: WantedEvents<'a>, frames: usize, frames_per_write: usize, overflow: Overflow) -> Self {
        Self {
            wanted,
            frames,
            frames_per_write,
            parked: 0,
            is_behind: false,
            overflow,
            connection: 0,
            stream: Stream::None,
            outstanding: VecDeque::new(),
            on_the_way: VecDeque::new(),
            read_before_its_flush: false,
            cut_short: VecDeque::new(),
            last_offered: None,
            sums: LedgerTotals::default(),
        }
    }

    /// Takes the next observation. After it, offered = delivered + lost + outstanding.
    ///
    /// # Errors
    /// When a law does not hold, with that law.
    pub fn take(&mut self, what: ObservationKind) -> Result<(), String> {
        match what {
            ObservationKind::Subscribed { connection } => self.subscribed(connection)?,
            ObservationKind::Pushed { sequence, outcome } => self.pushed(sequence, outcome)?,
            ObservationKind::Replayed { first, count } => self.replayed(first, count)?,
            ObservationKind::Forgotten { count, reason } => self.forgotten(count, reason)?,
            // What a client is told is held against what it gets by a law of its own.
            ObservationKind::Told { .. } | ObservationKind::Placed { .. } => {}
            ObservationKind::Flushed { sequence } => self.flushed(sequence)?,
            ObservationKind::Received { sequence } => self.received(sequence)?,
            ObservationKind::Ended { client_gone, evicted } => self.ended(client_gone, evicted)?,
        }
        // At every step and not only at the end, so that the first wrong observation is named.
        let LedgerTotals { offered, delivered, dropped, .. } = self.sums;
        let accounted = delivered + dropped.total() + self.outstanding.len() as u64;
        ensure!(offered == accounted, "{offered} frames are offered and {accounted} accounted for, after: {what}");
        Ok(())
    }

    /// Whether the record's sums are those of the observations; returns them.
    ///
    /// # Errors
    /// When a sum differs, with the first that does.
    pub fn close(self, record: &SubscriberRecord) -> Result<LedgerTotals, String> {
        let sums = self.sums;
        let pairs = [
            ("offered", sums.offered, record.offered),
            ("delivered", sums.delivered, record.delivered),
            ("received", sums.received, record.received),
            ("waiting or in flight", self.outstanding.len() as u64, record.in_flight),
            ("connections", self.connection, record.connections),
        ];
        let lost = sums.dropped.by_reason().into_iter().zip(record.dropped.by_reason());
        let lost = lost.map(|((reason, observed), (_, recorded))| (reason.name(), observed, recorded));
        match pairs.into_iter().chain(lost).find(|(_, observed, recorded)| observed != recorded) {
            Some((what, observed, recorded)) => Err(format!("{what}: {observed} observed, {recorded} recorded")),
            None => Ok(sums),
        }
    }
}
