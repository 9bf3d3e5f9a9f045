//! Intervals and quantiles, with their sources.

use hdrhistogram::Histogram;
use statrs::distribution::{ContinuousCDF, StudentsT};

use super::document::Quantiles;
use super::stored_histogram::DIGITS;

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
    // Two tails of 2.5 % each leave 95 % between them.
    let t = StudentsT::new(0.0, 1.0, n as f64 - 1.0).ok()?.inverse_cdf(0.975);
    let half = t * variance.sqrt();
    Some([(ratio - half).max(0.0), (ratio + half).min(1.0)])
}

/// Quantiles in milliseconds of a histogram in microseconds.
pub fn quantiles_ms(histogram: &Histogram<u64>) -> Quantiles {
    if histogram.is_empty() {
        return Quantiles::default();
    }
    let at = |quantile| Some(histogram.value_at_quantile(quantile) as f64 / 1000.0);
    Quantiles { p50: at(0.5), p99: at(0.99), p999: at(0.999), max: Some(histogram.max() as f64 / 1000.0) }
}

/// The lowest time that a histogram counts together with a quantile of it, in milliseconds; the quantile is the highest.
///
/// A quantile that a document has rounded to six digits gives the same time.
pub fn lowest_alike_ms(quantile_ms: f64) -> f64 {
    // Twice the most that rounding adds; the highest of a bucket stays in its bucket.
    const BELOW_ROUNDING: f64 = 1.0 - 5e-6;
    let Ok(histogram) = Histogram::<u64>::new(DIGITS) else { return quantile_ms };
    let us = (quantile_ms * 1000.0 * BELOW_ROUNDING).ceil() as u64;
    histogram.lowest_equivalent(us) as f64 / 1000.0
}

/// Part of a whole, where there is one.
pub fn rate(part: u64, whole: u64) -> Option<f64> {
    (whole > 0).then(|| part as f64 / whole as f64)
}

#[cfg(test)]
mod tests {
    use super::*;

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
    fn an_interval_stays_within_nothing_and_all() {
        let mut rare = [(0, 100); 8];
        rare[0] = (8, 100);
        let [low, high] = ratio_interval(&rare).unwrap();
        assert!(low == 0.0 && high > 0.01 && high < 0.1, "{low} {high}");
        let often = rare.map(|(part, whole)| (whole - part, whole));
        let [low, high] = ratio_interval(&often).unwrap();
        assert!(high == 1.0 && low < 0.99 && low > 0.9, "{low} {high}");
    }

    #[test]
    fn unequal_wholes_weigh_as_they_are() {
        // Worked by hand: ratio 60 / 600, residuals ± 2 in turn at wholes of 50 and 100.
        let replications: Vec<_> = (0..8).map(|n| if n % 2 == 0 { (7, 50) } else { (8, 100) }).collect();
        let [low, high] = ratio_interval(&replications).unwrap();
        let half = 2.364_624 * (8.0 * 4.0 / 7.0 / 8.0_f64).sqrt() / 75.0;
        assert!((low - (0.1 - half)).abs() < 1e-6 && (high - (0.1 + half)).abs() < 1e-6, "{low} {high}");
    }

    #[test]
    fn quantiles_are_in_milliseconds() {
        let mut histogram = Histogram::new(3).unwrap();
        (1..=1000).for_each(|us| histogram += us);
        let Quantiles { p50, p99, p999, max } = quantiles_ms(&histogram);
        assert_eq!([p50, p99, p999, max], [Some(0.5), Some(0.99), Some(0.999), Some(1.0)]);
    }

    #[test]
    fn a_quantile_has_the_same_lowest_time_exact_and_rounded_and_it_is_at_most_what_was_recorded() {
        for us in [1, 999, 1000, 2047, 2048, 4097, 60_000, 131_071, 1_000_000, 2_000_000, 86_400_000] {
            let mut histogram = Histogram::new(DIGITS).unwrap();
            histogram += us;
            let highest = quantiles_ms(&histogram).p99.unwrap();
            let (lowest, recorded) = (lowest_alike_ms(highest), us as f64 / 1000.0);
            assert!(lowest <= recorded && lowest > recorded * 0.999, "{us}: {lowest}");
            assert_eq!(lowest_alike_ms(crate::summary::json::rounded(highest)), lowest, "{us}");
        }
    }

    #[test]
    fn a_rate_is_a_part_of_something() {
        assert_eq!((rate(1, 4), rate(0, 4), rate(0, 0)), (Some(0.25), Some(0.0), None));
    }

    #[test]
    fn quantiles_of_nothing_are_null() {
        assert_eq!(quantiles_ms(&Histogram::new(3).unwrap()), Quantiles::default());
    }
}
