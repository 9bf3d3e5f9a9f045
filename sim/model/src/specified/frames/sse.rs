//! Lengths in bytes of server-sent events over HTTP: the head of the response, chunks, and what is in them.

use std::time::Duration;

use hubbub::frame::sse;
use hubbub::{EventId, Gap, SubscriberId};

use super::{Framed, id_digits};

/// The head of the response: the status line, `content-type`, `cache-control`, `x-accel-buffering`, `transfer-encoding`
/// and `date`, each with its line end, and an empty line.
// A constant, although it has a date: HTTP writes every date with 29 characters.
pub(super) const RESPONSE_HEAD: u64 = 17 + 33 + 25 + 23 + 28 + 37 + 2;

/// The line end behind a chunk's bytes.
pub(super) const CHUNK_END: u64 = 2;

/// The comment after a silence.
pub(super) const KEEPALIVE: u64 = sse::KEEPALIVE.len() as u64;

/// `id: ` in front of an id, and the line end behind it.
const ID_LINE: u64 = 5;

/// `data: ` in front of a payload, its line end, and an empty line.
const DATA_LINE: u64 = 8;

/// `event: ingest.` in front of a table's name, and the line end behind it.
const NAME_LINE: u64 = 15;

/// The size of a chunk in hexadecimal digits, and a line end.
pub(super) fn chunk_head(bytes: u64) -> u64 {
    // The size has no leading zeros, so the head grows with the chunk.
    u64::from((u64::BITS - bytes.leading_zeros()).div_ceil(4)) + 2
}

/// The first bytes of a stream: the time after which the client comes back, which is another one for each subscriber, and
/// the place it begins at where the client is told.
pub(super) fn hello(longest: Option<Duration>, subscriber: SubscriberId, begins_at: Option<EventId>) -> u64 {
    sse::hello(retry(longest, subscriber), begins_at).len() as u64
}

/// The time that a greeting asks for, as a client reads it, and where its line ends in the greeting.
pub(super) fn retry_line(longest: Option<Duration>, subscriber: SubscriberId) -> Option<(u64, Duration)> {
    let retry = retry(longest, subscriber)?;
    // A greeting without a place ends with the line and an empty one.
    let line_end = sse::hello(Some(retry), None).len() as u64 - 1;
    Some((line_end, retry))
}

/// The time after which a client comes back that has lost its stream: between a fifth of the longest and all of it.
fn retry(longest: Option<Duration>, subscriber: SubscriberId) -> Option<Duration> {
    let longest = longest?;
    let least = longest / 5;
    let spread_ms = (longest - least).as_millis().max(1);
    // Neighbours get times far apart. On the wire it is whole milliseconds.
    let nth_ms = u128::from(subscriber.0.wrapping_mul(617)) % spread_ms;
    let ms = u64::try_from(least.as_micros() / 1000 + nth_ms).unwrap_or(u64::MAX);
    Some(Duration::from_millis(ms))
}

/// A gap notice.
pub(super) fn gap(gap: &Gap) -> u64 {
    sse::gap(gap).len() as u64
}

/// The first line of an event: `id: EPOCH-SEQUENCE`.
pub(super) fn id_line(id: EventId) -> u64 {
    ID_LINE + id_digits(id)
}

/// An event whose payload is one line of so many bytes.
pub(super) fn event(id: EventId, payload_bytes: u64) -> u64 {
    // A plan's payloads have no line breaks, so one `data:` line is enough.
    id_line(id) + DATA_LINE + payload_bytes
}

/// The line that names an event after its topic: `event: ingest.TABLE`.
pub(super) fn name_line(event: &Framed) -> u64 {
    NAME_LINE + u64::from(event.table_bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_head_of_a_chunk_has_hexadecimal_digits() {
        let cases = [(0, 2), (9, 3), (10, 3), (255, 4), (256, 5), (1_764_000_000_000, 13)];
        for (bytes, head) in cases {
            assert_eq!(chunk_head(bytes), head, "head of a chunk of {bytes}");
        }
    }
}
