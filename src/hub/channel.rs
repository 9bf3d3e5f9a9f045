//! The kinds of transport, which the Hub treats alike and only counts apart.

/// The kind of transport that takes a subscriber's frames.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Channel {
    /// A stream of server-sent events.
    Sse,
    /// A WebSocket.
    WebSocket,
}

impl Channel {
    /// Every channel.
    pub const ALL: [Self; 2] = [Self::Sse, Self::WebSocket];

    /// The name in metrics.
    pub fn name(self) -> &'static str {
        match self {
            Self::Sse => "sse",
            Self::WebSocket => "ws",
        }
    }
}
