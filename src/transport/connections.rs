//! Connections of a program with routes of its own: each is a stream that the program has accepted, and a service that
//! answers its requests.

use std::fmt;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use hyper::body::{Body, Incoming};
use hyper::service::Service;
use hyper::{Request, Response};
use tokio::io::{AsyncRead, AsyncWrite};

use super::connection::{Bounds, BoxError};
use super::gated_connection::{GatedConnection, Observing};
use super::outlet::WriteSettings;
use super::services::{Gated, Tower};
use super::serving::Serving;
use super::{Observer, Tokio};

/// Most frames that can share a write. A stream of server-sent events gathers no more than 16. A WebSocket
/// hands at most 64 pieces to the system at a time, and a frame is two with the gap in front of it.
pub const MAX_FRAMES_PER_WRITE: usize = 32;

/// The settings of [`Connections`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConnectionSettings {
    /// Silence after which a stream gets a keep-alive comment.
    pub keepalive: Duration,
    /// Longest time after which a client comes back when it has lost its stream. Each is told a time between a fifth of
    /// it and all of it, spread by subscriber, so that not all come back at once. `None` leaves the time to the client.
    pub retry: Option<Duration>,
    /// Time without write progress after which a connection is closed, and its subscriber evicted.
    pub write_deadline: Duration,
    /// Time that a request's head may take to come, and that a connection may wait for its next request. `None` sets no
    /// limit.
    pub request_timeout: Option<Duration>,
    /// Largest head of a request, in bytes.
    pub max_header_bytes: usize,
    /// Most frames that share a write to a subscriber, 1 ..= [`MAX_FRAMES_PER_WRITE`]. It changes nothing of which
    /// frames fit into a mailbox. Policies that remove waiting frames get one frame a write, whatever is set.
    pub frames_per_write: usize,
    /// Most connections that may be open at once. A stream needs one of its own.
    pub max_connections: usize,
}

impl Default for ConnectionSettings {
    /// The defaults of `hubbub serve`.
    fn default() -> Self {
        Self {
            keepalive: Duration::from_secs(15),
            retry: Some(Duration::from_secs(5)),
            write_deadline: Duration::from_secs(30),
            request_timeout: Some(Duration::from_secs(30)),
            max_header_bytes: 8192,
            frames_per_write: 16,
            max_connections: 11_000,
        }
    }
}

/// The connections of a program that keeps its own listener, TLS, routes and authentication. Clones share them.
///
/// [`serve`](Self::serve) speaks HTTP/1 on one accepted stream, as hyper does, and adds what a stream of events needs:
/// the flush gate, keep-alives, the write deadline, the end of a subscriber that its policy cut off, and a shutdown
/// that tells clients when to come back. Handlers begin a stream with the [`SseGate`](super::SseGate) in the extensions
/// of their request.
///
/// Before the first loss of a client that reads nothing, its mailbox has K frames, one more is in flight, and the rest
/// is what the socket took. The kernel lets a socket's buffer grow to megabytes. Set `TCP_NOTSENT_LOWAT` on the
/// stream to 16 KiB, as `hubbub serve` does, so that frames wait in the mailbox. Set `TCP_NODELAY` as well: a write
/// is whole frames, and waiting for more bytes would only delay it.
///
/// ```
/// use hubbub::transport::{ConnectionSettings, Connections, SseGate};
/// use hubbub::{Hub, Topic};
/// use tokio::io::{AsyncReadExt, AsyncWriteExt};
/// # use hubbub::{Capacity, HubSettings, Overflow};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let capacity = Capacity::new(4).expect("1 to 1,048,576 frames");
/// # let hub = Hub::new(HubSettings { epoch: 7, capacity, overflow: Overflow::DropOldest });
/// let connections = Connections::new(ConnectionSettings::default());
/// let events = hub.clone();
/// let routes = axum::Router::new().route(
///     "/builds",
///     axum::routing::get(async move |axum::Extension(gate): axum::Extension<SseGate>| {
///         let builds = Topic::of_table("builds").expect("a table");
///         gate.sse(events.subscribe(&[builds.into()])).map_err(|why| why.to_string())
///     }),
/// );
/// // Here the two ends of a pipe; in a program what its listener has accepted, perhaps behind TLS.
/// let (mut client, stream) = tokio::io::duplex(1024);
/// tokio::spawn(connections.serve(stream, ([127, 0, 0, 1], 4000).into(), routes));
/// client.write_all(b"GET /builds HTTP/1.1\r\nhost: here\r\n\r\n").await?;
/// # while hub.subscribers() == 0 {
/// #     tokio::task::yield_now().await;
/// # }
/// hub.publish(std::time::Duration::ZERO, &Topic::of_table("builds")?, "last");
/// connections.shutdown(std::time::Duration::from_secs(5)).await;
/// let mut answer = String::new();
/// client.read_to_string(&mut answer).await?;
/// assert!(answer.contains("content-type: text/event-stream\r\n"));
/// assert!(answer.contains("id: 7-1\ndata: last\n\n") && answer.contains("\r\nretry: "));
/// assert_eq!(hub.counts().delivered, 1);
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct Connections {
    serving: Arc<Serving<Observing>>,
    pace: WriteSettings,
}

