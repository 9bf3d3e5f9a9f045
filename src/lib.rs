//! hubbub fans events out to many subscribers, each behind a bounded mailbox whose every loss is counted and named.
//!
//! The rooms, and who may know whom: `main → config, metrics, server`; `metrics → transport`;
//! `server → config, transport`; `transport → hub, frame`; `config → event, mailbox, topic`; `hub → mailbox, event, topic`;
//! `frame → event`. The core (`topic`, `event`, `mailbox`, `hub`) knows no clock, socket or runtime.

pub mod config;
pub mod event;
pub mod frame;
pub mod hub;
pub mod mailbox;
pub mod metrics;
pub mod server;
pub mod topic;
pub mod transport;

pub use config::{Config, ServerSettings};
pub use event::{Event, EventId, Gap};
pub use hub::{Hub, HubSettings, Outcome, Publication, SubscriberId, Subscription, Taken};
pub use mailbox::{Capacity, Counts, Dropped, Limits, Overflow, Reason};
pub use server::serve;
pub use topic::{Pattern, Topic};
