//! The wire forms of an event. Pure: bytes in, bytes out.
//!
//! Every subscriber of an event is sent the same bytes. In SSE, each line of the payload is a `data:` line of its own:
//!
//! ```
//! # #[cfg(feature = "sse")] {
//! use hubbub::{Capacity, Hub, HubSettings, Overflow, Pattern, Topic, frame::sse};
//!
//! let capacity = Capacity::new(4).expect("1 to 1,048,576 frames");
//! let hub = Hub::new(HubSettings { epoch: 7, capacity, overflow: Overflow::DropOldest });
//! let builds = [Pattern::new("builds").expect("a pattern")];
//! let subscribe = || hub.subscribe(&builds).open().expect("no cursor");
//! let readers = [subscribe(), subscribe()];
//! hub.publish(std::time::Duration::ZERO, &Topic::new("builds").expect("a topic"), "red\ngreen");
//! let frames = readers.map(|mut reader| sse::event(&reader.try_recv().expect("an event waits").event));
//! assert_eq!(frames[0], "id: 7-1\ndata: red\ndata: green\n\n");
//! assert_eq!(frames[0].as_ptr(), frames[1].as_ptr(), "encoded once");
//! # }
//! ```

#[cfg(feature = "sse")]
pub(crate) mod chunk;
#[cfg(feature = "__transport")]
mod envelope;
#[cfg(feature = "sse")]
pub mod sse;
#[cfg(feature = "ws")]
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
