//! What a response is to be: its status, and the type of its content.

use super::{NotAStream, brief};

/// What the response is to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Expected {
    EventStream,
    WebSocket,
    Ndjson,
}

impl Expected {
    pub(super) fn status(self) -> u16 {
        match self {
            Self::EventStream | Self::Ndjson => 200,
            Self::WebSocket => 101,
        }
    }

    /// Checks a content type.
    pub(super) fn check_type(self, kind: &str) -> Result<(), NotAStream> {
        // A character set may follow. An `EventSource` judges this part alone.
        let essence = kind.split(';').next().unwrap_or_default().trim();
        let (is_one, wanted) = match self {
            Self::EventStream | Self::WebSocket => {
                (essence.eq_ignore_ascii_case("text/event-stream"), "text/event-stream")
            }
            // Servers have several names for it, and some have none.
            Self::Ndjson => {
                let essence = essence.to_ascii_lowercase();
                let plain = ["text/plain", "application/octet-stream", NO_TYPE];
                (essence.contains("json") || plain.contains(&essence.as_str()), "application/x-ndjson")
            }
        };
        if is_one { Ok(()) } else { Err(NotAStream::Type(brief(kind), wanted)) }
    }
}

/// Said where a response gives no type.
pub(super) const NO_TYPE: &str = "no content type";
