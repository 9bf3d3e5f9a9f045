//! The fan-out. Publishing offers an event to every subscriber whose pattern matches, and never waits for one.
//!
//! The Hub knows no clock, socket or runtime: it is handed the time, and it wakes the task that polled a
//! [`Subscription`].
//!
//! Locks are taken in one order: publishing (one publisher at a time, so that every mailbox sees ids in order) →
//! registry → history, or one mailbox. The registry is released before the fan-out, so that subscribing and leaving go
//! on during it. A waker runs under the first lock alone. So it may subscribe and leave; it must not publish, and must
//! not change what a subscription wants.

mod builder;
mod catch_up;
mod change;
mod cursor;
mod history;
mod holes;
mod interests;
mod log;
mod overview;
mod publish;
mod raw;
mod registry;
mod resume;
mod rules;
mod slot;
mod subscription;

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};
use std::time::Duration;

use crate::event::{Event, EventId, PinnedBytes};
use crate::loss::CloseReason;
use crate::mailbox::{Capacity, Counts, Key, Limits, Overflow, QueueItem};
use crate::topic::Pattern;

pub use builder::{SubscribeError, SubscriptionBuilder};
pub use catch_up::Forgotten;
pub use cursor::Cursor;
use history::History;
pub use history::{HistorySettings, HistoryState};
pub use overview::SubscriberState;
pub use raw::RawSubscription;
use registry::Registry;
pub use rules::{Policy, Rule, Rules};
use slot::Slot;
pub use slot::Taken;
pub use subscription::{Delivery, Subscription, TryRecvError};

/// The label of a subscription whose builder was given none.
pub const UNLABELLED: &str = "unlabelled";

/// The id of a subscriber, unique for the life of a Hub: 1, 2, 3 … in the order of subscribing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SubscriberId(pub u64);

/// The settings of a Hub with one policy for all subscribers.
#[derive(Debug, Clone, Copy)]
pub struct HubSettings {
    /// First half of every event id. A restarted server needs another one, so that its ids are new.
    pub epoch: u64,
    /// Capacity of a subscriber's mailbox, unless the subscriber asks for another.
    pub capacity: Capacity,
    /// The overflow policy of a mailbox, unless the subscriber asks for another.
    pub overflow: Overflow,
}

/// What a publish did, in sum over all subscribers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Publication {
    /// The new event's id.
    pub id: EventId,
    /// How many subscribers it was offered to.
    pub offered: usize,
    /// How many of them lost a frame by it.
    pub dropped: usize,
}

/// A handle to the Hub; clones share it.
///
/// ```
/// use std::time::Duration;
///
/// use hubbub::{Capacity, Hub, HubSettings, Overflow, Pattern, PushOutcome, Topic};
///
/// let capacity = Capacity::new(2).expect("1 to 1,048,576 frames");
/// let hub = Hub::new(HubSettings { epoch: 1, capacity, overflow: Overflow::DropOldest });
/// let everything = hub.subscribe(&[Pattern::new("ingest.>").expect("a pattern")]).open().expect("no cursor");
/// let topic = Topic::new("ingest.builds").expect("a topic");
/// let mut outcomes = Vec::new();
/// for _ in 0..3 {
///     hub.publish_each(Duration::ZERO, &topic, "{}", |_, outcome| outcomes.push(outcome));
/// }
/// assert!(matches!(outcomes[..2], [PushOutcome::Queued { waiting: 1 }, PushOutcome::Queued { waiting: 2 }]));
/// assert!(matches!(outcomes[2], PushOutcome::Displaced { lost, .. } if lost.sequence == 1));
/// assert_eq!(everything.counts().waiting, 2);
/// ```
#[derive(Debug, Clone)]
pub struct Hub {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    epoch: u64,
    rules: Rules,
    /// Sequence of the last event. Locked for a whole fan-out.
    publishing: Mutex<u64>,
    registry: RwLock<Registry>,
    history: Mutex<History>,
    /// How many events had no key in their payload although their policy names one.
    without_key: AtomicU64,
    pinned: Arc<PinnedBytes>,
}

impl Hub {
    /// A Hub without subscribers, with one policy for all, without a history and without gap notices.
    pub fn new(settings: HubSettings) -> Self {
        Self::with(settings.epoch, Rules::plain(Limits::frames(settings.capacity), settings.overflow))
    }

    /// A Hub without subscribers that follows `rules`.
    pub fn with(epoch: u64, rules: Rules) -> Self {
        let history = Mutex::new(History::new(rules.history));
        let publishing = Mutex::new(0);
        let registry = RwLock::default();
        let without_key = AtomicU64::new(0);
        let pinned = Arc::default();
        Self { shared: Arc::new(Shared { epoch, rules, publishing, registry, history, without_key, pinned }) }
    }

    /// Prepares a subscription to the events that match one of the patterns. It begins when
    /// [`open`](SubscriptionBuilder::open) is called. An event that matches several patterns comes once.
    ///
    /// A pattern of a text that is not trusted is made with [`Topic::new`](crate::Topic::new), which allows no wildcards,
    /// and not with [`Pattern::new`].
    pub fn subscribe(&self, patterns: &[Pattern]) -> SubscriptionBuilder<'_> {
        SubscriptionBuilder::new(self, patterns)
    }

    /// How many events had no key although their policy names one. They are delivered, and never conflated.
    pub fn events_without_key(&self) -> u64 {
        self.shared.without_key.load(Ordering::Relaxed)
    }

    /// The account of all subscribers together, including those that have left.
    pub fn counts(&self) -> Counts {
        self.registry().counts(None)
    }

    /// The account of the subscribers with one label, including those that have left.
    pub fn counts_of(&self, label: &str) -> Counts {
        self.registry().counts(Some(label))
    }

    /// How many subscribers there are now.
    pub fn subscribers(&self) -> usize {
        self.registry().subscribers(None)
    }

    /// Returns the number of open subscriptions that have this label.
    pub fn subscribers_of(&self, label: &str) -> usize {
        self.registry().subscribers(Some(label))
    }

    /// Every label that a subscriber has had, in the order of their names.
    pub fn labels(&self) -> Vec<&'static str> {
        self.registry().labels()
    }

    /// The bytes that live events keep in memory.
    pub fn pinned_bytes(&self) -> &PinnedBytes {
        &self.shared.pinned
    }

    /// Cuts every subscriber off, as when the server stops: events that have not been flushed are lost as
    /// [`CloseReason::Evicted`]. Later subscribers are served as usual.
    pub fn evict_all(&self) {
        // Collected first: `remove` takes the registry for writing.
        let slots = self.registry().all();
        slots.iter().for_each(|slot| self.remove(slot, CloseReason::Evicted));
    }

    fn epoch(&self) -> u64 {
        self.shared.epoch
    }

    fn registry(&self) -> RwLockReadGuard<'_, Registry> {
        self.shared.registry.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn registry_mut(&self) -> RwLockWriteGuard<'_, Registry> {
        self.shared.registry.write().unwrap_or_else(PoisonError::into_inner)
    }

    fn remove(&self, slot: &Slot, why: CloseReason) {
        slot.close(why);
        // After the close: the final account, which the registry adds up, must have what was lost by it.
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
        // The topic is the scope: equal keys of two topics name two things.
        Event::key(self).map(|(hash, text)| Key { hash, scope: self.topic().as_str(), text })
    }
}

/// Locks a mutex, also a poisoned one: every lock here guards plain data that no panic leaves half-changed.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod recovery_tests;
#[cfg(test)]
mod subscription_tests;
#[cfg(test)]
mod tests;
