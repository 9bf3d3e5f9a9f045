//! What is published in every world, and the number that a client finds in it again.

use bytes::Bytes;

use crate::plan::PAYLOAD_KEY;

/// Where the number begins; a server may wrap the object in one of its own.
const MARK: &[u8] = b"{\"n\":";

/// The smallest payload that has room for its number.
pub const LEAST_NUMBERED_BYTES: u32 = 32;

/// A payload of exactly `bytes` bytes: a JSON object with the arrival's number and its key. A payload that is too small
/// for both has the number alone, and one that is too small for that is only digits.
pub fn payload(arrival: usize, key: u32, bytes: u32) -> Bytes {
    let bytes = bytes as usize;
    let heads =
        [format!("{{\"n\":{arrival},\"{PAYLOAD_KEY}\":{key},\"pad\":\""), format!("{{\"n\":{arrival},\"pad\":\"")];
    // The first that fits: where there is little room, the key goes before the number.
    let Some(mut text) = heads.into_iter().find(|head| head.len() + TAIL.len() <= bytes) else {
        return Bytes::from(vec![b'0'; bytes]);
    };
    text.extend(std::iter::repeat_n('x', bytes - text.len() - TAIL.len()));
    text.push_str(TAIL);
    Bytes::from(text)
}

const TAIL: &str = "\"}";

/// The number in a line of an event, if there is one and it is whole.
pub(super) fn number(line: &[u8]) -> Option<u64> {
    // Most payloads are not wrapped: the search is for those that are.
    let mark = if line.starts_with(MARK) { 0 } else { memchr::memmem::find(line, MARK)? };
    let start = mark + MARK.len();
    let digits = line[start..].iter().take_while(|byte| byte.is_ascii_digit()).count();
    // Only part of a line is kept, so a number at its very end may have more digits.
    let is_whole = digits > 0 && start + digits < line.len();
    is_whole.then(|| std::str::from_utf8(&line[start..start + digits]).ok()?.parse().ok())?
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_payload_has_the_planned_size_and_is_an_object_with_its_number_and_key_where_there_is_room() {
        for (bytes, is_object, has_key) in [
            (1, false, false),
            (16, false, false),
            (17, true, false),
            (22, true, false),
            (23, true, true),
            (5000, true, true),
        ] {
            let payload = payload(12, 3, bytes);
            assert_eq!(payload.len(), bytes as usize);
            let value: serde_json::Value = serde_json::from_slice(&payload).unwrap_or_default();
            assert_eq!(value.is_object(), is_object, "{bytes}");
            assert_eq!(value["k"] == 3, has_key, "{bytes}");
        }
    }

    #[test]
    fn a_payload_with_room_for_its_number_is_an_object_and_carries_it() {
        for (arrival, bytes) in [(0, LEAST_NUMBERED_BYTES), (123_456_789, LEAST_NUMBERED_BYTES), (5, 400)] {
            let text = payload(arrival, 0, bytes);
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
