//! The exact size of one N, the evidence of many runs, and runs at the size that is named as the answer.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{ByClass, Extrapolation, HighWaterMarks, Memory, Quantiles, Risk, Tolerance};

/// The exact answer for one N.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ZeroDrop {
    /// N.
    pub subscribers: usize,
    /// Smallest K without a `buffer_full` drop on these seeds; null with a reason where there is none.
    pub buffer: Option<u64>,
    /// The code of a [`UnboundedSizeReason`](crate::first_order::UnboundedSizeReason), or [`OTHER_LIMITS`](crate::summary::sizes::OTHER_LIMITS) or
    /// [`TOO_LARGE`](crate::summary::sizes::TOO_LARGE); null where there is a size.
    pub reason: Option<String>,
    /// Largest high-water mark of each seed's unbounded run, in the order of the seeds.
    pub per_seed: Vec<u64>,
    /// Who and when.
    pub binding: Option<Binding>,
    /// What the first-order rule says for the same plans: burst × (1 − drain / arrival) − what the socket absorbs.
    pub first_order_rule: Option<u64>,
    /// Each class at that size, on these seeds; empty where there is no size.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub by_class: BTreeMap<String, ByClass>,
    /// High-water marks of many unbounded runs; null where there is no size, and where none were asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub marks: Option<HighWaterMarks>,
    /// What the largest mark bounds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tolerance: Option<Tolerance>,
    /// The probability that a run loses anything, against the size: at every size at which it changes, at the sizes
    /// swept, at the current size and at the size named as the answer.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub risk: Vec<Risk>,
    /// The size of a smaller risk, where one was asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub extrapolated: Option<Extrapolation>,
    /// Runs on fresh seeds at the size named as the answer, which is the next power of two above the largest mark; null
    /// where there is no size, and where no marks were asked for.
    pub validation: Option<Validation>,
}

/// The subscriber and moment of the largest high-water mark.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Binding {
    /// Index in the plan.
    pub subscriber: usize,
    /// Its class.
    pub class: String,
    /// The run.
    pub seed: u64,
    /// When.
    pub at_ms: f64,
}

/// Runs with bounded mailboxes, on seeds that the size was not chosen from.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Validation {
    /// The size named as the answer.
    pub buffer: u64,
    /// The seeds of that size, none of which chose it.
    pub seeds: Vec<u64>,
    /// How many of them dropped anything.
    pub runs_with_drops: u64,
    /// One-sided 95 % Clopper–Pearson bound on P(a run drops anything).
    pub run_drop_probability_upper95: f64,
    /// Latency of the runs at that size.
    pub flush_latency_ms: Quantiles,
    /// Each class in the runs at that size; without latencies where a run dropped.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub by_class: BTreeMap<String, ByClass>,
    /// Memory at that size.
    pub memory_bytes_per_subscriber: Memory,
}
