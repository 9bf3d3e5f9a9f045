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
use crate::event::Gap;
use crate::frame;
use crate::hub::{Subscription, Taken};

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
        if let Some((first, count)) = subscription.replays() {
            gate.environment().replays(subscription.id(), first, count);
        }
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
    fn events(&self, first: Taken) -> Yielded {
        let mut batch = Batch::default();
        let rest = std::iter::from_fn(|| self.subscription.take());
        for Taken { event, gap } in std::iter::once(first).chain(rest).take(self.pace.frames_per_write) {
            self.gate.environment().taken(self.subscription.id(), &event);
            let bytes = after(gap.as_ref(), frame::sse::event(&event));
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
        self.comment(after(self.subscription.take_last_gap().as_ref(), frame::sse::retry(retry)))
    }

    /// The first thing a stream says: that it is there, where it begins, and what a client that has come back cannot have
    /// any more.
    fn say_hello(&mut self) -> Yielded {
        self.said_hello = true;
        let hello = Bytes::from_static(frame::sse::HELLO);
        let hello = self.subscription.begins_at().map_or(hello, frame::sse::hello);
        self.comment(match self.subscription.opening() {
            Some(gap) => [hello, frame::sse::gap(gap)].concat().into(),
            None => hello,
        })
    }

    /// After a silence: that the stream is still there, and the hole at its end, if no event has come to tell it by.
    fn break_silence(&mut self) -> Yielded {
        self.comment(after(self.subscription.take_last_gap().as_ref(), Bytes::from_static(frame::sse::KEEPALIVE)))
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

/// A hole is told in the write of what follows it: nothing can come between.
fn after(gap: Option<&Gap>, bytes: Bytes) -> Bytes {
    match gap {
        Some(gap) => [frame::sse::gap(gap), bytes].concat().into(),
        None => bytes,
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
            return self.say_hello();
        }
        let taken = self.subscription.poll_take(cx);
        if let Some(forgotten) = self.subscription.take_forgotten() {
            self.gate.environment().forgot(self.subscription.id(), forgotten);
        }
        match taken {
            Poll::Ready(Some(first)) => self.events(first),
            Poll::Ready(None) => Poll::Ready(None),
            Poll::Pending if self.gate.is_ending() => self.say_goodbye(),
            Poll::Pending => match self.poll_silence(cx) {
                Poll::Ready(()) => self.break_silence(),
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
