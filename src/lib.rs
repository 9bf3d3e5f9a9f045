//! hubbub fans events out to many subscribers, each behind a bounded mailbox whose every loss is counted and named.
//!
//! There are three ways to use it, each on top of the one before: the Hub alone, a stream of events in an application
//! of one's own, and a whole server.
//!
//! # The core: a Hub in a program
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
//!
//! - [`Topic`] and [`Pattern`] name events, and [`Hub::subscribe`] builds a [`Subscription`]: capacity, policy, cursor.
//! - [`Overflow`] is what happens when a mailbox is full, and [`Counts`] is the account of what became of every event.
//! - The core knows no clock, socket or runtime: `examples/no_runtime.rs` has it among plain threads, and
//!   `examples/channel.rs` publishes what a channel of tokio brings.
//!
//! # A body: a stream in an application of one's own
//!
//! With the feature `sse`, an application of axum, hyper or tower keeps its listener, TLS, routes and tokens. The
//! module `transport` has `Connections`, which serve an accepted stream, and the `SseGate` of a request, which makes the
//! response:
//!
//! ```
//! # #[cfg(feature = "sse")] {
//! use axum::{Extension, Router, routing::get};
//! use hubbub::transport::{ConnectionSettings, Connections, SseGate};
//! use hubbub::{Hub, Topic};
//!
//! async fn run(listener: tokio::net::TcpListener, hub: Hub) -> std::io::Result<()> {
//!     let watch = async move |Extension(gate): Extension<SseGate>| {
//!         let builds = Topic::of_table("builds").expect("a table");
//!         gate.sse(hub.subscribe(&[builds.into()])).map_err(|why| why.to_string())
//!     };
//!     let routes: Router = Router::new().route("/builds", get(watch));
//!     let connections = Connections::new(ConnectionSettings::default());
//!     loop {
//!         let (stream, peer) = listener.accept().await?;
//!         tokio::spawn(connections.serve(stream, peer, routes.clone()));
//!     }
//! }
//! # }
//! ```
//!
//! `docs/embedding.md` says what such a stream has, what a body without the gate hides, and how to bound the sockets.
//! `examples/axum_app.rs` is a whole application.
//!
//! # A server
//!
//! With the feature `server`, `serve` answers on a listener of one's own: streams, publishes by HTTP, health, metrics
//! and a page. With `cli` it is the command `hubbub serve`. `metrics` measures either way, and `examples/own_registry.rs`
//! has its figures in a registry of the program's own.
//!
//! # Features
//!
//! Without the default features the package is the core: `loss`, `topic`, `event`, `mailbox` and `hub`.
//!
//! - `sse`: server-sent events, in `frame` and `transport`: the gated body, and connections with one's own service.
//! - `ws`: the messages of a WebSocket, in `frame`; with `server` also its transport.
//! - `server`: `serve` and its settings. It comes with `sse`; its route for WebSockets needs `ws`.
//! - `tokens`: checks of signed tokens in front of the routes of `server`.
//! - `metrics`: an environment that measures, and its figures as text for Prometheus.
//! - `shared-log`: events from a stream that several servers share, for which a client is at hand.
//! - `jetstream`: a client for streams of NATS JetStream.
//! - `cli`: the `hubbub` command and its configuration, with all other features. It is the default.
//!
//! `docs/architecture.md` lists the modules and which may import which; a test checks it.

#[cfg(feature = "cli")]
pub mod config;
#[cfg(any(feature = "__transport", feature = "metrics"))]
pub mod denial;
pub mod event;
#[cfg(feature = "server")]
pub mod event_log;
#[cfg(feature = "__transport")]
pub mod frame;
pub mod hub;
#[cfg(feature = "jetstream")]
pub mod jetstream;
pub mod loss;
pub mod mailbox;
#[cfg(feature = "metrics")]
pub mod metrics;
#[cfg(feature = "server")]
pub mod server;
#[cfg(feature = "shared-log")]
pub mod shared_log;
#[cfg(feature = "server")]
pub mod tokens;
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
