//! Who gets what. Publishing offers an event to every subscriber whose pattern matches, and never waits for one.
//!
//! The Hub knows no clock, socket or runtime: it is handed the time, and it wakes whoever polled a [`Subscription`].
//!
//! Order of locks, always in this direction: publishing (one publisher at a time, so that every mailbox sees ids in
//! order) → registry → history, or one mailbox. The registry is let go before the fan-out, so subscribing and leaving go
//! on during it. A waker runs under no lock but the first: it may subscribe and leave, but must not publish, nor change what
//! a subscription wants.

mod catch_up;
mod channel;
mod cursor;
mod history;
mod holes;
mod interests;
mod log;
mod registry;
mod resume;
mod rules;
mod slot;
mod subscription;

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};
use std::time::Duration;

use bytes::Bytes;

use crate::event::{Event, EventId, PinnedBytes};
use crate::loss::{CloseReason, PushOutcome};
use crate::mailbox::{Capacity, Counts, Key, Limits, Mailbox, Overflow, QueueItem};
use crate::topic::{Pattern, Topic};

pub use catch_up::Forgotten;
pub use channel::Channel;
pub use cursor::Cursor;
use history::History;
pub use history::HistorySettings;
use registry::Registry;
pub use rules::{Policy, Rule, Rules};
pub use slot::Taken;
use slot::{Offered, Slot};
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
    epoch: u64,
    rules: Rules,
    /// Sequence of the last event. Held for a whole fan-out.
    publishing: Mutex<u64>,
    registry: RwLock<Registry>,
    history: Mutex<History>,
    /// Events in whose payload no key was found where one should be.
    without_key: AtomicU64,
    pinned: Arc<PinnedBytes>,
}

impl Hub {
    /// A Hub without subscribers, with one policy for all: it keeps no history and tells nobody of a hole.
    pub fn new(settings: HubSettings) -> Self {
        Self::with(settings.epoch, Rules::plain(Limits::frames(settings.capacity), settings.overflow))
    }

    /// A Hub without subscribers.
    pub fn with(epoch: u64, rules: Rules) -> Self {
        let history = Mutex::new(History::new(rules.history));
        let (publishing, registry, without_key) = (Mutex::new(0), RwLock::default(), AtomicU64::new(0));
        let pinned = Arc::default();
        Self { shared: Arc::new(Shared { epoch, rules, publishing, registry, history, without_key, pinned }) }
    }

    /// Subscribes to everything that matches one of the patterns from now on, with the policy of the first of them.
    pub fn subscribe(&self, patterns: &[Pattern]) -> Subscription {
        self.begin(self.slot(patterns, None, Channel::Sse), None)
    }

    /// Subscribes with a mailbox of its own kind. An event that matches several patterns comes once.
    pub fn subscribe_with(&self, patterns: &[Pattern], capacity: Capacity, overflow: Overflow) -> Subscription {
        let mailbox = Mailbox::new(Limits::frames(capacity), overflow);
        self.begin(Slot::new(patterns, mailbox, Channel::Sse, self.shared.rules.announces_gaps), None)
    }

    /// Subscribes to any number of patterns, which may change later, with a mailbox of that capacity for all of them.
    /// Where there is no pattern to begin with, the policy is the one for topics that no rule is about.
    pub fn open(
        &self,
        patterns: &[Pattern],
        cursor: Option<Cursor>,
        capacity: Capacity,
        channel: Channel,
    ) -> Subscription {
        self.begin(self.slot(patterns, Some(capacity), channel), cursor)
    }

    /// With the policy of the first of the patterns, and its capacity unless there is another.
    fn slot(&self, patterns: &[Pattern], capacity: Option<Capacity>, channel: Channel) -> Slot {
        let Policy { limits, overflow, .. } = *self.shared.rules.of_patterns(patterns);
        let limits = Limits { capacity: capacity.unwrap_or(limits.capacity), ..limits };
        Slot::new(patterns, Mailbox::new(limits, overflow), channel, self.shared.rules.announces_gaps)
    }

    /// Publishes and tells what happened in sum. `now` is the publisher's clock, kept in the event.
    pub fn publish(&self, now: Duration, topic: &Topic, payload: Bytes) -> Publication {
        self.publish_each(now, topic, payload, |_, _| {})
    }

