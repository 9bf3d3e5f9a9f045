//! An axum application with a Hub, over sockets with small buffers and a meter.

#[path = "../../it/support/wire.rs"]
#[allow(dead_code, reason = "the other suite uses more of it")]
pub(crate) mod wire;

use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use axum::extract::{Path, State};
use axum::response::IntoResponse;
use axum::routing::get;
use axum::{Extension, Router};
use hubbub::hub::{HistorySettings, Rules};
use hubbub::transport::{ConnectionSettings, Connections, Observation, SseGate, observer_fn};
use hubbub::{Capacity, Counts, EventId, Hub, Limits, Overflow, PushOutcome, Topic};
use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt, ReadBuf};
use tokio::net::{TcpSocket, TcpStream};
use tokio::sync::mpsc;
use tokio::task::JoinHandle;

/// Longest time any single thing may take.
pub(crate) const PATIENCE: Duration = Duration::from_secs(10);
/// First half of every id.
pub(crate) const EPOCH: u64 = 7;
/// The least the kernel grants; it doubles what is asked for.
const KERNEL_BUFFER_BYTES: u32 = 2048;
/// Most bytes that wait unsent in a socket, as the server has it.
const UNSENT_BYTES: u32 = 16 * 1024;

/// Waits for what must come soon.
pub(crate) async fn soon<T>(what: &str, future: impl Future<Output = T>) -> T {
    tokio::time::timeout(PATIENCE, future).await.unwrap_or_else(|_| panic!("waited too long: {what}"))
}

pub(crate) fn topic() -> Topic {
    Topic::of_table("t").unwrap()
}

/// How an application is set up.
pub(crate) struct Setup {
    pub(crate) capacity: usize,
    pub(crate) overflow: Overflow,
    /// Events kept for those who come back; with any, streams say what is missing.
    pub(crate) history: usize,
    pub(crate) settings: ConnectionSettings,
    /// Routes beside the stream.
    pub(crate) routes: Router,
}

impl Default for Setup {
    fn default() -> Self {
        let settings = ConnectionSettings::default();
        Self { capacity: 64, overflow: Overflow::DropNewest, history: 0, settings, routes: Router::new() }
    }
}

/// A Hub for a setup.
pub(crate) fn hub(capacity: usize, overflow: Overflow, history: usize) -> Hub {
    let mut rules = Rules::plain(Limits::frames(Capacity::new(capacity).unwrap()), overflow);
    rules.history = HistorySettings { events: history, bytes: 1 << 30 };
    rules.announces_gaps = history > 0;
    Hub::with(EPOCH, rules)
}

/// The handler of a stream, as a reader of the documentation would write it.
async fn watch(
    State(hub): State<Hub>,
    Path(table): Path<String>,
    Extension(gate): Extension<SseGate>,
) -> Result<impl IntoResponse, String> {
    let topic = Topic::of_table(&table).map_err(|why| why.to_string())?;
    gate.sse(hub.subscribe(&[topic.into()])).map_err(|why| why.to_string())
}

/// A running application. Dropping it ends it.
pub(crate) struct App {
    pub(crate) hub: Hub,
    pub(crate) address: SocketAddr,
    pub(crate) connections: Connections,
    socket_took: Arc<AtomicU64>,
    ended: mpsc::Receiver<Counts>,
    listener: JoinHandle<()>,
}

impl App {
    pub(crate) fn start(setup: Setup) -> Self {
        let hub = hub(setup.capacity, setup.overflow, setup.history);
        let (tell, ended) = mpsc::channel(1024);
        let observer = observer_fn(move |observation| {
            if let Observation::Ended { counts, .. } = observation {
                // At the end of a test nobody listens.
                let _ = tell.try_send(counts);
            }
        });
        let connections = Connections::with_observer(setup.settings, observer);
        let routes = Router::new().route("/watch/{table}", get(watch)).with_state(hub.clone()).merge(setup.routes);
        let socket = TcpSocket::new_v4().unwrap();
        socket.set_send_buffer_size(KERNEL_BUFFER_BYTES).unwrap();
        socket.bind(SocketAddr::from(([127, 0, 0, 1], 0))).unwrap();
        let listener = socket.listen(1024).unwrap();
        let address = listener.local_addr().unwrap();
        let socket_took = Arc::new(AtomicU64::new(0));
        let (took, served) = (socket_took.clone(), connections.clone());
        let listener = tokio::spawn(async move {
            loop {
                let (stream, peer) = listener.accept().await.unwrap();
                bound(&stream);
                let stream = Metered { stream, socket_took: took.clone() };
                tokio::spawn(served.serve(stream, peer, routes.clone()));
            }
        });
        Self { hub, address, connections, socket_took, ended, listener }
    }

