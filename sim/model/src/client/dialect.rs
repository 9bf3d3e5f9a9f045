//! What clients and publishers of a server say to it: addresses and formats.

use super::format::StreamFormat;
use super::request::{ingest_path, request, stream_path};
use super::stream::StreamParser;
use crate::plan::Plan;

/// How a subscriber asks a server for its stream, how the stream's bytes become events, and where events are published.
///
/// Every published event is a JSON object with its number in the field `n`. A server may wrap the object into one of its
/// own. The number must come within the first 512 bytes of the event's first line of data.
///
/// ```
/// # use hubbub_model::client::Dialect;
/// let dialect = Dialect::sse("/watch/builds?from=now").publishing_at("/publish/builds");
/// assert_eq!(dialect.publish_path(), "/publish/builds");
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Dialect {
    format: StreamFormat,
    stream: String,
    publish: String,
    resumes: bool,
}

impl Dialect {
    /// Server-sent events at a path, with its query if it has one.
    #[must_use]
    pub fn sse(path: impl Into<String>) -> Self {
        Self::of(StreamFormat::Sse, path)
    }

    /// A WebSocket at a path. Every text message is one event. The client answers no pings.
    #[must_use]
    pub fn websocket(path: impl Into<String>) -> Self {
        Self::of(StreamFormat::WebSocket, path)
    }

    /// Newline-delimited JSON at a path. Every line that is not empty is one event.
    #[must_use]
    pub fn ndjson(path: impl Into<String>) -> Self {
        Self::of(StreamFormat::Ndjson, path)
    }

    fn of(format: StreamFormat, path: impl Into<String>) -> Self {
        Self { format, stream: path.into(), publish: "/publish".to_owned(), resumes: false }
    }

    /// How the members of a class ask this project's server for what they watch.
    pub fn of_hubbub(plan: &Plan, class: usize) -> Self {
        let stream = Self::of(plan.server.transport.into(), stream_path(plan, class));
        stream.publishing_at(ingest_path(&plan.table)).resuming()
    }

    /// Events are posted to this path, one JSON object each. Without this call the path is `/publish`.
    #[must_use]
    pub fn publishing_at(mut self, path: impl Into<String>) -> Self {
        self.publish = path.into();
        self
    }

    /// A client that comes back says which id it had last, if the scenario has a history: in `Last-Event-ID`, or in the
    /// query of a WebSocket as `since`. Without this call no client does.
    #[must_use]
    pub fn resuming(mut self) -> Self {
        self.resumes = true;
        self
    }

    /// The path that events are posted to.
    #[must_use]
    pub fn publish_path(&self) -> &str {
        &self.publish
    }

    /// Whether a client that comes back says where it was.
    #[must_use]
    pub fn resumes(&self) -> bool {
        self.resumes
    }

    /// The head of a request for the stream.
    pub fn request(&self, host: &str, cursor: Option<&str>) -> String {
        request(&self.stream, host, self.format, cursor)
    }

    /// A parser for the response to that request.
    pub fn parser(&self) -> StreamParser {
        StreamParser::new(self.format)
    }
}
