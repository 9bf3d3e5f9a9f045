//! The HTTP of a stream of events: the headers of its response, and the cursor that a request for it carries.

use hyper::header::{CACHE_CONTROL, CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue};
use hyper::{Response, Version};

use crate::hub::Cursor;

/// The media type of a stream.
pub(crate) const EVENT_STREAM: &str = "text/event-stream";

/// Asks nginx, and proxies that know its header, not to buffer a stream.
const ACCEL_BUFFERING: HeaderName = HeaderName::from_static("x-accel-buffering");

const LAST_EVENT_ID: HeaderName = HeaderName::from_static("last-event-id");

/// Adds the headers of a stream to the response to a request of this version.
pub(crate) fn describe<B>(mut response: Response<B>, version: Version) -> Response<B> {
    // In HTTP/1.0 the end of the connection is the end of the stream. hyper promises to keep the connection to a client
    // that asks for it, unless the answer itself is HTTP/1.0.
    if version < Version::HTTP_11 {
        *response.version_mut() = Version::HTTP_10;
    }
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(EVENT_STREAM));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    headers.insert(ACCEL_BUFFERING, HeaderValue::from_static("no"));
    response
}

/// The cursor in the header of a client that comes back. An empty header is none. No cursor is refused: an
/// `EventSource` would give up for good.
pub(crate) fn last_event_id(headers: &HeaderMap) -> Option<Cursor> {
    let ids = headers.get_all(LAST_EVENT_ID).iter().filter(|id| !id.is_empty());
    only(ids.map(|id| id.to_str().map_or(Cursor::Unknown, Cursor::read)))
}

/// The one cursor that a request has. If several differ, the right one is not known, and the result is
/// [`Cursor::Unknown`].
pub(crate) fn only(mut cursors: impl Iterator<Item = Cursor>) -> Option<Cursor> {
    let first = cursors.next()?;
    Some(if cursors.all(|other| other == first) { first } else { Cursor::Unknown })
}
