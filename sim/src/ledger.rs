//! An account of one subscriber, kept apart from the Hub's: rebuilt from single observations, and checked at each.
//!
//! An observation that the laws do not allow here is refused with a reason.

use std::collections::VecDeque;
use std::time::Duration;

use crate::plan::HubChoice;
use crate::record::{Observation, ObservationKind, Record, SubscriberRecord};
use hubbub::{LossCounts, LossReason, Overflow, PushOutcome};

/// The account of a stream under way, and of those before it.
pub struct Ledger {
    frames: usize,
    frames_per_write: usize,
    /// The most outstanding frames that may still wait in the history. Their move into slots is not observed.
    parked: usize,
    /// From the first of those on, everything is parked and nothing is lost to a limit, until nothing waits any more.
    is_behind: bool,
    overflow: Overflow,
    connection: u64,
    stream: Stream,
    /// Offered and neither delivered nor lost, oldest first: in flight those of one write at most, then those that wait.
    outstanding: VecDeque<u64>,
    /// Delivered and not read.
    on_the_way: VecDeque<u64>,
    /// The first frame in flight has been read: all of it but the end of its chunk fitted into the window.
    read_before_its_flush: bool,
    /// What may have been in flight when the stream ended, the frames of one write: the CPU may have been at them, and
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

macro_rules! ensure {
    ($holds:expr, $($why:tt)*) => {
        if !$holds { return Err(format!($($why)*)); }
    };
}

impl Ledger {
    /// The account of a subscriber whose mailbox has `frames` slots and this policy, and whose writes carry at most
    /// `frames_per_write` frames.
    pub fn new(frames: usize, frames_per_write: usize, overflow: Overflow) -> Self {
        Self {
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

    fn subscribed(&mut self, connection: u64) -> Result<(), String> {
        ensure!(matches!(self.stream, Stream::None | Stream::Ended), "a stream begins before the last has ended");
        ensure!(connection == self.connection + 1, "connection {connection} follows {}", self.connection);
        self.connection = connection;
        self.stream = Stream::Open;
        // What the last stream had under way is not read any more.
        self.on_the_way.clear();
        self.cut_short.clear();
        self.last_offered = None;
        self.read_before_its_flush = false;
        self.parked = 0;
        self.is_behind = false;
        Ok(())
    }

    fn pushed(&mut self, sequence: u64, outcome: PushOutcome<u64>) -> Result<(), String> {
        match outcome {
            PushOutcome::Queued { waiting } => self.queued(sequence, waiting),
            PushOutcome::Refused { reason } => self.refused(sequence, reason),
            PushOutcome::Displaced { lost, reason } => self.displaced(sequence, lost, reason),
            PushOutcome::Shed { lost, reason } => self.shed(lost, reason),
            PushOutcome::Disconnected { reason } => self.disconnected(sequence, reason),
            PushOutcome::Parked { waiting } => self.parked(sequence, waiting),
        }
    }

    /// Every event is offered to an open stream, in order and once.
    fn offered(&mut self, sequence: u64) -> Result<(), String> {
        ensure!(self.stream == Stream::Open, "event {sequence} is offered to a stream that is not open");
        let next = self.last_offered.map_or(sequence, |last| last + 1);
        ensure!(next == sequence, "event {sequence} is offered, and event {next} was to come next");
        self.last_offered = Some(sequence);
        self.sums.offered += 1;
        Ok(())
    }

    fn queued(&mut self, sequence: u64, waiting: usize) -> Result<(), String> {
        self.offered(sequence)?;
        self.outstanding.push_back(sequence);
        ensure!(
            !self.is_behind || waiting == 1,
            "event {sequence} is queued, and older events still wait in the history"
        );
        self.parked = 0;
        self.is_behind = false;
        ensure!((1..=self.frames).contains(&waiting), "{waiting} frames wait, and at most {} may", self.frames);
        let in_flight = self.outstanding.len().checked_sub(waiting);
        ensure!(
            in_flight.is_some_and(|n| n <= self.frames_per_write),
            "{waiting} of {} outstanding frames wait",
            self.outstanding.len()
        );
        Ok(())
    }

    /// An overflow, and there is a policy for it. Returns how many are in flight where the mailbox is full in frames; in
    /// bytes and age it is enough that something waits.
    fn overflowed(&mut self, sequence: u64, policy: Overflow, reason: LossReason) -> Result<usize, String> {
        ensure!(
            self.overflow == policy,
            "event {sequence} is lost as under {policy}, and the policy is {}",
            self.overflow
        );
        ensure!(!self.is_behind, "event {sequence} is lost ({reason}), and older events wait in the history");
        self.parked = 0;
        let outstanding = self.outstanding.len();
        match reason {
            LossReason::BufferFull => {
                let in_flight = outstanding.checked_sub(self.frames).filter(|n| *n <= self.frames_per_write);
                in_flight.ok_or_else(|| {
                    format!("event {sequence} is lost with {outstanding} outstanding, and a mailbox of {}", self.frames)
                })
            }
            LossReason::OutOfReach => {
                Err(format!("event {sequence} is lost as out_of_reach, and nothing was replayed"))
            }
            LossReason::ClientGone | LossReason::Evicted => {
                Err(format!("event {sequence} is lost as {reason}, and its stream goes on"))
            }
            LossReason::Bytes | LossReason::Age | LossReason::Conflated => {
                ensure!(outstanding > 0, "event {sequence} is lost ({reason}), and nothing waits");
                Ok(outstanding.min(self.frames_per_write))
            }
        }
    }

    fn refused(&mut self, sequence: u64, reason: LossReason) -> Result<(), String> {
        self.offered(sequence)?;
        *self.sums.dropped.of(reason) += 1;
        self.overflowed(sequence, Overflow::DropNewest, reason).map(drop)
    }

    fn displaced(&mut self, sequence: u64, lost: u64, reason: LossReason) -> Result<(), String> {
        self.let_go(sequence, lost, reason)?;
        self.offered(sequence)?;
        self.outstanding.push_back(sequence);
        let waiting = self.outstanding.len().saturating_sub(self.frames_per_write);
        ensure!(waiting <= self.frames, "at least {waiting} frames wait, and at most {} may", self.frames);
        Ok(())
    }

    fn shed(&mut self, lost: u64, reason: LossReason) -> Result<(), String> {
        self.let_go(lost, lost, reason)
    }

    /// A waiting frame is lost for a new one: the oldest, or one that conflation has made old.
    fn let_go(&mut self, sequence: u64, lost: u64, reason: LossReason) -> Result<(), String> {
        *self.sums.dropped.of(reason) += 1;
        let place = self.outstanding.iter().position(|waiting| *waiting == lost);
        let place = place.ok_or_else(|| format!("event {lost} is lost, and does not wait"))?;
        if reason == LossReason::Conflated {
            self.overflowed(sequence, Overflow::Conflate, reason)?;
        } else {
            let in_flight = self.overflowed(sequence, Overflow::DropOldest, reason)?;
            let is_oldest = if reason == LossReason::BufferFull { place == in_flight } else { place <= in_flight };
            ensure!(
                is_oldest,
                "event {lost} is lost, and is not the oldest that waits: {place} are outstanding before it"
            );
        }
        self.outstanding.remove(place);
        Ok(())
    }

    fn disconnected(&mut self, sequence: u64, reason: LossReason) -> Result<(), String> {
        self.offered(sequence)?;
        *self.sums.dropped.of(reason) += 1;
        let policy = if self.overflow == Overflow::Conflate { Overflow::Conflate } else { Overflow::Disconnect };
        self.overflowed(sequence, policy, reason)?;
        self.stream = Stream::CutOff;
        Ok(())
    }

    fn parked(&mut self, sequence: u64, waiting: usize) -> Result<(), String> {
        self.offered(sequence)?;
        ensure!(
            self.overflow == Overflow::Park || self.is_behind,
            "event {sequence} is parked, and the policy is {}",
            self.overflow
        );
        self.outstanding.push_back(sequence);
        self.parked += 1;
        self.is_behind = true;
        let in_flight = self.outstanding.len().checked_sub(waiting);
        ensure!(
            in_flight.is_some_and(|n| n <= self.frames_per_write),
            "{waiting} of {} outstanding frames wait",
            self.outstanding.len()
        );
        Ok(())
    }

    fn replayed(&mut self, first: u64, count: u64) -> Result<(), String> {
        ensure!(
            self.outstanding.is_empty() && self.last_offered.is_none(),
            "{count} events are replayed in the middle of a stream"
        );
        self.outstanding.extend(first..first + count);
        self.parked = self.outstanding.len();
        self.is_behind = true;
        self.sums.offered += count;
        self.last_offered = Some(first + count - 1);
        Ok(())
    }

    /// The oldest of those in the history are gone; nothing else waits then.
    fn forgotten(&mut self, count: u64, reason: LossReason) -> Result<(), String> {
        let gone = usize::try_from(count).unwrap_or(usize::MAX);
        ensure!(gone <= self.parked, "{gone} parked events are lost, and {} are parked", self.parked);
        self.outstanding.drain(..gone);
        self.parked -= gone;
        *self.sums.dropped.of(reason) += count;
        Ok(())
    }

    /// Delivered are exactly those offered and not lost, in their order.
    fn flushed(&mut self, sequence: u64) -> Result<(), String> {
        ensure!(self.stream == Stream::Open, "event {sequence} is delivered to a stream that is not open");
        let oldest =
            self.outstanding.pop_front().ok_or_else(|| format!("event {sequence} is delivered, and none waits"))?;
        self.parked = self.parked.min(self.outstanding.len());
        ensure!(oldest == sequence, "event {sequence} is delivered, and event {oldest} is older and waits");
        if !std::mem::take(&mut self.read_before_its_flush) {
            self.on_the_way.push_back(sequence);
        }
        self.sums.delivered += 1;
        Ok(())
    }

    /// Read are those delivered, in their order; the last of them perhaps a moment before the end of its chunk.
    fn received(&mut self, sequence: u64) -> Result<(), String> {
        self.sums.received += 1;
        if let Some(next) = self.on_the_way.pop_front() {
            ensure!(next == sequence, "event {sequence} is read, and the next to be read was event {next}");
            return Ok(());
        }
        if self.cut_short.pop_front_if(|next| *next == sequence).is_some() {
            self.sums.read_and_lost += 1;
            return Ok(());
        }
        let in_flight = self.outstanding.front();
        ensure!(
            in_flight == Some(&sequence) && !self.read_before_its_flush,
            "event {sequence} is read, and was not sent"
        );
        self.read_before_its_flush = true;
        Ok(())
    }

    fn ended(&mut self, client_gone: u64, evicted: u64) -> Result<(), String> {
        ensure!(matches!(self.stream, Stream::Open | Stream::CutOff), "a stream ends that has not begun");
        ensure!(
            client_gone == 0 || evicted == 0,
            "{client_gone} frames are lost as client_gone and {evicted} as evicted, by one end"
        );
        ensure!(
            self.stream == Stream::Open || client_gone == 0,
            "the subscriber was cut off, and frames are lost as client_gone"
        );
        let lost = usize::try_from(client_gone + evicted).unwrap_or(usize::MAX);
        ensure!(
            lost == self.outstanding.len(),
            "{lost} frames are lost with the stream, and {} were outstanding",
            self.outstanding.len()
        );
        let read = usize::from(self.read_before_its_flush);
        let in_flight = self.frames_per_write;
        self.cut_short = self.outstanding.drain(..).take(in_flight).skip(read).collect();
        self.sums.dropped.client_gone += client_gone;
        self.sums.dropped.evicted += evicted;
        self.sums.read_and_lost += u64::from(self.read_before_its_flush);
        self.stream = Stream::Ended;
        Ok(())
    }
}

/// Checks every observation of a run whose writes carry at most `frames_per_write` frames, and returns the sums of each
/// subscriber.
///
/// # Errors
/// When an observation contradicts the account, with the first one.
pub fn audit(
    record: &Record,
    observations: &[Observation],
    choice: HubChoice,
    frames_per_write: usize,
) -> Result<Vec<LedgerTotals>, Misfit> {
    let frames = choice.capacity.frames();
    let overflow = choice.overflow;
    let mut ledgers: Vec<_> =
        record.subscribers.iter().map(|_| Ledger::new(frames, frames_per_write, overflow)).collect();
    for Observation { at, subscriber, what } in observations {
        let taken = ledgers[*subscriber].take(*what);
        taken.map_err(|why| Misfit { at: Some(*at), subscriber: *subscriber, why })?;
    }
    let closed = ledgers.into_iter().zip(&record.subscribers).enumerate();
    let closed = closed
        .map(|(subscriber, (ledger, record))| ledger.close(record).map_err(|why| Misfit { at: None, subscriber, why }));
    closed.collect()
}

/// What does not fit into an account, where and when.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Misfit {
    /// When, in plan time; `None` for a sum at the end.
    pub at: Option<Duration>,
    /// Index in the plan.
    pub subscriber: usize,
    /// What does not fit.
    pub why: String,
}
