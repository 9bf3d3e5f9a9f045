//! `servers.json`: several servers on the same plans, as a document.

use serde::{Deserialize, Serialize};

use super::document::{Memory, Quantiles};

/// The value of [`Servers::schema`].
pub const SCHEMA: &str = "hubbub.servers/1";

/// Servers beside each other, scenario by scenario.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Servers {
    /// Always [`SCHEMA`].
    pub schema: String,
    /// The command that gives it again.
    pub command: String,
    /// One for each scenario.
    pub scenarios: Vec<OnScenario>,
}

/// Servers on the plans of one scenario.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OnScenario {
    /// The scenario's name.
    pub scenario: String,
    /// Replications of every row, from seed 0 on.
    pub seeds: u64,
    /// How long events arrive, in seconds.
    pub virtual_seconds: f64,
    /// Events a second of the first seed, on average.
    pub mean_per_second: f64,
    /// The payload of an event of the first seed in bytes, on average.
    pub payload_bytes: u64,
    /// What came of every server, N and buffer.
    pub rows: Vec<ServerRow>,
    /// One for each server and N.
    pub sizes: Vec<SizeOfServer>,
}

/// One server at one N and buffer; counts are sums over the seeds.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ServerRow {
    /// The server's name.
    pub server: String,
    /// N.
    pub subscribers: usize,
    /// The buffer that it had, in frames.
    pub buffer: u64,
    /// Events published while a subscriber wanted them.
    pub wanted: u64,
    /// Events that were wanted and never read.
    pub missed: u64,
    /// How old events were when they were read.
    pub age_ms: Quantiles,
    /// What a subscriber costs.
    pub memory: Memory,
    /// Digest over the runs.
    pub digest: String,
}

/// The size of one server for one N, and what it hides.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SizeOfServer {
    /// The server's name.
    pub server: String,
    /// N.
    pub subscribers: usize,
    /// The smallest buffer without a loss on the seeds, in frames; null where there is none up to 65,536.
    pub frames: Option<u64>,
    /// Frames of the scenario's mean payload that are neither in the buffer of a stalled client nor in its socket.
    pub hidden: u64,
}

impl OnScenario {
    /// The size of a server for an N.
    #[must_use]
    pub fn size(&self, server: &str, subscribers: usize) -> Option<&SizeOfServer> {
        self.sizes.iter().find(|size| size.server == server && size.subscribers == subscribers)
    }

    /// The names of the servers, in their order.
    #[must_use]
    pub fn servers(&self) -> Vec<&str> {
        let mut names: Vec<&str> = Vec::new();
        for size in &self.sizes {
            if !names.contains(&size.server.as_str()) {
                names.push(&size.server);
            }
        }
        names
    }
}

impl ServerRow {
    /// The part of the wanted events that was never read.
    #[must_use]
    pub fn missed_rate(&self) -> f64 {
        self.missed as f64 / self.wanted.max(1) as f64
    }
}

/// Two servers on two scenarios, for the tests of what is made from them.
#[cfg(test)]
pub(crate) fn fixture() -> Servers {
    let row = |server: &str, buffer: u64, missed, p99| ServerRow {
        server: server.to_owned(),
        subscribers: 6,
        buffer,
        wanted: 240_000,
        missed,
        age_ms: Quantiles { p50: Some(2.0), p99: Some(p99), p999: Some(1800.0), max: Some(2000.0) },
        memory: Memory { slots: 8 * buffer, payload: 3000.0, ..Memory::default() },
        digest: "00".to_owned(),
    };
    let size =
        |server: &str, frames, hidden| SizeOfServer { server: server.to_owned(), subscribers: 6, frames, hidden };
    let on = |scenario: &str, missed| OnScenario {
        scenario: scenario.to_owned(),
        seeds: 2,
        virtual_seconds: 60.0,
        mean_per_second: 9.5,
        payload_bytes: 600,
        rows: vec![
            row("shared ring", 64, missed, 900.0),
            row("shared ring", 256, 0, 950.0),
            row("gated", 64, 2 * missed, 1500.0),
            row("gated", 256, 0, 1600.0),
        ],
        sizes: vec![size("shared ring", Some(128), 700), size("gated", None, 0)],
    };
    Servers {
        schema: SCHEMA.to_owned(),
        command: "cargo run --example designs".to_owned(),
        scenarios: vec![on("alpha", 1200), on("ci-build", 24)],
    }
}
