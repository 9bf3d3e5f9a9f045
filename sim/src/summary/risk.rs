//! From high-water marks to the risk of a size.

use std::collections::BTreeSet;

use super::document::{HighWaterMarks, Risk, Tolerance};
use super::format;
use crate::tail::clopper_pearson::upper_bound_95;
use crate::tail::tolerance::risk_of_largest;

/// Runs without being told: they bound the risk of the largest mark by 0.5 %.
pub const DEFAULT_RUNS: u64 = 600;

/// Runs of the published results: they bound the risk of the largest mark by 0.1 %.
pub const PUBLISHED_RUNS: u64 = 3_000;

/// Most runs of one N. The seeds of fresh runs begin behind these.
pub const MOST_RUNS: u64 = 1_000_000;

/// The largest mark of all runs with what it bounds; `largest_seed` is a run that has it.
pub fn tolerance(marks: &HighWaterMarks, largest_seed: u64) -> Tolerance {
    let risk_upper95 = risk_of_largest(marks.runs);
    // At least 1, as every mailbox has, even where nothing ever waited.
    Tolerance { buffer: marks.largest().max(1), risk_upper95, seed: largest_seed }
}

/// The risk at every size at which it changes, and at `buffers`; in ascending order of sizes.
pub fn curve(marks: &HighWaterMarks, buffers: &[u64]) -> Vec<Risk> {
    let steps = marks.high_water.iter().map(|[frames, _]| *frames);
    // A run may have a mark of 0, and no buffer has that size.
    let sizes: BTreeSet<u64> = steps.chain(buffers.iter().copied()).filter(|buffer| *buffer > 0).collect();
    sizes.into_iter().map(|buffer| at(marks, buffer)).collect()
}

/// The risk at one size.
pub fn at(marks: &HighWaterMarks, buffer: u64) -> Risk {
    let runs_with_drops = marks.above(buffer);
    Risk { buffer, runs: marks.runs, runs_with_drops, upper95: upper_bound_95(runs_with_drops, marks.runs) }
}

/// A bound of the risk as the share of runs that lose anything: `at most one minute in 200 loses anything`.
pub fn in_words(risk_upper95: f64, run_seconds: f64) -> String {
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a number above 0, and casts saturate")]
    // Rounded down: one in fewer runs claims less, so the bound still holds.
    let runs = libm::floor(1.0 / risk_upper95) as u64;
    let is_minute = (run_seconds - 60.0).abs() < 1e-9;
    let run = if is_minute { "minute".to_owned() } else { format!("run of {} s", format::number(run_seconds)) };
    match runs {
        0 | 1 => format!("every {run} may lose something"),
        _ => format!("at most one {run} in {} loses anything", format::count(runs)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_risk_is_told_as_one_run_in_so_many() {
        assert_eq!(in_words(0.004_98, 60.0), "at most one minute in 200 loses anything");
        assert_eq!(in_words(0.000_998, 90.0), "at most one run of 90 s in 1,002 loses anything");
        assert_eq!(in_words(0.95, 60.0), "every minute may lose something");
    }

    #[test]
    fn the_defaults_bound_the_risk_by_half_and_a_tenth_of_a_percent() {
        assert!(risk_of_largest(DEFAULT_RUNS) <= 0.005);
        assert!(risk_of_largest(PUBLISHED_RUNS) <= 0.001);
    }

    #[test]
    fn the_risk_falls_with_the_size_and_is_never_bounded_by_nothing() {
        let marks = HighWaterMarks::new(0, [2, 2, 5]);
        let curve = curve(&marks, &[1, 8]);
        let counted = |risk: &Risk| (risk.buffer, risk.runs_with_drops);
        assert_eq!(curve.iter().map(counted).collect::<Vec<_>>(), [(1, 3), (2, 1), (5, 0), (8, 0)]);
        assert!(curve.iter().all(|risk| risk.upper95 > 0.0));
        assert!((curve[2].upper95 - tolerance(&marks, 2).risk_upper95).abs() < 1e-12);
    }

    #[test]
    fn a_run_without_a_waiting_frame_needs_one_slot_all_the_same() {
        assert_eq!(tolerance(&HighWaterMarks::new(0, [0, 0]), 0).buffer, 1);
    }
}
