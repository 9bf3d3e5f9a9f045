//! `sweep.json`: the document a sweep leaves, and the only thing that figures and docs are made from.
//!
//! Field names and meanings are a contract; a reader of schema `hubbub.sweep/2` must not be surprised.

mod risk;
mod runs_done;
mod zero_drop;

use std::collections::BTreeMap;

use hubbub::LossCounts;
use serde::{Deserialize, Serialize};

use crate::scenario::default_current_buffer;
pub use risk::{Extrapolation, HighWaterMarks, Risk, Tolerance};
pub use runs_done::RunsDone;
pub use zero_drop::{Binding, Validation, ZeroDrop};

/// The value of [`Sweep::schema`].
pub const SCHEMA: &str = "hubbub.sweep/2";

/// A whole sweep, or with no cells a sizing.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Sweep {
    /// Always [`SCHEMA`].
    pub schema: String,
    /// `simulated` or `real`.
    pub world: String,
    /// Name of the scenario.
    pub scenario: String,
    /// The command that gives this document again.
    #[serde(default)]
    pub command: String,
    /// The question the scenario answers.
    pub question: String,
    /// Overflow policy, or `all`: the cells then differ in it.
    pub policy: String,
    /// What was switched on for policies that need more than a mailbox: one entry a policy that does.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub run_with: Vec<RunWith>,
    /// Trace file name (without folder) and speed-up where the arrivals were replaced by one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trace: Option<TraceUsed>,
    /// The seeds of cells and sizing.
    pub seeds: Vec<u64>,
    /// How long events arrive in a run (without the drain).
    pub virtual_seconds: f64,
    /// The longest drain after it.
    pub drain_seconds: f64,
    /// Virtual milliseconds that stand for one of the plan's.
    pub time_scale: u32,
    /// The mailbox size that the server has now, in frames: what figures mark and tables compare with.
    #[serde(default = "default_current_buffer")]
    pub current_buffer: u64,
    /// Means of the plans over the seeds: what arrives.
    pub arrivals: ArrivalsSummary,
    /// The classes of the population, in the scenario's order.
    pub classes: Vec<ClassSummary>,
    /// Modelled CPU cost, null where the model is off.
    pub cpu: Option<CpuSummary>,
    /// What goes wrong in every run, in words; empty where nothing does.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub faults: Vec<String>,
    /// Where it was measured; null in the simulated world, where that makes no difference.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub machine: Option<Machine>,
    /// What was not run as planned, in words: what the plan has and the real world has not; in a comparison of policies,
    /// the policies that the scenario cannot be run under.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub not_applied: Vec<String>,
    /// How many runs this rests on, and which world did them; null in the real world.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub runs: Option<RunsDone>,
    /// Why some cells are missing, where they are.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub partial: Option<String>,
    /// One per (subscribers, buffer), in grid order: subscribers first.
    pub cells: Vec<Cell>,
    /// One per N, in the order asked for.
    pub zero_drop: Vec<ZeroDrop>,
    /// The number to configure, and why.
    pub recommendation: Recommendation,
    /// How the size moves when the load does; empty unless asked for.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub sensitivity: Vec<Sensitivity>,
}

/// A machine.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Machine {
    /// Model of the processor.
    pub cpu: String,
    /// Cores there are.
    pub cores: usize,
    /// Memory.
    pub memory_bytes: u64,
    /// The kernel's release.
    pub kernel: String,
}

impl Sweep {
    /// The policy, or that there are several.
    pub fn policy_in_words(&self) -> String {
        if self.compares_policies() { "every policy".to_owned() } else { format!("policy {}", self.policy) }
    }

    /// Whether the cells are of several policies.
    pub fn compares_policies(&self) -> bool {
        self.policy == ALL_POLICIES
    }
}

/// In the place of a policy, where all are compared.
pub const ALL_POLICIES: &str = "all";

/// What a policy was run with.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RunWith {
    /// Its name.
    pub policy: String,
    /// Events that the server kept for those who come back or are behind.
    pub history_events: u64,
    /// Bytes of payload that it kept at most.
    pub history_bytes: u64,
    /// Seconds after which members of a class come back when their stream has ended; null for one that stays away.
    pub comes_back_after_seconds: BTreeMap<String, Option<f64>>,
    /// Of a policy that replaces old values by newer ones of the same key: how many keys there are.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub keys: Option<u64>,
}

/// A trace in place of the scenario's arrivals.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TraceUsed {
    /// File name without its folder.
    pub file: String,
    /// How much faster than recorded it was played.
    pub speed_up: f64,
}

/// What arrived, averaged over the seeds.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ArrivalsSummary {
    /// Events of a run.
    pub events: f64,
    /// Events a second.
    pub mean_per_second: f64,
    /// Most events in any sliding second, over all seeds.
    pub peak_per_second: u64,
    /// Mean payload size.
    pub mean_payload_bytes: f64,
}

/// A class of the population.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ClassSummary {
    /// Its name.
    pub name: String,
    /// Round trip, null for the minimum the world can do.
    pub round_trip_ms: Option<f64>,
    /// Socket window.
    pub window_bytes: u64,
    /// How its members read, in words for a table.
    pub reads: String,
}

/// The modelled worker's prices.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CpuSummary {
    /// Microseconds of a publish.
    pub publish_us: f64,
    /// Microseconds of a delivery.
    pub delivery_us: f64,
}

/// One (subscribers, buffer) pair; counts are sums over the seeds.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
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
}

impl Cell {
    /// Missed events as a part of the wanted ones; `None` where nothing was wanted.
    pub fn missed_rate(&self) -> Option<f64> {
        (self.wanted > 0).then(|| self.missed as f64 / self.wanted as f64)
    }
}

/// Pooled quantiles; all null where there was nothing.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
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
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
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
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
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
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct WorstSubscriber {
    /// Index in the plan.
    pub id: usize,
    /// The run.
    pub seed: u64,
    /// Its own drop rate.
    pub drop_rate: f64,
}

/// The number, and why.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Recommendation {
    /// The largest size over N that is named as the answer; null if one N has none.
    pub buffer: Option<u64>,
    /// A sentence.
    pub because: String,
}

/// The size under a changed load.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Sensitivity {
    /// N.
    pub subscribers: usize,
    /// What changed, `as planned` first.
    pub change: String,
    /// The exact size, null with a reason.
    pub buffer: Option<u64>,
    /// As in [`ZeroDrop::reason`].
    pub reason: Option<String>,
}

#[cfg(test)]
mod tests {
    use crate::summary::fixture;

    #[test]
    fn a_document_without_a_current_buffer_was_written_where_it_was_64() {
        let sweep = super::Sweep { current_buffer: 300, ..fixture::empty() };
        let text = crate::summary::json::to_json(&sweep);
        assert!(text.contains("\n  \"current_buffer\": 300,\n"), "{text}");
        assert_eq!(crate::summary::json::from_json(&text).unwrap(), sweep);
        let older = text.replace("\n  \"current_buffer\": 300,", "");
        assert_eq!(crate::summary::json::from_json(&older).unwrap().current_buffer, 64);
    }

    #[test]
    fn a_sweep_says_which_policy_it_ran_or_that_it_compares_them() {
        assert_eq!(fixture::policies().policy_in_words(), "every policy");
        assert_eq!(fixture::alpha().policy_in_words(), "policy drop-newest");
    }
}
