//! Bounds and intervals of a probability that hold for every sample size.
//!
//! Source: Clopper and Pearson, "The use of confidence or fiducial limits illustrated in the case of the binomial",
//! *Biometrika* 26 (1934), 404–413.

use statrs::distribution::{Beta, ContinuousCDF};

use super::tolerance::risk_of_largest;

/// One-sided 95 % upper bound of a probability after `hits` in `runs`. With no hit it is `1 − 0.05^(1/runs)`.
#[must_use]
pub fn upper_bound_95(hits: u64, runs: u64) -> f64 {
    // The quantile has a closed form here and needs no numerical inverse.
    if hits == 0 { risk_of_largest(runs) } else { upper(hits, runs, 0.05) }
}

/// Two-sided 95 % interval of a probability after `hits` in `runs`, each end with an error of at most 2.5 %.
///
/// The low end is 0 without a hit, and the high end is 1 where every run was a hit or none was made.
#[must_use]
pub fn interval_95(hits: u64, runs: u64) -> [f64; 2] {
    let misses = runs.saturating_sub(hits);
    // By symmetry: a miss is a hit of the opposite.
    let low = 1.0 - upper(misses, runs, 0.025);
    [if hits == 0 { 0.0 } else { low }, upper(hits, runs, 0.025)]
}

/// The probability at which at most `hits` in `runs` happen with probability `error`.
fn upper(hits: u64, runs: u64, error: f64) -> f64 {
    if hits >= runs {
        return 1.0;
    }
    Beta::new(hits as f64 + 1.0, (runs - hits) as f64).map_or(1.0, |beta| beta.inverse_cdf(1.0 - error))
}

#[cfg(test)]
mod tests {
    use super::super::exact::uniform;
    use super::*;

    #[test]
    fn fifty_nine_clean_runs_bound_the_probability_of_a_drop_by_five_percent() {
        assert!((upper_bound_95(0, 59) - 0.0495).abs() < 1e-4);
        assert!((upper_bound_95(0, 1) - 0.95).abs() < 1e-12);
        assert_eq!(upper_bound_95(3, 3), 1.0);
    }

    #[test]
    fn the_bound_agrees_with_the_binomial_it_inverts() {
        let (hits, runs) = (2_u64, 20_u64);
        let p = upper_bound_95(hits, runs);
        let choose = [1.0, 20.0, 190.0];
        let at_most_two: f64 = (0..3).map(|k| choose[k] * p.powi(k as i32) * (1.0 - p).powi(20 - k as i32)).sum();
        assert!((at_most_two - 0.05).abs() < 1e-6, "P(X ≤ 2) = {at_most_two} at {p}");
    }

    #[test]
    fn an_interval_is_the_published_one() {
        // R 4: binom.test(7, 20), binom.test(0, 20), binom.test(20, 20).
        for (hits, published) in [(7, [0.153_909_2, 0.592_188_5]), (0, [0.0, 0.168_433_5]), (20, [0.831_566_5, 1.0])] {
            let interval = interval_95(hits, 20);
            let near = interval.iter().zip(published).all(|(end, published)| (end - published).abs() < 1e-6);
            assert!(near, "{hits} of 20: {interval:?}");
        }
    }

    #[test]
    fn no_run_says_nothing() {
        assert_eq!((interval_95(0, 0), upper_bound_95(0, 0)), ([0.0, 1.0], 1.0));
    }

    #[test]
    fn at_least_183_of_200_intervals_cover_the_probability_that_made_them() {
        let (probability, runs) = (0.01, 600);
        let mut covered = [0; 2];
        for repetition in 0..200 {
            let hits = uniform(repetition).take(runs).filter(|luck| *luck < probability).count() as u64;
            let [low, high] = interval_95(hits, runs as u64);
            covered[0] += u64::from(low <= probability && probability <= high);
            covered[1] += u64::from(probability <= upper_bound_95(hits, runs as u64));
        }
        assert!(covered.iter().all(|covered| *covered >= 183), "{covered:?} of 200");
    }
}
