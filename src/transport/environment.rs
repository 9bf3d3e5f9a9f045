//! What a server needs from the world it runs in: a clock, a place for its tasks, and an ear for what happens.

use std::net::SocketAddr;
use std::time::Duration;

use tokio::time::Instant;

use crate::event::Event;
use crate::hub::SubscriberId;
use crate::mailbox::Counts;

/// The world around a server. Clones share it.
pub trait Environment: Clone + Send + Sync + 'static {
    /// The time, on the clock of [`Event::published_at`].
    fn now(&self) -> Duration;

    /// Runs a connection to its end, beside everything else.
    fn spawn(&self, connection: impl Future<Output = ()> + Send + 'static);

    /// A stream has subscribed.
    fn subscribed(&self, _subscriber: SubscriberId, _peer: SocketAddr) {}

    /// A socket has accepted the last byte of an event.
    fn flushed(&self, _subscriber: SubscriberId, _event: &Event) {}

    /// A stream has ended, and this is its account.
    fn ended(&self, _subscriber: SubscriberId, _counts: Counts) {}
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
