//! The document of `sim capacity`: how many server nodes a number of viewers needs, and what each node carries.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::format;

/// The form of the document.
pub const SCHEMA: u32 = 2;

/// What `capacity` found.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Capacity {
    /// [`SCHEMA`].
    pub schema: u32,
    /// The command that gives the same result.
    pub command: String,
    /// The scenario's name.
    pub scenario: String,
    /// Viewers at the same time.
    pub viewers: u64,
    /// Nodes, with those to spare.
    pub nodes: u64,
    /// Nodes that may be missing.
    pub spare: u64,
    /// Viewers on each node, rounded up.
    pub viewers_per_node: u64,
    /// Viewers on each node while as many as may be missing are.
    pub viewers_per_node_without_spare: u64,
    /// What carries the fewest viewers.
    pub binding: Resource,
    /// What each resource of a node carries.
    pub limits: Vec<Limit>,
    /// The largest part of each that may be in use in the busiest ten seconds.
    pub most_load: f64,
    /// What the audience is sent.
    pub load: Load,
    /// What the log's broker carries in the busiest ten seconds; none where one node is enough.
    pub broker: Option<BrokerTraffic>,
    /// What the simulation loses at the load of a node.
    pub run: NodeRun,
}

/// Something that a node has so much of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Resource {
    /// Seconds of CPU time a second: cores.
    Cpu,
    /// Bytes of memory.
    Memory,
    /// Bytes a second that it can send.
    Network,
}

impl fmt::Display for Resource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Cpu => "CPU",
            Self::Memory => "memory",
            Self::Network => "network",
        })
    }
}

/// What a resource of a node carries.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Limit {
    /// The resource.
    pub resource: Resource,
    /// What a viewer needs of it, in its unit.
    pub per_viewer: f64,
    /// What is needed whatever the number of viewers.
    pub fixed: f64,
    /// What a node has of it.
    pub has: f64,
    /// Viewers that it carries.
    pub viewers: u64,
}

/// What the audience is sent.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Load {
    /// Events, mean of all runs.
    pub events_per_second: f64,
    /// Events in the busiest ten seconds of any run.
    pub busiest_events_per_second: f64,
    /// Bytes to one viewer, with what the transport, TCP and IP add; mean of all runs.
    pub bytes_per_second_of_a_viewer: f64,
    /// Bytes a second to one viewer, with what the transport, TCP and IP add, in the busiest ten seconds of any run.
    pub busiest_bytes_per_second_of_a_viewer: f64,
}

/// What the broker that leads the log's stream carries in the busiest ten seconds: payload, and what messages add to it.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct BrokerTraffic {
    /// Copies of the log.
    pub replicas: u64,
    /// From the publishers.
    pub published_bytes_per_second: f64,
    /// Between brokers.
    pub replicated_bytes_per_second: f64,
    /// To all nodes, each of which reads everything.
    pub read_bytes_per_second: f64,
    /// CPU time in seconds a second, so cores, without what replication costs.
    pub cores: f64,
}

/// What runs of one core's share of a node's viewers show, while as many nodes as may be missing are.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct NodeRun {
    /// Viewers of the run.
    pub subscribers: u64,
    /// Their mailboxes, in frames.
    pub buffer: u64,
    /// The overflow policy.
    pub policy: String,
    /// How many runs.
    pub runs: u64,
    /// For how long events arrive in each.
    pub run_seconds: f64,
    /// Lost, of what mailboxes were offered; none where nothing was.
    pub drop_rate: Option<f64>,
    /// Never read, of what was wanted.
    pub missed_rate: f64,
    /// The fullest mailbox.
    pub high_water: u64,
    /// From publish to receipt.
    pub age_p99_ms: Option<f64>,
}

/// The answer in sentences.
#[must_use]
pub fn answer(found: &Capacity) -> String {
    let carries = found.limits.iter().map(|limit| limit.viewers).min().unwrap_or(0);
    let spare = match found.spare {
        0 => String::new(),
        spare => format!(
            ", of which {} may be missing: then each has {}",
            format::count(spare),
            format::plural(found.viewers_per_node_without_spare, "viewer")
        ),
    };
    format!(
        "{} for {}, up to {} each{spare}. What binds first is the {}: a node carries {}.",
        format::plural(found.nodes, "node"),
        format::plural(found.viewers, "viewer"),
        format::count(found.viewers_per_node),
        found.binding,
        format::count(carries),
    )
}
