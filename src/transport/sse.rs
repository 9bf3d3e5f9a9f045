//! A subscription as the body of a response: the events that wait, and a comment after a silence.
//!
//! Each event is a frame of the body by itself, and so a chunk of HTTP. Several may share a write, and the bytes on the
//! wire are the same whether they do or not.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use bytes::{BufMut, Bytes};
use hyper::body::{Body, Frame};

use super::Environment;
use super::gate::{Admission, Gate};
use super::outlet::{Outlet, WriteSettings};
use super::passing::Written;
use crate::event::{Event, Gap};
use crate::frame::chunk::{chunk, data};
use crate::frame::sse;
use crate::hub::{RawSubscription, SubscriberId, Taken};

/// Where the frames of a write are gathered, each in its chunk.
pub(super) trait Gather {
    /// Adds the chunk of a frame behind the others. Returns whether nothing should follow in the same write.
    fn add(&mut self, chunk: Bytes) -> bool;
}

/// One frame without its chunk, for a writer that makes the chunk itself, as hyper does.
impl Gather for Option<Bytes> {
    fn add(&mut self, chunk: Bytes) -> bool {
        *self = Some(data(&chunk));
        true
    }
}

/// Ready once something was gathered, or with `None` at the end of the stream.
pub(super) type Gathered = Poll<Option<()>>;

/// The body of one stream. Dropping it ends the subscription.
pub(crate) struct SseBody<E: Environment> {
    outlet: Outlet<E>,
    /// Makes the frame of an event, in its chunk.
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

    /// Gathers frames for a write: a comment, or events that wait.
    pub(super) fn poll_gather(&mut self, cx: &mut Context<'_>, frames: &mut impl Gather) -> Gathered {
        // Before the mailbox is asked: a frame taken while the gate is closed would be out of reach of every policy.
        match self.outlet.admits(cx) {
            Admission::Nothing => return Poll::Pending,
            Admission::Joins(most) => {
                let taken = self.outlet.take_along(most, adds_to(frames, self.encode));
                return taken.map_or(Poll::Pending, |()| Poll::Ready(Some(())));
            }
            Admission::Anything => {}
        }
        if !self.said_hello {
            let hello = self.say_hello();
            return self.comment(&hello, frames);
        }
        // Before the mailbox: the token's end may have come while the socket was full.
        if self.outlet.is_expired(cx) {
            return self.say_expired().map_or(Poll::Ready(None), |last| self.comment(&last, frames));
        }
        match self.outlet.poll_take(cx, adds_to(frames, self.encode)) {
            Poll::Ready(taken) => Poll::Ready(taken),
            // Only when nothing waits any more: a stop loses no event of a client that keeps up.
            Poll::Pending if self.outlet.gate().is_ending() => {
                self.say_goodbye().map_or(Poll::Ready(None), |last| self.comment(&last, frames))
            }
            Poll::Pending => {
                ready!(self.outlet.poll_silence(cx));
                self.comment(&self.break_silence(), frames)
            }
        }
    }

    /// Gathers something that no mailbox counts.
    fn comment(&self, pieces: &[Bytes], frames: &mut impl Gather) -> Gathered {
        self.outlet.pass_comment();
        frames.add(joined(pieces));
        Poll::Ready(Some(()))
    }

    /// The last frame of a stream that ends because the server stops: when the client may come back. `None` once it is said.
    fn say_goodbye(&mut self) -> Option<[Bytes; 2]> {
        if self.said_goodbye {
            return None;
        }
        self.said_goodbye = true;
        let retry = sse::retry(self.outlet.come_back_after());
        Some([notice(self.outlet.subscription().take_last_gap().as_ref()), retry])
    }

    /// The last frame of a stream whose token has expired; `None` once it is said. The events that wait are not sent: their
    /// client has no right to them any more.
    fn say_expired(&mut self) -> Option<[Bytes; 2]> {
        if self.said_expired {
            return None;
        }
        self.said_expired = true;
        self.outlet.end_expired();
        Some([Bytes::from_static(sse::EXPIRED), sse::retry(self.outlet.come_back_after())])
    }

    /// The first frame of a stream: the gap in front of it, a comment, the time after which the client comes back if it
    /// loses the stream, and the id at which the stream begins. The gap comes first, because an id moves the client's
    /// cursor, which must not pass a hole that was not told.
    fn say_hello(&mut self) -> [Bytes; 2] {
        self.said_hello = true;
        let subscription = self.outlet.subscription();
        let hello = sse::hello(self.outlet.retry(), subscription.begins_at());
        [notice(subscription.opening()), hello]
    }

    /// A keep-alive, and in front of it the hole at the end of the stream that no event has told yet.
    fn break_silence(&self) -> [Bytes; 2] {
        let gap = self.outlet.subscription().take_last_gap();
        [notice(gap.as_ref()), Bytes::from_static(sse::KEEPALIVE)]
    }
}

/// Makes the frame of each event with `encode`, and adds it to `frames`. With a gap in front of an event, both are one
/// frame, so that nothing can come between them.
fn adds_to(frames: &mut impl Gather, encode: fn(&Event) -> Bytes) -> impl FnMut(Taken) -> Written {
    move |Taken { event, gap }| {
        let chunk = encode(&event);
        let chunk = match gap {
            Some(gap) => joined(&[sse::gap(&gap), data(&chunk)]),
            None => chunk,
        };
        let bytes = chunk.len();
        Written { event, bytes, is_last: frames.add(chunk) }
    }
}

/// The notice of a gap; empty without one.
fn notice(gap: Option<&Gap>) -> Bytes {
    gap.map(sse::gap).unwrap_or_default()
}

/// One chunk of several pieces.
fn joined(pieces: &[Bytes]) -> Bytes {
    chunk(pieces.iter().map(Bytes::len).sum(), |frame| pieces.iter().for_each(|piece| frame.put_slice(piece)))
}

impl<E: Environment> Body for SseBody<E> {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        let mut frame = None;
        let gathered = ready!(self.poll_gather(cx, &mut frame));
        Poll::Ready(gathered.and(frame).map(|frame| Ok(Frame::data(frame))))
    }
}
