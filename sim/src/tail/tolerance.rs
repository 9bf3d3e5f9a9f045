//! What the largest of independent marks says without any assumption about their distribution.
//!
//! Source: Wilks, "Determination of sample sizes for setting tolerance limits", *Annals of Mathematical Statistics* 12
//! (1941), 91–96.

/// The probability with which a 95 % bound is wrong.
const ERROR: f64 = 0.05;

/// The risk per run that the largest of `runs` marks bounds with 95 % confidence: `1 − 0.05^(1 / runs)`.
///
/// A buffer of that largest mark has at most this probability of a loss in a further run of the same kind. Without a
/// run, the risk is 1.
#[must_use]
pub fn risk_of_largest(runs: u64) -> f64 {
    // By `expm1`: for many runs the plain difference from 1 would lose its digits.
    -libm::expm1(libm::log(ERROR) / runs as f64)
}

/// The fewest runs whose largest mark bounds a risk per run with 95 % confidence: `ln 0.05 / ln (1 − risk)`, rounded up.
///
/// No number of runs is enough for a risk of 0 or less: it is [`u64::MAX`] then. A risk of 1 or more needs no run.
#[must_use]
pub fn runs_for(risk: f64) -> u64 {
    if risk.is_nan() || risk <= 0.0 {
        return u64::MAX;
    }
    if risk >= 1.0 {
        return 0;
    }
    let runs = (libm::log(ERROR) / libm::log1p(-risk)).ceil() as u64;
    // The quotient may lie just above the whole number that it is.
    if risk_of_largest(runs.saturating_sub(1)) <= risk { runs - 1 } else { runs }
}

#[cfg(test)]
mod tests {
    use super::super::exact::{Exact, uniform};
    use super::*;

    #[test]
    fn the_runs_for_a_risk_are_those_of_the_tables() {
        let runs = [0.1, 0.05, 0.01, 0.005, 0.001].map(runs_for);
        assert_eq!(runs, [29, 59, 299, 598, 2995]);
    }

    #[test]
    fn the_runs_for_a_risk_bound_it_and_one_run_less_does_not() {
        for risk in [0.3, 0.05, 0.005, 0.001, 1e-6] {
            let runs = runs_for(risk);
            assert!(risk_of_largest(runs) <= risk && risk_of_largest(runs - 1) > risk, "{risk}: {runs}");
        }
        assert!((1..2000).all(|runs| runs_for(risk_of_largest(runs)) == runs));
    }

    #[test]
    fn no_run_bounds_no_risk_and_no_run_number_bounds_risk_zero() {
        assert_eq!((risk_of_largest(0), runs_for(1.0)), (1.0, 0));
        assert_eq!([runs_for(0.0), runs_for(-1.0), runs_for(f64::NAN)], [u64::MAX; 3]);
    }

    #[test]
    fn in_at_least_183_of_200_repetitions_the_largest_mark_has_the_risk_that_is_said() {
        let queue = Exact::mm1(0.7, 1000.0);
        for runs in [59, 600] {
            let risk = risk_of_largest(runs as u64);
            let largest = |repetition| uniform(repetition).take(runs).map(|luck| queue.mark(luck)).max().unwrap();
            let covered = (0..200).filter(|repetition| queue.risk(largest(*repetition)) <= risk).count();
            assert!(covered >= 183, "{covered} of 200 at {runs} runs");
        }
    }
}
