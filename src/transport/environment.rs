//! What a server needs from the world it runs in: a runtime (a clock, a place for tasks), and an observer that is told
//! what happens.

use std::net::SocketAddr;
use std::time::Duration;

use tokio::time::Instant;

use crate::event::{Event, EventId};
use crate::hub::{Forgotten, Hub, SubscriberId};
use crate::loss::PushOutcome;
use crate::mailbox::Counts;

/// A limit that keeps a client out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Limit {
    /// As many connections as there may be: this one is closed.
    Connections,
    /// As many streams as there may be: this client is told to come back.
    Subscribers,
}

/// Where a server runs: its clock, and a place for its tasks. Clones share both.
pub trait Runtime: Clone + Send + Sync + 'static {
    /// The time, on the clock of [`Event::published_at`].
    fn now(&self) -> Duration;

    /// Runs a connection to its end, beside everything else.
    fn spawn(&self, connection: impl Future<Output = ()> + Send + 'static);
}

/// What is told of everything that happens to subscribers.
///
/// No hook has a default body: an observer that wraps another and forgets to pass a hook on does not compile.
pub trait Observer {
    /// A stream has subscribed.
    fn subscribed(&self, subscriber: SubscriberId, peer: SocketAddr);

    /// A publish has offered its event to a subscriber. It runs during the fan-out.
    fn offered(&self, subscriber: SubscriberId, outcome: PushOutcome<EventId>);

    /// A stream begins with what was published before: `count` events from `first` on are offered, and wait in the
    /// history.
    fn replays(&self, subscriber: SubscriberId, first: EventId, count: u64);

    /// The history has not kept events that waited there for a subscriber who was behind: they are lost.
    fn forgot(&self, subscriber: SubscriberId, forgotten: Forgotten);

    /// An event has left its mailbox for the socket.
    fn taken(&self, subscriber: SubscriberId, event: &Event);

    /// A socket has accepted the last byte of an event.
    fn flushed(&self, subscriber: SubscriberId, event: &Event);

    /// A stream has ended, and this is its account.
    fn ended(&self, subscriber: SubscriberId, counts: Counts);

    /// A client was kept out.
    fn refused(&self, limit: Limit);

    /// What was measured, in the text that Prometheus reads; `None` where nothing is measured.
    fn exposition(&self, hub: &Hub, connections: usize) -> Option<String>;
}

/// The world around a server: a runtime that is also told what happens. Every type that is both is one.
pub trait Environment: Runtime + Observer {}

impl<T: Runtime + Observer> Environment for T {}

/// The real world: tokio's clock and tasks. As an observer it ignores all that it is told.
#[derive(Debug, Clone)]
pub struct Tokio {
    started: Instant,
}

impl Tokio {
    /// Starts the clock.
    pub fn start() -> Self {
        Self { started: Instant::now() }
    }
}

impl Runtime for Tokio {
    fn now(&self) -> Duration {
        self.started.elapsed()
    }

    fn spawn(&self, connection: impl Future<Output = ()> + Send + 'static) {
        drop(tokio::spawn(connection));
    }
}

impl Observer for Tokio {
    fn subscribed(&self, _subscriber: SubscriberId, _peer: SocketAddr) {}

    fn offered(&self, _subscriber: SubscriberId, _outcome: PushOutcome<EventId>) {}

    fn replays(&self, _subscriber: SubscriberId, _first: EventId, _count: u64) {}

    fn forgot(&self, _subscriber: SubscriberId, _forgotten: Forgotten) {}

    fn taken(&self, _subscriber: SubscriberId, _event: &Event) {}

    fn flushed(&self, _subscriber: SubscriberId, _event: &Event) {}

    fn ended(&self, _subscriber: SubscriberId, _counts: Counts) {}

    fn refused(&self, _limit: Limit) {}

    fn exposition(&self, _hub: &Hub, _connections: usize) -> Option<String> {
        None
    }
}
