//! The HTTP of a stream of events: the head of its response, and the cursor that a request for it carries.

#[cfg(feature = "server")]
use std::time::{Duration, SystemTime};

#[cfg(feature = "server")]
use bytes::Bytes;
#[cfg(feature = "server")]
use httpdate::HttpDate;
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

/// The last second that a date in a header can have: the end of the year 9999.
#[cfg(feature = "server")]
const LAST_DATE: Duration = Duration::from_secs(253_402_300_799);

/// The date of a time since the Unix epoch, as headers have it. Later ones than the last that can be are that one.
#[cfg(feature = "server")]
pub(crate) fn date(unix_time: Duration) -> HttpDate {
    HttpDate::from(SystemTime::UNIX_EPOCH + unix_time.min(LAST_DATE))
}

/// The head of a response with these headers, as it is on the wire, for a body in chunks. The headers that HTTP adds are those
/// that hyper adds: the coding of the body, and the date, which is given as time since the Unix epoch.
#[cfg(feature = "server")]
pub(crate) fn head_on_the_wire(headers: &HeaderMap, unix_time: Duration) -> Bytes {
    let date = date(unix_time);
    let mut head = Vec::with_capacity(256);
    head.extend_from_slice(b"HTTP/1.1 200 OK\r\n");
    for (name, value) in headers {
        head.extend_from_slice(name.as_str().as_bytes());
        head.extend_from_slice(b": ");
        head.extend_from_slice(value.as_bytes());
        head.extend_from_slice(b"\r\n");
    }
    head.extend_from_slice(format!("transfer-encoding: chunked\r\ndate: {date}\r\n\r\n").as_bytes());
    head.into()
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

#[cfg(all(test, feature = "server"))]
mod tests {
    use super::*;

    #[test]
    fn a_head_has_the_headers_of_a_stream_its_coding_and_a_date_that_fits_whatever_the_clock_says() {
        let response = describe(Response::new(()), Version::HTTP_11);
        let head = |unix_time| head_on_the_wire(response.headers(), unix_time);
        let expected = "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ncache-control: no-cache\r\n\
                        x-accel-buffering: no\r\ntransfer-encoding: chunked\r\ndate: Sun, 06 Nov 1994 08:49:37 GMT\r\n\r\n";
        // The date of RFC 9110, 5.6.7.
        assert_eq!(head(Duration::from_secs(784_111_777)), expected);
        assert_eq!(head(Duration::MAX).len(), expected.len());
    }
}
