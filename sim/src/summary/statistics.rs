//! Intervals and quantiles, with their sources.

use hdrhistogram::Histogram;
use statrs::distribution::{Beta, ContinuousCDF, StudentsT};

use super::document::Quantiles;

/// Fewest replications that an interval is made from.
pub const REPLICATIONS_FOR_INTERVAL: usize = 8;

/// 95 % interval of a ratio of sums over replications, each given as (part, whole): the linearised ratio estimator of
/// Cochran, *Sampling Techniques*, 3rd ed., §6.3, with Student's t at n − 1 degrees of freedom, cut to 0 ..= 1.
///
/// `None` below [`REPLICATIONS_FOR_INTERVAL`], where nothing was offered, and where no part is above 0: no spread can
/// be seen then, and a bound on the probability that a run drops at all says more.
pub fn ratio_interval(replications: &[(u64, u64)]) -> Option<[f64; 2]> {
    let n = replications.len();
    let part: u64 = replications.iter().map(|(part, _)| part).sum();
    let whole: u64 = replications.iter().map(|(_, whole)| whole).sum();
    if n < REPLICATIONS_FOR_INTERVAL || whole == 0 || part == 0 {
        return None;
    }
    let ratio = part as f64 / whole as f64;
    let mean_whole = whole as f64 / n as f64;
    let squares: f64 = replications.iter().map(|(part, whole)| (*part as f64 - ratio * *whole as f64).powi(2)).sum();
    let variance = squares / (n as f64 - 1.0) / n as f64 / mean_whole.powi(2);
    let t = StudentsT::new(0.0, 1.0, n as f64 - 1.0).ok()?.inverse_cdf(0.975);
    let half = t * variance.sqrt();
    Some([(ratio - half).max(0.0), (ratio + half).min(1.0)])
}

/// One-sided 95 % upper bound of a probability after `hits` in `runs`: Clopper and Pearson, *Biometrika* 26 (1934).
/// With no hit it is `1 − 0.05^(1/runs)`.
pub fn upper_bound_95(hits: u64, runs: u64) -> f64 {
    if hits >= runs {
        return 1.0;
    }
    if hits == 0 {
        return 1.0 - 0.05_f64.powf(1.0 / runs as f64);
    }
    Beta::new(hits as f64 + 1.0, (runs - hits) as f64).map_or(1.0, |beta| beta.inverse_cdf(0.95))
}

/// Quantiles in milliseconds of a histogram in microseconds.
pub fn quantiles_ms(histogram: &Histogram<u64>) -> Quantiles {
    if histogram.is_empty() {
        return Quantiles::default();
    }
    let at = |quantile| Some(histogram.value_at_quantile(quantile) as f64 / 1000.0);
    Quantiles { p50: at(0.5), p99: at(0.99), p999: at(0.999), max: Some(histogram.max() as f64 / 1000.0) }
}

/// Part of a whole, where there is one.
pub fn rate(part: u64, whole: u64) -> Option<f64> {
    (whole > 0).then(|| part as f64 / whole as f64)
}

#[cfg(test)]
mod tests {
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
    fn an_interval_needs_eight_replications_and_a_drop() {
        assert_eq!(ratio_interval(&[(1, 100); 7]), None);
        assert_eq!(ratio_interval(&[(0, 100); 8]), None);
        assert_eq!(ratio_interval(&[(0, 0); 8]), None);
        let same = ratio_interval(&[(10, 100); 8]).unwrap();
        assert!(same.iter().all(|end| (end - 0.1).abs() < 1e-12), "no spread, no width");
    }

    #[test]
    fn equal_wholes_give_the_textbook_interval_of_a_mean() {
        let replications: Vec<_> = [8, 12, 9, 11, 10, 10, 7, 13].map(|part| (part, 100)).to_vec();
        let [low, high] = ratio_interval(&replications).unwrap();
        // Mean 0.1, standard deviation 0.02 (variance 28 / 7), t = 2.3646 at 7 degrees of freedom.
        let half = 2.364_624 * 0.02 / 8.0_f64.sqrt();
        assert!((low - (0.1 - half)).abs() < 1e-6 && (high - (0.1 + half)).abs() < 1e-6, "{low} {high}");
    }

    #[test]
    fn quantiles_of_nothing_are_null() {
        assert_eq!(quantiles_ms(&Histogram::new(3).unwrap()), Quantiles::default());
    }
}
