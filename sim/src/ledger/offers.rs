//! Frames that are offered, and what becomes of those for which there is no room: the laws of mailboxes and history.

use super::{Ledger, Stream};
use hubbub::{LossReason, Overflow, PushOutcome};

impl Ledger<'_> {
    pub(super) fn pushed(&mut self, sequence: u64, outcome: PushOutcome<u64>) -> Result<(), String> {
        match outcome {
            PushOutcome::Queued { waiting } => self.queued(sequence, waiting),
            PushOutcome::Refused { reason } => self.refused(sequence, reason),
            PushOutcome::Displaced { lost, reason } => self.displaced(sequence, lost, reason),
            PushOutcome::Shed { lost, reason } => self.shed(lost, reason),
            PushOutcome::Disconnected { reason } => self.disconnected(sequence, reason),
            PushOutcome::Parked { waiting } => self.parked(sequence, waiting),
        }
    }

    /// Every event that is wanted is offered to an open stream, in order and once.
    fn offered(&mut self, sequence: u64) -> Result<(), String> {
        ensure!(self.stream == Stream::Open, "event {sequence} is offered to a stream that is not open");
        ensure!(self.wanted.has(sequence), "event {sequence} is offered, and is of a table that is not watched");
        let next = self.last_offered.map_or(sequence, |last| self.wanted.next_after(last));
        ensure!(next == sequence, "event {sequence} is offered, and event {next} was to come next");
        self.last_offered = Some(sequence);
        self.sums.offered += 1;
        Ok(())
    }

    fn queued(&mut self, sequence: u64, waiting: usize) -> Result<(), String> {
        self.offered(sequence)?;
        self.outstanding.push_back(sequence);
        ensure!(
            // A subscriber that was behind is live again when nothing waits any more, so this frame is alone.
            !self.is_behind || waiting == 1,
            "event {sequence} is queued, and older events still wait in the history"
        );
        self.parked = 0;
        self.is_behind = false;
        ensure!((1..=self.frames).contains(&waiting), "{waiting} frames wait, and at most {} may", self.frames);
        self.all_others_wait_but_one(waiting)
    }

    /// Of the outstanding frames, one that does not wait is in flight.
    fn all_others_wait_but_one(&self, waiting: usize) -> Result<(), String> {
        let in_flight = self.outstanding.len().checked_sub(waiting);
        ensure!(in_flight.is_some_and(|n| n <= 1), "{waiting} of {} outstanding frames wait", self.outstanding.len());
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
                // What is outstanding beyond the slots is in flight, and no more than one frame is.
                let in_flight = outstanding.checked_sub(self.frames).filter(|n| *n <= 1);
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
                // Whether one of them is in flight does not show here, so the most that may be is assumed.
                Ok(outstanding.min(1))
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
        // At least so many wait, since no more than one frame is in flight.
        let waiting = self.outstanding.len().saturating_sub(1);
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
            // A full buffer says exactly how many frames are in flight before the oldest. Other limits only bound it.
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
        // Conflation cuts a client off as well, where it can replace nothing.
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
        self.all_others_wait_but_one(waiting)
    }

    pub(super) fn replayed(&mut self, first: u64, count: u64) -> Result<(), String> {
        ensure!(
            self.outstanding.is_empty() && self.last_offered.is_none(),
            "{count} events are replayed in the middle of a stream"
        );
        let wanted = (first..).filter(|sequence| self.wanted.has(*sequence));
        self.outstanding.extend(wanted.take(usize::try_from(count).unwrap_or(usize::MAX)));
        self.parked = self.outstanding.len();
        self.is_behind = true;
        self.sums.offered += count;
        self.last_offered = self.outstanding.back().copied();
        Ok(())
    }

    /// The oldest of those in the history are gone; nothing else waits then.
    pub(super) fn forgotten(&mut self, count: u64, reason: LossReason) -> Result<(), String> {
        // A count that does not fit is more than are parked, and is refused below.
        let gone = usize::try_from(count).unwrap_or(usize::MAX);
        ensure!(gone <= self.parked, "{gone} parked events are lost, and {} are parked", self.parked);
        self.outstanding.drain(..gone);
        self.parked -= gone;
        *self.sums.dropped.of(reason) += count;
        Ok(())
    }
}
