//! Ids as streams give them.

use hubbub::EventId;

/// The id of a block or a message, parsed once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StreamId {
    /// `<epoch>-<sequence>`, as this project's server numbers its events.
    Event(EventId),
    /// A plain number.
    Number(u64),
    /// Anything else: it can be sent back, and nothing follows from it.
    Other,
}

impl StreamId {
    /// Parses an id.
    pub fn parse(text: &str) -> Self {
        // `parse` alone would take a sign, and a stream that sends one does not count its events.
        let is_number = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        let parsed = if is_number { text.parse().ok().map(Self::Number) } else { text.parse().ok().map(Self::Event) };
        parsed.unwrap_or(Self::Other)
    }

    /// The id, if it is one of this project's server.
    pub fn event(self) -> Option<EventId> {
        match self {
            Self::Event(id) => Some(id),
            Self::Number(_) | Self::Other => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_that_of_an_event_a_number_or_just_a_text() {
        assert_eq!(StreamId::parse("7-41"), StreamId::Event(EventId { epoch: 7, sequence: 41 }));
        assert_eq!(StreamId::parse("18446744073709551615"), StreamId::Number(u64::MAX));
        for text in ["", "7-", "-9", "a1", "01HZX", "+5", "18446744073709551616", "7-1-2"] {
            assert_eq!(StreamId::parse(text), StreamId::Other, "{text:?}");
        }
    }
}
