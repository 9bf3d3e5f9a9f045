//! The exact size of one N, and the runs that validate it.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{ByClass, Memory, Quantiles};

/// The exact answer for one N.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
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
    /// Runs on other seeds at the size with headroom; null where there is no size, and where nothing was validated.
    pub validation: Option<Validation>,
}

/// The subscriber and moment of the largest high-water mark.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
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

/// Runs on seeds that the size was not chosen from.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Validation {
    /// The last size tried.
    pub buffer: u64,
    /// The seeds of that size, none of which chose it.
    pub seeds: Vec<u64>,
    /// How many of them dropped anything.
    pub runs_with_drops: u64,
    /// One-sided 95 % Clopper–Pearson bound on P(a run drops anything).
    pub run_drop_probability_upper95: f64,
    /// Sizes that failed before, with their runs.
    pub failed: Vec<FailedSize>,
    /// Latency of the runs at that size.
    pub flush_latency_ms: Quantiles,
    /// Each class in the runs at that size; without latencies where a run dropped.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub by_class: BTreeMap<String, ByClass>,
    /// Memory at that size.
    pub memory_bytes_per_subscriber: Memory,
}

/// A size that did not pass its validation.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct FailedSize {
    /// The size.
    pub buffer: u64,
    /// Runs at it.
    pub runs: u64,
    /// Runs that dropped.
    pub runs_with_drops: u64,
}
