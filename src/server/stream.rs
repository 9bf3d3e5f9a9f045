//! `GET /v1/stream/sse?table=T`.

use hyper::header::{CACHE_CONTROL, CONTENT_TYPE, HeaderName, HeaderValue};
use hyper::{Response, StatusCode};

use super::response::{Events, error};
use super::{Body, Exchange};
use crate::topic::Topic;
use crate::transport::Environment;
use crate::transport::sse::SseBody;

/// Asks nginx and its kin to pass a stream on as it comes.
const ACCEL_BUFFERING: HeaderName = HeaderName::from_static("x-accel-buffering");

impl<E: Environment> Exchange<E> {
    pub(super) fn stream(&self, query: Option<&str>) -> Response<Body<E>> {
        let mut pairs = form_urlencoded::parse(query.unwrap_or_default().as_bytes());
        let Some((_, table)) = pairs.find(|(name, _)| name == "table") else {
            return error(StatusCode::BAD_REQUEST, "which table? ask for /v1/stream/sse?table=NAME");
        };
        let topic = match Topic::of_table(&table) {
            Ok(topic) => topic,
            Err(why) => return error(StatusCode::BAD_REQUEST, &format!("table: {why}")),
        };
        let subscription = self.hub.subscribe(&[topic.into()]);
        let events = SseBody::new(self.gate.clone(), subscription, self.peer, self.settings.keepalive);
        let mut response = Response::new(Body::Events(Events(events)));
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("text/event-stream"));
        headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-cache"));
        headers.insert(ACCEL_BUFFERING, HeaderValue::from_static("no"));
        response
    }
}
