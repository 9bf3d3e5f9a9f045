//! What a server needs from its environment: a runtime, which is a clock and a place for tasks, and an observer, which
//! is told what happens.

use std::net::SocketAddr;
use std::time::Duration;

use crate::event::{Event, EventId};
use crate::hub::{Forgotten, Hub, SubscriberId};
use crate::loss::PushOutcome;
use crate::mailbox::Counts;

/// A limit at which a client is turned away.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Limit {
    /// The limit of open connections: the new connection is closed.
    Connections,
    /// The limit of open streams: the client is told to come back later.
    Subscribers,
}

/// A clock and a place for tasks. Clones share both.
pub trait Runtime: Clone + Send + Sync + 'static {
    /// The time, on the clock of [`Event::published_at`].
    fn now(&self) -> Duration;

    /// Spawns a task that runs a connection to its end.
    fn spawn(&self, connection: impl Future<Output = ()> + Send + 'static);
}

/// Hooks for everything that happens to subscribers.
///
/// No hook has a default body. So an observer that wraps another and forgets to pass a hook on does not compile.
///
/// An observer of one's own counts what it is told. A server tells it of its streams, and of publishes by HTTP. A
/// publisher in the same process passes on what [`Hub::publish_each`] says:
///
/// ```
/// use std::sync::Arc;
/// use std::sync::atomic::{AtomicU64, Ordering};
/// # use std::{net::SocketAddr, time::Duration};
/// # use hubbub::{Capacity, Counts, Event, EventId, HubSettings, Overflow, Pattern, SubscriberId, Topic};
/// use hubbub::hub::Forgotten;
/// use hubbub::transport::{Limit, Observer};
/// use hubbub::{Hub, PushOutcome};
///
/// #[derive(Clone, Default)]
/// struct Losses(Arc<AtomicU64>);
/// impl Observer for Losses {
///     fn offered(&self, _: SubscriberId, outcome: PushOutcome<EventId>) {
///         self.0.fetch_add(u64::from(outcome.is_loss()), Ordering::Relaxed);
///     }
///     fn forgot(&self, _: SubscriberId, forgotten: Forgotten) {
///         self.0.fetch_add(forgotten.count, Ordering::Relaxed);
///     }
///     // The other hooks are empty here.
/// #     fn subscribed(&self, _: SubscriberId, _: SocketAddr) {}
/// #     fn replays(&self, _: SubscriberId, _: EventId, _: u64) {}
/// #     fn taken(&self, _: SubscriberId, _: &Event) {}
/// #     fn flushed(&self, _: SubscriberId, _: &Event) {}
/// #     fn ended(&self, _: SubscriberId, _: Counts) {}
/// #     fn refused(&self, _: Limit) {}
/// #     fn exposition(&self, _: &Hub, _: usize) -> Option<String> { None }
/// }
/// # let capacity = Capacity::new(1).expect("1 to 1,048,576 frames");
/// # let hub = Hub::new(HubSettings { epoch: 1, capacity, overflow: Overflow::DropOldest });
/// # let _reader = hub.subscribe(&[Pattern::new("builds").expect("a pattern")]).open();
/// # let topic = Topic::new("builds").expect("a topic");
/// let losses = Losses::default();
/// for _ in 0..3 {
///     hub.publish_each(Duration::ZERO, &topic, "{}", |id, outcome| losses.offered(id, outcome));
/// }
/// assert_eq!(losses.0.load(Ordering::Relaxed), 2, "a mailbox of one frame");
/// ```
pub trait Observer {
    /// A stream has subscribed.
    fn subscribed(&self, subscriber: SubscriberId, peer: SocketAddr);

    /// A publish has offered its event to a subscriber. This runs during the fan-out, so it must not publish.
    fn offered(&self, subscriber: SubscriberId, outcome: PushOutcome<EventId>);

    /// A stream begins with events that were published before: `count` of them, from `first` on, are offered and wait
    /// in the history.
    fn replays(&self, subscriber: SubscriberId, first: EventId, count: u64);

    /// Events that waited in the history for a subscriber are lost, because the history has not kept them.
    fn forgot(&self, subscriber: SubscriberId, forgotten: Forgotten);

    /// An event has left its mailbox for the socket.
    fn taken(&self, subscriber: SubscriberId, event: &Event);

    /// A socket has accepted the last byte of an event.
    fn flushed(&self, subscriber: SubscriberId, event: &Event);

    /// A stream has ended; `counts` is its final account.
    fn ended(&self, subscriber: SubscriberId, counts: Counts);

    /// A client was turned away because of a limit.
    fn refused(&self, limit: Limit);

    /// The metrics in the text format of OpenMetrics; `None` if nothing is measured.
    fn exposition(&self, hub: &Hub, connections: usize) -> Option<String>;
}

/// The environment of a server: a runtime that is also an observer. Every type that is both is an environment.
pub trait Environment: Runtime + Observer {}

impl<T: Runtime + Observer> Environment for T {}
