//! The interval of a mean over independent replications.

use statrs::distribution::{ContinuousCDF, StudentsT};

/// Confidence of every single interval.
pub const CONFIDENCE: f64 = 0.999;

/// Mean, and its interval with that confidence: Student's t at n − 1 degrees of freedom. `None` below two values.
#[must_use]
pub fn mean_interval(values: &[f64], confidence: f64) -> Option<(f64, [f64; 2])> {
    let count = values.len() as f64;
    let mean = values.iter().sum::<f64>() / count;
    // In a second pass: a sum of squares less the square of a sum loses the digits that matter here.
    let squares: f64 = values.iter().map(|value| (value - mean).powi(2)).sum();
    // On both sides: half of the error lies beyond either end.
    let t = StudentsT::new(0.0, 1.0, count - 1.0).ok()?.inverse_cdf(f64::midpoint(1.0, confidence));
    let half = t * (squares / (count - 1.0) / count).sqrt();
    Some((mean, [mean - half, mean + half]))
}

/// The probability that of so many intervals at least one misses though all is well: at most their number times that
/// of one, however much luck they share (Boole's inequality).
#[must_use]
pub fn family_wise(intervals: usize, confidence: f64) -> f64 {
    (intervals as f64 * (1.0 - confidence)).min(1.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_interval_is_the_textbook_one() {
        let (mean, [low, high]) = mean_interval(&[8.0, 12.0, 9.0, 11.0, 10.0, 10.0, 7.0, 13.0], 0.999).unwrap();
        // Variance 28 / 7, t = 5.4079 at 7 degrees of freedom.
        let half = 5.407_883 * 2.0 / 8.0_f64.sqrt();
        assert!(mean == 10.0 && (low - (10.0 - half)).abs() < 1e-4 && (high - (10.0 + half)).abs() < 1e-4);
    }

    #[test]
    fn one_value_has_no_interval() {
        assert!(mean_interval(&[1.0], 0.999).is_none() && mean_interval(&[], 0.999).is_none());
    }

    #[test]
    fn of_a_hundred_intervals_one_misses_in_a_tenth_of_all_cases() {
        assert!((family_wise(100, CONFIDENCE) - 0.1).abs() < 1e-9 && family_wise(5000, CONFIDENCE) == 1.0);
    }
}
