//! A case: what happens in a run of a cluster, fixed before anything runs.
//!
//! - [`draw`]: a case from a seed
//! - [`check`]: what a case must be that was not drawn
//! - [`ms`]: times as whole milliseconds in files

mod check;
mod draw;
mod ms;

use std::time::Duration;

use serde::{Deserialize, Serialize};

/// What happens in a run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ClusterCase {
    /// The seed that it was drawn with, which also decides every delay of the brokers.
    pub seed: u64,
    /// Servers, 1 to 3.
    pub nodes: usize,
    /// Brokers that keep the stream, 1 or 3.
    pub brokers: usize,
    /// Events that each server keeps.
    pub history_events: usize,
    /// Events from before that, which a server reads from the stream again for clients that need them.
    pub replay_events: usize,
    /// When each event is published, in order of time.
    #[serde(rename = "publish_at_ms", with = "ms::each")]
    pub publish_at: Vec<Duration>,
    /// Who watches.
    pub viewers: Vec<ViewerPlan>,
    /// What fails, in order of time.
    pub faults: Vec<ClusterFault>,
}

/// One viewer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ViewerPlan {
    /// When it comes.
    #[serde(rename = "comes_at_ms", with = "ms")]
    pub comes_at: Duration,
    /// The node that it comes to first. To each further attempt it goes to the next one.
    pub first_node: usize,
    /// When it is away, in order of time.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub leaves: Vec<Leave>,
}

/// A time in which a viewer is away.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Leave {
    /// When it ends its connection.
    #[serde(rename = "at_ms", with = "ms")]
    pub at: Duration,
    /// How long it is away.
    #[serde(rename = "away_ms", with = "ms")]
    pub away: Duration,
}

/// Something that fails.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ClusterFault {
    /// When it begins.
    #[serde(rename = "at_ms", with = "ms")]
    pub at: Duration,
    /// How long it lasts. What happens in a moment lasts no time.
    #[serde(rename = "lasts_ms", with = "ms", default, skip_serializing_if = "Duration::is_zero")]
    pub lasts: Duration,
    /// What it is.
    #[serde(rename = "fault")]
    pub kind: ClusterFaultKind,
}

/// What can fail.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ClusterFaultKind {
    /// A server's process is killed, and another one is started after that.
    NodeKilled(usize),
    /// A broker is killed, and is back after that. It catches up with what it missed in any order.
    BrokerKilled(usize),
    /// A broker gets what is new up to two seconds late.
    BrokerLags(usize),
    /// A broker and the two others do not reach each other. Servers reach all of them.
    BrokerCutOff(usize),
    /// A server reaches no broker.
    NodeCutOff(usize),
    /// Acknowledgements to a server are lost, and what they acknowledge is kept.
    AcknowledgementsLost(usize),
    /// The next message to a server is lost on the way.
    MessageLost(usize),
    /// The consumers of a server end.
    ConsumersEnd(usize),
    /// The stream takes nothing more.
    StreamFull,
    /// One of the newest ten messages is deleted.
    MessageDeleted,
    /// All messages are removed.
    Purged,
    /// The stream keeps so many messages, and removes the oldest.
    Trimmed(usize),
    /// The stream is deleted, and is made anew after that.
    MadeAnew,
    /// Some other program publishes what is no event.
    Foreign,
}

impl ClusterFaultKind {
    /// Whether it happens in a moment, and lasts no time.
    pub fn is_of_a_moment(self) -> bool {
        match self {
            Self::MessageLost(_) | Self::ConsumersEnd(_) | Self::MessageDeleted | Self::Foreign | Self::Purged => true,
            Self::NodeKilled(_)
            | Self::BrokerKilled(_)
            | Self::BrokerLags(_)
            | Self::BrokerCutOff(_)
            | Self::NodeCutOff(_)
            | Self::AcknowledgementsLost(_)
            | Self::StreamFull
            | Self::Trimmed(_)
            | Self::MadeAnew => false,
        }
    }
}

impl ClusterFault {
    /// When it is over.
    pub fn until(&self) -> Duration {
        self.at + self.lasts
    }
}

impl ClusterCase {
    /// When nothing is published, nothing fails and nobody is away any more.
    pub fn settles_at(&self) -> Duration {
        let leaves = self.viewers.iter().flat_map(|viewer| &viewer.leaves).map(|leave| leave.at + leave.away);
        let faults = self.faults.iter().map(ClusterFault::until);
        let comes = self.viewers.iter().map(|viewer| viewer.comes_at);
        self.publish_at.iter().copied().chain(leaves).chain(faults).chain(comes).max().unwrap_or_default()
    }
}
