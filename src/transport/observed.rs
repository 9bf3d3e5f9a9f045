//! The environment of a program that brings only an observer: tokio's clock and tasks, and that observer.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use super::Tokio;
use super::environment::{Limit, Observer, Runtime};
use crate::denial::Denial;
use crate::event::{Event, EventId, Gap};
use crate::hub::{Forgotten, Hub, SubscriberId};
use crate::loss::PushOutcome;
use crate::mailbox::Counts;
use crate::topic::Pattern;

/// An environment of tokio's clock and tasks, and of an observer; [`Tokio::observed_by`] makes it.
#[derive(Debug, Clone)]
pub struct Observed<O> {
    runtime: Tokio,
    observer: O,
}

impl Tokio {
    /// Adds an observer, so that both together are an environment:
    ///
    /// ```
    /// # #[cfg(feature = "server")] {
    /// use hubbub::transport::{Observation, Tokio, observer_fn};
    /// use hubbub::{Hub, ServerSettings, serve};
    ///
    /// async fn run(listener: tokio::net::TcpListener, hub: Hub) {
    ///     let observer = observer_fn(|observation| {
    ///         if let Observation::Ended { subscriber, counts } = observation {
    ///             println!("{subscriber:?} has ended: {} of {} events", counts.delivered, counts.offered);
    ///         }
    ///     });
    ///     let environment = Tokio::start().observed_by(observer);
    ///     serve(listener, hub, ServerSettings::default(), environment, std::future::pending()).await;
    /// }
    /// # }
    /// ```
    pub fn observed_by<O: Observer>(self, observer: O) -> Observed<O> {
        Observed { runtime: self, observer }
    }
}

impl<O: Clone + Send + Sync + 'static> Runtime for Observed<O> {
    fn now(&self) -> Duration {
        self.runtime.now()
    }

    fn unix_time(&self) -> Duration {
        self.runtime.unix_time()
    }

    fn spawn(&self, connection: impl Future<Output = ()> + Send + 'static) {
        self.runtime.spawn(connection);
    }
}

impl<O: Observer> Observer for Observed<O> {
    fn subscribed(&self, subscriber: SubscriberId, peer: SocketAddr, wanted: &[Pattern]) {
        self.observer.subscribed(subscriber, peer, wanted);
    }

    fn offered(&self, subscriber: SubscriberId, outcome: PushOutcome<EventId>) {
        self.observer.offered(subscriber, outcome);
    }

    fn replays(&self, subscriber: SubscriberId, first: EventId, count: u64) {
        self.observer.replays(subscriber, first, count);
    }

    fn misses(&self, subscriber: SubscriberId, gap: &Gap) {
        self.observer.misses(subscriber, gap);
    }

    fn forgot(&self, subscriber: SubscriberId, forgotten: Forgotten) {
        self.observer.forgot(subscriber, forgotten);
    }

    fn taken(&self, subscriber: SubscriberId, events: &[Arc<Event>]) {
        self.observer.taken(subscriber, events);
    }

    fn flushed(&self, subscriber: SubscriberId, events: &[Arc<Event>]) {
        self.observer.flushed(subscriber, events);
    }

    fn ended(&self, subscriber: SubscriberId, counts: Counts) {
        self.observer.ended(subscriber, counts);
    }

    fn refused(&self, limit: Limit) {
        self.observer.refused(limit);
    }

    fn denied(&self, why: Denial) {
        self.observer.denied(why);
    }

    fn exposition(&self, hub: &Hub, connections: usize) -> Option<String> {
        self.observer.exposition(hub, connections)
    }
}
