//! A server within reach: the real one on the loopback, with small kernel buffers, a byte meter on every socket, and
//! word of who came and went.

pub(crate) mod browser;
pub(crate) mod driven;
pub(crate) mod link;
pub(crate) mod nats;
pub(crate) mod wire;

use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll};
use std::time::Duration;

use hubbub::denial::Denial;
use hubbub::hub::{Forgotten, HistorySettings, Rules};
use hubbub::metrics::Measured;
use hubbub::transport::{Limit, Listener, Observer, Runtime, Tokio};
use hubbub::{
    Capacity, Counts, Event, EventId, Gap, Hub, Limits, Overflow, Pattern, PushOutcome, ServerSettings, SubscriberId,
    Topic,
};
use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt, ReadBuf};
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinHandle;

/// Longest time any single thing may take.
pub(crate) const PATIENCE: Duration = Duration::from_secs(10);
/// The date at which a server starts.
pub(crate) const NOW: Duration = Duration::from_secs(1_764_000_000);
/// First half of every id.
pub(crate) const EPOCH: u64 = 7;
/// The least the kernel grants; it doubles what is asked for.
const KERNEL_BUFFER_BYTES: u32 = 2048;

/// Waits for what must come soon.
pub(crate) async fn soon<T>(what: &str, future: impl Future<Output = T>) -> T {
    tokio::time::timeout(PATIENCE, future).await.unwrap_or_else(|_| panic!("waited too long: {what}"))
}

pub(crate) fn topic() -> Topic {
    Topic::of_table("t").unwrap()
}

/// A JSON object of at least `bytes` bytes.
pub(crate) fn payload(bytes: usize) -> String {
    format!("{{\"x\":\"{}\"}}", "x".repeat(bytes.saturating_sub(8)))
}

/// How a server is set up.
pub(crate) struct Setup {
    pub(crate) capacity: usize,
    pub(crate) overflow: Overflow,
    /// Events kept for those who come back; with any, streams say what is missing.
    pub(crate) history: usize,
    pub(crate) settings: ServerSettings,
    /// The sockets' send buffers; the kernel's own choice if `None`.
    pub(crate) send_buffer_bytes: Option<u32>,
}

impl Default for Setup {
    fn default() -> Self {
        let send_buffer_bytes = Some(KERNEL_BUFFER_BYTES);
        let settings = ServerSettings::default();
        Self { capacity: 64, overflow: Overflow::DropNewest, history: 0, settings, send_buffer_bytes }
    }
}

#[derive(Debug)]
enum Happened {
    Subscribed,
    Ended(Counts),
}

/// A running server. Dropping it ends it.
pub(crate) struct Served {
    pub(crate) hub: Hub,
    pub(crate) address: SocketAddr,
    happened: mpsc::Receiver<Happened>,
    socket_took: Arc<AtomicU64>,
    /// The date of the server's world, which stands still until a test sets it.
    pub(crate) date: Arc<Mutex<Duration>>,
    stop: Option<oneshot::Sender<()>>,
    server: JoinHandle<()>,
}

