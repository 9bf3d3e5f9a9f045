//! What a subscriber lost and has not been told of: every loss by itself, in the order of the events.
//!
//! The rule: an event is preceded by one notice of everything before it that was lost and not told. It names the first and
//! the last event, how many of them the subscriber has lost, and the reason of the first loss.

use hubbub::{EventId, Gap, GapReason, LossReason};

use super::marks::{Mark, Marks};

#[derive(Debug, Clone, Copy)]
struct Loss {
    first: u64,
    last: u64,
    count: u64,
    reason: LossReason,
    /// Sequence of the last event that had been queued by then.
    last_queued: u64,
}

/// Losses in the order of their first events.
#[derive(Debug, Default)]
pub(super) struct Holes {
    // Not merged when they come, as the Hub's holes are: a hole that the Hub merges wrongly shows here.
    losses: Vec<Loss>,
    pub(super) marks: Marks,
}

impl Holes {
    /// `count` of the events `first ..= last` are lost.
    pub(super) fn lose(&mut self, (first, last): (u64, u64), count: u64, reason: LossReason, last_queued: u64) {
        let place = self.losses.partition_point(|loss| loss.first < first);
        self.losses.insert(place, Loss { first, last, count, reason, last_queued });
    }

    /// The notice in front of an event.
    pub(super) fn before(&mut self, id: EventId) -> Option<Gap> {
        let until = self.losses.partition_point(|loss| loss.first < id.sequence);
        self.told(until, id.epoch)
    }

    /// The notice behind the last event: of the losses between which nothing was queued.
    pub(super) fn at_the_end(&mut self, epoch: u64) -> Option<Gap> {
        // As the Hub does: a frame queued between two losses keeps them apart, and one comment tells the first.
        let pairs = self.losses.iter().zip(self.losses.iter().skip(1));
        let apart = pairs.enumerate().find(|(_, (before, after))| after.last_queued >= before.last);
        let until = apart.map_or(self.losses.len(), |(place, _)| place + 1);
        self.told(until, epoch)
    }

    fn told(&mut self, until: usize, epoch: u64) -> Option<Gap> {
        let told: Vec<Loss> = self.losses.drain(..until).collect();
        let first = told.first()?;
        let has_two_reasons = told.iter().any(|loss| loss.reason != first.reason);
        self.marks.add_if(has_two_reasons, Mark::NoticeForTwoReasons);
        let id = |sequence| Some(EventId { epoch, sequence });
        let last = told.iter().map(|loss| loss.last).max()?;
        let count = told.iter().map(|loss| loss.count).sum();
        // The reason of the earliest loss: a notice has room for one, and the Hub keeps that of the earlier hole.
        Some(Gap { first: id(first.first), last: id(last), count: Some(count), reason: GapReason::Lost(first.reason) })
    }
}

/// Whether the subscriber is told of a loss: a value that a later one has made old is none.
pub(super) fn is_told(reason: LossReason) -> bool {
    reason != LossReason::Conflated
}
