//! `stages.json`: one mailbox beside two stages, as a document.

use serde::{Deserialize, Serialize};

use super::document::Quantiles;

/// The value of [`Stages::schema`].
pub const SCHEMA: &str = "hubbub.stages/1";

/// What a second stage costs, scenario by scenario.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Stages {
    /// Always [`SCHEMA`].
    pub schema: String,
    /// The command that gives it again.
    #[serde(default)]
    pub command: String,
    /// Replications of every row.
    pub seeds: Vec<u64>,
    /// The rows of a scenario stand together.
    pub rows: Vec<StagesRow>,
}

/// One way from the Hub to the socket, in one scenario; counts are sums over the seeds.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct StagesRow {
    /// The scenario.
    pub scenario: String,
    /// N.
    pub subscribers: usize,
    /// Frames of each stage, the mailbox first.
    pub frames: Vec<u64>,
    /// Events published while a subscriber wanted them.
    pub wanted: u64,
    /// Frames lost by the Hub's account, whatever the reason.
    pub lost: u64,
    /// Events that were wanted and never read.
    pub missed: u64,
    /// Of those that were missed, the ones in nobody's account: neither lost there nor waiting at the end.
    pub uncounted: u64,
    /// How old events were when they were read.
    pub age_ms: Quantiles,
    /// What the slots of a subscriber take.
    pub slots_bytes: u64,
}

/// Two rows for the tests of what is made from them.
#[cfg(test)]
pub(crate) fn fixture() -> Stages {
    let row = |frames: &[u64], lost, missed, uncounted| StagesRow {
        scenario: "backlog-flush".to_owned(),
        subscribers: 6,
        frames: frames.to_vec(),
        wanted: 240_000,
        lost,
        missed,
        uncounted,
        age_ms: Quantiles { p50: Some(2.0), p99: Some(1500.0), p999: Some(1800.0), max: Some(2000.0) },
        slots_bytes: 8 * frames.iter().sum::<u64>(),
    };
    Stages {
        schema: SCHEMA.to_owned(),
        command: "cargo sim stages".to_owned(),
        seeds: vec![0, 1],
        rows: vec![row(&[64], 8000, 8000, 0), row(&[64, 64], 0, 7900, 7900)],
    }
}
