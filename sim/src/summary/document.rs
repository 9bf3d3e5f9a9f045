//! `sweep.json`: the document a sweep leaves, and the only thing that figures and docs are made from.
//!
//! Field names and meanings are a contract; a reader of schema `hubbub.sweep/2` must not be surprised.

mod cell;
mod objective;
mod risk;
mod runs_done;
mod schema;
mod zero_drop;

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::scenario::DEFAULT_CURRENT_BUFFER;
pub use cell::{AfterRestart, ByClass, Cell, EmulatedLinks, Memory, Quantiles, WorstSubscriber};
pub use objective::{
    JudgedCell, Judgement, Limit, Measure, ObjectiveResult, ObjectiveSize, SizeForAllN, SizeTried, ValuesAt,
};
pub use risk::{Extrapolation, HighWaterMarks, Risk, Tolerance};
pub use runs_done::RunsDone;
pub use schema::schema;
pub use zero_drop::{Binding, Validation, ZeroDrop};

/// The value of [`Sweep::schema`].
pub const SCHEMA: &str = "hubbub.sweep/2";

/// A whole sweep, or with no cells a sizing.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Sweep {
    /// Always [`SCHEMA`].
    #[schemars(extend("const" = SCHEMA))]
    pub schema: String,
    /// `simulated`, `real` or `emulated`.
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
    /// Name of the server under test; left out where it is hubbub's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub server: Option<String>,
    /// The mailbox size that the server has now, in frames: what figures mark and tables compare with. Null for a server
    /// under test whose scenario does not say it.
    #[serde(default = "default_current_buffer")]
    pub current_buffer: Option<u64>,
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
    /// What is good enough, and what came of it; left out where the scenario does not say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub objective: Option<ObjectiveResult>,
    /// How the size moves when the load does; empty unless asked for.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub sensitivity: Vec<Sensitivity>,
}

/// A machine.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
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
    /// The policy, or that there are several; of a server under test, its name.
    pub fn policy_in_words(&self) -> String {
        if let Some(server) = &self.server {
            return format!("server {server}");
        }
        if self.compares_policies() { "every policy".to_owned() } else { format!("policy {}", self.policy) }
    }

    /// Whether it was measured in wall time, over the network that there is or over emulated paths.
    pub fn is_measured(&self) -> bool {
        self.world != "simulated"
    }

    /// Whether the cells are of several policies.
    pub fn compares_policies(&self) -> bool {
        self.policy == ALL_POLICIES
    }
}

/// What a document says that was written before it had the size.
#[expect(clippy::unnecessary_wraps, reason = "serde asks for the type of the field")]
fn default_current_buffer() -> Option<u64> {
    Some(DEFAULT_CURRENT_BUFFER)
}

/// What [`Sweep::not_applied`] says of a scenario's paths where its clients were on loopback.
pub(crate) const NO_PATHS: &str = "paths: loopback has none; --paths emulated runs over them";

/// In the place of a policy, where all are compared.
pub const ALL_POLICIES: &str = "all";

/// What a policy was run with.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct RunWith {
    /// Its name.
    pub policy: String,
    /// Events that the server kept for those who come back or are behind.
    pub history_events: u64,
    /// Bytes of payload that it kept at most.
    pub history_bytes: u64,
    /// Seconds after which members of a class come back when their stream has ended; null for one that stays away.
    pub comes_back_after_seconds: BTreeMap<String, Option<f64>>,
    /// The longest time that a `retry:` asks for, where a class obeys it: its members come back after what each is told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retry_seconds: Option<f64>,
    /// Of a policy that replaces old values by newer ones of the same key: how many keys there are.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub keys: Option<u64>,
}

/// A trace in place of the scenario's arrivals.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct TraceUsed {
    /// File name without its folder.
    pub file: String,
    /// How much faster than recorded it was played.
    pub speed_up: f64,
}

/// What arrived, averaged over the seeds.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
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
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ClassSummary {
    /// Its name.
    pub name: String,
    /// Round trip, null for the minimum the world can do.
    pub round_trip_ms: Option<f64>,
    /// Socket window; the first receive buffer where the client's kernel tunes it.
    pub window_bytes: u64,
    /// Whether the client's kernel tunes the receive buffer of a path; left out where it is fixed.
    #[serde(default, skip_serializing_if = "is_false")]
    pub window_is_tuned: bool,
    /// How its members read, in words for a table.
    pub reads: String,
    /// The bottleneck of each member, in words for a table; left out where there is none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub path: Option<String>,
}

/// The modelled worker's prices.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct CpuSummary {
    /// Microseconds of a publish.
    pub publish_us: f64,
    /// Microseconds of a write, whatever the number of frames in it.
    pub delivery_us: f64,
    /// Microseconds that each frame adds to its write; left out where it is 0.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub frame_us: f64,
    /// Microseconds that a new connection adds to its first write; left out where it is 0.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub connect_us: f64,
    /// Most frames that share a write; left out where it is 1.
    #[serde(default = "one", skip_serializing_if = "is_one")]
    pub frames_per_write: u64,
}

fn is_false(flag: &bool) -> bool {
    !flag
}

fn is_zero(number: &f64) -> bool {
    *number == 0.0
}

fn one() -> u64 {
    1
}

fn is_one(number: &u64) -> bool {
    *number == 1
}

/// The number, and why.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Recommendation {
    /// The largest size over N that is named as the answer; null if one N has none.
    pub buffer: Option<u64>,
    /// A sentence.
    pub because: String,
}

/// The size under a changed load.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
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
        let sweep = super::Sweep { current_buffer: Some(300), ..fixture::empty() };
        let text = crate::summary::json::to_json(&sweep);
        assert!(text.contains("\n  \"current_buffer\": 300,\n"), "{text}");
        assert_eq!(crate::summary::json::from_json(&text).unwrap(), sweep);
        let older = text.replace("\n  \"current_buffer\": 300,", "");
        assert_eq!(crate::summary::json::from_json(&older).unwrap().current_buffer, Some(64));
    }

    #[test]
    fn a_sweep_says_which_policy_it_ran_or_that_it_compares_them() {
        assert_eq!(fixture::policies().policy_in_words(), "every policy");
        assert_eq!(fixture::alpha().policy_in_words(), "policy drop-newest");
    }
}
