//! Results that are known before a sweep begins: other machines have done these runs.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::Job;
use crate::summary::run::{Latencies, RunSummary};
use crate::summary::stored::StoredRun;

/// What is run, in plain data.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(super) struct JobKey {
    /// The scenario's fingerprint: a load that is changed for a sensitivity has another one.
    scenario: u64,
    subscribers: usize,
    buffer: usize,
    policy: String,
    seed: u64,
}

/// A run that has been done.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct KnownRun {
    #[serde(flatten)]
    key: JobKey,
    #[serde(flatten)]
    stored: StoredRun,
    /// Whether both worlds did it, with equal records.
    is_agreed: bool,
}

/// Runs by what was run.
#[derive(Debug, Default)]
pub struct KnownRuns(BTreeMap<JobKey, KnownRun>);

impl JobKey {
    fn of(job: &Job<'_>) -> Self {
        Self {
            scenario: job.scenario.fingerprint(),
            subscribers: job.subscribers,
            buffer: job.choice.capacity.frames(),
            policy: job.choice.overflow.name().to_owned(),
            seed: job.seed,
        }
    }
}

impl KnownRun {
    /// A run of a job.
    pub fn new(job: &Job<'_>, stored: StoredRun, is_agreed: bool) -> Self {
        Self { key: JobKey::of(job), stored, is_agreed }
    }
}

impl KnownRuns {
    /// Adds a run. Returns whether it was not known before.
    pub fn add(&mut self, run: KnownRun) -> bool {
        self.0.insert(run.key.clone(), run).is_none()
    }

    pub(super) fn result(&self, job: &Job<'_>) -> Option<(RunSummary, Latencies)> {
        self.0.get(&JobKey::of(job)).map(|known| known.stored.read())
    }

    pub(super) fn is_agreed(&self, job: &Job<'_>) -> bool {
        self.0.get(&JobKey::of(job)).is_some_and(|known| known.is_agreed)
    }
}
