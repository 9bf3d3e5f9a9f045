//! `GET /`: a page that watches a table, for whoever wants to see that events arrive. One file, nothing from elsewhere.

use bytes::Bytes;
use hyper::header::{CACHE_CONTROL, CONTENT_SECURITY_POLICY, HeaderValue};
use hyper::{Response, StatusCode};

use super::Body;
use super::response::whole;
use crate::transport::Environment;

const PAGE: &str = include_str!("page.html");

/// What events hold is other people's text: the page may run its own script and speak to its own server, and nothing
/// else.
const POLICY: &str = "default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; connect-src 'self'; \
                      form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

pub(super) fn page<E: Environment>() -> Response<Body<E>> {
    let mut page = whole(StatusCode::OK, "text/html; charset=utf-8", Bytes::from_static(PAGE.as_bytes()));
    let headers = page.headers_mut();
    headers.insert(CONTENT_SECURITY_POLICY, HeaderValue::from_static(POLICY));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    page
}
