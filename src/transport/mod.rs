//! From a mailbox to a socket: generic over the stream, so that the same code serves real TCP and a simulated network.
//!
//! **Invariant**: only the frames of one write are between a mailbox and its socket. The body yields the next frames
//! when the socket has accepted the last byte of those before. Of the frames of a write only the first is beyond the
//! mailbox: those behind it keep their slots until it is their turn.
//!
//! A program with routes of its own gets the gate by `Connections` and `SseGate`, with the feature `sse`. A body that is
//! made without the gate counts a frame as delivered when hyper asks for it, and hyper asks before its socket has
//! accepted the frames before. So `delivered` is ahead of the socket. `docs/embedding.md` has the number of frames that
//! this hides, measured on real TCP:
//!
//! ```
//! # #[cfg(feature = "sse")] {
//! use futures_util::{Stream, StreamExt};
//! use hubbub::{Subscription, frame::sse};
//! # use hubbub::{Capacity, Hub, HubSettings, Overflow, Topic};
//!
//! fn body(subscription: Subscription) -> impl Stream<Item = Vec<u8>> {
//!     subscription.map(|taken| {
//!         let mut frame = taken.gap.map(|gap| sse::gap(&gap).to_vec()).unwrap_or_default();
//!         frame.extend_from_slice(&sse::event(&taken.event));
//!         frame
//!     })
//! }
//! # let capacity = Capacity::new(4).expect("1 to 1,048,576 frames");
//! # let hub = Hub::new(HubSettings { epoch: 7, capacity, overflow: Overflow::DropOldest });
//! # let topic = Topic::new("builds").expect("a topic");
//! # futures_executor::block_on(async {
//! let builds = hub.subscribe(&[topic.clone().into()]).open().expect("no cursor");
//! let mut body = body(builds);
//! hub.publish(std::time::Duration::ZERO, &topic, "a");
//! hub.publish(std::time::Duration::ZERO, &topic, "b");
//! assert_eq!(body.next().await, Some(b"id: 7-1\ndata: a\n\n".to_vec()));
//! // Counted, although no socket has seen it.
//! assert_eq!((hub.counts().delivered, hub.counts().waiting), (1, 1));
//! # });
//! # }
//! ```

/// The label of streams of server-sent events in the Hub's counts, see [`Hub::counts_of`](crate::Hub::counts_of).
pub const SSE_LABEL: &str = "sse";
/// The label of WebSockets in the Hub's counts, see [`Hub::counts_of`](crate::Hub::counts_of).
pub const WEBSOCKET_LABEL: &str = "ws";

#[cfg(feature = "sse")]
pub(crate) mod connection;
#[cfg(feature = "sse")]
pub(crate) mod connection_set;
#[cfg(feature = "sse")]
mod connections;
pub mod environment;
#[cfg(feature = "server")]
pub(crate) mod event_response;
#[cfg(feature = "sse")]
pub(crate) mod event_stream;
#[cfg(feature = "sse")]
mod expiry;
#[cfg(feature = "sse")]
pub(crate) mod gate;
#[cfg(feature = "sse")]
mod gated_body;
#[cfg(feature = "sse")]
mod gated_connection;
#[cfg(feature = "sse")]
mod gated_stream;
#[cfg(feature = "server")]
pub mod listener;
#[cfg(feature = "__transport")]
mod observed;
mod observer_fn;
#[cfg(feature = "sse")]
pub(crate) mod outlet;
#[cfg(feature = "sse")]
mod passing;
#[cfg(feature = "sse")]
mod poll_scope;
#[cfg(feature = "server")]
mod poll_write;
#[cfg(feature = "sse")]
mod services;
#[cfg(feature = "sse")]
pub(crate) mod serving;
#[cfg(feature = "sse")]
pub(crate) mod sse;
#[cfg(feature = "sse")]
mod sse_gate;
#[cfg(feature = "__transport")]
mod tokio_environment;
#[cfg(feature = "server")]
mod unsent;
#[cfg(all(feature = "server", feature = "ws"))]
pub(crate) mod websocket;

#[cfg(feature = "sse")]
pub use connections::{ConnectionSettings, Connections, MAX_FRAMES_PER_WRITE};
pub use environment::{Environment, Limit, Observer, Runtime};
#[cfg(feature = "sse")]
pub use gated_body::{GatedBody, GatedBodyError};
#[cfg(feature = "server")]
pub use listener::Listener;
#[cfg(feature = "__transport")]
pub use observed::Observed;
pub use observer_fn::{Observation, ObserverFn, observer_fn};
#[cfg(feature = "sse")]
pub use sse_gate::{SseError, SseGate};
#[cfg(feature = "__transport")]
pub use tokio_environment::Tokio;
