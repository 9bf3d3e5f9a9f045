//! Lengths in bytes of what the server writes: what HTTP adds, and encoded server-sent events.

use hubbub::frame::sse;
use hubbub::{EventId, Gap};

/// The head of the response: the status line, `content-type`, `cache-control`, `x-accel-buffering`, `transfer-encoding`
/// and `date`, each with its line end, and an empty line.
pub(super) const RESPONSE_HEAD: u64 = 17 + 33 + 25 + 23 + 28 + 37 + 2;

/// The line end behind a chunk's bytes.
pub(super) const CHUNK_END: u64 = 2;

/// The comment after a silence.
pub(super) const KEEPALIVE: u64 = sse::KEEPALIVE.len() as u64;

/// `id: ` in front of an id, and the line end behind it.
const ID_LINE: u64 = 5;

/// `data: ` in front of a payload, its line end, and an empty line.
const DATA_LINE: u64 = 8;

/// The size of a chunk in hexadecimal digits, and a line end.
pub(super) fn chunk_head(bytes: u64) -> u64 {
    u64::from((u64::BITS - bytes.leading_zeros()).div_ceil(4)) + 2
}

/// The first bytes of a stream: the place it begins at is in them where the client is told.
pub(super) fn hello(begins_at: Option<EventId>) -> u64 {
    begins_at.map_or(sse::HELLO.len(), |place| sse::hello(place).len()) as u64
}

/// A gap notice.
pub(super) fn gap(gap: &Gap) -> u64 {
    sse::gap(gap).len() as u64
}

/// The first line of an event: `id: EPOCH-SEQUENCE`.
pub(super) fn id_line(id: EventId) -> u64 {
    ID_LINE + digits(id.epoch) + 1 + digits(id.sequence)
}

/// An event whose payload is one line of so many bytes.
pub(super) fn event(id: EventId, payload_bytes: u64) -> u64 {
    id_line(id) + DATA_LINE + payload_bytes
}

/// Whether a payload of so many bytes has room for its key: `{"n":ARRIVAL,"k":KEY,"pad":""}`.
pub(super) fn has_key(arrival: u64, key: u64, payload_bytes: u64) -> bool {
    r#"{"n":,"k":,"pad":""}"#.len() as u64 + digits(arrival) + digits(key) <= payload_bytes
}

fn digits(number: u64) -> u64 {
    u64::from(number.checked_ilog10().unwrap_or(0)) + 1
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_has_its_decimal_digits_and_a_chunk_its_hexadecimal_ones() {
        let cases = [(0, 1, 2), (9, 1, 3), (10, 2, 3), (255, 3, 4), (256, 3, 5), (1_764_000_000_000, 13, 13)];
        for (number, decimal, chunk) in cases {
            assert_eq!(digits(number), decimal, "digits of {number}");
            assert_eq!(chunk_head(number), chunk, "head of a chunk of {number}");
        }
    }
}
