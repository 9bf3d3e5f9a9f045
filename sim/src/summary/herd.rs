//! `herd.json`: restarts of the server with and without the jitter of `retry:`, as a document.

use serde::{Deserialize, Serialize};

use super::document::{AfterRestart, RunsDone};

/// The value of [`Herd::schema`].
pub const SCHEMA: &str = "hubbub.herd/1";

/// What the jitter of `retry:` does after a restart of the server.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Herd {
    /// Always [`SCHEMA`].
    pub schema: String,
    /// The command that gives it again.
    #[serde(default)]
    pub command: String,
    /// The scenario.
    pub scenario: String,
    /// The restart in words.
    pub restart: String,
    /// Replications of every row.
    pub seeds: Vec<u64>,
    /// Which world did the runs.
    pub runs: RunsDone,
    /// Rows of the same number of subscribers and the same prices stand together, without a `retry:` first.
    pub rows: Vec<HerdRow>,
}

/// One way back, for so many subscribers.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct HerdRow {
    /// N.
    pub subscribers: usize,
    /// Microseconds of the server's CPU that a connection costs beside its first write.
    pub connect_us: f64,
    /// The longest time that a `retry:` asks for; null where the server sends none, and all come back after the pause of an
    /// `EventSource` that has read none.
    pub retry_seconds: Option<f64>,
    /// How those who watch come through the restart.
    pub after: AfterRestart,
}

/// Two rows for the tests of what is made from them.
#[cfg(test)]
pub(crate) fn fixture() -> Herd {
    use super::document::Quantiles;
    let quantiles =
        |p99: f64| Quantiles { p50: Some(p99 / 3.0), p99: Some(p99), p999: Some(p99), max: Some(1.1 * p99) };
    let row = |retry_seconds, all, live, last| HerdRow {
        subscribers: 1000,
        connect_us: 100.0,
        retry_seconds,
        after: AfterRestart {
            receipt_latency_ms: quantiles(all),
            live_receipt_latency_ms: quantiles(live),
            last_back_after_ms: Some(last),
            not_back: 0,
        },
    };
    Herd {
        schema: SCHEMA.to_owned(),
        command: "cargo sim herd".to_owned(),
        scenario: "thundering-herd".to_owned(),
        restart: "server restarts at 5 s for 1 s".to_owned(),
        seeds: vec![0, 1],
        runs: RunsDone { specified: 14, simulated: 2, agreed: 2, outside_scope: 0 },
        rows: vec![row(None, 2300.0, 310.0, 3400.0), row(Some(5.0), 4100.0, 32.0, 5100.0)],
    }
}
