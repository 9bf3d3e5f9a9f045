//! Those who are behind: whoever comes back with a cursor, and whoever was parked. Both get what follows from the
//! history, a mailbox full at a time, while live events go on being published and wait there too. So nothing of the past
//! can overflow a mailbox, and at the seam nothing is doubled or out of order.

use std::sync::Arc;

use super::log::merge;
use super::subscription::{Forgotten, Slot, State, missing};
use super::{Channel, Hub, Subscription, lock};
use crate::event::{Event, EventId, Gap, GapReason};
use crate::topic::Pattern;

/// Most events that a mailbox is filled with at a time, whatever its capacity.
const MOST_AT_A_TIME: usize = 256;

/// Most of them that are put in at once: whoever publishes waits at the mailbox for so long.
const MOST_AT_ONCE: usize = 8;

/// Where a client says it was.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cursor {
    /// The last event it has.
    After(EventId),
    /// Nowhere that anybody knows of.
    Unknown,
}

impl Cursor {
    /// What a client wrote; it may be anything.
    pub fn read(text: &str) -> Self {
        text.trim().parse().map_or(Self::Unknown, Self::After)
    }
}

/// Where a stream begins, and what is missing before.
#[derive(Debug, Default)]
pub(super) struct Beginning {
    /// The last event before the stream, where the client does not know it by itself.
    pub(super) at: Option<EventId>,
    /// What is out of reach.
    pub(super) opening: Option<Gap>,
    /// What is replayed: the first event that may be, and how many.
    pub(super) replays: Option<(EventId, u64)>,
    /// The first sequence that is wanted.
    from: u64,
}

impl Hub {
    /// Subscribes from a cursor on: what has been published since comes first, as far as the history reaches; what it
    /// does not reach is in [`Subscription::opening`].
    pub fn resume(&self, patterns: &[Pattern], cursor: Cursor) -> Subscription {
        self.begin(self.slot(patterns, None, Channel::Sse), Some(cursor))
    }

    pub(super) fn begin(&self, mut slot: Slot, cursor: Option<Cursor>) -> Subscription {
        let mut registry = self.registry_mut();
        let mut beginning = Beginning::default();
        let announces = self.shared.rules.announces_gaps;
        if announces || cursor.is_some() {
            // Whatever is published from now on finds the subscriber in the registry; what was before is in the history.
            let history = lock(&self.shared.history);
            let last = history.last();
            beginning = self.beginning(cursor, history.reaches_back_to(), last);
            let count = history.count(slot.interests(), beginning.from, last);
            drop(history);
            slot.begin_after(beginning.from, last, count);
            let first = EventId { epoch: self.epoch(), sequence: beginning.from };
            beginning.replays = (count > 0).then_some((first, count));
        }
        let slot = registry.add(slot);
        drop(registry);
        if !announces {
            (beginning.at, beginning.opening) = (None, None);
        }
        Subscription::new(self.clone(), slot, beginning)
    }

    fn beginning(&self, cursor: Option<Cursor>, reached: u64, last: u64) -> Beginning {
        let epoch = self.epoch();
        let id = |sequence| Some(EventId { epoch, sequence });
        let now = Beginning { at: id(last), from: last + 1, ..Beginning::default() };
        let Some(cursor) = cursor else { return now };
        match cursor {
            Cursor::After(at) if at.epoch == epoch && at.sequence <= last => {
                let from = at.sequence + 1;
                let gap = Gap { first: id(from), last: id(reached - 1), count: None, reason: GapReason::OutOfReach };
                Beginning { from: from.max(reached), opening: (from < reached).then_some(gap), ..Beginning::default() }
            }
            // Of this life nothing has been seen, and of that one nothing is left.
            Cursor::After(at) if at.epoch != epoch => {
                let until = if reached > 1 { id(reached - 1) } else { None };
                let gap = Gap { first: None, last: until, count: None, reason: GapReason::Restarted };
                Beginning { from: reached, opening: Some(gap), ..Beginning::default() }
            }
            Cursor::After(_) | Cursor::Unknown => {
                let gap = Gap { first: None, last: None, count: None, reason: GapReason::UnknownCursor };
                Beginning { opening: Some(gap), ..now }
            }
        }
    }

    pub(super) fn epoch(&self) -> u64 {
        self.shared.epoch
    }

    /// Fills an empty mailbox with what was parked, as far as the history still has it; returns what it has not.
    pub(super) fn catch_up(&self, slot: &Slot) -> Option<Forgotten> {
        let mut left = lock(&slot.state).mailbox.capacity().frames().min(MOST_AT_A_TIME);
        let mut forgotten: Option<Forgotten> = None;
        while left > 0 {
            let (lost, found) = self.next_parked(slot, left);
            forgotten = match (forgotten, lost) {
                (Some(before), Some(lost)) => Some(Forgotten { count: before.count + lost.count, ..before }),
                (before, lost) => before.or(lost),
            };
            let fits = found.chunks(MOST_AT_ONCE).all(|events| lock(&slot.state).unpark(events));
            if found.is_empty() || !fits {
                break;
            }
            left -= found.len();
        }
        forgotten
    }

    /// The next parked events, and what the history has not kept of those before.
    fn next_parked(&self, slot: &Slot, most: usize) -> (Option<Forgotten>, Vec<Arc<Event>>) {
        let state = lock(&slot.state);
        let (from, until, parked) = (state.parked_from, state.last_offered, state.mailbox.parked());
        if parked == 0 {
            return (None, Vec::new());
        }
        let interests = state.interests.clone();
        drop(state);
        let history = lock(&self.shared.history);
        let reached = history.reaches_back_to();
        // Everything in that range was offered, so what is not there any more has been lost.
        let lost = if reached > from { parked - history.count(&interests, from, until).min(parked) } else { 0 };
        let excerpts = history.excerpts(&interests, from, until);
        drop(history);
        let mut state = lock(&slot.state);
        let forgotten = (lost > 0).then(|| state.lose_parked(lost, (from, reached.min(until + 1) - 1)));
        // Not beyond what has been looked at: more may have been parked, and forgotten, since.
        state.parked_from = from.max(reached.min(until + 1));
        drop(state);
        (forgotten, merge(&excerpts, most))
    }
}

impl State {
    /// Puts parked events into the mailbox; `false` where one does not fit, which then stays parked, as do those behind.
    fn unpark(&mut self, events: &[Arc<Event>]) -> bool {
        for event in events {
            if !self.mailbox.has_room_for(event) {
                return false;
            }
            let sequence = event.id().sequence;
            (self.parked_from, self.last_queued) = (sequence + 1, sequence);
            self.mailbox.unpark(event.clone());
        }
        true
    }

    fn lose_parked(&mut self, count: u64, range: (u64, u64)) -> Forgotten {
        let reason = self.mailbox.parked_for();
        self.mailbox.lose_parked(count);
        if let (Some(holes), Some(reason)) = (&mut self.holes, missing(reason)) {
            holes.lost_behind(self.last_queued, range, count, reason);
        }
        Forgotten { count, reason }
    }
}
