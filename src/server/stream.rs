//! `GET /v1/stream/sse?table=T`: a stream of one table, of several, or of the topics of patterns (`topic=ingest.*`). It
//! begins after the cursor in `Last-Event-ID` or `since=ID` if there is one.

use std::ops::Range;
use std::time::Duration;

use bytes::Bytes;
use hyper::body::Incoming;
use hyper::header::{CONNECTION, HeaderMap, HeaderValue};
use hyper::{Method, Request, Response, StatusCode, Version};

use super::authorize::{Allowed, Head};
use super::response::{error, whole};
use super::selection::{Selection, parameters};
use super::settings::ServerSettings;
use super::streams::Stream;
use super::{Body, Exchange};
use crate::event::EventId;
use crate::event_log::Place;
use crate::frame;
use crate::hub::Cursor;
use crate::transport::event_response::Events;
use crate::transport::event_stream::{EVENT_STREAM, describe, last_event_id, only};
use crate::transport::outlet::{WriteSettings, come_back_after};
use crate::transport::sse::SseBody;
use crate::transport::{Environment, Limit, SSE_LABEL};

/// The refusal of a request that asks for nothing.
const NOTHING: &str = "which table? ask for /v1/stream/sse?table=NAME, several times or with topic=ingest.PATTERN";

/// When a client comes back after the limit of streams has turned it away.
pub(super) const COME_BACK_LATER: Range<Duration> = Duration::from_secs(5)..Duration::from_secs(10);

impl<E: Environment> Exchange<E> {
    pub(super) async fn stream(&self, request: &Request<Incoming>, takes_cookies: bool) -> Response<Body<E>> {
        let query = request.uri().query().unwrap_or_default();
        // First of all: a client without a token learns nothing else.
        let allowed = match self.allowed(&Head { headers: request.headers(), query, takes_cookies }) {
            Ok(allowed) => allowed,
            Err(why) => return self.refuse(why),
        };
        let Selection { patterns, form } = match Selection::read(query) {
            Ok(Selection { patterns, .. }) if patterns.is_empty() => return error(StatusCode::BAD_REQUEST, NOTHING),
            Ok(selection) => selection,
            Err(why) => return error(StatusCode::BAD_REQUEST, &why),
        };
        if let Err(why) = allowed.subscribe(&patterns) {
            return self.deny(why);
        }
        // Answered without a subscription: nothing would be read from it.
        if request.method() == Method::HEAD {
            return describe(whole(StatusCode::OK, EVENT_STREAM, Bytes::new()), request.version());
        }
        // Before the subscription: a client that is turned away leaves no trace in the Hub.
        let Some(mut place) = self.server.streams.enter() else {
            self.server.environment.refused(Limit::Subscribers);
            return self.come_back_later(request);
        };
        let Some(cursor) = self.reach(cursor(request.headers(), query)).await else {
            return self.come_back_later(request);
        };
        let mut wanted = self.server.hub.subscribe(&patterns).label(SSE_LABEL);
        if let Some(cursor) = cursor {
            wanted = wanted.after(cursor);
        }
        let subscription = wanted.open_for_client();
        place.belongs_to(subscription.id(), self.opened());
        let mut pace = self.pace(&allowed);
        // The bytes of a shared write are counted with HTTP's chunks, which HTTP/1.0 does not have.
        if request.version() < Version::HTTP_11 {
            pace.frames_per_write = 1;
        }
        let body = SseBody::new(self.connection.gate.clone(), subscription, self.peer, pace, form.encode());
        describe(Response::new(Body::Events(Events::new(body, place))), request.version())
    }

    /// What is known of a stream that begins on this connection now.
    pub(super) fn opened(&self) -> Stream {
        Stream { peer: self.peer, since: self.server.environment.now() }
    }

    pub(super) fn pace(&self, allowed: &Allowed) -> WriteSettings {
        let ServerSettings { keepalive, frames_per_write, retry, .. } = self.server.settings;
        let expires_at = allowed.grant().map(|grant| grant.expires_at);
        WriteSettings { keepalive, frames_per_write, retry, expires_at }
    }

    /// Where a stream begins, once the server has read the log so far; the inner `None` is a client without a cursor. The
    /// outer `None` is a server that has not read so far in time: the client comes back later.
    pub(super) async fn reach(&self, cursor: Option<Cursor>) -> Option<Option<Cursor>> {
        let Some(log) = &self.server.log else { return Some(cursor) };
        let at = match cursor {
            Some(Cursor::After(at)) => Some(at),
            Some(Cursor::Unknown) | None => None,
        };
        match log.reach(at).await {
            Place::Reached => Some(cursor),
            // No log has the epoch 0, so its ids are of another life.
            Place::Beyond => Some(Some(Cursor::After(EventId { epoch: 0, sequence: 0 }))),
            Place::NotYet => None,
        }
    }

    /// The answer of a server that cannot take another stream now: a stream that says when to come back, and ends. An
    /// `EventSource` gives up for good on any status but 200, and on any other media type.
    fn come_back_later(&self, request: &Request<Incoming>) -> Response<Body<E>> {
        let retry = come_back_after(&COME_BACK_LATER, u64::from(self.peer.port()));
        let mut response = describe(whole(StatusCode::OK, EVENT_STREAM, frame::sse::retry(retry)), request.version());
        // The connection would only hold one of the limited places until the client comes back.
        response.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
        response
    }
}

/// The cursor of a request. The header takes precedence over the query, because an `EventSource` that comes back sends
/// a new header with the address that it was given first. No cursor is refused: an `EventSource` would give up for
/// good.
pub(super) fn cursor(headers: &HeaderMap, query: &str) -> Option<Cursor> {
    let in_query = parameters(query, "since").filter(|id| !id.is_empty()).map(|id| Cursor::read(&id));
    last_event_id(headers).or_else(|| only(in_query))
}
