//! The connections of one server: how each begins, and how all of them end.

use std::future::poll_fn;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use hyper::body::{Body, Incoming};
use hyper::service::HttpService;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::time::sleep;

use super::connection::{Bounds, BoxError, Connection, Shared};
use super::connection_set::{ConnectionSet, Phase};
use super::{Environment, Limit};

/// What the connections of a server share: their limits, their environment, and the set that ends them.
pub(crate) struct Serving<E: Environment> {
    environment: E,
    bounds: Bounds,
    /// Most connections that may be open at once.
    most: usize,
    connections: Arc<ConnectionSet>,
}

impl<E: Environment> Serving<E> {
    pub(crate) fn new(environment: E, bounds: Bounds, most: usize) -> Self {
        Self { environment, bounds, most, connections: Arc::default() }
    }

    /// Begins a connection, unless the limit of open connections is reached. `service` makes its service.
    pub(crate) fn connect<S, V>(&self, stream: S, service: impl FnOnce(&Shared<E>) -> V) -> Option<Connection<S, E, V>>
    where
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
        V: HttpService<Incoming, Error: Into<BoxError>>,
        V::ResBody: Body<Error: Into<BoxError>> + 'static,
    {
        let Some(member) = self.connections.enter(self.most) else {
            // Closed without an answer: writing one would take the place that is missing.
            self.environment.refused(Limit::Connections);
            return None;
        };
        let shared = Shared::new(self.environment.clone());
        let service = service(&shared);
        Some(Connection::new(stream, shared, member, service, &self.bounds))
    }

    /// Returns the number of open connections.
    pub(crate) fn len(&self) -> usize {
        self.connections.len()
    }

    /// Whether connections have been told to end.
    pub(crate) fn is_ending(&self) -> bool {
        self.connections.phase() != Phase::Open
    }

    /// Tells all connections to end, and waits until none is left. Returns how many are left when `grace` is over.
    pub(crate) async fn end(&self, grace: Duration) -> usize {
        self.connections.tell(Phase::Ending);
        let mut over = pin!(sleep(grace));
        let mut gone = pin!(self.connections.gone());
        // The time is asked first, so that a run in simulated time repeats.
        poll_fn(
            |cx| if over.as_mut().poll(cx).is_ready() { std::task::Poll::Ready(()) } else { gone.as_mut().poll(cx) },
        )
        .await;
        self.connections.len()
    }

    /// Ends all connections that are left.
    pub(crate) async fn cut_off(&self) {
        // Without a timeout: `Over` ends a connection at its next poll, and wakes all of them.
        self.connections.tell(Phase::Over);
        self.connections.gone().await;
    }
}
