//! The settings of a connection to the stream, and their defaults.

use std::path::PathBuf;
use std::time::Duration;

use async_nats::ServerAddr;

use crate::hub::HistorySettings;

/// Most replicas that a stream can have.
pub const MAX_REPLICAS: usize = 5;

/// Longest name of a stream, in bytes.
const MAX_NAME_BYTES: usize = 64;

/// The settings of a connection to the stream.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// The addresses of brokers, each as `nats://HOST:PORT` or `tls://HOST:PORT`.
    pub urls: Vec<String>,
    /// The file with what to log in with; `None` logs in with nothing.
    pub credentials: Option<PathBuf>,
    /// The name of the stream. Its subjects are `NAME.>`.
    pub stream: String,
    /// The name of the cluster: the servers that share the stream. The stream bears it if it is created here, and servers of
    /// another cluster do not use it.
    pub cluster: String,
    /// How many brokers keep the stream.
    pub replicas: usize,
    /// Most bytes of the stream, if it is created.
    pub stream_bytes: u64,
    /// How long the stream keeps an event, if it is created; `None` for no limit.
    pub stream_age: Option<Duration>,
    /// How long an acknowledgement may take.
    pub ack_timeout: Duration,
    /// How long a server stays ready without its broker.
    pub grace: Duration,
    /// How much is read from the stream for clients whose cursor is older than the history.
    pub replay: HistorySettings,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            urls: vec!["nats://127.0.0.1:4222".to_owned()],
            credentials: None,
            stream: "hubbub".to_owned(),
            cluster: "hubbub".to_owned(),
            replicas: 1,
            stream_bytes: 1 << 30,
            stream_age: Some(Duration::from_secs(24 * 60 * 60)),
            ack_timeout: Duration::from_secs(5),
            // Longer than a cluster of brokers takes to choose a leader, or one broker to be restarted.
            grace: Duration::from_secs(60),
            replay: HistorySettings { events: 100_000, bytes: 64 << 20 },
        }
    }
}

/// Whether a text is the address of a broker. A password in it would be shown with the settings, so it may have none.
pub fn is_address(text: &str) -> bool {
    let has_scheme = text.starts_with("nats://") || text.starts_with("tls://");
    has_scheme && !text.contains('@') && text.parse::<ServerAddr>().is_ok_and(|address| !address.host().is_empty())
}

/// Whether a text can be the name of a stream, and the first token of its subjects.
pub fn is_stream_name(text: &str) -> bool {
    let is_allowed = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-';
    (1..=MAX_NAME_BYTES).contains(&text.len()) && text.bytes().all(is_allowed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_has_a_scheme_and_a_host_and_no_password() {
        for good in ["nats://127.0.0.1:4222", "tls://nats.example:4222", "nats://[::1]:4222", "nats://broker"] {
            assert!(is_address(good), "{good}");
        }
        for bad in ["", "127.0.0.1:4222", "http://a:1", "nats://", "nats://user:word@a:1", "nats://a:x"] {
            assert!(!is_address(bad), "{bad}");
        }
    }

    #[test]
    fn a_name_is_one_token_of_a_subject() {
        assert!(is_stream_name("hubbub") && is_stream_name("a-B_9"));
        for bad in ["", "a.b", "a b", "*", ">", "é"] {
            assert!(!is_stream_name(bad), "{bad}");
        }
    }
}
