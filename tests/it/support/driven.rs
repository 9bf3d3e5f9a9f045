//! A connection driven by hand, over a pipe with a window, and polled **only when its waker was called**: a wake-up
//! that is missing is missing here for good, where a runtime and a kernel would hide it behind wake-ups of their own.

use std::io;
use std::net::SocketAddr;
use std::pin::{Pin, pin};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};
use std::task::{Context, Poll, Wake, Waker};
use std::time::Duration;

use hubbub::denial::Denial;
use hubbub::hub::Forgotten;
use hubbub::transport::{Limit, Listener, Observer, Runtime};
use hubbub::{
    Capacity, Counts, Event, EventId, Gap, Hub, HubSettings, Overflow, Pattern, PushOutcome, ServerSettings,
    SubscriberId,
};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use super::wire::{Chunk, parse, sequences};
use super::{EPOCH, payload, topic};

/// Silence after which the connection says something.
pub(crate) const KEEPALIVE: Duration = Duration::from_millis(100);
/// Time without progress after which the connection ends.
pub(crate) const WRITE_DEADLINE: Duration = Duration::from_secs(3600);
const REQUEST: &[u8] = b"GET /v1/stream/sse?table=t HTTP/1.1\r\nhost: hub\r\n\r\n";
const HANDSHAKE: &[u8] = b"GET /v1/stream/ws?table=t HTTP/1.1\r\nhost: hub\r\nconnection: upgrade\r\n\
    upgrade: websocket\r\nsec-websocket-version: 13\r\nsec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";

/// What a stream comes over.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Over {
    Sse,
    WebSocket,
}

#[derive(Default)]
struct Pipe {
    request: Vec<u8>,
    /// Bytes it still takes.
    window: usize,
    written: Vec<u8>,
    writer: Option<Waker>,
    /// Cuts all of its subscribers off while bytes are written, as a fan-out on another thread may.
    evicts: Option<Hub>,
}

#[derive(Clone)]
struct PipeEnd(Arc<Mutex<Pipe>>);

impl PipeEnd {
    fn lock(&self) -> MutexGuard<'_, Pipe> {
        self.0.lock().unwrap()
    }
}

