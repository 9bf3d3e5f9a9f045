//! Worlds: they run the real Hub on a plan, draw nothing of their own, and leave a record.
//!
//! Only this room may name turmoil. Inside it, all times are *virtual*: the plan's, times its time scale; the record
//! converts them back.

mod address;
mod barrier;
mod client_stream;
mod clock;
mod cpu;
mod driver;
mod environment;
mod head;
mod links;
mod merged;
mod messages;
mod network;
mod payload;
mod process;
mod reader;
mod rules;
mod service;
mod simulated;
mod subscriber;
mod subscriber_faults;
mod websocket_stream;
mod wire;

use hubbub::{Capacity, Overflow};

#[cfg(test)]
pub(crate) use messages::message;
pub(crate) use messages::{Messages, Piece};
pub(crate) use payload::payload;
pub(crate) use reader::{Reader, SlowPeriod, Speed, speeds};
pub(crate) use rules::rules;
pub(crate) use simulated::{scaled, time_to_come_back};
pub use simulated::{WorldError, run, run_observed, run_two_stages, run_with_lives};
pub(crate) use subscriber::UPGRADE;
pub(crate) use subscriber_faults::SubscriberFaults;
pub(crate) use websocket_stream::message_id;

/// What is varied while the plan stays the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct HubChoice {
    /// Mailbox size.
    pub capacity: Capacity,
    /// What a full mailbox does.
    pub overflow: Overflow,
}