impl Connections {
    /// Makes a set of connections that nobody observes.
    ///
    /// # Panics
    /// As [`with_observer`](Self::with_observer).
    pub fn new(settings: ConnectionSettings) -> Self {
        Self::with_observer(settings, Tokio::start())
    }

    /// Makes a set of connections whose streams an observer is told of: an [`observer_fn`](super::observer_fn), or
    /// `metrics::Measured`.
    ///
    /// # Panics
    /// When [`ConnectionSettings::frames_per_write`] is not in 1 ..= [`MAX_FRAMES_PER_WRITE`].
    pub fn with_observer(settings: ConnectionSettings, observer: impl Observer + Send + Sync + 'static) -> Self {
        let ConnectionSettings { frames_per_write, keepalive, retry, .. } = settings;
        assert!(
            (1..=MAX_FRAMES_PER_WRITE).contains(&frames_per_write),
            "frames_per_write is {frames_per_write}: it is 1 to {MAX_FRAMES_PER_WRITE}"
        );
        let observer: Arc<dyn Observer + Send + Sync> = Arc::new(observer);
        let bounds = Bounds {
            write_deadline: settings.write_deadline,
            request_timeout: settings.request_timeout,
            max_header_bytes: settings.max_header_bytes,
            watches_flush: true,
        };
        let serving = Serving::new(Tokio::start().observed_by(observer), bounds, settings.max_connections);
        Self {
            serving: Arc::new(serving),
            pace: WriteSettings { keepalive, frames_per_write, retry, expires_at: None },
        }
    }

    /// Serves one accepted stream with a `tower` service, such as `axum::Router`. The future ends with the connection,
    /// and dropping it ends the connection.
    ///
    /// The connection counts from this call on. If [`ConnectionSettings::max_connections`] are open, the stream is
    /// closed without an answer and the future ends at once.
    ///
    /// The future needs a tokio runtime with time enabled. A connection that a handler upgrades, to a WebSocket of its
    /// own, is handed over to that handler and counts no more.
    pub fn serve<S, V, B>(
        &self,
        stream: S,
        peer: SocketAddr,
        service: V,
    ) -> impl Future<Output = ()> + Send + use<S, V, B>
    where
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
        V: tower_service::Service<Request<Incoming>, Response = Response<B>, Error: Into<BoxError>, Future: Send>,
        V: Clone + Send + 'static,
        B: Body<Data: Send, Error: Into<BoxError>> + Send + 'static,
    {
        self.serve_hyper(stream, peer, Tower(service))
    }

    /// Serves one accepted stream with a service of hyper, such as that of [`hyper::service::service_fn`]. All else is
    /// as with [`serve`](Self::serve).
    pub fn serve_hyper<S, V, B>(
        &self,
        stream: S,
        peer: SocketAddr,
        service: V,
    ) -> impl Future<Output = ()> + Send + use<S, V, B>
    where
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
        V: Service<Request<Incoming>, Response = Response<B>, Error: Into<BoxError>, Future: Send> + Send + 'static,
        B: Body<Data: Send, Error: Into<BoxError>> + Send + 'static,
    {
        let connection = self.serving.connect(stream, |shared| {
            Gated::new(service, Arc::new(GatedConnection::new(shared.gate.clone(), peer, self.pace)))
        });
        Served(connection.map(super::connection::Connection::with_upgrades))
    }

    /// Returns the number of open connections.
    pub fn len(&self) -> usize {
        self.serving.len()
    }

    /// Whether no connection is open.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Whether [`shutdown`](Self::shutdown) has begun, for a route that tells a balancer to send no more clients.
    pub fn is_ending(&self) -> bool {
        self.serving.is_ending()
    }

    /// Ends all connections, and those that are served later.
    ///
    /// Responses under way are finished. Streams get the events that wait for them, are told when to come back, and
    /// end. Connections that are open after `grace` are cut off, and their subscribers evicted. A listener has to be
    /// closed before, or clients come back to a server that stops.
    pub async fn shutdown(&self, grace: Duration) {
        if self.serving.end(grace).await > 0 {
            self.serving.cut_off().await;
        }
    }
}

impl fmt::Debug for Connections {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Connections").field("open", &self.len()).finish_non_exhaustive()
    }
}

/// A connection, unless the limit of connections was reached.
struct Served<F>(Option<F>);

impl<F: Future<Output = ()> + Unpin> Future for Served<F> {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        self.0.as_mut().map_or(Poll::Ready(()), |connection| Pin::new(connection).poll(cx))
    }
}
