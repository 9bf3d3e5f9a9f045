//! What a probe of a path has found, as a document; and `proxies.json`, several of them.

use serde::{Deserialize, Serialize};

/// What a probe has found. Times are in milliseconds.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Found {
    /// The form of this document.
    pub schema: String,
    /// The command that probes the same again.
    pub command: String,
    /// Where the stream was, behind all redirections.
    pub stream: String,
    /// Bytes of an event's data.
    pub payload_bytes: u32,
    /// Bytes that such an event takes on the wire, in the mean, with all that is around it.
    pub frame_bytes: f64,
    /// Whether the head of the response came before any event was published.
    pub head_before_event: bool,
    /// From the request to the head.
    pub head_ms: f64,
    /// From a publish to its receipt by a client that reads.
    pub event_ms: f64,
    /// What a client that has stopped reading is given.
    #[serde(flatten)]
    pub hidden: Hidden,
    /// From the end of a client's connection until the server had noticed, while no event was published. Only a server
    /// that lists its subscribers shows it.
    pub leave_noticed_ms: Option<f64>,
    /// How long that was waited for, where it was not noticed.
    pub leave_not_noticed_within_ms: Option<f64>,
    /// Whether a client that comes back with its last id has all that it missed, once and in order. Unknown where the
    /// stream has no ids.
    pub resumes: Option<bool>,
    /// From the request of a client that comes back to the last event that it had missed.
    pub resume_ms: Option<f64>,
    /// What happens if a client takes compressed streams.
    pub compression: Compression,
}

/// What a client that has stopped reading is given.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Hidden {
    /// Frames that the path took before the server's buffer held the first one back: in the server's socket, in proxies,
    /// in the client's socket. Unknown where the size of the server's buffer is.
    pub hidden_frames: Option<u64>,
    /// The same in bytes.
    pub hidden_bytes: Option<u64>,
    /// Whether these are only lower bounds, since a limit of the probe was reached before, or the server cut the client off.
    pub is_lower_bound: bool,
    /// The same with the frames in the server's buffer, as a client sees it: what it had before its first gap.
    pub held_frames: Option<u64>,
    /// Who has seen it.
    pub seen_by: SeenBy,
}

/// Who has seen what was hidden.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SeenBy {
    /// The server, which lists its subscribers.
    Server,
    /// The client, by the numbers in the payloads.
    #[default]
    Client,
}

/// What happens if a client takes compressed streams.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Compression {
    /// The coding of the stream then; `None` if it is not compressed.
    pub coding: Option<String>,
    /// From the request of a client that comes back to the last event that it had missed, then; `None` if not all come in
    /// time.
    pub resume_ms: Option<f64>,
    /// From a publish to its receipt then; `None` if it did not come in time, or the coding is not read.
    pub event_ms: Option<f64>,
    /// What the server does instead, where it has no stream for such a client.
    #[serde(default)]
    pub failed: Option<String>,
}

/// The value of [`Found::schema`].
pub const SCHEMA: &str = "hubbub.probe/1";

/// `proxies.json`: what proxies in front of one server hide.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Proxies {
    /// Always `hubbub.proxies/1`.
    pub schema: String,
    /// The command that measures them again.
    pub command: String,
    /// Frames of the server's buffer.
    pub buffer: u64,
    /// Seconds between two keepalives of the server.
    pub keepalive_seconds: u64,
    /// One after the other.
    pub rows: Vec<ProxyRow>,
}

/// A proxy with some settings.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ProxyRow {
    /// Its program and version; empty where there is none.
    pub proxy: String,
    /// What is set.
    pub settings: String,
    /// What the probe found.
    pub found: Found,
}

impl Found {
    /// What a scenario's class needs for `window_bytes`, if it is known.
    #[must_use]
    pub fn window_bytes(&self) -> Option<u64> {
        self.hidden.hidden_bytes.filter(|_| !self.hidden.is_lower_bound)
    }
}
