//! How a subscription begins: with the next event, or after a cursor with what the history still has.

use super::cursor::{Beginning, Cursor};
use super::slot::Slot;
use super::{Hub, RawSubscription, lock};
use crate::event::EventId;

impl Hub {
    /// Registers a slot, at the seam between the events of the history and those that will be offered.
    /// `says_where_it_begins` is whether the subscription can be asked for its place and for what is missing before it.
    pub(super) fn begin(&self, mut slot: Slot, cursor: Option<Cursor>, says_where_it_begins: bool) -> RawSubscription {
        let mut registry = self.registry_mut();
        let mut beginning = Beginning::default();
        // Otherwise nothing would be read from the beginning, and the history's lock need not be taken.
        if says_where_it_begins || cursor.is_some() {
            // The registry is locked: later events will find the subscriber there, and earlier ones are in the history.
            let history = lock(&self.shared.history);
            let last = history.last();
            beginning = Beginning::of(self.epoch(), cursor, history.reaches_back_to(), last);
            let count = history.count(slot.interests(), beginning.from, last);
            drop(history);
            slot.begin_after(beginning.from, last, count);
            let first = EventId { epoch: self.epoch(), sequence: beginning.from };
            beginning.replays = (count > 0).then_some((first, count));
        }
        let slot = registry.add(slot);
        drop(registry);
        // Worked out nevertheless: a cursor needs the beginning for its replay.
        if !says_where_it_begins {
            beginning.at = None;
            beginning.opening = None;
        }
        RawSubscription::new(self.clone(), slot, beginning)
    }
}
