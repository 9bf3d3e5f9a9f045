//! What a server needs from the world it runs in: a clock, a place for its tasks, and an ear for what happens.

use std::net::SocketAddr;
use std::time::Duration;

use tokio::time::Instant;

use crate::event::{Event, EventId};
use crate::hub::{Forgotten, Hub, Outcome, SubscriberId};
use crate::mailbox::Counts;

/// A limit that keeps a client out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Limit {
    /// As many connections as there may be: this one is closed.
    Connections,
    /// As many streams as there may be: this client is told to come back.
    Subscribers,
}

/// The world around a server. Clones share it.
pub trait Environment: Clone + Send + Sync + 'static {
    /// The time, on the clock of [`Event::published_at`].
    fn now(&self) -> Duration;

    /// Runs a connection to its end, beside everything else.
    fn spawn(&self, connection: impl Future<Output = ()> + Send + 'static);

    /// A stream has subscribed.
    fn subscribed(&self, _subscriber: SubscriberId, _peer: SocketAddr) {}

    /// A publish has offered its event to a subscriber. It runs during the fan-out.
    fn offered(&self, _subscriber: SubscriberId, _outcome: Outcome) {}

    /// A stream begins with what was published before: `count` events from `first` on are offered, and wait in the
    /// history.
    fn replays(&self, _subscriber: SubscriberId, _first: EventId, _count: u64) {}

    /// The history has not kept events that waited there for a subscriber who was behind: they are lost.
    fn forgot(&self, _subscriber: SubscriberId, _forgotten: Forgotten) {}

    /// An event has left its mailbox for the socket.
    fn taken(&self, _subscriber: SubscriberId, _event: &Event) {}

    /// A socket has accepted the last byte of an event.
    fn flushed(&self, _subscriber: SubscriberId, _event: &Event) {}

    /// A stream has ended, and this is its account.
    fn ended(&self, _subscriber: SubscriberId, _counts: Counts) {}

    /// A client was kept out.
    fn refused(&self, _limit: Limit) {}

    /// What was measured, in the text that Prometheus reads; `None` where nobody measures.
    fn exposition(&self, _hub: &Hub, _connections: usize) -> Option<String> {
        None
    }
}

/// The real world: tokio's clock and tasks, and nobody who listens.
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

impl Environment for Tokio {
    fn now(&self) -> Duration {
        self.started.elapsed()
    }

    fn spawn(&self, connection: impl Future<Output = ()> + Send + 'static) {
        drop(tokio::spawn(connection));
    }
}
