//! The plan: every random choice of a run, made before anything runs, explicit and storable.
//!
//! A plan is a pure function of scenario, subscriber count and seed. The buffer size and the overflow policy are
//! *not* part of it: running one plan at several sizes is what makes the sizes comparable (common random numbers).
//! This room knows no clock, no socket and no runtime.

mod arrival;
mod arrivals;
mod check;
mod choice;
mod draw;
mod fault;
mod faults;
mod measure;
mod part;
mod path;
mod payload;
mod population;
pub mod queue;
mod reading;
mod retry;
mod scale;
mod seats;
mod seed;
mod selection;
mod tables;

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::transport::Transport;
pub use arrival::Arrival;
pub use choice::HubChoice;
pub(crate) use choice::PAYLOAD_KEY;
pub use fault::{Fault, FaultKind};
pub use path::{BufferTuning, FULL_PACKET_BYTES, Impairments, LinePlan, PathOutage, PathPlan, TcpPath};
pub use retry::DEFAULT_RETRY;
pub use selection::{Form, Selected, Selection};

/// Everything a world needs to run once; a world draws nothing of its own.
///
/// All times are real time since the start of the run; a world that runs at a time scale converts on its own.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Plan {
    /// Name of the scenario the plan was drawn from.
    pub scenario: String,
    /// The seed it was drawn with.
    pub seed: u64,
    /// The table that events are published to, or the first of several; the topic is `ingest.<table>`.
    pub table: String,
    /// The other tables, where there are several.
    // Not written where there is one: a plan with one table is stored as it was before there could be several.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub other_tables: Vec<String>,
    /// How long events arrive.
    pub duration: Duration,
    /// How long the world may go on after the last arrival, so that frames under way at the end are not called lost.
    pub drain: Duration,
    /// One virtual millisecond of the simulated world stands for `1 / time_scale` ms of plan time.
    pub time_scale: u32,
    /// The server's side.
    pub server: ServerPlan,
    /// What is published, in order of time; never after `duration`.
    pub arrivals: Vec<Arrival>,
    /// Groups of subscribers that share a network path.
    pub classes: Vec<ClassPlan>,
    /// One entry a subscriber, grouped by class, in class order.
    pub subscribers: Vec<SubscriberPlan>,
    /// What goes wrong, in order of time.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub faults: Vec<Fault>,
}

/// The first half of the event ids of a server that was started on 24 November 2025: ids in a world are as long as those
/// of a real one, which begin with the milliseconds since 1970.
pub const FIRST_EPOCH: u64 = 1_764_000_000_000;

/// Whatever the seed is, it adds no digit.
const EPOCHS: u64 = 1_000_000_000_000;

impl Plan {
    /// The first half of the event ids of the server's first process; the next one has the next.
    pub fn first_epoch(&self) -> u64 {
        FIRST_EPOCH + self.seed % EPOCHS
    }
}

/// The server's settings and the price of its work.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ServerPlan {
    /// Silence after which a stream gets a comment.
    pub keepalive: Duration,
    /// Time without write progress after which a connection is closed.
    pub write_deadline: Duration,
    /// Bytes that the client's host has not acknowledged for this long end the connection, as `TCP_USER_TIMEOUT` does.
    #[serde(default = "default_user_timeout")]
    pub user_timeout: Duration,
    /// Most frames that share a write to a subscriber that is behind.
    // Not written where it is 1: a plan without the setting is stored as it was before there was one.
    #[serde(default = "one_frame", skip_serializing_if = "is_one_frame")]
    pub frames_per_write: usize,
    /// What subscribers are served over.
    #[serde(default, skip_serializing_if = "Transport::is_sse")]
    pub transport: Transport,
    /// The modelled worker; `None` leaves the CPU out, and subscribers are then independent of each other.
    pub cpu: Option<CpuPlan>,
    /// The longest time that the `retry:` of a stream asks for: each subscriber is told one between a fifth of it and all
    /// of it. With `None` a stream has no `retry:`. It is what is written, so a time scale leaves it as it is.
    #[serde(default = "retry::default_retry", skip_serializing_if = "retry::is_default_retry")]
    pub retry: Option<Duration>,
    /// How holes are repaired. With `None` the server keeps no history and announces no gaps, and clients send no cursor.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub recovery: Option<Recovery>,
}

/// The server keeps a history and says what is missing, and clients come back with their cursor.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Recovery {
    /// Events kept, at least 1.
    pub history_events: usize,
    /// Bytes of their payloads.
    pub history_bytes: usize,
    /// Bytes of payload that may wait for a subscriber, if there is a limit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub waiting_bytes: Option<std::num::NonZeroUsize>,
    /// How old the oldest that waits may be, if there is a limit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub waiting_age: Option<Duration>,
}