impl AsyncRead for PipeEnd {
    fn poll_read(self: Pin<&mut Self>, _: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let request = std::mem::take(&mut self.lock().request);
        if request.is_empty() {
            return Poll::Pending;
        }
        buf.put_slice(&request);
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for PipeEnd {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        let mut pipe = self.lock();
        let taken = buf.len().min(pipe.window);
        if taken == 0 {
            pipe.writer = Some(cx.waker().clone());
            return Poll::Pending;
        }
        pipe.window -= taken;
        pipe.written.extend_from_slice(&buf[..taken]);
        let evicts = pipe.evicts.take();
        // The Hub wakes the connection, which may look at the pipe.
        drop(pipe);
        evicts.iter().for_each(Hub::evict_all);
        Poll::Ready(Ok(taken))
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        parts: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let mut taken = 0;
        for part in parts.iter().filter(|part| !part.is_empty()) {
            match self.as_mut().poll_write(cx, part) {
                Poll::Ready(Ok(more)) => taken += more,
                Poll::Ready(Err(why)) => return Poll::Ready(Err(why)),
                Poll::Pending if taken == 0 => return Poll::Pending,
                Poll::Pending => break,
            }
        }
        Poll::Ready(Ok(taken))
    }

    fn is_write_vectored(&self) -> bool {
        true
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}

/// One connection, and then none.
struct OneConnection(Option<PipeEnd>);

impl Listener for OneConnection {
    type Stream = PipeEnd;

    async fn accept(&mut self) -> io::Result<(PipeEnd, SocketAddr)> {
        match self.0.take() {
            Some(pipe) => Ok((pipe, SocketAddr::from(([127, 0, 0, 1], 1)))),
            None => std::future::pending().await,
        }
    }

    /// A pipe has the window that its test gives it, and no other bound.
    fn bound(&self, _pipe: &PipeEnd, _unsent_bytes: u32, _user_timeout: Duration) {}
}

type Task = Pin<Box<dyn Future<Output = ()> + Send>>;

/// Keeps the connection instead of running it.
#[derive(Clone, Default)]
struct Kept(Arc<Mutex<Option<Task>>>);

impl Runtime for Kept {
    fn now(&self) -> Duration {
        Duration::ZERO
    }

    fn unix_time(&self) -> Duration {
        Duration::ZERO
    }

    fn spawn(&self, connection: impl Future<Output = ()> + Send + 'static) {
        *self.0.lock().unwrap() = Some(Box::pin(connection));
    }
}

/// Looks at nothing: what these tests judge is in the Hub's counts and on the pipe.
impl Observer for Kept {
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

struct Flag(AtomicBool);

impl Wake for Flag {
    fn wake(self: Arc<Self>) {
        self.0.store(true, Ordering::Release);
    }
}

/// A connection on a pipe, polled when it was woken and never else.
pub(crate) struct Driven {
    pub(crate) hub: Hub,
    pipe: PipeEnd,
    connection: Task,
    woken: Arc<Flag>,
    /// Sequence numbers that were not refused.
    accepted: Vec<u64>,
    /// Those that were lost to a limit, in that order.
    lost: Vec<u64>,
}

impl Driven {
    /// A connection that has asked for a stream, on a pipe that takes nothing yet.
    pub(crate) fn start(capacity: usize, overflow: Overflow) -> Self {
        Self::start_with(capacity, overflow, 1)
    }

    /// As [`start`](Self::start), with so many frames in a write at most.
    pub(crate) fn start_with(capacity: usize, overflow: Overflow, frames_per_write: usize) -> Self {
        Self::start_over(Over::Sse, capacity, overflow, frames_per_write)
    }

    /// As [`start_with`](Self::start_with), for either kind of stream.
    pub(crate) fn start_over(over: Over, capacity: usize, overflow: Overflow, frames_per_write: usize) -> Self {
        let request = match over {
            Over::Sse => REQUEST,
            Over::WebSocket => HANDSHAKE,
        };
        let mut driven = Self::asked(request, capacity, overflow, frames_per_write);
        assert!(driven.run().is_pending());
        driven
    }

    /// A connection on which a publisher has sent a request, and which has not been polled.
    pub(crate) fn start_publisher(request: &str) -> Self {
        Self::asked(request.as_bytes(), 1, Overflow::DropNewest, 1)
    }

    /// A connection on which this request has come, and which has not been polled.
    fn asked(request: &[u8], capacity: usize, overflow: Overflow, frames_per_write: usize) -> Self {
        let capacity = Capacity::new(capacity).unwrap();
        let hub = Hub::new(HubSettings { epoch: EPOCH, capacity, overflow });
        let request = request.to_vec();
        let pipe = PipeEnd(Arc::new(Mutex::new(Pipe { request, ..Pipe::default() })));
        let settings = ServerSettings {
            keepalive: KEEPALIVE,
            write_deadline: WRITE_DEADLINE,
            frames_per_write,
            ws_channel_buffer: capacity,
            ..ServerSettings::default()
        };
        let kept = Kept::default();
        let mut server = pin!(hubbub::serve(
            OneConnection(Some(pipe.clone())),
            hub.clone(),
            settings,
            kept.clone(),
            std::future::pending(),
        ));
        let polled = server.as_mut().poll(&mut Context::from_waker(Waker::noop()));
        assert!(polled.is_pending());
        let connection = kept.0.lock().unwrap().take().expect("a connection was accepted");
        let woken = Arc::new(Flag(AtomicBool::new(true)));
        Self { hub, pipe, connection, woken, accepted: Vec::new(), lost: Vec::new() }
    }

    /// Polls it once. Returns whether it was woken meanwhile, so that a runtime polls it again behind all other tasks.
    pub(crate) fn run_once(&mut self) -> bool {
        self.woken.0.store(false, Ordering::Release);
        let waker = Waker::from(self.woken.clone());
        assert!(self.connection.as_mut().poll(&mut Context::from_waker(&waker)).is_pending());
        self.woken.0.load(Ordering::Acquire)
    }

    /// Polls it for as long as it is woken. Ready once it has ended.
    pub(crate) fn run(&mut self) -> Poll<()> {
        let waker = Waker::from(self.woken.clone());
        for _ in 0..10_000 {
            if !self.woken.0.swap(false, Ordering::AcqRel) {
                return Poll::Pending;
            }
            if self.connection.as_mut().poll(&mut Context::from_waker(&waker)).is_ready() {
                return Poll::Ready(());
            }
        }
        panic!("it wakes itself for ever");
    }

    pub(crate) fn publish(&mut self, bytes: usize) {
        let mut queued = false;
        let mut refused = false;
        let lost = &mut self.lost;
        let publication = self.hub.publish_each(Duration::ZERO, &topic(), payload(bytes), |_, outcome| match outcome {
            PushOutcome::Queued { .. } => queued = true,
            PushOutcome::Displaced { lost: id, .. } | PushOutcome::Shed { lost: id, .. } => lost.push(id.sequence),
            PushOutcome::Refused { .. } | PushOutcome::Disconnected { .. } => refused = true,
            PushOutcome::Parked { .. } => {}
        });
        if queued {
            self.accepted.push(publication.id.sequence);
        }
        if refused {
            self.lost.push(publication.id.sequence);
        }
    }

    /// Ids lost to a limit, in that order.
    pub(crate) fn lost(&self) -> &[u64] {
        &self.lost
    }

    /// The pipe takes what comes before the first event, and nothing more.
    pub(crate) fn take_head(&mut self) {
        self.grant(1 << 20);
        assert!(self.run().is_pending());
        self.block();
    }

    /// The pipe takes `frames` frames more, to the last byte, if there are so many.
    pub(crate) fn take_frames(&mut self, frames: usize) {
        for _ in 0..frames {
            let before = self.hub.counts().delivered;
            while self.hub.counts().in_flight > 0 && self.hub.counts().delivered == before {
                self.grant(1);
                if self.run().is_ready() {
                    return;
                }
            }
        }
    }

    /// In the midst of the next write all subscribers are cut off.
    pub(crate) fn evict_in_the_next_write(&self) {
        self.pipe.lock().evicts = Some(self.hub.clone());
    }

    /// The pipe takes nothing more.
    pub(crate) fn block(&self) {
        self.pipe.lock().window = 0;
    }

    /// Bytes that the pipe has taken.
    pub(crate) fn taken(&self) -> usize {
        self.pipe.lock().written.len()
    }

    /// What the pipe has taken, as text.
    pub(crate) fn text(&self) -> String {
        String::from_utf8(self.pipe.lock().written.clone()).expect("text")
    }

    /// Where each event that came whole ends, in the order of the wire.
    pub(crate) fn ends(&self) -> Vec<usize> {
        let (_, chunks) = parse(&self.pipe.lock().written).expect("a head");
        chunks.iter().flat_map(Chunk::events).map(|(_, end)| end).collect()
    }

    /// The pipe takes `bytes` more.
    pub(crate) fn grant(&self, bytes: usize) {
        let writer = {
            let mut pipe = self.pipe.lock();
            pipe.window += bytes;
            pipe.writer.take()
        };
        writer.into_iter().for_each(Waker::wake);
    }

    /// Everything that was accepted has come, and after a silence there is a comment.
    pub(crate) async fn finish(mut self) {
        self.grant(1 << 30);
        assert!(self.run().is_pending());
        let counts = self.hub.counts();
        assert_eq!(counts.waiting, 0, "stranded: {counts:?}");
        assert_eq!(counts.in_flight, 0, "stranded: {counts:?}");
        assert_eq!(counts.delivered, self.accepted.len() as u64);
        let before = self.pipe.lock().written.len();
        assert_eq!(sequences(&parse(&self.pipe.lock().written).unwrap().1), self.accepted);
        tokio::time::advance(KEEPALIVE * 2).await;
        assert!(self.run().is_pending());
        let written = self.pipe.lock().written.split_off(before);
        assert!(written.ends_with(b": keepalive\n\n\r\n"), "no comment in a silence: {written:?}");
    }
}
