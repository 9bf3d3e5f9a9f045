//! Who gets what. Publishing offers an event to every subscriber whose pattern matches, and never waits for one.
//!
//! The Hub knows no clock, socket or runtime: it is handed the time, and it wakes whoever polled a [`Subscription`].
//!
//! Order of locks, always in this direction: publishing (one publisher at a time, so that every mailbox sees ids in
//! order) → registry → one mailbox. The registry is let go before the fan-out, so subscribing and leaving go on during
//! it. A waker runs under no lock but the first: it may subscribe and leave, but must not publish.

mod registry;
mod subscription;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};
use std::time::Duration;

use bytes::Bytes;

use crate::event::{Event, EventId, PinnedBytes};
use crate::mailbox::{Capacity, Closed, Counts, Overflow, Pushed};
use crate::topic::{Pattern, Topic};

use registry::Registry;
use subscription::Slot;
pub use subscription::Subscription;

/// Names a subscriber for the life of a Hub: 1, 2, 3 … in the order of subscribing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SubscriberId(pub u64);

/// How a Hub is set up.
#[derive(Debug, Clone, Copy)]
pub struct HubSettings {
    /// First half of every event id; a restarted server needs another one.
    pub epoch: u64,
    /// Size of a subscriber's mailbox unless it asks for another.
    pub capacity: Capacity,
    /// What a full mailbox does unless its subscriber asks for something else.
    pub overflow: Overflow,
}

/// What became of one event at one subscriber.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// It waits, with `waiting` frames in the mailbox now.
    Queued {
        /// Frames waiting, this one among them.
        waiting: usize,
    },
    /// The mailbox was full: this event is lost to this subscriber.
    Refused,
    /// It waits; the mailbox was full and lost `lost`, its oldest.
    Displaced {
        /// The event lost for it.
        lost: EventId,
    },
    /// The mailbox was full: the subscriber has been cut off, and what waited for it is evicted.
    Disconnected,
}

/// What a publish did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Publication {
    /// The new event's id.
    pub id: EventId,
    /// Subscribers it was offered to.
    pub offered: usize,
    /// Of those, subscribers that lost a frame by it.
    pub dropped: usize,
}

/// A handle to the Hub; clones share it.
#[derive(Debug, Clone)]
pub struct Hub {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    settings: HubSettings,
    /// Sequence of the last event. Held for a whole fan-out.
    publishing: Mutex<u64>,
    registry: RwLock<Registry>,
    pinned: Arc<PinnedBytes>,
}

impl Hub {
    /// A Hub without subscribers.
    pub fn new(settings: HubSettings) -> Self {
        let registry = RwLock::new(Registry::default());
        let shared = Shared { settings, publishing: Mutex::new(0), registry, pinned: Arc::default() };
        Self { shared: Arc::new(shared) }
    }

    /// Subscribes to everything that matches one of the patterns, with the Hub's mailbox size and policy.
    pub fn subscribe(&self, patterns: &[Pattern]) -> Subscription {
        self.subscribe_with(patterns, self.shared.settings.capacity, self.shared.settings.overflow)
    }

    /// Subscribes with a mailbox of its own kind. An event that matches several patterns comes once.
    pub fn subscribe_with(&self, patterns: &[Pattern], capacity: Capacity, overflow: Overflow) -> Subscription {
        let slot = self.registry_mut().add(patterns, capacity, overflow);
        Subscription::new(self.clone(), slot)
    }

    /// Publishes and tells what happened in sum. `now` is the publisher's clock, kept in the event.
    pub fn publish(&self, now: Duration, topic: &Topic, payload: Bytes) -> Publication {
        self.publish_each(now, topic, payload, |_, _| {})
    }

    /// Publishes and tells what happened at every subscriber, in the order of their ids within an equal pattern.
    ///
    /// `each` runs while the fan-out is under way: it may subscribe and unsubscribe, but must not publish.
    pub fn publish_each(
        &self,
        now: Duration,
        topic: &Topic,
        payload: Bytes,
        mut each: impl FnMut(SubscriberId, Outcome),
    ) -> Publication {
        let mut last = lock(&self.shared.publishing);
        *last += 1;
        let id = EventId { epoch: self.shared.settings.epoch, sequence: *last };
        let event = Arc::new(Event::new(id, topic.clone(), payload, now, self.shared.pinned.clone()));
        let audience = self.shared.registry.read().unwrap_or_else(PoisonError::into_inner).audience(topic);
        let mut publication = Publication { id, offered: 0, dropped: 0 };
        for slot in audience.iter() {
            let Some(outcome) = slot.offer(&event) else { continue };
            publication.offered += 1;
            publication.dropped += usize::from(!matches!(outcome, Outcome::Queued { .. }));
            each(slot.id(), outcome);
        }
        publication
    }

    /// The account of all subscribers together, those that left included.
    pub fn counts(&self) -> Counts {
        self.shared.registry.read().unwrap_or_else(PoisonError::into_inner).counts()
    }

    /// How many subscribers there are.
    pub fn subscribers(&self) -> usize {
        self.shared.registry.read().unwrap_or_else(PoisonError::into_inner).subscribers()
    }

    /// Bytes that events keep in memory.
    pub fn pinned_bytes(&self) -> &PinnedBytes {
        &self.shared.pinned
    }

    /// Cuts every subscriber off, as when the server stops: what has not been flushed is lost as [`Closed::Evicted`].
    /// Who subscribes afterwards is served as ever.
    pub fn evict_all(&self) {
        let everybody = self.shared.registry.read().unwrap_or_else(PoisonError::into_inner).everybody();
        everybody.iter().for_each(|slot| self.remove(slot, Closed::Evicted));
    }

    fn registry_mut(&self) -> std::sync::RwLockWriteGuard<'_, Registry> {
        self.shared.registry.write().unwrap_or_else(PoisonError::into_inner)
    }

    fn remove(&self, slot: &Slot, why: Closed) {
        slot.close(why);
        self.registry_mut().remove(slot);
    }
}

impl Outcome {
    /// `None` where nothing was offered.
    fn of(pushed: &Pushed<Arc<Event>>, waiting: usize) -> Option<Self> {
        match pushed {
            Pushed::Queued => Some(Self::Queued { waiting }),
            Pushed::Refused(_) => Some(Self::Refused),
            Pushed::Displaced(lost) => Some(Self::Displaced { lost: lost.id() }),
            Pushed::Disconnected(_) => Some(Self::Disconnected),
            Pushed::NotOffered(_) => None,
        }
    }
}

/// Every lock here guards plain data that no panic leaves half-changed, so a poisoned one is as good as any.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests;
