//! What is published: a JSON object of the planned size that carries its number, so that a client can tell what is
//! missing whoever the server is.

use bytes::Bytes;

use crate::world;

/// Where the number begins; a server may wrap the object in one of its own.
const MARK: &[u8] = b"{\"n\":";

/// The smallest payload that has room for its number: smaller ones are published at this size.
pub(super) const LEAST_BYTES: u32 = 32;

/// The object of an arrival, by its index in the plan.
pub(super) fn payload(arrival: usize, key: u32, bytes: u32) -> Bytes {
    world::payload(arrival, key, bytes.max(LEAST_BYTES))
}

/// The number in a line of an event, if there is one and it is whole.
pub(super) fn number(line: &[u8]) -> Option<u64> {
    let start = memchr::memmem::find(line, MARK)? + MARK.len();
    let digits = line[start..].iter().take_while(|byte| byte.is_ascii_digit()).count();
    let is_whole = digits > 0 && start + digits < line.len();
    is_whole.then(|| std::str::from_utf8(&line[start..start + digits]).ok()?.parse().ok())?
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_payload_has_the_planned_size_is_an_object_and_carries_its_number() {
        for (arrival, bytes) in [(0, 1), (7, 32), (123_456_789, 32), (5, 400)] {
            let text = payload(arrival, 0, bytes);
            assert_eq!(text.len(), bytes.max(LEAST_BYTES) as usize);
            assert!(serde_json::from_slice::<serde_json::Value>(&text).unwrap().is_object());
            assert_eq!(number(&text), Some(arrival as u64));
        }
    }

    #[test]
    fn a_number_is_found_inside_what_a_server_wraps_it_in_and_never_half() {
        assert_eq!(number(br#"data: {"table":"t","data":{"n":42,"pad":"x"}}"#), Some(42));
        assert_eq!(number(br#"data: {"n":42"#), None, "there may be more of it");
        assert_eq!(number(br#"data: {"m":42}"#), None);
    }
}
