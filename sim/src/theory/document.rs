//! `verify.json`: simulation beside theory, and what is held against it.

use serde::{Deserialize, Serialize};

/// Version of this form.
pub const SCHEMA: &str = "hubbub.verify/1";

/// All of a verification.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Verify {
    /// [`SCHEMA`].
    pub schema: String,
    /// The command that makes it again.
    pub command: String,
    /// Mean time between two frames, in milliseconds of virtual time.
    pub gap_ms: f64,
    /// Mean size of a batch, in frames.
    pub batch_frames: f64,
    /// Confidence of every single interval.
    pub confidence: f64,
    /// How many intervals were held against theory.
    pub intervals: u64,
    /// The probability that at least one of them misses though all is well, at most.
    pub family_wise_false_alarm: f64,
    /// Model by model, load by load, room by room.
    pub cases: Vec<QueueCase>,
    /// Whether a finer clock gives the same.
    pub convergence: Convergence,
    /// Whether nothing was outside.
    pub inside_all: bool,
}

/// One queue: a model, a load, a mailbox.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct QueueCase {
    /// In Kendall's notation.
    pub model: String,
    /// Load: arrivals a mean service time.
    pub rho: f64,
    /// Slots of the mailbox.
    pub k: u64,
    /// Frames in the system at most, as theory was asked.
    pub system_size: u64,
    /// Mean service time.
    pub service_ms: f64,
    /// Independent runs, with the seeds from 0 on.
    pub replications: u64,
    /// Frames at the beginning of each run that are not counted.
    pub warm_up: u64,
    /// Frames counted, over all runs.
    pub frames: u64,
    /// Of these, frames lost.
    pub lost: u64,
    /// Part of the frames lost: the mean over the runs.
    pub simulated: f64,
    /// Interval of that; for D/D/1/K the value itself.
    pub ci: [f64; 2],
    /// What theory says; for D/D/1/K what the recursion counts.
    pub theory: f64,
    /// How many losses theory expects.
    pub expected_losses: f64,
    /// Whether that is enough to be held against it.
    pub resolvable: bool,
    /// Whether theory is inside the interval, for D/D/1/K whether each frame fared as the recursion has it; null where
    /// it cannot be said.
    pub inside: Option<bool>,
    /// Publish to flush, of the frames that were not lost.
    pub delay: Delay,
    /// Frames that the simulation lost and the recursion on the same plan did not, or the other way round.
    pub other_fates: u64,
}

/// A mean delay.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Delay {
    /// The mean over the runs of each run's mean.
    pub simulated_ms: f64,
    /// Interval of that; for D/D/1/K the value itself.
    pub ci_ms: [f64; 2],
    /// What theory says; for D/D/1/K what the recursion has.
    pub theory_ms: f64,
    /// Whether theory is inside the interval, for D/D/1/K whether both are equal to the nanosecond.
    pub inside: bool,
}

/// A scenario at two time scales, on the same plans.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Convergence {
    /// Its name.
    pub scenario: String,
    /// N.
    pub subscribers: u64,
    /// K.
    pub buffer: u64,
    /// How long events arrive.
    pub seconds: f64,
    /// Ticks a millisecond of plan time, in either world.
    pub time_scales: [u64; 2],
    /// Runs in each, with the seeds from 0 on.
    pub replications: u64,
    /// Frames lost in all runs of each.
    pub lost: [u64; 2],
    /// How many more a run loses at the second scale, on average.
    pub difference: f64,
    /// Interval of that.
    pub ci: [f64; 2],
    /// Whether no difference is inside the interval.
    pub inside: bool,
}

/// Three cases, made up: one judged, one not, one exact.
#[cfg(test)]
pub(crate) fn fixture() -> Verify {
    let delay = Delay { simulated_ms: 75.2, ci_ms: [74.8, 75.6], theory_ms: 75.0, inside: true };
    let judged = QueueCase {
        model: "M/M/1/K".to_owned(),
        rho: 0.3,
        k: 1,
        system_size: 2,
        service_ms: 50.0,
        replications: 20,
        warm_up: 104,
        frames: 100_000,
        lost: 6449,
        simulated: 0.064_49,
        ci: [0.0631, 0.0659],
        theory: 0.064_75,
        expected_losses: 6475.0,
        resolvable: true,
        inside: Some(true),
        delay,
        other_fates: 12,
    };
    let unresolved =
        QueueCase { k: 64, system_size: 65, lost: 0, simulated: 0.0, ci: [0.0; 2], theory: 1e-35, ..judged.clone() };
    let unresolved = QueueCase { expected_losses: 1e-30, resolvable: false, inside: None, ..unresolved };
    let exact = QueueCase { model: "D/D/1/K".to_owned(), theory: 0.064_49, other_fates: 0, ..judged.clone() };
    Verify {
        schema: SCHEMA.to_owned(),
        command: "cargo sim verify".to_owned(),
        gap_ms: 166.667,
        batch_frames: 4.0,
        confidence: 0.999,
        intervals: 4,
        family_wise_false_alarm: 0.004,
        cases: vec![judged, unresolved, exact],
        convergence: Convergence {
            scenario: "alpha".to_owned(),
            subscribers: 100,
            buffer: 16,
            seconds: 30.0,
            time_scales: [1, 2],
            replications: 20,
            lost: [3210, 3214],
            difference: 0.2,
            ci: [-0.5, 0.9],
            inside: true,
        },
        inside_all: true,
    }
}
