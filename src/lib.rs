//! hubbub fans events out to many subscribers, each behind a bounded mailbox whose every loss is counted and named.
//!
//! `docs/architecture.md` lists these modules and which may import which; a test checks it. The core (`loss`, `topic`,
//! `event`, `mailbox`, `hub`) knows no clock, socket or runtime.

pub mod config;
pub mod event;
pub mod frame;
pub mod hub;
pub mod loss;
pub mod mailbox;
pub mod metrics;
pub mod server;
pub mod topic;
pub mod transport;

/// The README's example, compiled and run with the tests.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;

pub use config::{Config, ServerSettings};
pub use event::{Event, EventId, Gap, GapReason};
pub use hub::{Hub, HubSettings, Publication, SubscriberId, Subscription, Taken};
pub use loss::{CloseReason, LossCounts, LossReason, PushOutcome};
pub use mailbox::{Capacity, Counts, Limits, Overflow};
pub use server::serve;
pub use topic::{Pattern, Topic};
