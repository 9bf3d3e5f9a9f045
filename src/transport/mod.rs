//! From a mailbox to a socket: generic over the stream, so that the same code serves real TCP and a simulated network.
//!
//! **Invariant**: only the frames of one write are between a mailbox and its socket. The body yields the next frames
//! when the socket has accepted the last byte of those before. It yields one frame, unless more may share a write.
//!
//! The flush gate is inside the server's `serve`. A body of one's own acknowledges a frame when it is asked for the next
//! one. hyper may ask before its socket has accepted the frame. So `delivered` can be ahead of the socket:
//!
//! ```
//! # #[cfg(feature = "sse")] {
//! use std::future::poll_fn;
//!
//! use futures_util::{Stream, StreamExt, stream};
//! use hubbub::{Subscription, frame::sse};
//! # use hubbub::{Capacity, Hub, HubSettings, Overflow, Pattern, Topic};
//!
//! fn body(subscription: Subscription) -> impl Stream<Item = Vec<u8>> {
//!     stream::unfold((subscription, false), |(subscription, has_sent)| async move {
//!         if has_sent {
//!             subscription.flushed(None);
//!         }
//!         let taken = poll_fn(|cx| subscription.poll_take(cx)).await?;
//!         let mut frame = taken.gap.map(|gap| sse::gap(&gap).to_vec()).unwrap_or_default();
//!         frame.extend_from_slice(&sse::event(&taken.event));
//!         Some((frame, (subscription, true)))
//!     })
//! }
//! # let capacity = Capacity::new(4).expect("1 to 1,048,576 frames");
//! # let hub = Hub::new(HubSettings { epoch: 7, capacity, overflow: Overflow::DropOldest });
//! # let topic = Topic::new("builds").expect("a topic");
//! # futures_executor::block_on(async {
//! let mut body = Box::pin(body(hub.subscribe(&[Pattern::new("builds").expect("a pattern")])));
//! hub.publish(std::time::Duration::ZERO, &topic, "a".into());
//! hub.publish(std::time::Duration::ZERO, &topic, "b".into());
//! assert_eq!(body.next().await, Some(b"id: 7-1\ndata: a\n\n".to_vec()));
//! assert_eq!((hub.counts().delivered, hub.counts().in_flight), (0, 1));
//! assert_eq!(body.next().await, Some(b"id: 7-2\ndata: b\n\n".to_vec()));
//! assert_eq!((hub.counts().delivered, hub.counts().in_flight), (1, 1));
//! # });
//! # }
//! ```

#[cfg(feature = "__transport")]
pub(crate) mod batch;
#[cfg(feature = "__transport")]
pub(crate) mod connection;
#[cfg(feature = "__transport")]
pub(crate) mod connection_set;
pub mod environment;
#[cfg(feature = "__transport")]
pub(crate) mod gate;
#[cfg(feature = "__transport")]
mod gated_stream;
#[cfg(feature = "server")]
pub mod listener;
#[cfg(feature = "__transport")]
pub(crate) mod outlet;
#[cfg(feature = "sse")]
pub(crate) mod sse;
#[cfg(feature = "__transport")]
mod tokio_environment;
#[cfg(feature = "ws")]
pub(crate) mod websocket;

pub use environment::{Environment, Limit, Observer, Runtime};
#[cfg(feature = "server")]
pub use listener::Listener;
#[cfg(feature = "__transport")]
pub use tokio_environment::Tokio;
