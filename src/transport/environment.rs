//! What a server needs from its environment: a runtime, which is a clock and a place for tasks, and an observer, which
//! is told what happens.
//!
//! ```
//! use hubbub::transport::{Limit, Observation, Observer, observer_fn};
//!
//! let observer = observer_fn(|observation| {
//!     assert!(matches!(observation, Observation::Refused { limit: Limit::Connections }));
//! });
//! observer.refused(Limit::Connections);
//! ```

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use crate::denial::Denial;
use crate::event::{Event, EventId, Gap};
use crate::hub::{Forgotten, Hub, SubscriberId};
use crate::loss::PushOutcome;
use crate::mailbox::Counts;
use crate::topic::Pattern;

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

    /// The date, as time since the Unix epoch. Tokens expire by it.
    fn unix_time(&self) -> Duration;

    /// Spawns a task that runs a connection to its end.
    fn spawn(&self, connection: impl Future<Output = ()> + Send + 'static);
}

/// Hooks for everything that happens to subscribers.
///
/// No hook has a default body. So an observer that wraps another and forgets to pass a hook on does not compile.
///
/// An observer that looks at a few things only is a closure: see [`observer_fn`](super::observer_fn). A server tells it
/// of its streams, and of publishes by HTTP. A publisher in the same process passes on what [`Hub::publish_each`] says.
pub trait Observer {
    /// A stream has subscribed to the patterns `wanted`. Over a WebSocket its client may change them later.
    fn subscribed(&self, subscriber: SubscriberId, peer: SocketAddr, wanted: &[Pattern]);

    /// A publish has offered its event to a subscriber. This runs during the fan-out, so it must not publish. A stream
    /// is in the Hub before [`subscribed`](Self::subscribed) says so: what another thread publishes in between is offered
    /// first.
    fn offered(&self, subscriber: SubscriberId, outcome: PushOutcome<EventId>);

    /// A stream begins with events that were published before: `count` of them, from `first` on, are offered and wait
    /// in the history.
    fn replays(&self, subscriber: SubscriberId, first: EventId, count: u64);

    /// A stream begins with a gap: its client has come back, and the history has not all that it missed.
    fn misses(&self, subscriber: SubscriberId, gap: &Gap);

    /// Events that waited in the history for a subscriber are lost, because the history has not kept them.
    fn forgot(&self, subscriber: SubscriberId, forgotten: Forgotten);

    /// Events have left their mailbox for the socket, in this order. They share a write, and there is at least one.
    fn taken(&self, subscriber: SubscriberId, events: &[Arc<Event>]);

    /// A socket has accepted the last byte of each of these events, in this order. There is at least one.
    fn flushed(&self, subscriber: SubscriberId, events: &[Arc<Event>]);

    /// A stream has ended; `counts` is its final account.
    fn ended(&self, subscriber: SubscriberId, counts: Counts);

    /// A client was turned away because of a limit.
    fn refused(&self, limit: Limit);

    /// A request was not allowed.
    fn denied(&self, why: Denial);

    /// The metrics in the text format of OpenMetrics; `None` if nothing is measured.
    fn exposition(&self, hub: &Hub, connections: usize) -> Option<String>;
}

/// The environment of a server: a runtime that is also an observer. Every type that is both is an environment.
pub trait Environment: Runtime + Observer {}

impl<T: Runtime + Observer> Environment for T {}
