//! Which marks belong to the tail.

use super::Refusal;
use super::exceedances::Exceedances;
use super::fit::fit;
use super::goodness::p_value;
use super::pareto::Pareto;

/// Fewest marks above a threshold: a shape estimated from fewer says next to nothing.
pub const FEWEST_EXCEEDANCES: u64 = 50;

/// Most marks above a threshold. With more runs the threshold rises, because the distribution is a limit for high
/// thresholds only: with 1,500 marks of 3,000 above it, a third of the intervals of a queue were narrow and too low.
const MOST_EXCEEDANCES: u64 = 150;

/// Largest part of all marks above a threshold. With a quarter, intervals of a mixture of two loads were too high.
const LARGEST_PART: f64 = 0.2;

/// From one threshold to the next higher, this part of the exceedances is kept.
const KEPT: f64 = 0.75;

/// A fit with a smaller p-value is refused.
pub const SMALLEST_P: f64 = 0.05;

/// The distribution of the marks above a threshold.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Tail {
    pub(super) exceedances: Exceedances,
    pub(super) log_likelihood: f64,
    pub(super) pareto: Pareto,
    /// Of the goodness of fit.
    pub(super) p_value: f64,
}

/// Finds the tail of marks, given in rising order: the lowest threshold above which the distribution fits.
pub(super) fn tail(sorted: &[u64]) -> Result<Tail, Refusal> {
    let mut best: Option<f64> = None;
    let mut most_exceedances = 0;
    for threshold in thresholds(sorted) {
        let exceedances = Exceedances::above(threshold, sorted);
        most_exceedances = most_exceedances.max(exceedances.count);
        // The thresholds rise, so those that follow have even fewer.
        if exceedances.count < FEWEST_EXCEEDANCES {
            break;
        }
        let (log_likelihood, pareto) = fit(&exceedances);
        let Some(p_value) = p_value(&exceedances, pareto) else { continue };
        if p_value >= SMALLEST_P {
            return Ok(Tail { exceedances, log_likelihood, pareto, p_value });
        }
        best = Some(best.map_or(p_value, |best| best.max(p_value)));
    }
    let runs = sorted.len() as u64;
    match best {
        Some(p_value) => Err(Refusal::PoorFit { p_value }),
        None if most_exceedances < FEWEST_EXCEEDANCES => {
            Err(Refusal::TooFewExceedances { runs, exceedances: most_exceedances })
        }
        None => Err(Refusal::TooFewSizes { runs, exceedances: most_exceedances }),
    }
}

/// The thresholds to try, rising. Of equal marks, all or none are exceedances, so that fewer may be above a threshold.
fn thresholds(sorted: &[u64]) -> Vec<u64> {
    let most = (sorted.len() as f64 * LARGEST_PART).min(MOST_EXCEEDANCES as f64);
    let wanted = std::iter::successors(Some(most), |exceedances| Some(exceedances * KEPT));
    let wanted = wanted.take_while(|exceedances| *exceedances >= FEWEST_EXCEEDANCES as f64);
    let above = |exceedances: f64| sorted.iter().rev().nth(exceedances as usize).copied();
    let mut thresholds: Vec<u64> = wanted.filter_map(above).collect();
    // Equal neighbours come from a mark that many runs have, and one fit for each is enough.
    thresholds.dedup();
    thresholds
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fifth_of_the_marks_and_a_hundred_and_fifty_are_the_most_that_a_threshold_leaves() {
        let marks = |runs: u64| (0..runs).collect::<Vec<_>>();
        assert_eq!(thresholds(&marks(600)), [479, 509, 532, 549]);
        assert_eq!(thresholds(&marks(3000)), [2849, 2887, 2915, 2936]);
        assert!(thresholds(&marks(249)).is_empty());
    }

    #[test]
    fn equal_marks_are_above_a_threshold_together() {
        let marks: Vec<u64> = (0..800).map(|run| run / 100).collect();
        assert_eq!(thresholds(&marks), [6, 7]);
    }
}
