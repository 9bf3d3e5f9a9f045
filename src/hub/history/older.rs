//! Events from before the history. They are put in front of it for subscribers that come back with an older cursor, and
//! are forgotten when nobody reads them any more.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;

use super::{History, HistorySettings};
use crate::event::{Event, EventId};
use crate::hub::{Hub, lock};
use crate::topic::Topic;

/// Most events that enter or leave the history under one lock: a publisher waits for it.
const MOST_AT_ONCE: usize = 512;

impl Hub {
    /// Whether events are kept at all after they were offered.
    #[cfg(feature = "shared-log")]
    pub(crate) fn has_history(&self) -> bool {
        self.shared.rules.history.events > 0
    }

    /// The first sequence from which on the history has every event.
    pub(crate) fn reaches_back_to(&self) -> u64 {
        lock(&self.shared.history).reaches_back_to()
    }

    /// How many events the history keeps beyond its limit.
    pub(crate) fn older_events(&self) -> usize {
        lock(&self.shared.history).older_events()
    }

    /// Whether the history may keep more than its limits allow.
    #[cfg(feature = "shared-log")]
    pub(crate) fn keeps_older(&self) -> bool {
        lock(&self.shared.history).older.events > 0
    }

    /// An event to be put in front of the history.
    pub(crate) fn older_event(&self, sequence: u64, topic: &Topic, payload: Bytes, now: Duration) -> Arc<Event> {
        Arc::new(self.event(EventId { epoch: self.shared.epoch, sequence }, topic, payload, now))
    }

    /// Puts events in front of the history, which from then on may keep so much more than its limits allow. They are all
    /// events of `from .. until`, in order. `false` if the history begins later than `until`: events would be missing in
    /// between. There must be a history, and one caller at a time.
    pub(crate) fn put_in_front(&self, from: u64, until: u64, events: &[Arc<Event>], more: HistorySettings) -> bool {
        let Some(mut begins_at) = lock(&self.shared.history).make_room_in_front(until, more) else { return false };
        let mut parts = events.rchunks(MOST_AT_ONCE).peekable();
        while let Some(part) = parts.next() {
            // Nothing is known of the sequences between `from` and the oldest event but that they are not events.
            let first = if parts.peek().is_none() { from } else { part[0].id().sequence };
            if !lock(&self.shared.history).put_in_front(part, begins_at, first) {
                // The history has been emptied meanwhile, and these events are before a hole.
                return true;
            }
            begins_at = first;
        }
        if events.is_empty() {
            lock(&self.shared.history).put_in_front(events, begins_at, from);
        }
        true
    }

    /// Forgets what the history keeps beyond its limits; `false` if a subscriber still reads it.
    pub(crate) fn forget_older(&self) -> bool {
        let Some(within_limits) = lock(&self.shared.history).within_limits_from() else { return true };
        let slots = self.registry().all();
        let is_read = slots.iter().any(|slot| {
            let state = lock(&slot.state);
            state.mailbox.parked() > 0 && state.parked_from < within_limits
        });
        if is_read {
            return false;
        }
        while lock(&self.shared.history).forget_some_older(MOST_AT_ONCE) {}
        true
    }
}

impl History {
    /// Makes room for events that all come before `until`, and returns where the history begins. `None` if it begins after
    /// `until`. From then on it forgets nothing before it is full: a client that has been told to come gets what it came
    /// for, also while it goes on.
    fn make_room_in_front(&mut self, until: u64, more: HistorySettings) -> Option<u64> {
        if self.complete_from > until {
            return None;
        }
        self.older = more;
        Some(self.complete_from)
    }

    /// How many events there are beyond the limit.
    fn older_events(&self) -> usize {
        self.order.len().saturating_sub(self.settings.events)
    }

    /// Puts events in front, so that the history has every event from `first` on; `false` if it does not begin at
    /// `begins_at` any more.
    fn put_in_front(&mut self, events: &[Arc<Event>], begins_at: u64, first: u64) -> bool {
        if self.complete_from != begins_at {
            return false;
        }
        for event in events.iter().rev() {
            self.bytes += event.payload().len();
            self.order.push_front(event.clone());
            match self.by_topic.get_mut(event.topic()) {
                Some(log) => log.push_front(event.clone()),
                None => self.by_topic.entry(event.topic().clone()).or_default().push_front(event.clone()),
            }
        }
        self.complete_from = first;
        true
    }

    /// The first sequence that the history would have within its limits; `None` if these are not raised.
    fn within_limits_from(&self) -> Option<u64> {
        if self.older.events == 0 {
            return None;
        }
        let mut bytes = 0;
        let newest = self.order.iter().rev().take(self.settings.events);
        let kept = newest.take_while(|event| {
            bytes += event.payload().len();
            bytes <= self.settings.bytes
        });
        Some(kept.last().map_or(self.last, |event| event.id().sequence))
    }

    /// Lowers the limits, so that about so many events have to go; `false` once they are the usual ones.
    fn forget_some_older(&mut self, events: usize) -> bool {
        self.older.events = self.older.events.min(self.older_events()).saturating_sub(events);
        if self.older.events == 0 {
            self.older.bytes = 0;
        }
        while self.is_over() {
            self.forget_oldest();
        }
        self.older.events > 0
    }
}
