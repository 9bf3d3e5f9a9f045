//! Headers that decide something. One that is sent twice may have two values, and the server must not choose.

use hyper::header::{HOST, HeaderMap, HeaderName, HeaderValue, ORIGIN};
use hyper::http::uri::Authority;
use hyper::{Request, Version};

/// The value of a header; `None` if the request does not have it.
///
/// # Errors
/// When the request has it more than once.
pub(super) fn once<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Result<Option<&'a HeaderValue>, String> {
    let mut values = headers.get_all(name).iter();
    match (values.next(), values.count()) {
        (value, 0) => Ok(value),
        (_, more) => Err(format!("{} {name} headers: send one", more + 1)),
    }
}

/// Whether a header that lists words has this one, in any case.
pub(super) fn has_word(headers: &HeaderMap, name: &HeaderName, word: &str) -> bool {
    let values = headers.get_all(name).iter().filter_map(|value| value.to_str().ok());
    values.flat_map(|value| value.split(',')).any(|other| other.trim().eq_ignore_ascii_case(word))
}

/// Checks the headers that every route depends on: the host (RFC 9112, 3.2) and the origin.
///
/// # Errors
/// When one is sent twice, or the host is missing or malformed.
pub(super) fn check<B>(request: &Request<B>) -> Result<(), String> {
    let headers = request.headers();
    once(headers, &ORIGIN)?;
    match once(headers, &HOST)? {
        None if request.version() == Version::HTTP_11 => {
            Err("a request of HTTP/1.1 must have a host header".to_owned())
        }
        Some(host) if !is_host(host) => {
            Err("the host header must be a name or an address, and perhaps a port".to_owned())
        }
        _ => Ok(()),
    }
}

/// Whether a header is a host. An empty one is allowed: it is for a target without a name.
fn is_host(host: &HeaderValue) -> bool {
    // The type also accepts user information, which is not part of a host.
    let is_authority = |host: &[u8]| !host.contains(&b'@') && Authority::try_from(host).is_ok();
    host.is_empty() || is_authority(host.as_bytes())
}
