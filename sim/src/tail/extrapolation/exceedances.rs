//! The marks above a threshold, counted by how far they lie above it.

use std::collections::BTreeMap;

use super::pareto::Pareto;

/// The marks above a threshold.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Exceedances {
    /// In frames: a mark above it is an exceedance.
    pub(super) threshold: u64,
    /// Number of all marks.
    pub(super) runs: u64,
    /// Number of marks above the threshold.
    pub(super) count: u64,
    /// Frames above the threshold, at least 1 and rising, each with the number of marks there.
    pub(super) tallies: Vec<(u64, u64)>,
}

impl Exceedances {
    /// The marks above a threshold.
    pub(super) fn above(threshold: u64, marks: &[u64]) -> Self {
        // Ordered, since tallies rise with the excess.
        let mut tallies = BTreeMap::new();
        for mark in marks.iter().filter(|mark| **mark > threshold) {
            *tallies.entry(mark - threshold).or_insert(0) += 1;
        }
        let count = tallies.values().sum();
        Self { threshold, runs: marks.len() as u64, count, tallies: tallies.into_iter().collect() }
    }

    /// The part of all marks that lies above the threshold.
    pub(super) fn fraction(&self) -> f64 {
        self.count as f64 / self.runs as f64
    }

    /// The mean excess, in frames, where a mark of `h` frames stands for all sizes above `h − 1` and up to `h`.
    pub(super) fn mean_excess(&self) -> f64 {
        let frames: f64 = self.tallies.iter().map(|(frames, marks)| *frames as f64 * *marks as f64).sum();
        frames / self.count as f64 - 0.5
    }

    /// The largest excess, in frames.
    pub(super) fn largest(&self) -> u64 {
        self.tallies.last().map_or(0, |(frames, _)| *frames)
    }

    /// The log-likelihood of the excesses. A mark is a whole number of frames, so that its part is the probability of
    /// the interval from one frame less (interval censoring).
    pub(super) fn log_likelihood(&self, pareto: Pareto) -> f64 {
        self.tallies.iter().map(|(frames, marks)| *marks as f64 * pareto.log_probability(*frames as f64)).sum()
    }

    /// The log-likelihood of the number of exceedances, binomial with the probability `fraction`, without its constant.
    pub(super) fn log_likelihood_of_fraction(&self, fraction: f64) -> f64 {
        let below = (self.runs - self.count) as f64;
        self.count as f64 * libm::log(fraction) + below * libm::log1p(-fraction)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marks_above_a_threshold_are_counted_by_their_excess() {
        let exceedances = Exceedances::above(3, &[7, 3, 4, 0, 4, 5]);
        assert_eq!(exceedances.tallies, [(1, 2), (2, 1), (4, 1)]);
        assert_eq!((exceedances.count, exceedances.runs, exceedances.largest()), (4, 6, 4));
        assert!((exceedances.mean_excess() - 1.5).abs() < 1e-15);
    }

    #[test]
    fn the_likelihood_of_the_fraction_is_largest_at_the_observed_one() {
        let exceedances = Exceedances::above(3, &[7, 3, 4, 0, 4, 5]);
        let at = |fraction| exceedances.log_likelihood_of_fraction(fraction);
        assert!(at(exceedances.fraction()) > at(0.6) && at(exceedances.fraction()) > at(0.7));
    }
}
