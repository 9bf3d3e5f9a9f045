//! The holes in what one subscriber gets, each before the event that follows it. There is at most one more than frames
//! that wait.
//!
//! Pure: sequences in, gaps out.

use std::collections::VecDeque;

use crate::event::{EventId, Gap, GapReason};
use crate::loss::LossReason;

/// The holes that a subscriber has not been told of.
#[derive(Debug, Default)]
pub(super) struct Holes {
    /// In order. At least one frame waited between two holes when the later one came.
    holes: VecDeque<Hole>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Hole {
    first: u64,
    last: u64,
    count: u64,
    reason: LossReason,
}

/// Whether a subscriber is told of the frames that it loses for a reason. Conflation loses only outdated values. What
/// is lost with a stream needs no notice: the client sees the end, and asks for what it missed when it comes back.
pub(super) fn is_told(reason: LossReason) -> bool {
    match reason {
        LossReason::BufferFull | LossReason::Bytes | LossReason::Age | LossReason::OutOfReach => true,
        LossReason::Conflated | LossReason::ClientGone | LossReason::Evicted => false,
    }
}

impl Holes {
    /// Notes that `first ..= last` are lost, behind everything queued so far; `count` of them were this subscriber's.
    pub(super) fn lost_behind(&mut self, last_queued: u64, (first, last): (u64, u64), count: u64, reason: LossReason) {
        // The reason of the first loss stays: one notice has room for one reason.
        match self.holes.back_mut().filter(|hole| hole.last > last_queued) {
            // Nothing was queued since the last loss, so both are one hole.
            Some(hole) => {
                hole.last = last;
                hole.count += count;
            }
            None => self.holes.push_back(Hole { first, last, count, reason }),
        }
    }

    /// Notes that a frame that waited is lost; `next` is the oldest frame that still waits, if any does.
    pub(super) fn lost_in_front(&mut self, sequence: u64, next: Option<u64>, reason: LossReason) {
        // Holes before the next frame have nothing between them any more, so they are told as one.
        let mut merged = Hole { first: sequence, last: sequence, count: 1, reason };
        while let Some(hole) = self.holes.pop_front_if(|hole| next.is_none_or(|next| hole.first < next)) {
            merged = merged.and(hole);
        }
        self.holes.push_front(merged);
    }

    /// Notes that the frame `sequence` was taken and given up, and that the hole taken with it has not been told.
    pub(super) fn put_back(&mut self, sequence: u64, next: Option<u64>, hole: Option<Gap>) {
        // Told although the stream has not ended: the reader goes on behind it.
        self.lost_in_front(sequence, next, LossReason::ClientGone);
        if let Some(hole) = hole.and_then(Hole::of)
            && let Some(lost) = self.holes.front_mut()
        {
            *lost = hole.and(*lost);
        }
    }

    /// Takes the hole in front of an event that is about to be sent, if there is one. Several holes are merged: the
    /// frames between them have been let go.
    pub(super) fn before(&mut self, epoch: u64, sequence: u64) -> Option<Gap> {
        let mut next = || self.holes.pop_front_if(|hole| hole.first < sequence);
        let first = next()?;
        Some(std::iter::from_fn(next).fold(first, Hole::and).as_gap(epoch))
    }

    /// Takes the first hole.
    pub(super) fn next(&mut self, epoch: u64) -> Option<Gap> {
        self.holes.pop_front().map(|hole| hole.as_gap(epoch))
    }
}

impl Hole {
    /// Merges it with a hole that overlaps or follows it. The reason is that of the earlier one.
    fn and(self, other: Self) -> Self {
        let reason = if other.first < self.first { other.reason } else { self.reason };
        let first = self.first.min(other.first);
        let last = self.last.max(other.last);
        Self { first, last, count: self.count + other.count, reason }
    }

    /// The hole that was told as a gap; `None` for a gap of another kind.
    fn of(gap: Gap) -> Option<Self> {
        let GapReason::Lost(reason) = gap.reason else { return None };
        Some(Self { first: gap.first?.sequence, last: gap.last?.sequence, count: gap.count?, reason })
    }

    fn as_gap(self, epoch: u64) -> Gap {
        let Self { first, last, count, reason } = self;
        let id = |sequence| Some(EventId { epoch, sequence });
        Gap { first: id(first), last: id(last), count: Some(count), reason: GapReason::Lost(reason) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(gap: Option<Gap>) -> Option<(u64, u64, u64, LossReason)> {
        let gap = gap?;
        let GapReason::Lost(reason) = gap.reason else { panic!("{gap:?}") };
        Some((gap.first.unwrap().sequence, gap.last.unwrap().sequence, gap.count.unwrap(), reason))
    }

    #[test]
    fn what_is_refused_in_a_row_is_one_hole_and_what_is_queued_between_parts_two() {
        let mut holes = Holes::default();
        for lost in [3, 4, 7] {
            let last_queued = if lost == 7 { 6 } else { 2 };
            holes.lost_behind(last_queued, (lost, lost), 1, LossReason::BufferFull);
        }
        assert_eq!(holes.before(1, 2), None);
        assert_eq!(of(holes.before(1, 5)), Some((3, 4, 2, LossReason::BufferFull)));
        assert_eq!(holes.before(1, 6), None);
        assert_eq!(of(holes.next(1)), Some((7, 7, 1, LossReason::BufferFull)));
        assert_eq!(holes.next(1), None);
    }

    #[test]
    fn the_oldest_lost_one_after_the_other_are_one_hole_and_take_in_those_they_meet() {
        let mut holes = Holes::default();
        // 1 2 wait, 3 is lost, 4 waits.
        holes.lost_behind(2, (3, 3), 1, LossReason::Bytes);
        holes.lost_in_front(1, Some(2), LossReason::Age);
        assert_eq!(holes.holes.len(), 2, "2 is between");
        holes.lost_in_front(2, Some(4), LossReason::BufferFull);
        assert_eq!(of(holes.before(1, 4)), Some((1, 3, 3, LossReason::Age)), "the first reason");
        holes.lost_in_front(4, None, LossReason::Age);
        assert_eq!(of(holes.next(1)), Some((4, 4, 1, LossReason::Age)));
    }

    /// Conflation takes frames from between two holes.
    #[test]
    fn all_holes_before_an_event_are_told_as_one() {
        let mut holes = Holes::default();
        holes.lost_behind(0, (1, 3), 3, LossReason::OutOfReach);
        holes.lost_behind(4, (5, 6), 2, LossReason::BufferFull);
        holes.lost_behind(8, (9, 9), 1, LossReason::BufferFull);
        assert_eq!(of(holes.before(1, 7)), Some((1, 6, 5, LossReason::OutOfReach)));
        assert_eq!(holes.before(1, 8), None);
        assert_eq!(of(holes.before(1, 10)), Some((9, 9, 1, LossReason::BufferFull)));
    }

    #[test]
    fn what_was_lost_elsewhere_counts_as_many_as_it_was() {
        let mut holes = Holes::default();
        holes.lost_behind(4, (5, 90), 30, LossReason::BufferFull);
        holes.lost_behind(4, (95, 99), 2, LossReason::BufferFull);
        assert_eq!(of(holes.before(1, 100)), Some((5, 99, 32, LossReason::BufferFull)));
    }
}
