//! `GET /`: a page that watches a table, to see that events arrive. It is one file and loads nothing else.

use bytes::Bytes;
use hyper::header::{CACHE_CONTROL, CONTENT_SECURITY_POLICY, HeaderValue};
use hyper::{Response, StatusCode};

use super::Body;
use super::response::whole;
use crate::transport::Environment;

const PAGE: &str = include_str!("page.html");

/// The content security policy of the page. Events contain text of other people, so the page may run its own script and
/// connect to its own server, and nothing else.
const POLICY: &str = "default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; connect-src 'self'; \
                      form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

pub(super) fn page<E: Environment>() -> Response<Body<E>> {
    let mut page = whole(StatusCode::OK, "text/html; charset=utf-8", Bytes::from_static(PAGE.as_bytes()));
    let headers = page.headers_mut();
    headers.insert(CONTENT_SECURITY_POLICY, HeaderValue::from_static(POLICY));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    page
}