    /// Connects with a small receive buffer and asks for the stream; it has subscribed on return.
    pub(crate) async fn watch(&self) -> TcpStream {
        self.ask_to_watch("GET /watch/t HTTP/1.1\r\nhost: hub\r\n\r\n").await
    }

    /// As [`watch`](Self::watch), with a request of one's own.
    pub(crate) async fn ask_to_watch(&self, request: &str) -> TcpStream {
        let before = self.hub.subscribers();
        let stream = self.ask(request).await;
        let subscribed = async {
            while self.hub.subscribers() == before {
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
        };
        soon("a subscription", subscribed).await;
        stream
    }

    /// Connects and sends a request.
    pub(crate) async fn ask(&self, request: &str) -> TcpStream {
        let socket = TcpSocket::new_v4().unwrap();
        socket.set_recv_buffer_size(KERNEL_BUFFER_BYTES).unwrap();
        let mut stream = soon("a connection", socket.connect(self.address)).await.unwrap();
        stream.write_all(request.as_bytes()).await.unwrap();
        stream
    }

    /// Waits for the end of a stream.
    pub(crate) async fn ended(&mut self) -> Counts {
        soon("the end of a stream", self.ended.recv()).await.unwrap()
    }

    /// Publishes an event of `bytes` bytes to one subscriber.
    pub(crate) fn publish(&self, bytes: usize) -> PushOutcome<EventId> {
        publish(&self.hub, bytes)
    }

    /// Publishes, each time after the transport has done what it can, until something else than queueing happens.
    pub(crate) async fn fill(&self, bytes: usize) -> PushOutcome<EventId> {
        loop {
            soon("a transport that takes what waits", self.settle()).await;
            let outcome = self.publish(bytes);
            if !matches!(outcome, PushOutcome::Queued { .. }) {
                return outcome;
            }
        }
    }

    /// Until nothing waits, or a frame is under way that the socket does not take.
    async fn settle(&self) {
        loop {
            tokio::task::yield_now().await;
            let counts = self.hub.counts();
            if counts.waiting == 0 || counts.in_flight > 0 {
                return;
            }
        }
    }

    /// Bytes that all sockets together have accepted.
    pub(crate) fn socket_took(&self) -> u64 {
        self.socket_took.load(Ordering::Relaxed)
    }

    /// Waits until no subscriber is left, and checks that nothing of them is.
    pub(crate) async fn let_go(&self) {
        let gone = async {
            while self.hub.subscribers() > 0 {
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
        };
        soon("the end of all subscribers", gone).await;
        assert!(self.hub.counts().is_conserved(), "{:?}", self.hub.counts());
        assert_eq!(self.hub.counts().waiting + self.hub.counts().in_flight, 0);
    }
}

impl Drop for App {
    fn drop(&mut self) {
        self.listener.abort();
    }
}

/// Publishes an event of `bytes` bytes to one subscriber.
pub(crate) fn publish(hub: &Hub, bytes: usize) -> PushOutcome<EventId> {
    let mut outcomes = Vec::new();
    hub.publish_each(Duration::ZERO, &topic(), "x".repeat(bytes), |_, outcome| outcomes.push(outcome));
    assert_eq!(outcomes.len(), 1, "one subscriber");
    outcomes[0]
}

/// Bounds what waits unsent in a socket, as the documentation advises.
pub(crate) fn bound(stream: &TcpStream) {
    stream.set_nodelay(true).unwrap();
    #[cfg(any(target_os = "linux", target_os = "android"))]
    socket2::SockRef::from(stream).set_tcp_notsent_lowat(UNSENT_BYTES).unwrap();
}

/// A socket that counts what it accepts.
struct Metered {
    stream: TcpStream,
    socket_took: Arc<AtomicU64>,
}

impl AsyncRead for Metered {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(cx, buf)
    }
}

impl AsyncWrite for Metered {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write(cx, buf);
        if let Poll::Ready(Ok(bytes)) = written {
            self.socket_took.fetch_add(bytes as u64, Ordering::Relaxed);
        }
        written
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}
