//! The forms of an answer: a whole body, a stream, a refusal.

use std::convert::Infallible;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use http_body_util::Full;
use hyper::body::{Body as HttpBody, Frame, SizeHint};
use hyper::header::{ALLOW, CONTENT_TYPE, HeaderValue};
use hyper::{Response, StatusCode};

use crate::transport::Environment;
use crate::transport::event_response::Events;

/// The body of an answer: complete, or a stream of events.
pub(crate) enum Body<E: Environment> {
    /// A complete body.
    Whole(Full<Bytes>),
    /// A stream of events.
    Events(Events<E>),
}

impl<E: Environment> HttpBody for Body<E> {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        match self.get_mut() {
            Self::Whole(body) => Pin::new(body).poll_frame(cx),
            Self::Events(events) => events.body().poll_frame(cx),
        }
    }

    fn is_end_stream(&self) -> bool {
        match self {
            Self::Whole(body) => body.is_end_stream(),
            Self::Events(_) => false,
        }
    }

    fn size_hint(&self) -> SizeHint {
        match self {
            Self::Whole(body) => body.size_hint(),
            // Without a length hyper writes a stream's frames until the connection ends, or in chunks.
            Self::Events(_) => SizeHint::default(),
        }
    }
}

/// An answer without a body: 204.
pub(super) fn empty<E: Environment>() -> Response<Body<E>> {
    let mut response = Response::new(Body::Whole(Full::default()));
    *response.status_mut() = StatusCode::NO_CONTENT;
    response
}

pub(super) fn text<E: Environment>(text: &'static str) -> Response<Body<E>> {
    whole(StatusCode::OK, "text/plain", Bytes::from_static(text.as_bytes()))
}

pub(super) fn json<E: Environment>(status: StatusCode, value: &serde_json::Value) -> Response<Body<E>> {
    whole(status, "application/json", Bytes::from(format!("{value}\n")))
}

/// A refusal with its reason, as JSON.
pub(super) fn error<E: Environment>(status: StatusCode, why: &str) -> Response<Body<E>> {
    json(status, &serde_json::json!({ "error": why }))
}

pub(super) fn method_not_allowed<E: Environment>(allowed: &'static str) -> Response<Body<E>> {
    let mut response = error(StatusCode::METHOD_NOT_ALLOWED, &format!("only {allowed} here"));
    response.headers_mut().insert(ALLOW, HeaderValue::from_static(allowed));
    response
}

/// The answer to `OPTIONS`: the methods that a path has.
pub(super) fn options<E: Environment>(allowed: &'static str) -> Response<Body<E>> {
    let mut response = empty();
    response.headers_mut().insert(ALLOW, HeaderValue::from_static(allowed));
    response
}

pub(super) fn whole<E: Environment>(status: StatusCode, kind: &'static str, bytes: Bytes) -> Response<Body<E>> {
    let mut response = Response::new(Body::Whole(Full::new(bytes)));
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(kind));
    response
}
