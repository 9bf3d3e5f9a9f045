//! One cell of a sweep: what a number of subscribers lost, and how late events were, at one buffer size.

use std::collections::BTreeMap;

use hubbub::LossCounts;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// One (subscribers, buffer) pair; counts are sums over the seeds.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Cell {
    /// Overflow policy; `its own` of a foreign server.
    pub policy: String,
    /// N.
    pub subscribers: usize,
    /// K; 0 where a foreign server does not say.
    pub buffer: u64,
    /// Events published while a subscriber wanted them, from its first stream until it left for good, summed over all.
    pub wanted: u64,
    /// Of the wanted events, those that the subscriber had not read in the end, whatever the reason: lost, still waiting,
    /// or published while it was cut off.
    pub missed: u64,
    /// Frames that a client read after it had read them before.
    pub duplicates: u64,
    /// Time without a stream between the first one and leaving, mean of a subscriber and run.
    pub away_seconds: f64,
    /// Frames offered to mailboxes; of a foreign server, events that were published while a stream was open.
    pub offered: u64,
    /// Frames whose last byte a socket accepted.
    pub delivered: u64,
    /// Frames read by a client.
    pub received: u64,
    /// Waiting, or accepted by the transport and not flushed, after the drain.
    pub in_flight: u64,
    /// Frames lost, by reason.
    #[schemars(schema_with = "super::schema::losses")]
    pub dropped: LossCounts,
    /// `buffer_full / offered`, null when nothing was offered.
    pub drop_rate: Option<f64>,
    /// 95 % interval over seeds; null below 8 seeds or where no run dropped.
    pub drop_rate_ci95: Option<[f64; 2]>,
    /// Seeds whose run had a `buffer_full` drop.
    pub runs_with_drops: u64,
    /// Events that a saturated server had not published by the end of the drain; nobody was offered them.
    #[serde(default)]
    pub unpublished: u64,
    /// Flushes a second while events arrived.
    pub delivered_per_second: f64,
    /// Publish to flush, delivered frames only.
    pub flush_latency_ms: Quantiles,
    /// Publish to receipt by the client.
    pub receipt_latency_ms: Quantiles,
    /// Memory of one subscriber.
    pub memory_bytes_per_subscriber: Memory,
    /// By class name.
    pub by_class: BTreeMap<String, ByClass>,
    /// The subscriber with the highest drop rate, null where none dropped.
    pub worst_subscriber: Option<WorstSubscriber>,
    /// Digest over the runs' digests, in the order of seeds: 32 hex digits; empty in the real world, which does not repeat.
    pub digest: String,
    /// The most that a publish began after its planned time; in the real world only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub publish_lag_ms: Option<f64>,
    /// The emulated links; in the emulated world only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[doc(hidden)]
    pub links: Option<EmulatedLinks>,
    /// After restarts of the server; left out where no run has one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[doc(hidden)]
    pub after_restart: Option<AfterRestart>,
}

/// How those who watch come through a restart of the server.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct AfterRestart {
    /// Publish to receipt of the events that were published in the first ten seconds of the next process, all that clients
    /// have read of them, however late.
    pub receipt_latency_ms: Quantiles,
    /// Publish to receipt of the events that came while their client had a stream, without those of its replay.
    pub live_receipt_latency_ms: Quantiles,
    /// From the end of the process until the last client whose stream it ended had read something of its next one; the
    /// longest of all runs.
    pub last_back_after_ms: Option<f64>,
    /// Clients that had not come back by the end of their run, all seeds.
    pub not_back: u64,
}

/// How the emulated links of a cell kept to their time, and what ran over them.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct EmulatedLinks {
    /// The congestion controls of the server's sockets, as the kernel said.
    pub congestion: Vec<String>,
    /// By how much packets were delivered after they were due, median; of several runs the largest.
    pub late_p50_ms: f64,
    /// The same, 99th percentile.
    pub late_p99_ms: f64,
    /// The same, largest.
    pub late_max_ms: f64,
    /// Whether the links were in time in every run, so that the figures say something about the kernel's TCP.
    pub is_evidence: bool,
}

impl Cell {
    /// Missed events as a part of the wanted ones; `None` where nothing was wanted.
    pub fn missed_rate(&self) -> Option<f64> {
        (self.wanted > 0).then(|| self.missed as f64 / self.wanted as f64)
    }
}

/// Pooled quantiles; all null where there was nothing.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Quantiles {
    /// Median.
    pub p50: Option<f64>,
    /// 99 %.
    pub p99: Option<f64>,
    /// 99.9 %.
    pub p999: Option<f64>,
    /// Largest.
    pub max: Option<f64>,
}

/// Memory of one subscriber, in bytes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Memory {
    /// K × the size of a handle.
    pub slots: u64,
    /// Peak of distinct payload bytes kept alive (each payload and its encoded frame, counted once), by the number of
    /// subscribers; the largest of all seeds.
    pub payload: f64,
    /// In the real world: what the server's allocator got from the system, slots and payload among it. This and what
    /// follows are growths from before the first subscriber to the most there was, by their number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub allocator: Option<f64>,
    /// In the real world: resident memory of the server's process.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resident: Option<f64>,
    /// In the real world: the kernel's sockets, structures and buffers of both ends.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kernel: Option<f64>,
}

/// One class's part of a cell.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ByClass {
    /// Its members.
    pub subscribers: usize,
    /// Frames offered to them.
    pub offered: u64,
    /// Their `buffer_full / offered`.
    pub drop_rate: Option<f64>,
    /// Events published while they wanted them.
    pub wanted: u64,
    /// Those of them that they had not read in the end.
    pub missed: u64,
    /// Their publish to flush.
    pub flush_latency_ms: Quantiles,
    /// Their publish to receipt: how old events were when they were read.
    pub receipt_latency_ms: Quantiles,
    /// Most frames that waited for one of them, right after a push.
    pub high_water: u64,
}

impl ByClass {
    /// Missed events as a part of the wanted ones; `None` where nothing was wanted.
    pub fn missed_rate(&self) -> Option<f64> {
        (self.wanted > 0).then(|| self.missed as f64 / self.wanted as f64)
    }
}

/// Who fared worst.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct WorstSubscriber {
    /// Index in the plan.
    pub id: usize,
    /// The run.
    pub seed: u64,
    /// Its own drop rate.
    pub drop_rate: f64,
}
