//! The shape of a scenario file: what may be written in TOML, in the words and units it is written in.
//!
//! This room only knows shapes and defaults. Whether values make sense together is `check`'s business, and what is
//! drawn from them is the plan's.

mod server_text;
mod text;

use std::collections::BTreeMap;
use std::time::Duration;

use hubbub::Overflow;
use hubbub::hub::HistorySettings;
use serde::de::Error;
use serde::{Deserialize, Deserializer};

use super::class::Class;
use super::fault::FaultSettings;
use super::objective::ObjectiveSettings;
use crate::time::of_seconds;
use crate::transport::Transport;

/// A scenario as it is written. Only a checked one gets into a [`Scenario`](super::Scenario).
#[derive(Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// Name of the result folder: lower-case letters, digits and dashes.
    pub name: String,
    /// The question that running it answers; empty where the file has none, until it is read.
    #[serde(default)]
    pub question: String,
    /// The one table, if its name is given.
    #[serde(default)]
    pub table: Option<String>,
    /// Several tables by name, each with its share of the events.
    #[serde(rename = "tables", default)]
    pub shares: BTreeMap<String, f64>,
    /// How long events arrive; may be left out for a trace, and is then one cycle of it.
    pub duration_seconds: Option<f64>,
    /// How long a run may go on after that.
    #[serde(default = "default_drain_seconds")]
    pub drain_seconds: f64,
    /// The numbers of subscribers to try.
    #[serde(default = "default_subscribers")]
    pub subscribers: Vec<usize>,
    /// The mailbox sizes to try, in frames.
    #[serde(default = "default_buffers")]
    pub buffers: Vec<u64>,
    /// The mailbox size that the server has now, in frames: figures mark it, and tables say what it loses and costs. Left
    /// out, hubbub's server has [`DEFAULT_CURRENT_BUFFER`], and that of another server is not known.
    pub current_buffer: Option<u64>,
    /// How many replications: seeds `0 .. seeds`.
    #[serde(default = "default_seeds")]
    pub seeds: u64,
    /// One virtual millisecond of the simulated world stands for `1 / time_scale` ms.
    #[serde(default = "default_time_scale")]
    pub time_scale: u32,
    /// Whether a sweep of it also sizes it under changed loads.
    #[serde(default)]
    pub sensitivity: bool,
    /// The server's side.
    #[serde(default)]
    pub server: ServerSection,
    /// When events arrive.
    pub arrivals: Arrivals,
    /// How large they are.
    pub payload: Payload,
    /// How many entities events are about, each as likely as the other; a trace has those that were recorded.
    #[serde(default = "default_keys")]
    pub keys: u32,
    /// What is good enough, for all subscribers together.
    #[serde(default)]
    pub objective: ObjectiveSettings,
    /// Who watches.
    #[serde(rename = "class")]
    pub classes: Vec<Class>,
    /// What goes wrong in every run.
    #[serde(rename = "fault", default)]
    pub faults: Vec<FaultSettings>,
}

impl Settings {
    /// The mailbox size that hubbub's server has now, in frames.
    pub fn current_frames(&self) -> u64 {
        self.current_buffer.unwrap_or(DEFAULT_CURRENT_BUFFER)
    }
}

/// The server's settings.
#[derive(Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ServerSection {
    /// What happens when a mailbox is full.
    #[serde(deserialize_with = "policy")]
    pub policy: Overflow,
    /// Silence after which a stream gets a comment.
    pub keepalive_seconds: f64,
    /// Time without write progress after which a connection is closed.
    pub write_deadline_seconds: f64,
    /// Bytes that a client's host has not acknowledged for this long end its connection.
    pub user_timeout_seconds: f64,
    /// Most frames that share a write to a subscriber that is behind.
    pub frames_per_write: usize,
    /// What subscribers are served over, `sse` or `ws`: a WebSocket each.
    pub transport: Transport,
    /// The longest time that the `retry:` of a stream asks for; each subscriber is told one between a fifth of it and all
    /// of it. With 0 a stream has no `retry:`.
    pub retry_seconds: f64,
    /// The modelled worker; left out, CPU time costs nothing.
    pub cpu: Option<CpuPrices>,
    /// A history for those who come back, and notices of what is missing; left out, there is neither, and a frame on the
    /// wire is what it was before there were.
    pub recovery: Option<RecoverySettings>,
}

impl ServerSection {
    /// The longest time that a `retry:` asks for, if streams have one.
    #[must_use]
    pub fn retry(&self) -> Option<Duration> {
        (self.retry_seconds > 0.0).then(|| of_seconds(self.retry_seconds))
    }
}

