//! An event's form on the wire. Pure: bytes in, bytes out.

pub mod sse;
pub mod websocket;

use crate::event::{EventId, Gap};

/// What is said of a hole: a JSON object, the same over every transport.
fn gap(gap: &Gap) -> String {
    let id = |id: Option<EventId>| id.map_or("null".to_owned(), |id| format!("\"{id}\""));
    let count = gap.count.map_or("null".to_owned(), |count| count.to_string());
    let (first, last, reason) = (id(gap.first), id(gap.last), gap.reason.name());
    format!("{{\"first\":{first},\"last\":{last},\"count\":{count},\"reason\":\"{reason}\"}}")
}
