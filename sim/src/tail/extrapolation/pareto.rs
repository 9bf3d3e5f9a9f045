//! The generalised Pareto distribution of how far a mark lies above a threshold.

/// Smallest absolute shape that is not taken for 0, where the distribution is exponential.
const SMALLEST_SHAPE: f64 = 1e-9;

/// The generalised Pareto distribution with survival `(1 + shape · y / scale)^(−1 / shape)` for an excess `y ≥ 0`.
///
/// A negative shape has an end point at `scale / −shape`, shape 0 is exponential, a positive shape has a power tail.
/// It is the limit of the excesses over a high threshold: Pickands, *Annals of Statistics* 3 (1975), 119–131; Coles,
/// *An Introduction to Statistical Modeling of Extreme Values*, Springer 2001, §4.2.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Pareto {
    /// No unit; mostly written ξ.
    pub(super) shape: f64,
    /// In frames, above 0; mostly written σ.
    pub(super) scale: f64,
}

impl Pareto {
    /// The distribution with a shape whose excess is above `excess` with probability `exp(−hazard)`.
    pub(super) fn through(excess: f64, hazard: f64, shape: f64) -> Self {
        // `expm1` and, below, `log1p` keep their digits where the shape is close to 0.
        let stretched = if shape.abs() < SMALLEST_SHAPE { hazard } else { libm::expm1(shape * hazard) / shape };
        Self { shape, scale: excess / stretched }
    }

    /// The excess that is surpassed with probability `exp(−hazard)`, in frames.
    pub(super) fn excess(self, hazard: f64) -> f64 {
        let stretched =
            if self.shape.abs() < SMALLEST_SHAPE { hazard } else { libm::expm1(self.shape * hazard) / self.shape };
        self.scale * stretched
    }

    /// The probability that an excess is above `excess`.
    pub(super) fn survival(self, excess: f64) -> f64 {
        libm::exp(-self.hazard(excess / self.scale))
    }

    /// The logarithm of the probability that an excess rounded up to whole frames is `frames`, at least 1:
    /// `ln (survival(frames − 1) − survival(frames))`, without the cancellation of that difference.
    pub(super) fn log_probability(self, frames: f64) -> f64 {
        let before = (frames - 1.0) / self.scale;
        let surpassed = self.hazard(before);
        if surpassed == f64::INFINITY {
            return f64::NEG_INFINITY;
        }
        // What exceeds `before` is again such a distribution. Its scale has grown by shape times that excess.
        let within = self.hazard(1.0 / self.scale / (1.0 + self.shape * before));
        libm::log(-libm::expm1(-within)) - surpassed
    }

    /// The negative logarithm of the survival at an excess given in scales; infinite beyond the end point.
    fn hazard(self, scales: f64) -> f64 {
        if self.shape.abs() < SMALLEST_SHAPE {
            scales
        } else if self.shape * scales <= -1.0 {
            f64::INFINITY
        } else {
            libm::log1p(self.shape * scales) / self.shape
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn probabilities_of_whole_frames_are_differences_of_the_survival() {
        for shape in [-0.4, -1e-3, 0.0, 1e-3, 0.5, 1.5] {
            let pareto = Pareto { shape, scale: 4.0 };
            for frames in 1..=9 {
                let frames = f64::from(frames);
                let difference = pareto.survival(frames - 1.0) - pareto.survival(frames);
                let probability = libm::exp(pareto.log_probability(frames));
                assert!((probability - difference).abs() < 1e-14, "{shape} {frames}: {probability} {difference}");
            }
        }
    }

    #[test]
    fn the_survival_is_the_textbook_one_on_both_sides_of_shape_zero() {
        let at = |shape| Pareto { shape, scale: 2.0 }.survival(3.0);
        assert!((at(0.5) - 1.75_f64.powi(-2)).abs() < 1e-15 && (at(-0.5) - 0.25_f64.powi(2)).abs() < 1e-15);
        assert!((at(1e-10) - at(1e-8)).abs() < 1e-7 && (at(0.0) - libm::exp(-1.5)).abs() < 1e-15);
    }

    #[test]
    fn a_negative_shape_has_an_end_point() {
        let pareto = Pareto { shape: -0.5, scale: 2.0 };
        assert_eq!((pareto.survival(4.0), pareto.survival(9.0)), (0.0, 0.0));
        assert!(pareto.log_probability(4.0).is_finite());
        assert_eq!(pareto.log_probability(5.0), f64::NEG_INFINITY);
    }

    #[test]
    fn an_excess_and_the_distribution_through_it_invert_the_survival() {
        for shape in [-0.3, 0.0, 0.2] {
            let pareto = Pareto { shape, scale: 3.0 };
            let excess = pareto.excess(5.0);
            assert!((pareto.survival(excess) - libm::exp(-5.0)).abs() < 1e-14);
            assert!((Pareto::through(excess, 5.0, shape).scale - 3.0).abs() < 1e-12);
        }
    }
}
