//! What the process that makes the namespaces and the process that asks for runs say to each other: a line each at a time.

use serde::{Deserialize, Serialize};

use super::lateness::Lateness;
use crate::plan::Plan;
use crate::real::RunReport;

/// Argument that makes the `sim` program the emulated world of some runs.
pub const CHILD: &str = "emulate-runs";

/// Runs side by side in one pair of namespaces.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Order {
    pub(super) runs: Vec<OrderedRun>,
}

#[derive(Debug, Serialize, Deserialize)]
pub(super) struct OrderedRun {
    pub(super) plan: Plan,
    pub(super) buffer: usize,
    pub(super) policy: String,
    /// The congestion control of each class, by the kernel's name.
    pub(super) congestion: Vec<String>,
}

#[derive(Debug, Serialize, Deserialize)]
pub(super) enum Answer {
    /// There can be no such network here.
    Impossible(String),
    /// How long a run has gone on.
    Going { run: usize, millis: u64 },
    /// A run is over.
    Done { run: usize, report: Box<ReportedRun> },
    /// A run could not be done, so that none is.
    Failed(String),
}

#[derive(Debug, Serialize, Deserialize)]
pub(super) struct ReportedRun {
    pub(super) report: RunReport,
    pub(super) publish_lag_ns: u64,
    pub(super) lateness: Lateness,
    /// As read back from the server's sockets.
    pub(super) congestion: Vec<String>,
}
