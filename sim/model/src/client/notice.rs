//! What a gap notice says: the same JSON object over every transport.

use std::borrow::Cow;

use hubbub::EventId;
use serde::{Deserialize, Deserializer};

/// Events that a stream does not bring, as this project's server tells of them.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Notice {
    /// The first missing event; `None` where the server does not know it.
    #[serde(default, deserialize_with = "id")]
    pub first: Option<EventId>,
    /// The last missing event; `None` where the server does not know it.
    #[serde(default, deserialize_with = "id")]
    pub last: Option<EventId>,
    /// The number of missing events; `None` where the server does not know it.
    pub count: Option<u64>,
    /// Why, in the server's word for it.
    pub reason: String,
}

impl Notice {
    /// Reads the data of an event that is named `gap`; `None` where that is something else by the same name.
    pub fn read(data: &[u8]) -> Option<Self> {
        serde_json::from_slice(data).ok()
    }
}

fn id<'de, D: Deserializer<'de>>(field: D) -> Result<Option<EventId>, D::Error> {
    // An id of another form counts as unknown: the notice still says that something is missing.
    Ok(Option::<Cow<'_, str>>::deserialize(field)?.and_then(|text| text.parse().ok()))
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use hubbub::event::GapReason;
    use hubbub::{Gap, LossReason, frame};

    use super::*;

    #[test]
    fn a_notice_says_what_the_server_put_into_it() {
        let id = |sequence| EventId { epoch: 3, sequence };
        let known =
            Gap { first: Some(id(1)), last: Some(id(9)), count: Some(4), reason: GapReason::Lost(LossReason::Age) };
        let unknown = Gap { first: None, last: None, count: None, reason: GapReason::UnknownCursor };
        for gap in [known, unknown] {
            let frame: Bytes = frame::sse::gap(&gap);
            let data = frame.strip_prefix(b"event: gap\ndata: ").unwrap().trim_ascii();
            let Gap { first, last, count, reason } = gap;
            let expected = Notice { first, last, count, reason: reason.name().to_owned() };
            assert_eq!(Notice::read(data), Some(expected));
        }
        assert_eq!(Notice::read(b"{\"between\":[\"teeth\"]}"), None, "an event of somebody else's by that name");
    }
}