    /// Publishes and tells what happened at every subscriber, in the order of their ids within an equal pattern.
    ///
    /// `each` runs while the fan-out is under way: it may subscribe and leave, but must not publish, nor change what a
    /// subscription wants.
    pub fn publish_each(
        &self,
        now: Duration,
        topic: &Topic,
        payload: Bytes,
        mut each: impl FnMut(SubscriberId, PushOutcome<EventId>),
    ) -> Publication {
        let mut last = lock(&self.shared.publishing);
        *last += 1;
        let id = EventId { epoch: self.shared.epoch, sequence: *last };
        let event = Arc::new(self.event(id, topic, payload, now));
        // Before anybody can be asked whether it was there in time to be offered it.
        lock(&self.shared.history).push(&event);
        let audience = self.shared.registry.read().unwrap_or_else(PoisonError::into_inner).audience(topic);
        let mut publication = Publication { id, offered: 0, dropped: 0 };
        for slot in audience.iter() {
            let Some(Offered { outcome, shed }) = slot.offer(&event) else { continue };
            publication.offered += 1;
            publication.dropped += usize::from(outcome.is_loss());
            shed.into_iter().for_each(|outcome| each(slot.id(), outcome));
            each(slot.id(), outcome);
        }
        publication
    }

    fn event(&self, id: EventId, topic: &Topic, payload: Bytes, now: Duration) -> Event {
        let mut event = Event::new(id, topic.clone(), payload, now, self.shared.pinned.clone());
        let policy = self.shared.rules.of(topic);
        if let Some(path) = &policy.key
            && !event.find_key(path)
        {
            self.shared.without_key.fetch_add(1, Ordering::Relaxed);
        }
        event
    }

    /// Events that had no key where one should be. They are delivered, and nothing makes them old.
    pub fn events_without_key(&self) -> u64 {
        self.shared.without_key.load(Ordering::Relaxed)
    }

    /// The account of all subscribers together, those that left included.
    pub fn counts(&self) -> Counts {
        let mut sum = Counts::default();
        Channel::ALL.into_iter().for_each(|channel| sum.add(&self.counts_of(channel)));
        sum
    }

    /// The account of those of one channel.
    pub fn counts_of(&self, channel: Channel) -> Counts {
        self.shared.registry.read().unwrap_or_else(PoisonError::into_inner).counts(channel)
    }

    /// How many subscribers there are.
    pub fn subscribers(&self) -> usize {
        Channel::ALL.into_iter().map(|channel| self.subscribers_of(channel)).sum()
    }

    /// How many of one channel.
    pub fn subscribers_of(&self, channel: Channel) -> usize {
        self.shared.registry.read().unwrap_or_else(PoisonError::into_inner).subscribers(channel)
    }

    /// Bytes that events keep in memory.
    pub fn pinned_bytes(&self) -> &PinnedBytes {
        &self.shared.pinned
    }

    /// Cuts every subscriber off, as when the server stops: what has not been flushed is lost as [`CloseReason::Evicted`].
    /// Who subscribes afterwards is served as ever.
    pub fn evict_all(&self) {
        let everybody = self.shared.registry.read().unwrap_or_else(PoisonError::into_inner).everybody();
        everybody.iter().for_each(|slot| self.remove(slot, CloseReason::Evicted));
    }

    fn epoch(&self) -> u64 {
        self.shared.epoch
    }

    fn registry_mut(&self) -> std::sync::RwLockWriteGuard<'_, Registry> {
        self.shared.registry.write().unwrap_or_else(PoisonError::into_inner)
    }

    fn remove(&self, slot: &Slot, why: CloseReason) {
        slot.close(why);
        self.registry_mut().remove(slot);
    }
}

impl QueueItem for Arc<Event> {
    fn bytes(&self) -> usize {
        self.payload().len()
    }

    fn at(&self) -> Duration {
        self.published_at()
    }

    fn key(&self) -> Option<Key<'_>> {
        // Equal keys of two topics are not about the same.
        Event::key(self).map(|(hash, text)| Key { hash, scope: self.topic().as_str(), text })
    }
}

/// Every lock here guards plain data that no panic leaves half-changed, so a poisoned one is as good as any.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod recovery_tests;
#[cfg(test)]
mod tests;
