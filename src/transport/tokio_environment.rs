//! The environment of a real server: tokio's clock and tasks.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use tokio::time::Instant;

use super::environment::{Limit, Observer, Runtime};
use crate::denial::Denial;
use crate::event::{Event, EventId, Gap};
use crate::hub::{Forgotten, Hub, SubscriberId};
use crate::loss::PushOutcome;
use crate::mailbox::Counts;
use crate::topic::Pattern;

/// The environment of a real server: tokio's clock and tasks. As an observer it does nothing.
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

    #[expect(clippy::disallowed_methods, reason = "a real server lives at the date of its system")]
    fn unix_time(&self) -> Duration {
        // Before 1970 every token is valid, and the clock is wrong.
        SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default()
    }

    fn spawn(&self, connection: impl Future<Output = ()> + Send + 'static) {
        // Detached: the set of connections knows how many are open, and how they end.
        drop(tokio::spawn(connection));
    }
}

impl Observer for Tokio {
    fn subscribed(&self, _subscriber: SubscriberId, _peer: SocketAddr, _wanted: &[Pattern]) {}

    fn offered(&self, _subscriber: SubscriberId, _outcome: PushOutcome<EventId>) {}

    fn replays(&self, _subscriber: SubscriberId, _first: EventId, _count: u64) {}

    fn misses(&self, _subscriber: SubscriberId, _gap: &Gap) {}

    fn forgot(&self, _subscriber: SubscriberId, _forgotten: Forgotten) {}

    fn taken(&self, _subscriber: SubscriberId, _events: &[Arc<Event>]) {}

    fn flushed(&self, _subscriber: SubscriberId, _events: &[Arc<Event>]) {}

    fn ended(&self, _subscriber: SubscriberId, _counts: Counts) {}

    fn refused(&self, _limit: Limit) {}

    fn denied(&self, _why: Denial) {}

    fn exposition(&self, _hub: &Hub, _connections: usize) -> Option<String> {
        None
    }
}
