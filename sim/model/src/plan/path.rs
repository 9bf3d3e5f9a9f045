//! The network path of a class: a bottleneck with a rate, a queue, losses and outages, and TCP over it.
//!
//! What is lost is planned first: each subscriber has its lost *time slots* and its outages in the plan. The fate of a
//! packet then does not depend on how many were sent before it, so no buffer size changes anybody's luck. All worlds and
//! all connections of a subscriber meet the same list.

mod check;
mod draw;
mod links;

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::tcp::{Congestion, OutageKind, Rate};
pub(super) use draw::{impairments, path};
pub use links::TcpPath;

/// The bottleneck between the server and each member of a class, and the TCP that runs over it.
///
/// The propagation there and back is the class's [`round_trip`](super::ClassPlan::round_trip).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PathPlan {
    /// From the server to the client.
    pub down: LinePlan,
    /// From the client to the server.
    pub up: LinePlan,
    /// The congestion control at both ends.
    pub congestion: Congestion,
    /// How large the client's receive buffer is.
    #[serde(default, skip_serializing_if = "BufferTuning::is_fixed")]
    pub receive_buffer: BufferTuning,
    /// IP and TCP headers of a segment, in bytes: 52 for IPv4 with timestamps.
    pub header_bytes: u64,
}

/// How large the client's receive buffer is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum BufferTuning {
    /// The class's [`window_bytes`](super::ClassPlan::window_bytes), as a program asks for with `SO_RCVBUF`.
    #[default]
    Fixed,
    /// The client's kernel tunes it.
    Auto,
}

impl BufferTuning {
    #[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks so")]
    fn is_fixed(&self) -> bool {
        *self == Self::Fixed
    }
}

/// One direction of a bottleneck.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LinePlan {
    /// How fast the line carries bytes, headers counted.
    pub rate: Rate,
    /// Bytes that its queue holds, headers counted; `None` for no bound.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub queue_bytes: Option<u64>,
    /// The length of the time slots in which [`Impairments`] counts losses: no longer than one full packet on the line.
    pub slot: Duration,
}

/// What goes wrong on the path of one subscriber, the same at every buffer size.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Impairments {
    /// The numbers of the time slots in which the line to the client loses what leaves it, in order. Slot n begins n
    /// times [`LinePlan::slot`] after the start of the run.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub lost_down: Vec<u64>,
    /// The numbers of the lost time slots of the line to the server, in order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub lost_up: Vec<u64>,
    /// When the path carries nothing, in order and without overlaps.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub outages: Vec<PathOutage>,
}

impl Impairments {
    /// Whether nothing goes wrong.
    pub fn is_none(&self) -> bool {
        *self == Self::default()
    }
}

/// A time in which a path carries nothing, in both directions.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PathOutage {
    /// When it begins, since the start of the run.
    pub from: Duration,
    /// How long it lasts.
    pub lasts: Duration,
    /// What becomes of packets.
    pub packets: OutageKind,
}

impl PathPlan {
    /// Headers of IPv4 and TCP with timestamps.
    pub const IPV4_HEADER_BYTES: u64 = 52;

    /// A path that is nothing but the class's window: no congestion control, no headers, no bound on rate and queue.
    pub fn plain() -> Self {
        let line = LinePlan::of(Rate::Unbounded, None);
        Self {
            down: line.clone(),
            up: line,
            congestion: Congestion::None,
            receive_buffer: BufferTuning::Fixed,
            header_bytes: 0,
        }
    }

    /// Linux with cubic and a tuned receive buffer, over lines of these rates with drop-tail queues.
    pub fn cubic(down: LinePlan, up: LinePlan) -> Self {
        Self {
            down,
            up,
            congestion: Congestion::Cubic,
            receive_buffer: BufferTuning::Auto,
            header_bytes: Self::IPV4_HEADER_BYTES,
        }
    }
}

impl LinePlan {
    /// A line whose slots are as long as one full packet takes.
    pub fn of(rate: Rate, queue_bytes: Option<u64>) -> Self {
        let slot = rate.longest_slot();
        Self { rate, queue_bytes, slot }
    }
}

/// The largest packet, headers counted.
pub const FULL_PACKET_BYTES: u64 = crate::tcp::OPPORTUNITY_BYTES;

#[cfg(test)]
mod tests;
