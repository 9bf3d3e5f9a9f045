//! How events are carried to a subscriber: the protocol, and the receiver's side of flow control.

use serde::{Deserialize, Serialize};

/// The server has both; a plan is for one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Transport {
    /// Server-sent events.
    #[default]
    Sse,
    /// A WebSocket for each subscriber, with the one table.
    Ws,
}

impl Transport {
    /// Its name in a scenario and in the server's addresses.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Sse => "sse",
            Self::Ws => "ws",
        }
    }

    #[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks so")]
    pub(crate) fn is_sse(&self) -> bool {
        *self == Self::Sse
    }
}

/// How much a reader of limited rate has read when it tells its peer of the room: one Ethernet segment, or half of a
/// smaller window. The receiver's side of silly-window avoidance, RFC 1122 §4.2.3.3.
pub fn step_bytes(window_bytes: u64) -> u64 {
    const SEGMENT_BYTES: u64 = 1460;
    // Rounded up: a window of one byte must not have a step of none.
    SEGMENT_BYTES.min(window_bytes.div_ceil(2))
}