/// The user timeout of plans that do not give one: longer than two keepalives.
pub const DEFAULT_USER_TIMEOUT: Duration = Duration::from_secs(20);

fn one_frame() -> usize {
    1
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks so")]
fn is_one_frame(frames: &usize) -> bool {
    *frames == one_frame()
}

fn default_user_timeout() -> Duration {
    DEFAULT_USER_TIMEOUT
}

/// One worker that serves publishes first and then deliveries in order of arrival.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CpuPlan {
    /// CPU time of one publish, whatever the number of subscribers.
    pub publish: Duration,
    /// CPU time of one write to one subscriber, whatever the number of frames in it.
    pub delivery: Duration,
    /// CPU time that each frame adds to its write.
    #[serde(default, skip_serializing_if = "Duration::is_zero")]
    pub frame: Duration,
    /// CPU time that a new connection adds to its first write: accepting it, its request, the head of the response.
    #[serde(default, skip_serializing_if = "Duration::is_zero")]
    pub connect: Duration,
}

impl CpuPlan {
    /// A CPU to which a write costs the same whatever the number of frames in it.
    pub fn per_write(publish: Duration, delivery: Duration) -> Self {
        Self { publish, delivery, frame: Duration::ZERO, connect: Duration::ZERO }
    }
}

/// What the members of a class share.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ClassPlan {
    /// The name in the scenario.
    pub name: String,
    /// Network round trip; `None` is the least the world can do.
    pub round_trip: Option<Duration>,
    /// What a reader's side of the socket holds before the server's writes block, in bytes. On a path: the client's
    /// receive buffer, unless its kernel tunes it.
    pub window_bytes: u64,
    /// A client whose stream ends comes back after this long; `None`: it stays away.
    pub reconnect_after: Option<Duration>,
    /// The tables that members watch.
    #[serde(default, skip_serializing_if = "Selection::is_everything")]
    pub selection: Selection,
    /// A client waits for as long as the last `retry:` said that it has read, whatever ended its stream.
    /// [`reconnect_after`](Self::reconnect_after) is for a client that has read none.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub obeys_retry: bool,
    // Drawn from a scenario's `[class.path]`: its parts are not what this crate promises.
    /// The bottleneck of each member. With `None` there is only the window, and nothing is ever lost.
    #[doc(hidden)]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub path: Option<PathPlan>,
}

/// One subscriber's life.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SubscriberPlan {
    /// Index into [`Plan::classes`].
    pub class: usize,
    /// When it connects.
    pub connect_at: Duration,
    /// When it leaves, if it does before the end.
    pub leave_at: Option<Duration>,
    /// How it takes bytes out of its socket.
    pub reading: Reading,
    /// What goes wrong on its path. Nothing where its class has none.
    #[doc(hidden)]
    #[serde(default, skip_serializing_if = "Impairments::is_none")]
    pub impairments: Impairments,
}

/// How a subscriber takes bytes out of its socket.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "how", deny_unknown_fields)]
pub enum Reading {
    /// Everything, the moment it arrives.
    AsItArrives,
    /// At most this many bytes a second.
    Rate {
        /// Bytes a second, at least 1.
        bytes_per_second: u64,
    },
    /// As it arrives, but nothing at all during a stall. Stalls are sorted and do not overlap.
    Stalls {
        /// When it does not read.
        stalls: Vec<Stall>,
    },
    /// At most this many bytes a second, and nothing at all during a stall. Nothing is made up for after a stall.
    RateWithStalls {
        /// Bytes a second while it reads, at least 1.
        bytes_per_second: u64,
        /// When it does not read; sorted, without overlaps.
        stalls: Vec<Stall>,
    },
    /// Never.
    Never,
    /// One frame after another, each for a time of its own, as the server of a queue does.
    ///
    /// A service begins when the server's socket has accepted the frame's first byte, or with the end of the one
    /// before. It ends when the word that the frame's bytes are read reaches the server: the ways there and back are
    /// part of it, and one that is shorter than these ends late, without delaying the next.
    Serves {
        /// The n-th is for the event of sequence n, the last also for all that follow; at least one.
        times: Vec<Duration>,
    },
}

/// A stretch in which a reader takes nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Stall {
    /// When it begins, since the start of the run.
    pub from: Duration,
    /// How long it lasts.
    pub lasts: Duration,
}

#[cfg(test)]
mod tests;
