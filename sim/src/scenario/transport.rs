//! What subscribers are served over.

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
