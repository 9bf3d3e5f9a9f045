//! The distribution of maximum likelihood.

use super::exceedances::Exceedances;
use super::pareto::Pareto;
use super::simplex::{Point, minimum};

/// Shapes that a fit may have. Below −1 the density grows towards its end point and has no maximum likelihood (Coles
/// 2001, §3.3.1); above 1 the mean is infinite, which no run of limited length can have.
pub(super) const SHAPES: std::ops::RangeInclusive<f64> = -1.0..=1.0;

/// The distribution that makes the exceedances most likely, with its log-likelihood.
pub(super) fn fit(exceedances: &Exceedances) -> (f64, Pareto) {
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
    let (one, other) = (from(0.0), from(-0.3));
    let (cost, [shape, log_scale]) = if other.0 < one.0 { other } else { one };
    (-cost, Pareto { shape, scale: libm::exp(log_scale) })
}
