//! The handle by which a request handler begins a stream on its connection.

use std::fmt;
use std::net::SocketAddr;
use std::sync::Arc;

use hyper::{Request, Response, Version};

use super::SSE_LABEL;
use super::event_stream::{describe, last_event_id};
use super::gated_body::GatedBody;
use super::gated_connection::{GatedConnection, StreamPlace};
use super::sse::SseBody;
use crate::hub::{Cursor, SubscribeError, SubscriptionBuilder};

/// The handle by which a handler answers its request with a stream of server-sent events.
///
/// [`Connections`](super::Connections) puts one into the extensions of every request. A handler of axum takes it as
/// `Extension<SseGate>`; any other reads `request.extensions().get::<SseGate>()`. The handle is for that request: the
/// body that it makes can only be served by the connection which the request came on.
///
/// ```
/// use axum::Extension;
/// use axum::extract::{Path, State};
/// use axum::response::IntoResponse;
/// use hubbub::transport::SseGate;
/// use hubbub::{Hub, Topic};
/// use hyper::StatusCode;
///
/// async fn watch(
///     State(hub): State<Hub>,
///     Path(table): Path<String>,
///     Extension(gate): Extension<SseGate>,
/// ) -> Result<impl IntoResponse, StatusCode> {
///     let topic = Topic::of_table(&table).map_err(|_| StatusCode::NOT_FOUND)?;
///     gate.sse(hub.subscribe(&[topic.into()])).map_err(|_| StatusCode::INTERNAL_SERVER_ERROR)
/// }
/// # let capacity = hubbub::Capacity::new(4).expect("1 to 1,048,576 frames");
/// # let overflow = hubbub::Overflow::DropOldest;
/// # let hub = Hub::new(hubbub::HubSettings { epoch: 7, capacity, overflow });
/// let routes = axum::Router::new().route("/watch/{table}", axum::routing::get(watch)).with_state(hub);
/// # drop::<axum::Router>(routes);
/// ```
#[derive(Clone)]
pub struct SseGate {
    connection: Arc<GatedConnection>,
    version: Version,
    cursor: Option<Cursor>,
}

/// Why [`SseGate::sse`] began no stream.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SseError {
    /// The subscription would lose events although it was asked to keep them.
    #[error(transparent)]
    Subscribe(#[from] SubscribeError),
    /// The connection has a stream already: an earlier body of this gate exists.
    #[error("this connection has a stream already: a gate serves one body at a time")]
    Busy,
}

impl SseGate {
    /// Puts the handle for a request into its extensions.
    pub(super) fn give_to<B>(request: &mut Request<B>, connection: &Arc<GatedConnection>) {
        let cursor = last_event_id(request.headers());
        let gate = Self { connection: connection.clone(), version: request.version(), cursor };
        request.extensions_mut().insert(gate);
    }

    /// Subscribes, and makes the response whose body is the stream.
    ///
    /// The response has the status 200 and the headers `content-type`, `cache-control` and `x-accel-buffering` of a
    /// stream. If the request has a `Last-Event-ID`, the stream begins after that event. The header takes precedence
    /// over [`SubscriptionBuilder::after`], because an `EventSource` that comes back sends it with the address that it
    /// was given first. A cursor is never refused: a gap notice in front of the stream says what cannot be replayed.
    /// A subscription without a label gets [`SSE_LABEL`].
    ///
    /// Over HTTP/1.0 the response is HTTP/1.0, and the stream ends with its connection. hyper drops the body of a
    /// response to `HEAD`, which ends the subscription at once.
    ///
    /// # Errors
    /// [`SseError::Subscribe`] when the policy would lose events that it is meant to keep, and [`SseError::Busy`] while
    /// another body of this connection exists.
    pub fn sse(&self, subscription: SubscriptionBuilder<'_>) -> Result<Response<GatedBody>, SseError> {
        let connection = &self.connection;
        let place = StreamPlace::take(connection).ok_or(SseError::Busy)?;
        let subscription = subscription.open_for_stream(self.cursor, SSE_LABEL)?;
        let mut pace = connection.pace;
        // The bytes of a shared write are counted with HTTP's chunks, which HTTP/1.0 does not have.
        if self.version < Version::HTTP_11 {
            pace.frames_per_write = 1;
        }
        let encode = crate::frame::sse::event_chunk;
        let stream = SseBody::new(connection.gate.clone(), subscription, connection.peer, pace, encode);
        Ok(describe(Response::new(GatedBody::new(stream, place)), self.version))
    }

    /// The address of the client, as it was given to [`Connections::serve`](super::Connections::serve).
    pub fn peer(&self) -> SocketAddr {
        self.connection.peer
    }

    /// The cursor in the request's `Last-Event-ID`; `None` if it has none. [`sse`](Self::sse) begins after it.
    pub fn cursor(&self) -> Option<Cursor> {
        self.cursor
    }
}

impl fmt::Debug for SseGate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SseGate").field("peer", &self.peer()).field("cursor", &self.cursor).finish_non_exhaustive()
    }
}
