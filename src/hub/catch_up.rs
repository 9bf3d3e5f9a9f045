//! Subscribers that are behind: those that came back with a cursor, and those that were parked. Both get what follows
//! from the history, a mailbox full at a time, while live events go on being published and wait there too. So nothing
//! of the past can overflow a mailbox, and at the seam nothing is doubled or out of order.

use std::sync::Arc;

use super::holes::is_told;
use super::log::merge;
use super::slot::{Slot, State};
use super::{Hub, lock};
use crate::event::Event;
use crate::loss::LossReason;

/// Most events that are moved into a mailbox at a time, also if its capacity is larger.
// Bounds the work of one poll: the capacity may be as large as the history, or have no bound.
const MOST_AT_A_TIME: usize = 256;

/// Most of them that are put in under one lock: a publisher waits at the mailbox for that long.
const MOST_AT_ONCE: usize = 8;

/// Parked events that were lost because the history did not keep them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Forgotten {
    /// How many events were lost.
    pub count: u64,
    /// The limit for which they were parked, or [`LossReason::OutOfReach`] if they were replayed.
    pub reason: LossReason,
}

impl Hub {
    /// Fills an empty mailbox with parked events, as far as the history still has them; returns those it does not have.
    pub(super) fn catch_up(&self, slot: &Slot) -> Option<Forgotten> {
        let mut left = lock(&slot.state).mailbox.capacity().frames().min(MOST_AT_A_TIME);
        let mut forgotten: Option<Forgotten> = None;
        while left > 0 {
            let (lost, found) = self.next_parked(slot, left);
            forgotten = match (forgotten, lost) {
                (Some(before), Some(lost)) => Some(Forgotten { count: before.count + lost.count, ..before }),
                (before, lost) => before.or(lost),
            };
            // The lock is taken anew for each few: a fan-out can offer an event in between, which is parked behind
            // these.
            let fits = found.chunks(MOST_AT_ONCE).all(|events| lock(&slot.state).unpark(events));
            if found.is_empty() || !fits {
                break;
            }
            left -= found.len();
        }
        forgotten
    }

    /// The next parked events, and those before them that the history has not kept.
    fn next_parked(&self, slot: &Slot, most: usize) -> (Option<Forgotten>, Vec<Arc<Event>>) {
        let state = lock(&slot.state);
        // Read together, under one lock: the three describe the same moment.
        let from = state.parked_from;
        let until = state.last_offered;
        let parked = state.mailbox.parked();
        if parked == 0 {
            return (None, Vec::new());
        }
        // Released before the history is locked: no thread holds both, so a long look into the history delays no push.
        let interests = state.interests.clone();
        drop(state);
        let history = lock(&self.shared.history);
        let reached = history.reaches_back_to();
        // Everything in that range was offered, so what the history no longer has is lost.
        let lost = if reached > from { parked - history.count(&interests, from, until).min(parked) } else { 0 };
        let excerpts = history.excerpts(&interests, from, until);
        drop(history);
        let mut state = lock(&slot.state);
        let forgotten = (lost > 0).then(|| state.lose_parked(lost, (from, reached.min(until + 1) - 1)));
        // Not beyond what has been looked at: more may have been parked, and forgotten, in the meantime.
        state.parked_from = from.max(reached.min(until + 1));
        drop(state);
        (forgotten, merge(&excerpts, most))
    }
}

impl State {
    /// Moves parked events into the mailbox; `false` if one does not fit. It and those behind it stay parked.
    fn unpark(&mut self, events: &[Arc<Event>]) -> bool {
        for event in events {
            if !self.mailbox.has_room_for(event) {
                return false;
            }
            let sequence = event.id().sequence;
            self.parked_from = sequence + 1;
            self.last_queued = sequence;
            self.mailbox.unpark(event.clone());
        }
        true
    }

    fn lose_parked(&mut self, count: u64, range: (u64, u64)) -> Forgotten {
        let reason = self.mailbox.parked_for();
        self.mailbox.lose_parked(count);
        if let Some(holes) = &mut self.holes
            && is_told(reason)
        {
            holes.lost_behind(self.last_queued, range, count, reason);
        }
        Forgotten { count, reason }
    }
}
