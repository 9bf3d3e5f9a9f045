//! The wire forms of an event. Pure: bytes in, bytes out.

pub mod sse;
pub mod websocket;

use crate::event::{EventId, Gap};

/// A gap as a JSON object, the same over every transport.
// Formatted by hand: ids and the names of reasons contain nothing that JSON escapes.
fn gap(gap: &Gap) -> String {
    let id = |id: Option<EventId>| id.map_or("null".to_owned(), |id| format!("\"{id}\""));
    let count = gap.count.map_or("null".to_owned(), |count| count.to_string());
    let first = id(gap.first);
    let last = id(gap.last);
    let reason = gap.reason.name();
    format!("{{\"first\":{first},\"last\":{last},\"count\":{count},\"reason\":\"{reason}\"}}")
}
