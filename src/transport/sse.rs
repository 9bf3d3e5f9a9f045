//! A subscription as the body of a response: what waits, as many frames at a time as may share a write, and a comment
//! after a silence.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use bytes::Bytes;
use hyper::body::{Body, Frame};

use super::Environment;
use super::batch::Batch;
use super::gate::Gate;
use super::outlet::{Outlet, WriteSettings};
use crate::event::Gap;
use crate::frame;
use crate::hub::{Subscription, Taken};

/// What HTTP puts behind the frames of a write: the end of a chunk.
const CHUNK_END_BYTES: usize = 2;

/// What a body yields.
type Yielded = Poll<Option<Result<Frame<Batch>, Infallible>>>;

/// The body of one stream. Dropping it ends the subscription.
pub(crate) struct SseBody<E: Environment> {
    outlet: Outlet<E>,
    said_hello: bool,
    said_goodbye: bool,
}

impl<E: Environment> SseBody<E> {
    pub(crate) fn new(gate: Arc<Gate<E>>, subscription: Subscription, peer: SocketAddr, pace: WriteSettings) -> Self {
        let outlet = Outlet::new(gate, subscription, peer, pace, CHUNK_END_BYTES);
        Self { outlet, said_hello: false, said_goodbye: false }
    }

    fn comment(&self, bytes: Bytes) -> Yielded {
        self.outlet.pass(None, bytes.len());
        Poll::Ready(Some(Ok(Frame::data(bytes.into()))))
    }

    /// An event, and those that share its write.
    fn events(&self, first: Taken) -> Yielded {
        let mut batch = Batch::default();
        for Taken { event, gap } in self.outlet.batch(first) {
            let bytes = after(gap.as_ref(), frame::sse::event(&event));
            self.outlet.pass(Some(event), bytes.len());
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
        let retry = frame::sse::retry(self.outlet.come_back_after());
        self.comment(after(self.outlet.subscription().take_last_gap().as_ref(), retry))
    }

    /// The first thing a stream says: what a client that has come back cannot have any more, that it is there, and where it
    /// begins. In this order: an id moves the cursor, past no hole of which nothing has been said.
    fn say_hello(&mut self) -> Yielded {
        self.said_hello = true;
        let subscription = self.outlet.subscription();
        let hello = Bytes::from_static(frame::sse::HELLO);
        let hello = subscription.begins_at().map_or(hello, frame::sse::hello);
        self.comment(after(subscription.opening(), hello))
    }

    /// After a silence: that the stream is still there, and the hole at its end, if no event has come to tell it by.
    fn break_silence(&self) -> Yielded {
        let gap = self.outlet.subscription().take_last_gap();
        self.comment(after(gap.as_ref(), Bytes::from_static(frame::sse::KEEPALIVE)))
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
        if !self.outlet.gate().is_open(cx.waker()) {
            return Poll::Pending;
        }
        if !self.said_hello {
            return self.say_hello();
        }
        match self.outlet.poll_take(cx) {
            Poll::Ready(Some(first)) => self.events(first),
            Poll::Ready(None) => Poll::Ready(None),
            Poll::Pending if self.outlet.gate().is_ending() => self.say_goodbye(),
            Poll::Pending => match self.outlet.poll_silence(cx) {
                Poll::Ready(()) => self.break_silence(),
                Poll::Pending => Poll::Pending,
            },
        }
    }
}
