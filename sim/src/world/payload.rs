//! What is published in either world: a JSON object of the planned size.

use bytes::Bytes;

/// Where a payload has its key.
pub(super) const PAYLOAD_KEY: &str = "k";

/// A payload of exactly that many bytes: a JSON object that begins with the arrival's number and has its key, where
/// there is room for one; without the key, or just digits, where there is not.
pub(crate) fn payload(arrival: usize, key: u32, bytes: u32) -> Bytes {
    let bytes = bytes as usize;
    let heads =
        [format!("{{\"n\":{arrival},\"{PAYLOAD_KEY}\":{key},\"pad\":\""), format!("{{\"n\":{arrival},\"pad\":\"")];
    let Some(mut text) = heads.into_iter().find(|head| head.len() + TAIL.len() <= bytes) else {
        return Bytes::from(vec![b'0'; bytes]);
    };
    text.extend(std::iter::repeat_n('x', bytes - text.len() - TAIL.len()));
    text.push_str(TAIL);
    Bytes::from(text)
}

const TAIL: &str = "\"}";

#[cfg(test)]
mod tests {
    use super::payload;

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
}
