//! The head of a request for a stream.

use super::format::StreamFormat;
use crate::plan::{Plan, Selection};

/// The header fields that ask for a WebSocket; the key is the example of RFC 6455, section 1.3.
const UPGRADE: &str = "connection: upgrade\r\nupgrade: websocket\r\nsec-websocket-version: 13\r\n\
    sec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n";

/// The host that the server runs on in virtual time.
pub const VIRTUAL_SERVER: &str = "server";

/// The head of a request that a member of a class sends in virtual time, with the cursor that it resumes from.
pub fn virtual_request(plan: &Plan, class: usize, cursor: Option<&str>) -> String {
    request(&stream_path(plan, class), VIRTUAL_SERVER, plan.server.transport.into(), cursor)
}

/// The path of this project's server, with a query for what the members of a class watch.
pub fn stream_path(plan: &Plan, class: usize) -> String {
    let selection = plan.classes.get(class).map_or(&Selection::Everything, |class| &class.selection);
    let query = match selection {
        Selection::Everything => of_tables(plan.tables()),
        Selection::Tables(names) => of_tables(names.iter().map(String::as_str)),
        // Of the characters of a pattern, this one has no place in a query.
        Selection::Topic(pattern) => format!("topic={}", pattern.replace('>', "%3E")),
    };
    format!("/v1/stream/{}?{query}", plan.server.transport.name())
}

fn of_tables<'a>(names: impl Iterator<Item = &'a str>) -> String {
    names.map(|name| format!("table={name}")).collect::<Vec<_>>().join("&")
}

/// The path at which this project's server takes events of a table.
pub fn ingest_path(table: &str) -> String {
    format!("/v1/ingest/{table}")
}

/// The head of a request for the stream at a path with a query. With a cursor it asks for what follows that event.
pub fn request(path: &str, host: &str, format: StreamFormat, cursor: Option<&str>) -> String {
    let mut path = path.to_owned();
    let mut fields = match format {
        StreamFormat::Sse => "accept: text/event-stream\r\ncache-control: no-cache\r\n".to_owned(),
        StreamFormat::Ndjson => "accept: application/x-ndjson, application/json\r\n".to_owned(),
        StreamFormat::WebSocket => UPGRADE.to_owned(),
    };
    match (format, cursor) {
        (StreamFormat::Sse | StreamFormat::Ndjson, Some(id)) => fields.push_str(&format!("last-event-id: {id}\r\n")),
        // A browser's WebSocket can send no header field of its own.
        (StreamFormat::WebSocket, Some(id)) => {
            let joint = if path.contains('?') { '&' } else { '?' };
            path.push_str(&format!("{joint}since={id}"));
        }
        (_, None) => {}
    }
    format!("GET {path} HTTP/1.1\r\nhost: {host}\r\n{fields}\r\n")
}
