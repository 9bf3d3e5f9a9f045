//! A subscription as the body of a response: the events that wait, and a comment after a silence.
//!
//! Each event is a frame of the body by itself, and so a chunk of HTTP. Several may share a write, and the bytes on the
//! wire are the same whether they do or not.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use bytes::Bytes;
use hyper::body::{Body, Frame};

use super::Environment;
use super::gate::{Admission, Gate};
use super::outlet::{Outlet, WriteSettings};
use crate::event::{Event, Gap};
use crate::frame;
use crate::hub::{RawSubscription, SubscriberId, Taken};

/// The result of polling a body.
type Yielded = Poll<Option<Result<Frame<Bytes>, Infallible>>>;

/// The body of one stream. Dropping it ends the subscription.
pub(crate) struct SseBody<E: Environment> {
    outlet: Outlet<E>,
    /// Makes the frame of an event.
    encode: fn(&Event) -> Bytes,
    said_hello: bool,
    said_goodbye: bool,
    /// Whether the client has been told that its token has expired.
    said_expired: bool,
}

impl<E: Environment> SseBody<E> {
    pub(crate) fn new(
        gate: Arc<Gate<E>>,
        subscription: RawSubscription,
        peer: SocketAddr,
        pace: WriteSettings,
        encode: fn(&Event) -> Bytes,
    ) -> Self {
        let outlet = Outlet::new(gate, subscription, peer, pace);
        Self { outlet, encode, said_hello: false, said_goodbye: false, said_expired: false }
    }

    pub(super) fn id(&self) -> SubscriberId {
        self.outlet.subscription().id()
    }

    fn comment(&self, bytes: Bytes) -> Yielded {
        self.outlet.pass(None, chunk_bytes(bytes.len()));
        Poll::Ready(Some(Ok(Frame::data(bytes))))
    }

    /// Yields an event.
    fn event(&self, Taken { event, gap }: Taken) -> Yielded {
        self.outlet.tell_taken(&event);
        let bytes = after(gap.as_ref(), (self.encode)(&event));
        self.outlet.pass(Some(event), chunk_bytes(bytes.len()));
        Poll::Ready(Some(Ok(Frame::data(bytes))))
    }

    /// Yields the last frame of a stream that ends because the server stops: when the client may come back.
    fn say_goodbye(&mut self) -> Yielded {
        if self.said_goodbye {
            return Poll::Ready(None);
        }
        self.said_goodbye = true;
        let retry = frame::sse::retry(self.outlet.come_back_after());
        self.comment(after(self.outlet.subscription().take_last_gap().as_ref(), retry))
    }

    /// Yields the last frame of a stream whose token has expired, and then ends it. The events that wait are not sent:
    /// their client has no right to them any more.
    fn say_expired(&mut self) -> Yielded {
        if self.said_expired {
            return Poll::Ready(None);
        }
        self.said_expired = true;
        self.outlet.end_expired();
        let retry = frame::sse::retry(self.outlet.come_back_after());
        self.comment([frame::sse::EXPIRED, &retry].concat().into())
    }

    /// Yields the first frame of a stream: the gap in front of it, a comment, the time after which the client comes back
    /// if it loses the stream, and the id at which the stream begins. The gap comes first, because an id moves the client's
    /// cursor, which must not pass a hole that was not told.
    fn say_hello(&mut self) -> Yielded {
        self.said_hello = true;
        let subscription = self.outlet.subscription();
        let hello = frame::sse::hello(self.outlet.retry(), subscription.begins_at());
        self.comment(after(subscription.opening(), hello))
    }

    /// Yields a keep-alive, and in front of it the hole at the end of the stream that no event has told yet.
    fn break_silence(&self) -> Yielded {
        let gap = self.outlet.subscription().take_last_gap();
        self.comment(after(gap.as_ref(), Bytes::from_static(frame::sse::KEEPALIVE)))
    }
}

/// The length on the wire of a chunk of so many bytes: its size in hexadecimal digits, and the ends of two lines.
fn chunk_bytes(bytes: usize) -> usize {
    let digits = (usize::BITS - bytes.leading_zeros()).div_ceil(4) as usize;
    digits + 2 + bytes + 2
}

/// `bytes` with the gap in front of them. Both are one write, so nothing can come between them.
fn after(gap: Option<&Gap>, bytes: Bytes) -> Bytes {
    match gap {
        Some(gap) => [frame::sse::gap(gap), bytes].concat().into(),
        None => bytes,
    }
}

impl<E: Environment> Body for SseBody<E> {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Yielded {
        // Before the mailbox is asked: a frame taken while the gate is closed would be out of reach of every policy.
        match self.outlet.admits(cx) {
            Admission::Nothing => return Poll::Pending,
            Admission::Joins => return self.outlet.take_along().map_or(Poll::Pending, |taken| self.event(taken)),
            Admission::Anything => {}
        }
        if !self.said_hello {
            return self.say_hello();
        }
        // Before the mailbox: the token's end may have come while the socket was full.
        if self.outlet.is_expired(cx) {
            return self.say_expired();
        }
        match self.outlet.poll_take(cx) {
            Poll::Ready(Some(taken)) => self.event(taken),
            Poll::Ready(None) => Poll::Ready(None),
            // Only when nothing waits any more: a stop loses no event of a client that keeps up.
            Poll::Pending if self.outlet.gate().is_ending() => self.say_goodbye(),
            Poll::Pending => match self.outlet.poll_silence(cx) {
                Poll::Ready(()) => self.break_silence(),
                Poll::Pending => Poll::Pending,
            },
        }
    }
}
