//! The server around a Hub: it accepts connections, routes their requests, and ends. It is generic over the listener
//! and over the environment, so that the same code serves real sockets and a simulated network.

mod access;
mod append;
mod authorize;
mod debug;
mod header;
mod ingest;
mod origins;
mod page;
mod payload;
mod respond;
mod response;
mod route;
mod selection;
mod settings;
mod source;
mod stop;
mod stream;
mod streams;
mod token;
#[cfg(feature = "ws")]
mod websocket;

use std::convert::Infallible;
use std::io;
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use hyper::service::service_fn;
use tokio::sync::Semaphore;
use tokio::time::sleep;

use crate::event_log::EventLog;
use crate::hub::Hub;
use crate::transport::connection::{Bounds, Shared};
use crate::transport::serving::Serving;
use crate::transport::{Environment, Listener};

pub use crate::transport::MAX_FRAMES_PER_WRITE;
pub use origins::Origins;
#[cfg(feature = "jetstream")]
pub(crate) use payload::is_event;
pub(crate) use response::Body;
pub use settings::{DEFAULT_HISTORY, DEFAULT_SSE_CHANNEL_BUFFER, ServerSettings};
pub use source::Source;

use futures_util::future::join;
use stop::before;
use streams::Streams;
pub use token::{MAX_TOKEN_BYTES, Token};

/// Most connections of operators. A scraper has one, and whoever looks at a server a few.
const MAX_ADMIN_CONNECTIONS: usize = 64;

/// Pause after a failed accept. The usual cause is the limit on open files: without a pause the loop would spin.
const ACCEPT_RETRY: Duration = Duration::from_millis(100);

/// Serves connections until `stop` is ready, and then ends them.
///
/// At the end it accepts no more connections. Streams get the events that wait for them, are told when to come back,
/// and are closed. Connections that are open when the settings' grace period is over are cut off.
///
/// A server on a listener of one's own ends when its `stop` is ready, and its streams first get what waits for them:
///
/// ```
/// use hubbub::transport::Tokio;
/// use hubbub::{Hub, ServerSettings, Topic, serve};
/// use tokio::io::{AsyncReadExt, AsyncWriteExt};
/// use tokio::net::{TcpListener, TcpStream};
/// # use hubbub::{Capacity, HubSettings, Overflow};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> std::io::Result<()> {
/// # let capacity = Capacity::new(4).expect("1 to 1,048,576 frames");
/// # let hub = Hub::new(HubSettings { epoch: 7, capacity, overflow: Overflow::DropOldest });
/// let listener = TcpListener::bind("127.0.0.1:0").await?;
/// let mut client = TcpStream::connect(listener.local_addr()?).await?;
/// let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
/// let until = async { drop(stopped.await) };
/// let server = tokio::spawn(serve(listener, hub.clone(), ServerSettings::default(), Tokio::start(), until));
/// client.write_all(b"GET /v1/stream/sse?table=builds HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n").await?;
/// # while hub.subscribers() == 0 {
/// #     tokio::task::yield_now().await;
/// # }
/// hub.publish(std::time::Duration::ZERO, &Topic::of_table("builds").expect("a table"), "last");
/// stop.send(()).expect("the server runs");
/// server.await?;
/// let mut answer = String::new();
/// client.read_to_string(&mut answer).await?;
/// assert!(answer.contains("id: 7-1\ndata: last\n\n") && answer.contains("retry: "));
/// # Ok(())
/// # }
/// ```
pub async fn serve<L: Listener, E: Environment>(
    listener: L,
    hub: Hub,
    settings: ServerSettings,
    environment: E,
    stop: impl Future<Output = ()>,
) {
    serve_with_admin(listener, None::<L>, hub, settings, environment, stop).await;
}

/// Serves as [`serve`] does, and on a second listener what is for operators: `/healthz`, `/readyz`, `/metrics` and
/// `/debug`. Connections of that listener have a small limit of their own, so a full server can still be looked at.
///
/// The events come from a [`Hub`] alone, or from a log that several servers share: see [`Source`].
pub async fn serve_with_admin<L: Listener, A: Listener, E: Environment>(
    mut listener: L,
    mut admin: Option<A>,
    source: impl Into<Source>,
    settings: ServerSettings,
    environment: E,
    stop: impl Future<Output = ()>,
) {
    let server = Arc::new(Server::new(source.into(), settings, environment));
    let stop = pin!(stop);
    let for_operators = async {
        match &mut admin {
            Some(admin) => accept(&server, admin, Side::Operators).await,
            None => std::future::pending().await,
        }
    };
    before(stop, join(accept(&server, &mut listener, Side::Clients), for_operators)).await;
    // Closed before the streams end, so that no client comes back to a server that stops.
    drop((listener, admin));
    server.end().await;
}