impl Served {
    pub(crate) fn start(setup: Setup) -> Self {
        let socket = TcpSocket::new_v4().unwrap();
        if let Some(bytes) = setup.send_buffer_bytes {
            socket.set_send_buffer_size(bytes).unwrap();
        }
        socket.bind(SocketAddr::from(([127, 0, 0, 1], 0))).unwrap();
        let listener = socket.listen(1024).unwrap();
        let address = listener.local_addr().unwrap();
        let capacity = Capacity::new(setup.capacity).unwrap();
        let mut rules = Rules::plain(Limits::frames(capacity), setup.overflow);
        rules.history = HistorySettings { events: setup.history, bytes: 1 << 30 };
        rules.announces_gaps = setup.history > 0;
        let hub = Hub::with(EPOCH, rules);
        let (tell, happened) = mpsc::channel(1024);
        let socket_took = Arc::new(AtomicU64::new(0));
        let date = Arc::new(Mutex::new(NOW));
        let listener = MeteredListener { listener, socket_took: socket_took.clone() };
        let world = Told { world: Measured::new(Tokio::start()), tell, date: date.clone() };
        let (stop, stopped) = oneshot::channel();
        let stopped = async { drop(stopped.await) };
        let server = tokio::spawn(hubbub::serve(listener, hub.clone(), setup.settings, world, stopped));
        Self { hub, address, happened, socket_took, date, stop: Some(stop), server }
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    /// Connects with a small receive buffer and asks for the stream; the server has subscribed it on return.
    pub(crate) async fn watch(&mut self) -> TcpStream {
        let socket = TcpSocket::new_v4().unwrap();
        socket.set_recv_buffer_size(KERNEL_BUFFER_BYTES).unwrap();
        let mut stream = soon("a connection", socket.connect(self.address)).await.unwrap();
        stream.write_all(b"GET /v1/stream/sse?table=t HTTP/1.1\r\nhost: hub\r\n\r\n").await.unwrap();
        self.subscribed().await;
        stream
    }

    pub(crate) async fn subscribed(&mut self) {
        match soon("a subscription", self.happened.recv()).await.unwrap() {
            Happened::Subscribed => {}
            Happened::Ended(counts) => panic!("ended instead: {counts:?}"),
        }
    }

    /// Waits for the end of a stream.
    pub(crate) async fn ended(&mut self) -> Counts {
        match soon("the end of a stream", self.happened.recv()).await.unwrap() {
            Happened::Ended(counts) => counts,
            Happened::Subscribed => panic!("subscribed instead"),
        }
    }

    /// Tells the server to stop.
    pub(crate) fn stop(&mut self) {
        self.stop.take().expect("told once").send(()).expect("it runs");
    }

    /// Waits until it has stopped.
    pub(crate) async fn stopped(&mut self) {
        soon("the server's end", &mut self.server).await.unwrap();
    }

    /// Whether a stream has ended since anyone asked.
    pub(crate) fn has_ended(&mut self) -> bool {
        self.happened.try_recv().is_ok()
    }

    /// Publishes an event of `bytes` bytes to one subscriber.
    pub(crate) fn publish(&self, bytes: usize) -> PushOutcome<EventId> {
        let mut outcomes = Vec::new();
        self.hub.publish_each(Duration::ZERO, &topic(), payload(bytes), |_, outcome| outcomes.push(outcome));
        assert_eq!(outcomes.len(), 1, "one subscriber");
        outcomes[0]
    }

    /// Publishes so many events at a time, each time after the transport has done what it can, until something else
    /// than queueing happens.
    ///
    /// Nothing runs between that and the return, on a runtime of one thread.
    pub(crate) async fn fill(&self, at_a_time: usize, bytes: usize) -> PushOutcome<EventId> {
        loop {
            soon("a transport that takes what waits", self.settle()).await;
            let outcomes = std::iter::repeat_with(|| self.publish(bytes)).take(at_a_time);
            if let Some(other) = outcomes.into_iter().find(|outcome| !matches!(outcome, PushOutcome::Queued { .. })) {
                return other;
            }
        }
    }

    /// Publishes so many events, the second and those after it when the first is under way and the socket does not take
    /// all of it.
    pub(crate) async fn publish_at_once(&self, events: usize, bytes: usize) {
        self.publish(bytes);
        soon("a transport that takes what waits", self.settle()).await;
        assert_eq!(self.hub.counts().in_flight, 1, "{bytes} bytes are too few: a socket took them all");
        for _ in 1..events {
            self.publish(bytes);
        }
    }

    /// Until nothing waits or is under way.
    pub(crate) async fn drained(&self) {
        while self.hub.counts().waiting + self.hub.counts().in_flight > 0 {
            tokio::task::yield_now().await;
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

    /// Nobody is left, and nothing of them.
    pub(crate) fn assert_let_go(&self) {
        assert_eq!(self.hub.subscribers(), 0);
        assert_eq!(self.hub.pinned_bytes().now(), 0);
        assert!(self.hub.counts().is_conserved(), "{:?}", self.hub.counts());
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        self.server.abort();
    }
}

/// The real world, and word of who came and went.
#[derive(Clone)]
struct Told {
    world: Measured<Tokio>,
    tell: mpsc::Sender<Happened>,
    date: Arc<Mutex<Duration>>,
}

impl Runtime for Told {
    fn now(&self) -> Duration {
        self.world.now()
    }

    fn unix_time(&self) -> Duration {
        *self.date.lock().unwrap()
    }

    fn spawn(&self, connection: impl Future<Output = ()> + Send + 'static) {
        self.world.spawn(connection);
    }
}

impl Observer for Told {
    fn subscribed(&self, subscriber: SubscriberId, peer: SocketAddr, wanted: &[Pattern]) {
        self.world.subscribed(subscriber, peer, wanted);
        self.tell.try_send(Happened::Subscribed).expect("somebody listens");
    }

    fn offered(&self, subscriber: SubscriberId, outcome: PushOutcome<EventId>) {
        self.world.offered(subscriber, outcome);
    }

    fn replays(&self, subscriber: SubscriberId, first: EventId, count: u64) {
        self.world.replays(subscriber, first, count);
    }

    fn misses(&self, subscriber: SubscriberId, gap: &Gap) {
        self.world.misses(subscriber, gap);
    }

    fn forgot(&self, subscriber: SubscriberId, forgotten: Forgotten) {
        self.world.forgot(subscriber, forgotten);
    }

    fn taken(&self, subscriber: SubscriberId, events: &[Arc<Event>]) {
        self.world.taken(subscriber, events);
    }

    fn flushed(&self, subscriber: SubscriberId, events: &[Arc<Event>]) {
        self.world.flushed(subscriber, events);
    }

    fn refused(&self, limit: Limit) {
        self.world.refused(limit);
    }

    fn denied(&self, why: Denial) {
        self.world.denied(why);
    }

    fn exposition(&self, hub: &Hub, connections: usize) -> Option<String> {
        self.world.exposition(hub, connections)
    }

    fn ended(&self, subscriber: SubscriberId, counts: Counts) {
        self.world.ended(subscriber, counts);
        // At the end of a test nobody listens.
        let _ = self.tell.try_send(Happened::Ended(counts));
    }
}

struct MeteredListener {
    listener: TcpListener,
    socket_took: Arc<AtomicU64>,
}

impl Listener for MeteredListener {
    type Stream = Metered;

    async fn accept(&mut self) -> io::Result<(Metered, SocketAddr)> {
        let (stream, peer) = Listener::accept(&mut self.listener).await?;
        Ok((Metered { stream, socket_took: self.socket_took.clone() }, peer))
    }

    fn bound(&self, stream: &Metered, unsent_bytes: u32, user_timeout: Duration) {
        self.listener.bound(&stream.stream, unsent_bytes, user_timeout);
    }
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
