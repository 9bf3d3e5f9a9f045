//! The evidence for a size: high-water marks of many unbounded runs, and what follows from them.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::tail::extrapolation::Extrapolated;

/// The largest high-water marks of unbounded runs on consecutive seeds. A run loses something at a buffer of K frames
/// exactly if its mark is above K.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct HighWaterMarks {
    /// The first seed; the others follow it without a gap.
    pub first_seed: u64,
    /// Number of runs.
    pub runs: u64,
    /// Pairs of a mark in frames and the number of runs that had it, in ascending order of the marks.
    pub high_water: Vec<[u64; 2]>,
}

/// A size that a further run needs more than only with a small probability: the largest of all marks.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Tolerance {
    /// The largest mark, at least 1 frame.
    pub buffer: u64,
    /// Upper bound, with 95 % confidence, of the probability that a run loses anything at this size:
    /// 1 − 0.05^(1 / runs). It holds for every distribution of the marks (S. S. Wilks, *Ann. Math. Statist.* 12, 1941).
    pub risk_upper95: f64,
    /// The run that has the largest mark, the first of equals.
    pub seed: u64,
}

/// The probability that a run loses anything at one buffer size, as the marks show it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Risk {
    /// K, in frames.
    pub buffer: u64,
    /// Number of runs.
    pub runs: u64,
    /// Runs whose mark is above K.
    pub runs_with_drops: u64,
    /// One-sided 95 % upper bound of the probability (C. J. Clopper and E. S. Pearson, *Biometrika* 26, 1934).
    pub upper95: f64,
}

/// The size of a smaller risk than the runs bound, from the shape of the tail of their marks; or why there is none.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Extrapolation {
    /// The risk asked for: the probability that a run loses anything.
    pub risk: f64,
    /// The size with its interval, and the distribution that it comes from; null where it is refused.
    pub found: Option<Extrapolated>,
    /// Why the marks give no answer; null where they do.
    pub refused: Option<String>,
}

impl HighWaterMarks {
    /// The marks of runs on the seeds from `first_seed` on, in any order.
    pub fn new(first_seed: u64, marks: impl IntoIterator<Item = u64>) -> Self {
        let mut marks: Vec<u64> = marks.into_iter().collect();
        marks.sort_unstable();
        let equal = marks.chunk_by(|one, other| one == other);
        let high_water = equal.map(|equal| [equal[0], equal.len() as u64]).collect();
        Self { first_seed, runs: marks.len() as u64, high_water }
    }

    /// The largest mark; 0 without runs.
    pub fn largest(&self) -> u64 {
        self.high_water.last().map_or(0, |[frames, _]| *frames)
    }

    /// Number of runs whose mark is above `buffer`.
    pub fn above(&self, buffer: u64) -> u64 {
        self.high_water.iter().filter(|[frames, _]| *frames > buffer).map(|[_, runs]| runs).sum()
    }

    /// Number of runs that have exactly this mark.
    pub fn equal_to(&self, frames: u64) -> u64 {
        self.high_water.iter().filter(|[mark, _]| *mark == frames).map(|[_, runs]| runs).sum()
    }

    /// Every mark once for each run that had it, in ascending order.
    pub fn each(&self) -> impl Iterator<Item = u64> + '_ {
        self.high_water.iter().flat_map(|[frames, runs]| (0..*runs).map(|_| *frames))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marks_are_kept_in_order_and_equal_ones_once() {
        let marks = HighWaterMarks::new(5, [7, 3, 7, 9]);
        assert_eq!(marks, HighWaterMarks { first_seed: 5, runs: 4, high_water: vec![[3, 1], [7, 2], [9, 1]] });
        assert_eq!(marks.each().collect::<Vec<_>>(), [3, 7, 7, 9]);
        assert_eq!(marks.largest(), 9);
        assert_eq!(HighWaterMarks::new(0, []).largest(), 0);
    }

    #[test]
    fn a_run_loses_something_exactly_where_its_mark_is_above_the_buffer() {
        let marks = HighWaterMarks::new(0, [7, 3, 7, 9]);
        assert_eq!([2, 3, 6, 7, 8, 9].map(|buffer| marks.above(buffer)), [4, 3, 3, 1, 1, 0]);
        assert_eq!(marks.equal_to(7), 2);
        assert_eq!(marks.equal_to(8), 0);
    }
}
