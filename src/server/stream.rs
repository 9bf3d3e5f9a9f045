//! `GET /v1/stream/sse?table=T`, with `Last-Event-ID` or `since=ID` from there on.

use std::borrow::Cow;
use std::time::Duration;

use hyper::body::Incoming;
use hyper::header::{CACHE_CONTROL, CONNECTION, CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue};
use hyper::{Request, Response, StatusCode, Version};

use super::response::{Events, error, whole};
use super::{Body, Exchange};
use crate::frame;
use crate::hub::Cursor;
use crate::topic::Topic;
use crate::transport::outlet::{Pace, come_back_after};
use crate::transport::sse::SseBody;
use crate::transport::{Environment, Limit};

/// Asks nginx and its kin to pass a stream on as it comes.
const ACCEL_BUFFERING: HeaderName = HeaderName::from_static("x-accel-buffering");

const LAST_EVENT_ID: HeaderName = HeaderName::from_static("last-event-id");

const EVENT_STREAM: &str = "text/event-stream";

/// When a client that found no place asks again at the earliest: nothing is gained by asking all the time.
pub(super) const COME_BACK_LATER: Duration = Duration::from_secs(5);

impl<E: Environment> Exchange<E> {
    pub(super) fn stream(&self, request: &Request<Incoming>) -> Response<Body<E>> {
        let query = request.uri().query().unwrap_or_default();
        let Some(table) = parameter(query, "table") else {
            return error(StatusCode::BAD_REQUEST, "which table? ask for /v1/stream/sse?table=NAME");
        };
        let topic = match Topic::of_table(&table) {
            Ok(topic) => topic,
            Err(why) => return error(StatusCode::BAD_REQUEST, &format!("table: {why}")),
        };
        let Ok(place) = self.server.streams.clone().try_acquire_owned() else { return self.come_back_later() };
        let patterns = [topic.into()];
        let subscription = match cursor(request.headers(), query) {
            Some(cursor) => self.server.hub.resume(&patterns, cursor),
            None => self.server.hub.subscribe(&patterns),
        };
        let mut pace = self.pace();
        // Where a frame ends in a shared write is counted in chunks, which HTTP/1.0 does not have.
        if request.version() < Version::HTTP_11 {
            pace.frames_per_write = 1;
        }
        let stream = SseBody::new(self.gate.clone(), subscription, self.peer, pace);
        let mut response = Response::new(Body::Events(Events { stream, _place: place }));
        describe(response.headers_mut());
        response
    }

    pub(super) fn pace(&self) -> Pace {
        let settings = &self.server.settings;
        Pace { keepalive: settings.keepalive, frames_per_write: settings.frames_per_write }
    }

    /// An `EventSource` gives up for good on any status but 200, and on any other kind of content. So a full server
    /// answers with a stream that only says when to ask again, and ends.
    fn come_back_later(&self) -> Response<Body<E>> {
        self.server.environment.refused(Limit::Subscribers);
        let retry = come_back_after(COME_BACK_LATER, u64::from(self.peer.port()));
        let mut response = whole(StatusCode::OK, EVENT_STREAM, frame::sse::retry(retry));
        describe(response.headers_mut());
        response.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
        response
    }
}

fn parameter<'a>(query: &'a str, name: &str) -> Option<Cow<'a, str>> {
    form_urlencoded::parse(query.as_bytes()).find(|(other, _)| other == name).map(|(_, value)| value)
}

/// Where the client says it was. The header is newer than the address: an `EventSource` that comes back sends it along
/// with the address that it was given at first. It is never refused: whatever it is, the client is there.
pub(super) fn cursor(headers: &HeaderMap, query: &str) -> Option<Cursor> {
    if let Some(id) = headers.get(LAST_EVENT_ID).filter(|id| !id.is_empty()) {
        return Some(id.to_str().map_or(Cursor::Unknown, Cursor::read));
    }
    parameter(query, "since").filter(|id| !id.is_empty()).map(|id| Cursor::read(&id))
}

fn describe(headers: &mut HeaderMap) {
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(EVENT_STREAM));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    headers.insert(ACCEL_BUFFERING, HeaderValue::from_static("no"));
}
