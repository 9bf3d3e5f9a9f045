//! The envelope of an event in a stream of several topics: a JSON object that says which event it is and of which table.

use serde::de::IgnoredAny;

use crate::event::Event;

/// The envelope of an event: `{"table":"T","id":"E-S","data":…}`. A payload that is not JSON becomes a string.
pub(super) fn envelope(event: &Event) -> String {
    // Neither the name nor the id needs escaping: tokens are made of letters, digits, `_` and `-`.
    let table = event.topic().table();
    let id = event.id();
    let payload = event.payload();
    // Checked although publishing has checked it: a program that embeds the Hub may publish anything.
    match std::str::from_utf8(payload).ok().filter(|text| serde_json::from_str::<IgnoredAny>(text).is_ok()) {
        Some(data) => format!("{{\"table\":\"{table}\",\"id\":\"{id}\",\"data\":{data}}}"),
        None => {
            let data = serde_json::Value::from(String::from_utf8_lossy(payload));
            format!("{{\"table\":\"{table}\",\"id\":\"{id}\",\"data\":{data}}}")
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::event::EventId;
    use crate::topic::Topic;

    #[test]
    fn an_envelope_has_the_payload_as_it_is_or_as_a_string_where_it_is_no_json() {
        let of = |topic: &str, payload: &'static [u8]| {
            let topic = Topic::new(topic).unwrap();
            envelope(&Event::new(EventId { epoch: 7, sequence: 1 }, topic, payload, Duration::ZERO))
        };
        assert_eq!(of("ingest.t", br#"{"x": 1}"#), r#"{"table":"t","id":"7-1","data":{"x": 1}}"#);
        assert_eq!(of("ingest.t.eu", b"{}"), r#"{"table":"t.eu","id":"7-1","data":{}}"#);
        for payload in [&b"no \"json\"\n"[..], b"\xff", b""] {
            let value: serde_json::Value = serde_json::from_str(&of("ingest.t", payload)).unwrap();
            assert_eq!(value["data"], *String::from_utf8_lossy(payload));
        }
    }
}
