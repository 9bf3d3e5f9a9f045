//! The distribution of maximum likelihood.

use super::exceedances::Exceedances;
use super::pareto::Pareto;
use super::simplex::{Point, minimum};

/// Shapes that a fit may have. Below −1 the density grows towards its end point and has no maximum likelihood (Coles
/// 2001, §3.3.1); above 1 the mean is infinite, which no run of limited length can have.
pub(super) const SHAPES: std::ops::RangeInclusive<f64> = -1.0..=1.0;

/// The distribution that makes the exceedances most likely, with its log-likelihood.
pub(super) fn fit(exceedances: &Exceedances) -> (f64, Pareto) {
    // The logarithm of the scale is varied, so that no step of the descent makes the scale negative.
    let cost = |[shape, log_scale]: Point| {
        if !SHAPES.contains(&shape) {
            return f64::INFINITY;
        }
        -exceedances.log_likelihood(Pareto { shape, scale: libm::exp(log_scale) })
    };
    let mean = exceedances.mean_excess();
    let from = |shape: f64| {
        // Both allow the largest excess: its end point lies beyond.
        let scale = (mean * (1.0 - shape)).max(-shape * exceedances.largest() as f64);
        let (_, near) = minimum(cost, [shape, libm::log(scale)], [0.1, 0.1]);
        // A second simplex goes on where the first may have become too thin.
        minimum(cost, near, [0.02, -0.02])
    };
    // Two starts, one exponential and one with an end point: a single descent may stop beside the maximum.
    let (one, other) = (from(0.0), from(-0.3));
    let (cost, [shape, log_scale]) = if other.0 < one.0 { other } else { one };
    (-cost, Pareto { shape, scale: libm::exp(log_scale) })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tail::exact::Exact;

    #[test]
    fn shape_and_scale_of_a_large_sample_are_found() {
        for shape in [-0.4, 0.0, 0.3] {
            let pareto = Pareto { shape, scale: 6.0 };
            let marks = Exact::of((0..).map(|frames| pareto.survival(f64::from(frames)))).marks(20_000, 1);
            let (_, fitted) = fit(&Exceedances::above(0, &marks));
            assert!((fitted.shape - shape).abs() < 0.04 && (fitted.scale - 6.0).abs() < 0.3, "{fitted:?} for {shape}");
        }
    }

    #[test]
    fn no_neighbour_is_more_likely_than_the_fit() {
        let exceedances = Exceedances::above(5, &Exact::mm1(0.7, 100.0).marks(600, 1));
        let (best, Pareto { shape, scale }) = fit(&exceedances);
        for (more, times) in [(0.01, 1.0), (-0.01, 1.0), (0.0, 1.01), (0.0, 0.99), (0.01, 0.99), (-0.01, 1.01)] {
            let neighbour = Pareto { shape: shape + more, scale: scale * times };
            assert!(exceedances.log_likelihood(neighbour) < best + 1e-6, "{neighbour:?}");
        }
    }

    #[test]
    fn marks_of_one_size_are_no_panic() {
        let (log_likelihood, _) = fit(&Exceedances::above(3, &[4; 60]));
        assert!(log_likelihood <= 0.0);
    }
}