/// What the server does about holes.
#[derive(Debug, Clone, Copy, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct RecoverySettings {
    /// Events it keeps.
    pub history_events: usize,
    /// Bytes of payload it keeps.
    pub history_bytes: usize,
    /// Bytes of payload that may wait for a subscriber; left out, any number.
    pub waiting_bytes: Option<usize>,
    /// How old the oldest that waits may be; left out, any age.
    pub waiting_age_seconds: Option<f64>,
}

impl Default for RecoverySettings {
    fn default() -> Self {
        let HistorySettings { events, bytes } = hubbub::server::DEFAULT_HISTORY;
        Self { history_events: events, history_bytes: bytes, waiting_bytes: None, waiting_age_seconds: None }
    }
}

impl Default for ServerSection {
    fn default() -> Self {
        // Taken from the server and not written again: a scenario that says nothing is about the server as it is.
        let server = hubbub::ServerSettings::default();
        Self {
            policy: Overflow::default(),
            keepalive_seconds: server.keepalive.as_secs_f64(),
            write_deadline_seconds: server.write_deadline.as_secs_f64(),
            user_timeout_seconds: server.user_timeout.as_secs_f64(),
            frames_per_write: server.frames_per_write,
            transport: Transport::default(),
            retry_seconds: server.retry.unwrap_or_default().as_secs_f64(),
            cpu: None,
            recovery: None,
        }
    }
}

fn policy<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Overflow, D::Error> {
    String::deserialize(deserializer)?.parse().map_err(D::Error::custom)
}

/// Prices of the modelled worker's tasks.
#[derive(Clone, Copy, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CpuPrices {
    /// Microseconds of one publish.
    pub publish_us: f64,
    /// Microseconds of one write to one subscriber, whatever the number of frames in it.
    pub delivery_us: f64,
    /// Microseconds that each frame adds to its write.
    #[serde(default)]
    pub frame_us: f64,
    /// Microseconds that a new connection adds to its first write.
    #[serde(default)]
    pub connect_us: f64,
}

/// When events arrive.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case", deny_unknown_fields)]
pub enum Arrivals {
    /// At equal distances, from a random phase.
    Constant {
        /// Events a second.
        per_second: f64,
    },
    /// Independently of each other.
    Poisson {
        /// Mean events a second.
        per_second: f64,
    },
    /// Quiet and busy phases in turn, Poisson inside each; `quiet_per_second = 0` is an on/off source.
    Bursts {
        /// Mean events a second in a quiet phase, may be 0.
        quiet_per_second: f64,
        /// Mean events a second in a burst.
        burst_per_second: f64,
        /// Shortest and longest quiet phase.
        quiet_seconds: [f64; 2],
        /// Shortest and longest burst.
        burst_seconds: [f64; 2],
    },
    /// A backlog that is published in one go, at equal distances, beside a Poisson background.
    BacklogFlush {
        /// Events of the backlog.
        events: u64,
        /// Events of the backlog a second.
        per_second: f64,
        /// When the flush begins.
        at_seconds: f64,
        /// Mean events a second of the background, may be 0.
        background_per_second: f64,
    },
    /// A recorded trace, started at a random phase and wrapped round.
    Trace {
        /// Its path, relative to the scenario's file.
        file: String,
        /// How much faster than recorded it is played.
        #[serde(default = "default_speed_up")]
        speed_up: f64,
    },
}

/// How large payloads are.
#[derive(Debug, Clone, Copy, PartialEq, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case", deny_unknown_fields)]
pub enum Payload {
    /// All the same.
    Fixed {
        /// Bytes of each.
        bytes: u64,
    },
    /// Log-normal; what falls outside the limits is set to the nearer one.
    LogNormal {
        /// Half are smaller.
        median_bytes: f64,
        /// Standard deviation of the logarithm.
        sigma: f64,
        /// None is smaller.
        min_bytes: u64,
        /// None is larger.
        max_bytes: u64,
    },
    /// As recorded.
    FromTrace {
        /// Each recorded size is multiplied by this.
        #[serde(default = "default_times")]
        times: u64,
    },
}

pub(super) const DEFAULT_TABLE: &str = "events";

pub(super) fn default_drain_seconds() -> f64 {
    15.0
}

pub(super) fn default_subscribers() -> Vec<usize> {
    vec![10, 100, 1000]
}

pub(super) fn default_buffers() -> Vec<u64> {
    (0..10).map(|power| 1 << power).collect()
}

/// The frames that a subscriber's buffer has where a scenario does not say: the server that was asked about had 64.
pub const DEFAULT_CURRENT_BUFFER: u64 = 64;

pub(super) fn default_seeds() -> u64 {
    8
}

pub(super) fn default_time_scale() -> u32 {
    1
}

pub(super) fn default_speed_up() -> f64 {
    1.0
}

pub(super) fn default_keys() -> u32 {
    1
}

pub(super) fn default_times() -> u64 {
    1
}
