//! hubbub fans events out to many subscribers, each behind a bounded mailbox whose every loss is counted and named.
//!
//! `docs/architecture.md` lists these modules and which may import which; a test checks it. The core (`loss`, `topic`,
//! `event`, `mailbox`, `hub`) knows no clock, socket or runtime.
//!
//! # Features
//!
//! Without the default features the package is the core: `loss`, `topic`, `event`, `mailbox` and `hub`.
//!
//! - `sse`: server-sent events, in `frame` and `transport`.
//! - `ws`: WebSockets, in `frame` and `transport`.
//! - `server`: `serve` and its settings. It comes with `sse`; its route for WebSockets needs `ws`.
//! - `metrics`: an environment that measures, and its figures as text for Prometheus.
//! - `cli`: the `hubbub` command and its configuration, with all other features. It is the default.
//!
//! # Example
//!
//! A task receives what others publish. Every event that it does not get is counted, with the reason:
//!
//! ```
//! use std::time::Duration;
//!
//! use hubbub::{Capacity, Hub, HubSettings, Overflow, Pattern, Topic};
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let capacity = Capacity::new(256).expect("1 to 1,048,576 frames");
//! let hub = Hub::new(HubSettings { epoch: 1, capacity, overflow: Overflow::DropOldest });
//! let mut builds = hub.subscribe(&[Pattern::new("builds.>")?]).open()?;
//! let reader = tokio::spawn(async move {
//!     let mut read = Vec::new();
//!     // `None` once the subscriber is cut off.
//!     while let Some(taken) = builds.recv().await {
//!         read.push(taken.event.payload().clone());
//!     }
//!     read
//! });
//! let topic = Topic::new("builds.linux")?;
//! hub.publish(Duration::from_millis(1), &topic, "started");
//! hub.publish(Duration::from_millis(2), &topic, "passed");
//! # while hub.counts().delivered < 2 {
//! #     tokio::task::yield_now().await;
//! # }
//! hub.evict_all();
//! assert_eq!(reader.await?, ["started", "passed"]);
//! assert_eq!(hub.counts().delivered, 2);
//! # Ok(())
//! # }
//! ```

#[cfg(feature = "cli")]
pub mod config;
pub mod event;
#[cfg(feature = "__transport")]
pub mod frame;
pub mod hub;
pub mod loss;
pub mod mailbox;
#[cfg(feature = "metrics")]
pub mod metrics;
#[cfg(feature = "server")]
pub mod server;
pub mod topic;
// With `metrics` alone there is only its `environment`.
#[cfg(any(feature = "__transport", feature = "metrics"))]
pub mod transport;

/// The README's example, compiled and run with the tests.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;

#[cfg(feature = "cli")]
pub use config::Config;
pub use event::{Event, EventId, Gap, GapReason};
pub use hub::{
    Delivery, Hub, HubSettings, Publication, SubscribeError, SubscriberId, Subscription, SubscriptionBuilder, Taken,
};
pub use loss::{CloseReason, LossCounts, LossReason, PushOutcome};
pub use mailbox::{Capacity, Counts, Limits, Overflow};
#[cfg(feature = "server")]
pub use server::{ServerSettings, serve};
pub use topic::{Pattern, Topic};
