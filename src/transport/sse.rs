//! A subscription as the body of a response: what waits, as many frames at a time as may share a write, and a comment
//! after a silence.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use hyper::body::{Body, Frame};
use tokio::time::{Instant, Sleep, sleep};

use super::Environment;
use super::batch::Batch;
use super::gate::{Gate, Passing};
use crate::event::Event;
use crate::frame;
use crate::hub::Subscription;

/// When clients of a server that stops come back at the earliest: another one has started by then.
const COME_BACK_SOON: Duration = Duration::from_secs(1);

/// A time to come back after: at least `least`, at most twice that, and spread, so that a crowd that left together does
/// not come back together.
pub(crate) fn come_back_after(least: Duration, nth: u64) -> Duration {
    /// Coprime to any plausible number of milliseconds, so that neighbours land far apart.
    const STRIDE: u64 = 617;
    let spread_ms = u64::try_from(least.as_millis()).unwrap_or(u64::MAX).max(1);
    least + Duration::from_millis(nth.wrapping_mul(STRIDE) % spread_ms)
}

/// How a stream is written.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Pace {
    /// Silence after which it gets a comment.
    pub(crate) keepalive: Duration,
    /// Most frames that share a write.
    pub(crate) frames_per_write: usize,
}

/// What a body yields.
type Yielded = Poll<Option<Result<Frame<Batch>, Infallible>>>;

/// The body of one stream. Dropping it ends the subscription.
pub(crate) struct SseBody<E: Environment> {
    gate: Arc<Gate<E>>,
    subscription: Arc<Subscription>,
    said_hello: bool,
    said_goodbye: bool,
    pace: Pace,
    /// Fires no later than the next comment is due.
    silence: Pin<Box<Sleep>>,
    /// Whether the timer has been told to wake the connection. Asking it again at every event would cost more than
    /// all else here, and the one task that a connection lives in never changes its waker.
    is_armed: bool,
}

impl<E: Environment> SseBody<E> {
    pub(crate) fn new(gate: Arc<Gate<E>>, subscription: Subscription, peer: SocketAddr, pace: Pace) -> Self {
        let subscription = Arc::new(subscription);
        gate.environment().subscribed(subscription.id(), peer);
        gate.attach(subscription.clone());
        Self {
            gate,
            subscription,
            said_hello: false,
            said_goodbye: false,
            pace,
            silence: Box::pin(sleep(pace.keepalive)),
            is_armed: false,
        }
    }

    fn comment(&self, bytes: Bytes) -> Yielded {
        self.gate.pass(Passing { event: None, bytes: bytes.len() });
        Poll::Ready(Some(Ok(Frame::data(bytes.into()))))
    }

    /// An event, and those that wait behind it as far as they may share its write.
    fn events(&self, first: Arc<Event>) -> Yielded {
        let mut batch = Batch::default();
        let rest = std::iter::from_fn(|| self.subscription.take());
        for event in std::iter::once(first).chain(rest).take(self.pace.frames_per_write) {
            self.gate.environment().taken(self.subscription.id(), &event);
            let bytes = frame::sse::event(&event);
            self.gate.pass(Passing { event: Some(event), bytes: bytes.len() });
            batch.push(bytes);
        }
        Poll::Ready(Some(Ok(Frame::data(batch))))
    }

    /// The last thing a stream says: where the server stops, clients come back to the one that follows it.
    fn say_goodbye(&mut self) -> Yielded {
        if self.said_goodbye {
            return Poll::Ready(None);
        }
        self.said_goodbye = true;
        let retry = come_back_after(COME_BACK_SOON, self.subscription.id().0);
        self.comment(frame::sse::retry(retry))
    }

    /// Ready when nothing has been flushed for as long as a silence may last.
    fn poll_silence(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        if self.is_armed && !self.silence.is_elapsed() {
            return Poll::Pending;
        }
        self.is_armed = false;
        while self.silence.as_mut().poll(cx).is_ready() {
            let due = self.gate.last_flush() + self.pace.keepalive;
            let now = Instant::now();
            self.silence.as_mut().reset(if due > now { due } else { now + self.pace.keepalive });
            if due <= now {
                return Poll::Ready(());
            }
        }
        self.is_armed = true;
        Poll::Pending
    }
}

impl<E: Environment> Body for SseBody<E> {
    type Data = Batch;
    type Error = Infallible;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Yielded {
        if !self.gate.is_open(cx.waker()) {
            return Poll::Pending;
        }
        if !self.said_hello {
            self.said_hello = true;
            return self.comment(Bytes::from_static(frame::sse::HELLO));
        }
        match self.subscription.poll_take(cx) {
            Poll::Ready(Some(event)) => self.events(event),
            Poll::Ready(None) => Poll::Ready(None),
            Poll::Pending if self.gate.is_ending() => self.say_goodbye(),
            Poll::Pending => match self.poll_silence(cx) {
                Poll::Ready(()) => self.comment(Bytes::from_static(frame::sse::KEEPALIVE)),
                Poll::Pending => Poll::Pending,
            },
        }
    }
}

impl<E: Environment> Drop for SseBody<E> {
    fn drop(&mut self) {
        self.gate.detach();
        let counts = self.subscription.leave();
        self.gate.environment().ended(self.subscription.id(), counts);
    }
}
