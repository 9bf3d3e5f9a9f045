//! How the bytes of a stream become events.

use crate::transport::Transport;

/// The format of a stream: how a subscriber asks for it, and how it marks one event off from the next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StreamFormat {
    /// Server-sent events: a `GET` that is answered with `text/event-stream`.
    Sse,
    /// A WebSocket whose text messages are JSON, one event each.
    WebSocket,
    /// Newline-delimited JSON: a `GET` whose body has one event a line.
    Ndjson,
}

impl StreamFormat {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Sse, Self::WebSocket, Self::Ndjson];

    /// Its name in options: `sse`, `ws` or `ndjson`.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Sse => "sse",
            Self::WebSocket => "ws",
            Self::Ndjson => "ndjson",
        }
    }
}

impl std::fmt::Display for StreamFormat {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name())
    }
}

impl std::str::FromStr for StreamFormat {
    type Err = String;

    fn from_str(name: &str) -> Result<Self, String> {
        let found = Self::ALL.into_iter().find(|format| format.name() == name);
        found.ok_or_else(|| format!("{name:?}: must be sse, ws or ndjson"))
    }
}

impl From<Transport> for StreamFormat {
    fn from(transport: Transport) -> Self {
        match transport {
            Transport::Sse => Self::Sse,
            Transport::Ws => Self::WebSocket,
        }
    }
}
