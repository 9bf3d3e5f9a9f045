//! How many runs a document rests on, and which world did them.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Runs by the world that did them. All runs there were are `specified + simulated - agreed`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct RunsDone {
    /// Runs done by the specification.
    pub specified: u64,
    /// Runs done by the full stack.
    pub simulated: u64,
    /// Runs done by both, with equal records.
    pub agreed: u64,
    /// Runs that the specification did not cover; the full stack did them. Only documents of earlier versions have any: the
    /// specification covers every plan.
    pub outside_scope: u64,
}

impl RunsDone {
    /// One run of the specification.
    pub const SPECIFIED: Self = Self { specified: 1, simulated: 0, agreed: 0, outside_scope: 0 };

    /// One run of the full stack.
    pub const SIMULATED: Self = Self { specified: 0, simulated: 1, agreed: 0, outside_scope: 0 };

    /// Adds others to these.
    pub fn add(&mut self, other: Self) {
        self.specified += other.specified;
        self.simulated += other.simulated;
        self.agreed += other.agreed;
        self.outside_scope += other.outside_scope;
    }

    /// So many of the specification's runs have been done by the full stack as well, with equal records.
    pub fn add_agreed(&mut self, runs: u64) {
        self.simulated += runs;
        self.agreed += runs;
    }
}
