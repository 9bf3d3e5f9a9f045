//! No order of publishes, writes and timers strands a frame.
//!
//! A connection is driven by hand, over a pipe with a window, and polled **only when its waker was called**: the
//! wake-up that a runtime's own wake-ups would hide is missing here for good.

use std::convert::Infallible;
use std::io;
use std::net::SocketAddr;
use std::pin::{Pin, pin};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};
use std::task::{Context, Poll, Wake, Waker};
use std::time::Duration;

use hubbub::transport::{Environment, Listener};
use hubbub::{Capacity, Hub, HubSettings, Outcome, Overflow, ServerSettings};
use proptest::prelude::*;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use crate::support::wire::{parse, sequences};
use crate::support::{EPOCH, payload, topic};

const KEEPALIVE: Duration = Duration::from_millis(100);
const REQUEST: &[u8] = b"GET /v1/stream/sse?table=t HTTP/1.1\r\nhost: hub\r\n\r\n";

#[derive(Default)]
struct Pipe {
    request: Vec<u8>,
    /// Bytes it still takes.
    window: usize,
    written: Vec<u8>,
    writer: Option<Waker>,
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
        Poll::Ready(Ok(taken))
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
}

type Task = Pin<Box<dyn Future<Output = ()> + Send>>;

/// Keeps the connection instead of running it.
#[derive(Clone, Default)]
struct Kept(Arc<Mutex<Option<Task>>>);

impl Environment for Kept {
    fn now(&self) -> Duration {
        Duration::ZERO
    }

    fn spawn(&self, connection: impl Future<Output = ()> + Send + 'static) {
        *self.0.lock().unwrap() = Some(Box::pin(connection));
    }
}

struct Flag(AtomicBool);

impl Wake for Flag {
    fn wake(self: Arc<Self>) {
        self.0.store(true, Ordering::Release);
    }
}

/// A connection on a pipe, polled when it was woken and never else.
struct Driven {
    hub: Hub,
    pipe: PipeEnd,
    connection: Task,
    woken: Arc<Flag>,
    /// Sequence numbers that were not refused.
    accepted: Vec<u64>,
}

impl Driven {
    fn start(capacity: usize) -> Self {
        let capacity = Capacity::new(capacity).unwrap();
        let hub = Hub::new(HubSettings { epoch: EPOCH, capacity, overflow: Overflow::DropNewest });
        let pipe = PipeEnd(Arc::new(Mutex::new(Pipe { request: REQUEST.to_vec(), ..Pipe::default() })));
        let write_deadline = Duration::from_secs(3600);
        let settings = ServerSettings { keepalive: KEEPALIVE, write_deadline, ..ServerSettings::default() };
        let kept = Kept::default();
        let mut server = pin!(hubbub::serve(OneConnection(Some(pipe.clone())), hub.clone(), settings, kept.clone()));
        let polled: Poll<Infallible> = server.as_mut().poll(&mut Context::from_waker(Waker::noop()));
        assert!(polled.is_pending());
        let connection = kept.0.lock().unwrap().take().expect("a connection was accepted");
        let mut driven =
            Self { hub, pipe, connection, woken: Arc::new(Flag(AtomicBool::new(true))), accepted: Vec::new() };
        driven.run();
        driven
    }

    fn run(&mut self) {
        let waker = Waker::from(self.woken.clone());
        for _ in 0..10_000 {
            if !self.woken.0.swap(false, Ordering::AcqRel) {
                return;
            }
            assert!(self.connection.as_mut().poll(&mut Context::from_waker(&waker)).is_pending());
        }
        panic!("it wakes itself for ever");
    }

    fn publish(&mut self, bytes: usize) {
        let publication = self.hub.publish_each(Duration::ZERO, &topic(), payload(bytes).into(), |_, outcome| {
            assert!(matches!(outcome, Outcome::Queued { .. } | Outcome::Refused));
        });
        if publication.dropped == 0 {
            self.accepted.push(publication.id.sequence);
        }
    }

    fn grant(&self, bytes: usize) {
        let writer = {
            let mut pipe = self.pipe.lock();
            pipe.window += bytes;
            pipe.writer.take()
        };
        writer.into_iter().for_each(Waker::wake);
    }

    /// Everything that was accepted has come, and after a silence there is a comment.
    async fn finish(mut self) {
        self.grant(1 << 30);
        self.run();
        let counts = self.hub.counts();
        assert_eq!((counts.waiting, counts.in_flight), (0, 0), "stranded: {counts:?}");
        assert_eq!(counts.delivered, self.accepted.len() as u64);
        let before = self.pipe.lock().written.len();
        assert_eq!(sequences(&parse(&self.pipe.lock().written).unwrap().1), self.accepted);
        tokio::time::advance(KEEPALIVE * 2).await;
        self.run();
        let written = self.pipe.lock().written.split_off(before);
        assert!(written.ends_with(b": keepalive\n\n\r\n"), "no comment in a silence: {written:?}");
    }
}

#[derive(Debug, Clone)]
enum Step {
    Publish(usize),
    Grant(usize),
    Wait(u64),
    Run,
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        4 => prop_oneof![8usize..40, 100usize..600, 8_000usize..9_000].prop_map(Step::Publish),
        3 => prop_oneof![1usize..50, 100usize..1_000, 8_000usize..20_000].prop_map(Step::Grant),
        2 => (0u64..150).prop_map(Step::Wait),
        3 => Just(Step::Run),
    ]
}

fn paused(test: impl Future<Output = ()>) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build();
    runtime.unwrap().block_on(test);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn whatever_the_order_every_accepted_frame_comes(
        capacity in prop_oneof![Just(1usize), Just(2), Just(64)],
        steps in prop::collection::vec(step(), 1..60),
    ) {
        paused(async {
            let mut driven = Driven::start(capacity);
            for step in steps {
                match step {
                    Step::Publish(bytes) => driven.publish(bytes),
                    Step::Grant(bytes) => driven.grant(bytes),
                    Step::Wait(milliseconds) => tokio::time::advance(Duration::from_millis(milliseconds)).await,
                    Step::Run => driven.run(),
                }
            }
            driven.finish().await;
        });
    }
}

#[test]
fn a_comment_that_falls_due_behind_two_events_does_not_end_all_comments() {
    paused(async {
        let mut driven = Driven::start(64);
        driven.grant(1 << 20);
        driven.run();
        tokio::time::advance(KEEPALIVE).await;
        driven.publish(100);
        driven.publish(100);
        driven.run();
        driven.finish().await;
    });
}
