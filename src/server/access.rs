//! Access: pages of other origins, and publishers with a token.

use hyper::header::{
    ACCESS_CONTROL_ALLOW_CREDENTIALS, ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS,
    ACCESS_CONTROL_ALLOW_ORIGIN, ACCESS_CONTROL_MAX_AGE, ACCESS_CONTROL_REQUEST_METHOD, HOST, HeaderValue, ORIGIN,
    VARY,
};
use hyper::http::uri::Authority;
use hyper::{Method, Request, Response};

use super::origins::Origins;
use super::token::Token;

/// The kind of origin that a request has.
pub(super) enum Origin {
    /// A program, or a page of this server's own host.
    Own,
    /// A page of another origin that the settings allow.
    Allowed {
        /// The origin.
        value: HeaderValue,
        /// Whether the settings name it. A page that only `*` allows gets no cookies of its visitor.
        is_named: bool,
    },
    /// A page of another origin that the settings do not allow. It is refused before the request has an effect: a page
    /// can publish without reading the answer.
    Refused,
}

/// The origin of a request. Browsers write the `Origin` header themselves, and a page cannot forge it. A host in the
/// request line takes precedence over the `Host` header (RFC 9112, 3.2.2).
pub(super) fn origin<B>(request: &Request<B>, allowed: &Origins) -> Origin {
    let headers = request.headers();
    let Some(value) = headers.get(ORIGIN) else { return Origin::Own };
    let Ok(origin) = value.to_str() else { return Origin::Refused };
    if allowed.allow(origin) {
        return Origin::Allowed { value: value.clone(), is_named: allowed.names(origin) };
    }
    let in_line = request.uri().authority().map(Authority::as_str);
    let host = in_line.or_else(|| headers.get(HOST).and_then(|host| host.to_str().ok()));
    // Only the host is compared: behind a proxy that ends TLS the server does not know the scheme.
    let is_own = origin.split_once("://").zip(host).is_some_and(|((_, named), host)| named.eq_ignore_ascii_case(host));
    if is_own { Origin::Own } else { Origin::Refused }
}

/// Whether a browser asks if a page's request would be taken.
pub(super) fn is_preflight<B>(request: &Request<B>) -> bool {
    request.method() == Method::OPTIONS && request.headers().contains_key(ACCESS_CONTROL_REQUEST_METHOD)
}

/// Answers a preflight of an allowed origin: the methods and headers it may use, and how long the answer holds.
pub(super) fn may_ask<B>(response: Response<B>, origin: HeaderValue) -> Response<B> {
    let mut response = may_read(response, origin);
    let headers = response.headers_mut();
    headers.insert(ACCESS_CONTROL_ALLOW_METHODS, HeaderValue::from_static("GET, POST"));
    let allowed = "authorization, content-type, last-event-id, cache-control";
    headers.insert(ACCESS_CONTROL_ALLOW_HEADERS, HeaderValue::from_static(allowed));
    headers.insert(ACCESS_CONTROL_MAX_AGE, HeaderValue::from_static("600"));
    response
}

/// Lets the page of an allowed origin read the answer.
pub(super) fn may_read<B>(mut response: Response<B>, origin: HeaderValue) -> Response<B> {
    response.headers_mut().insert(ACCESS_CONTROL_ALLOW_ORIGIN, origin);
    // Otherwise a cache could give the answer for one origin to a page of another.
    response.headers_mut().append(VARY, HeaderValue::from_static("origin"));
    response
}

/// Lets the page of a named origin send the cookies of its visitor, and read the answer.
pub(super) fn may_send_cookies<B>(mut response: Response<B>) -> Response<B> {
    response.headers_mut().insert(ACCESS_CONTROL_ALLOW_CREDENTIALS, HeaderValue::from_static("true"));
    response
}

/// Whether an `Authorization` has the token.
pub(super) fn is_bearer_of(presented: Option<&HeaderValue>, token: &Token) -> bool {
    let presented = presented.map(HeaderValue::as_bytes).unwrap_or_default();
    match presented.split_at_checked("Bearer ".len()) {
        Some((scheme, presented)) if scheme.eq_ignore_ascii_case(b"Bearer ") => token.is(presented),
        Some(_) | None => false,
    }
}
