//! From HTTP to what a connection continues with: what a request leaves behind, and the protocol that follows.

use std::sync::{Mutex, PoisonError};
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, AsyncWrite};

use super::super::Environment;
use super::super::event_response::{self, EventResponse};
use super::super::gated_stream::GatedStream;
#[cfg(feature = "ws")]
use super::super::websocket::{self, WebSocket};

/// What a request leaves for its connection.
pub(crate) enum Begin<E: Environment> {
    /// A stream of server-sent events, in place of an answer by hyper.
    Events(Box<event_response::Begin<E>>),
    /// A WebSocket, once hyper has answered the request.
    #[cfg(feature = "ws")]
    WebSocket(Box<websocket::Begin<E>>),
}

/// Where a request leaves what its connection continues with.
pub(crate) struct Handover<E: Environment>(Mutex<Option<Begin<E>>>);

impl<E: Environment> Handover<E> {
    pub(crate) fn leave(&self, begin: Begin<E>) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(begin);
    }

    /// Whether a request has left something.
    pub(super) fn is_left(&self) -> bool {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).is_some()
    }

    /// What begins in place of the answer that hyper waits for.
    pub(super) fn take_instead_of_answer(&self) -> Option<Begin<E>> {
        self.take_if(|begin| matches!(begin, Begin::Events(_)))
    }

    /// What begins behind the last answer of hyper. A stream does not: its client has left before it began.
    pub(super) fn take_behind_answer(&self) -> Option<Begin<E>> {
        self.take_if(|begin| !matches!(begin, Begin::Events(_)))
    }

    fn take_if(&self, fits: fn(&mut Begin<E>) -> bool) -> Option<Begin<E>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).take_if(fits)
    }
}

// Derived, it would ask for a default environment.
impl<E: Environment> Default for Handover<E> {
    fn default() -> Self {
        Self(Mutex::new(None))
    }
}

/// What a connection continues with.
// Each boxed: otherwise every stream would reserve room for a WebSocket, which is larger.
pub(super) enum Continued<S, E: Environment> {
    Events(Box<EventResponse<S, E>>),
    #[cfg(feature = "ws")]
    WebSocket(Box<WebSocket<S, E>>),
}

impl<S: AsyncRead + AsyncWrite + Unpin, E: Environment> Continued<S, E> {
    /// Continues on a stream of which the bytes `read` have been read already; `None` if nothing can.
    pub(super) fn new(stream: GatedStream<S, E>, read: &[u8], begin: Begin<E>) -> Option<Self> {
        match begin {
            Begin::Events(begin) => Some(Self::Events(Box::new(EventResponse::new(stream, read, *begin)))),
            #[cfg(feature = "ws")]
            Begin::WebSocket(begin) => {
                WebSocket::new(stream, read, *begin).map(|socket| Self::WebSocket(Box::new(socket)))
            }
        }
    }

    /// Ready when the connection is over.
    pub(super) fn poll(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        match self {
            Self::Events(response) => response.poll(cx),
            #[cfg(feature = "ws")]
            Self::WebSocket(socket) => socket.poll(cx),
        }
    }
}