/// Accepts connections for ever.
async fn accept<L: Listener, E: Environment>(server: &Arc<Server<E>>, listener: &mut L, side: Side) {
    let mut is_failing = false;
    loop {
        match listener.accept().await {
            Ok((stream, peer)) => {
                is_failing = false;
                listener.bound(&stream, server.settings.socket_unsent_bytes, server.settings.user_timeout);
                server.take(stream, peer, side);
            }
            Err(why) => {
                // Reported once for a row of failures: as long as the cause lasts, one follows every 100 ms.
                if !std::mem::replace(&mut is_failing, true) {
                    report_failed_accept(&why);
                }
                sleep(ACCEPT_RETRY).await;
            }
        }
    }
}

/// The listener that a connection came from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Side {
    /// The one for clients and publishers.
    Clients,
    /// The one for operators.
    Operators,
}

fn report_failed_accept(why: &io::Error) {
    tracing::error!("cannot accept connections: {why}; trying again");
}

/// What all connections of a server share.
struct Server<E: Environment> {
    hub: Hub,
    /// The log that gives events their ids; `None` if the Hub does.
    log: Option<Arc<dyn EventLog>>,
    settings: ServerSettings,
    environment: E,
    connections: Serving<E>,
    /// Those of the listener for operators.
    admin_connections: Serving<E>,
    streams: Streams,
    /// One permit for each request that may have its published body in memory.
    publishes: Semaphore,
}

impl<E: Environment> Server<E> {
    fn new(source: Source, settings: ServerSettings, environment: E) -> Self {
        let Source { hub, log } = source;
        // tokio refuses more permits than this, and no limit of that size is ever reached.
        let permits = |most: usize| most.min(Semaphore::MAX_PERMITS);
        let streams = Streams::new(permits(settings.max_subscribers));
        let publishes = Semaphore::new(permits(settings.max_publishes));
        let bounds = || Bounds {
            write_deadline: settings.write_deadline,
            request_timeout: settings.request_timeout,
            max_header_bytes: settings.max_header_bytes,
            watches_flush: false,
        };
        let connections = Serving::new(environment.clone(), bounds(), settings.max_connections);
        let admin_connections = Serving::new(environment.clone(), bounds(), MAX_ADMIN_CONNECTIONS);
        Self { hub, log, settings, environment, connections, admin_connections, streams, publishes }
    }

    /// Serves a connection, unless the limit of open connections is reached.
    fn take<S>(self: &Arc<Self>, stream: S, peer: SocketAddr, side: Side)
    where
        S: tokio::io::AsyncRead + tokio::io::AsyncWrite + Unpin + Send + 'static,
    {
        let connections = match side {
            Side::Clients => &self.connections,
            Side::Operators => &self.admin_connections,
        };
        let connection = connections.connect(stream, |shared| {
            let exchange = Arc::new(Exchange { server: self.clone(), connection: shared.clone(), peer, side });
            service_fn(move |request| {
                let exchange = exchange.clone();
                // Boxed: otherwise every connection would reserve room for an answer under way as long as it is open,
                // and most connections only watch.
                Box::pin(async move { Ok::<_, Infallible>(exchange.respond(request).await) })
            })
        });
        if let Some(connection) = connection {
            self.environment.spawn(connection);
        }
    }

    async fn end(&self) {
        let open = self.connections.len();
        let grace = self.settings.shutdown_grace;
        tracing::info!("stopping: {grace:?} for {} to end", counted(open));
        let left = self.connections.end(grace).await;
        if left > 0 {
            tracing::warn!("cutting off {} that did not end", counted(left));
            self.connections.cut_off().await;
        }
        // Last, so that the end of the streams can be looked at. None of these has a stream that could hold it up.
        self.admin_connections.cut_off().await;
        tracing::info!("stopped");
    }
}

/// A number of connections in words, as `1 connection` and `2 connections`.
fn counted(connections: usize) -> String {
    match connections {
        1 => "1 connection".to_owned(),
        number => format!("{number} connections"),
    }
}

/// What the requests of one connection share.
struct Exchange<E: Environment> {
    server: Arc<Server<E>>,
    connection: Shared<E>,
    peer: SocketAddr,
    side: Side,
}

#[cfg(test)]
mod tests {
    use super::counted;

    #[test]
    fn one_connection_is_told_in_the_singular() {
        assert_eq!([0, 1, 2].map(counted), ["0 connections", "1 connection", "2 connections"]);
    }
}
