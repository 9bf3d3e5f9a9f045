//! A case as a file. The testbed writes the same form (`sim/src/cluster/stored.rs`), and `cargo sim cluster --case` runs it.

use std::path::Path;
use std::time::Duration;

use serde::{Deserialize, Deserializer};

/// A case that is kept in a file.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct StoredCase {
    schema: String,
    #[expect(dead_code, reason = "the testbed prints it")]
    title: String,
    #[serde(default)]
    #[expect(dead_code, reason = "the testbed prints it")]
    broke: Option<String>,
    /// What each viewer sees in both worlds.
    #[serde(default)]
    pub(super) viewers_see: Vec<ViewerSees>,
    pub(super) case: Case,
}

/// What a viewer sees in both worlds; what is left out depends on timing.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ViewerSees {
    pub(super) received: Option<usize>,
    pub(super) gaps: Option<Vec<String>>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Case {
    pub(super) seed: u64,
    pub(super) nodes: usize,
    pub(super) brokers: usize,
    pub(super) history_events: usize,
    pub(super) replay_events: usize,
    #[serde(rename = "publish_at_ms", deserialize_with = "each_ms")]
    pub(super) publish_at: Vec<Duration>,
    pub(super) viewers: Vec<ViewerPlan>,
    pub(super) faults: Vec<Fault>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ViewerPlan {
    #[serde(rename = "comes_at_ms", deserialize_with = "ms")]
    pub(super) comes_at: Duration,
    pub(super) first_node: usize,
    #[serde(default)]
    pub(super) leaves: Vec<Leave>,
}

#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Leave {
    #[serde(rename = "at_ms", deserialize_with = "ms")]
    pub(super) at: Duration,
    #[serde(rename = "away_ms", deserialize_with = "ms")]
    pub(super) away: Duration,
}

#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Fault {
    #[serde(rename = "at_ms", deserialize_with = "ms")]
    pub(super) at: Duration,
    #[serde(default, rename = "lasts_ms", deserialize_with = "ms")]
    pub(super) lasts: Duration,
    #[serde(rename = "fault")]
    pub(super) kind: Kind,
}

/// What can fail in the simulated world.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Kind {
    NodeKilled(usize),
    BrokerKilled(usize),
    BrokerLags(usize),
    BrokerCutOff(usize),
    NodeCutOff(usize),
    AcknowledgementsLost(usize),
    MessageLost(usize),
    ConsumersEnd(usize),
    StreamFull,
    MessageDeleted,
    Purged,
    Trimmed(i64),
    MadeAnew,
    Foreign,
}

impl Kind {
    /// The name of what cannot be done to real brokers and servers.
    fn refused(self) -> Option<&'static str> {
        match self {
            Self::BrokerLags(_) => Some("broker-lags"),
            Self::BrokerCutOff(_) => Some("broker-cut-off"),
            Self::NodeCutOff(_) => Some("node-cut-off"),
            Self::AcknowledgementsLost(_) => Some("acknowledgements-lost"),
            Self::MessageLost(_) => Some("message-lost"),
            Self::StreamFull => Some("stream-full"),
            Self::NodeKilled(_)
            | Self::BrokerKilled(_)
            | Self::ConsumersEnd(_)
            | Self::MessageDeleted
            | Self::Purged
            | Self::Trimmed(_)
            | Self::MadeAnew
            | Self::Foreign => None,
        }
    }
}

impl StoredCase {
    /// Reads a case of the project, if all of it can be done to real brokers and servers.
    pub(super) fn read(name: &str) -> Result<Self, String> {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("sim/incidents/cluster/{name}.json"));
        Self::parse(&std::fs::read_to_string(path).unwrap())
    }

    pub(super) fn parse(text: &str) -> Result<Self, String> {
        let stored: Self = serde_json::from_str(text).map_err(|why| why.to_string())?;
        assert_eq!(stored.schema, "hubbub.cluster-case/1");
        match stored.case.faults.iter().find_map(|fault| fault.kind.refused()) {
            Some(name) => Err(format!("{name}: cannot be done to real brokers and servers")),
            None => Ok(stored),
        }
    }
}

impl Case {
    /// When nothing is published, nothing fails and nobody is away any more.
    pub(super) fn settles_at(&self) -> Duration {
        let leaves = self.viewers.iter().flat_map(|viewer| &viewer.leaves).map(|leave| leave.at + leave.away);
        let faults = self.faults.iter().map(|fault| fault.at + fault.lasts);
        let comes = self.viewers.iter().map(|viewer| viewer.comes_at);
        self.publish_at.iter().copied().chain(leaves).chain(faults).chain(comes).max().unwrap_or_default()
    }
}

fn ms<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Duration, D::Error> {
    u64::deserialize(deserializer).map(Duration::from_millis)
}

fn each_ms<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<Duration>, D::Error> {
    Ok(Vec::<u64>::deserialize(deserializer)?.into_iter().map(Duration::from_millis).collect())
}
