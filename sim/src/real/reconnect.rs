//! How a client comes back as a browser's `EventSource` does: after a pause, and with the id of the last block it had.

use std::time::Duration;

use crate::client::{StreamFormat, StreamParser};

/// The pause where the server asks for none: Chromium's.
const PAUSE: Duration = Duration::from_secs(3);

/// The shortest pause: a server that asks for none, and ends every stream, would be asked without end.
pub(super) const LEAST_PAUSE: Duration = Duration::from_millis(100);

/// What a client keeps from one connection to the next.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Reconnect {
    cursor: Option<String>,
    pause: Duration,
}

impl Reconnect {
    /// The state of a client before its first connection.
    pub(super) fn new() -> Self {
        Self { cursor: None, pause: PAUSE }
    }

    /// What the next connection's bytes are fed to. It begins at the cursor: ids stay until there is another.
    pub(super) fn stream(&self, format: StreamFormat) -> StreamParser {
        match format {
            StreamFormat::Sse => StreamParser::sse_after(self.cursor.clone()),
            StreamFormat::WebSocket | StreamFormat::Ndjson => StreamParser::new(format),
        }
    }

    /// A connection has ended. It leaves the id of its last block, and the pause that its server asked for.
    pub(super) fn ended(&mut self, stream: &StreamParser) {
        self.cursor = stream.last_id();
        self.pause = stream.retry().map_or(self.pause, |pause| pause.max(LEAST_PAUSE));
    }

    /// How long to wait before the next connection.
    pub(super) fn pause(&self) -> Duration {
        self.pause
    }

    /// What the next request says in its `Last-Event-ID`; `None` leaves the header out.
    pub(super) fn cursor(&self) -> Option<&str> {
        self.cursor.as_deref()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cursor_and_pause_stay_until_a_server_says_otherwise() {
        let mut reconnect = Reconnect::new();
        assert_eq!(reconnect.cursor(), None);
        assert_eq!(reconnect.pause(), Duration::from_secs(3));
        let mut connection = |body: &str| {
            let mut stream = reconnect.stream(StreamFormat::Sse);
            let response = format!("HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n\r\n{body}");
            stream.feed(response.as_bytes(), |_| {}).unwrap();
            reconnect.ended(&stream);
            (reconnect.cursor().map(str::to_owned), reconnect.pause())
        };
        let ms = Duration::from_millis;
        assert_eq!(connection("retry: 200\n\nid: 7-1\ndata: x\n\nid: 7-2\n"), (Some("7-1".to_owned()), ms(200)));
        assert_eq!(connection("data: x\n\n"), (Some("7-1".to_owned()), ms(200)));
        assert_eq!(connection("retry: 50\nid\n\n"), (None, LEAST_PAUSE));
    }
}
