//! A stream of events as the body of a response in a program with routes of its own, and what may go wrong with it.

use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use hyper::body::{Body, Frame};

use super::gated_connection::{Observing, StreamPlace};
use super::poll_scope::PollScope;
use super::sse::SseBody;
use crate::hub::SubscriberId;

/// The body of a stream of server-sent events behind its connection's flush gate; [`SseGate::sse`] makes it.
///
/// It yields the next frame when the socket has accepted the frames before. The subscription is over as soon as the
/// body is dropped, has yielded its end or an error, or its connection has ended. What was not flushed by then is
/// counted as lost, with the reason. A body that is polled after its end yields `None`.
///
/// Only the connection that the body was made on may poll it: see [`GatedBodyError::OtherConnection`].
///
/// [`SseGate::sse`]: super::SseGate::sse
#[must_use = "a body that is dropped ends its subscription"]
pub struct GatedBody {
    id: SubscriberId,
    /// `None` once the stream is over.
    // In front of the place, which is given up only after the subscription has ended.
    stream: Option<SseBody<Observing>>,
    place: StreamPlace,
}

/// Why a [`GatedBody`] ends before its stream does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum GatedBodyError {
    /// The body was polled by something else than the connection whose gate made it: by another connection, a spawned
    /// task, or a test. The gate knows only its own connection's socket, so no frame could be counted.
    #[error("a gated body was polled outside of the connection whose gate made it: return it from the same request")]
    OtherConnection,
}

impl GatedBody {
    pub(super) fn new(stream: SseBody<Observing>, place: StreamPlace) -> Self {
        Self { id: stream.id(), stream: Some(stream), place }
    }

    /// The subscriber's id, unique for the life of the Hub.
    pub fn id(&self) -> SubscriberId {
        self.id
    }
}

impl Body for GatedBody {
    type Data = Bytes;
    type Error = GatedBodyError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, GatedBodyError>>> {
        let this = &mut *self;
        let Some(stream) = &mut this.stream else { return Poll::Ready(None) };
        if !PollScope::is_in(this.place.gate()) {
            this.stream = None;
            return Poll::Ready(Some(Err(GatedBodyError::OtherConnection)));
        }
        match ready!(Pin::new(stream).poll_frame(cx)) {
            Some(Ok(frame)) => Poll::Ready(Some(Ok(frame))),
            Some(Err(never)) => match never {},
            None => {
                this.stream = None;
                Poll::Ready(None)
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        self.stream.is_none()
    }
}

impl fmt::Debug for GatedBody {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let is_over = self.stream.is_none();
        f.debug_struct("GatedBody").field("id", &self.id).field("is_over", &is_over).finish_non_exhaustive()
    }
}
