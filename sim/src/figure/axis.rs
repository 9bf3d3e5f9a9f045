//! Scales: values to pixels, and the ticks that say which.
//!
//! A logarithm has no zero, yet zero is what these figures are about: a [`Values`] axis ends in a gap, and zero has
//! a place of its own below it. The room draws nothing.

/// The horizontal axis.
#[derive(Debug, Clone)]
pub(crate) struct Across {
    log: bool,
    low: f64,
    high: f64,
    left: f64,
    right: f64,
}

impl Across {
    /// An axis over these values between two pixels, with some room at both ends.
    pub(crate) fn new(log: bool, values: &[f64], left: f64, right: f64) -> Self {
        // From `libm`: the standard library's logarithm differs between platforms, and figures are compared byte for
        // byte.
        let place = |v: f64| if log { libm::log2(v.max(1e-9)) } else { v };
        let low = values.iter().copied().map(place).fold(f64::INFINITY, f64::min);
        let high = values.iter().copied().map(place).fold(f64::NEG_INFINITY, f64::max);
        // Without a value the two ends are infinite and the wrong way round, and no place on the axis would be a
        // number.
        let (low, high) = if low <= high { (low, high) } else { (0.0, 1.0) };
        // At least some: a single value has no width, and `at` divides by the width.
        let room = ((high - low) * 0.06).max(if log { 0.5 } else { 1.0 });
        Self { log, low: low - room, high: high + room, left, right }
    }

    /// Whether octaves are equally wide.
    pub(super) fn is_log(&self) -> bool {
        self.log
    }

    /// Where a value is.
    pub(crate) fn at(&self, value: f64) -> f64 {
        // A value of 0 has no logarithm and would lie infinitely far away.
        let place = if self.log { libm::log2(value.max(1e-9)) } else { value };
        self.left + (place - self.low) / (self.high - self.low) * (self.right - self.left)
    }
}

/// A vertical logarithmic axis whose zero stands apart.
#[derive(Debug, Clone)]
pub(crate) struct Values {
    floor: f64,
    ceiling: f64,
    top: f64,
    bottom: f64,
}

impl Values {
    /// An axis over the positive ones of these values, from a round number below them to one above.
    pub(crate) fn new(values: impl Iterator<Item = f64>, most: f64, top: f64, bottom: f64) -> Option<Self> {
        let (mut low, mut high) = (f64::INFINITY, 0.0_f64);
        for value in values.filter(|v| v.is_finite() && *v > 0.0) {
            (low, high) = (low.min(value), high.max(value));
        }
        if high == 0.0 {
            return None;
        }
        // Cut off at `most`: a rate is never above 1, and its axis ends there.
        let (mut floor, ceiling) = (round_below(low / 1.05), round_above(high * 1.05).min(most));
        // Less than a decade would blow noise up.
        if ceiling / floor < 10.0 {
            floor = round_below(ceiling / 10.0);
        }
        Some(Self { floor, ceiling, top, bottom })
    }

    /// Where a value is; what lies beyond an end is at that end.
    pub(crate) fn at(&self, value: f64) -> f64 {
        let whole = libm::log10(self.ceiling / self.floor);
        let part = libm::log10(value.clamp(self.floor, self.ceiling) / self.floor);
        self.bottom - part / whole * (self.bottom - self.top)
    }

    /// Whether a value is between the ends.
    pub(super) fn shows(&self, value: f64) -> bool {
        (self.floor..=self.ceiling).contains(&value)
    }

    /// The values to label: powers of ten, with their halves and fifths where there are few.
    pub(crate) fn ticks(&self) -> Vec<f64> {
        let steps: &[f64] = if self.ceiling / self.floor < 150.0 { &[1.0, 2.0, 5.0] } else { &[1.0] };
        self.multiples(steps)
    }

    /// Finer grid lines.
    pub(super) fn minor(&self) -> Vec<f64> {
        self.multiples(&[2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0, 9.0])
    }

    fn multiples(&self, steps: &[f64]) -> Vec<f64> {
        let decades = exponent(self.floor)..=exponent(self.ceiling);
        let all = decades.flat_map(|e| steps.iter().map(move |step| step * ten_to(e)));
        // With some slack: a tick is a product, and may miss the end that it stands on by a rounding.
        all.filter(|v| *v >= self.floor * 0.999 && *v <= self.ceiling * 1.001).collect()
    }
}

#[expect(clippy::cast_possible_truncation, reason = "exponents are small")]
fn exponent(value: f64) -> i32 {
    // The logarithm of a power of ten may come out just below its exponent.
    libm::floor(libm::log10(value) + 1e-9) as i32
}

fn ten_to(exponent: i32) -> f64 {
    // Parsed and not computed: the nearest float to the power of ten on every platform.
    format!("1e{exponent}").parse().unwrap_or(1.0)
}

fn round_below(value: f64) -> f64 {
    let unit = ten_to(exponent(value));
    [5.0, 2.0, 1.0].map(|step| step * unit).into_iter().find(|v| *v <= value).unwrap_or(unit)
}

fn round_above(value: f64) -> f64 {
    let unit = ten_to(exponent(value));
    [1.0, 2.0, 5.0, 10.0].map(|step| step * unit).into_iter().find(|v| *v >= value).unwrap_or(unit * 10.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn octaves_are_equally_wide() {
        let axis = Across::new(true, &[1.0, 512.0], 100.0, 1100.0);
        let width = axis.at(2.0) - axis.at(1.0);
        assert!((axis.at(512.0) - axis.at(256.0) - width).abs() < 1e-9);
        assert!(axis.at(1.0) > 100.0 && axis.at(512.0) < 1100.0);
    }

    #[test]
    fn values_stay_inside_and_larger_is_higher() {
        let axis = Values::new([0.0, 0.0003, 0.61].into_iter(), 1.0, 100.0, 700.0).unwrap();
        assert!(axis.at(0.61) >= 100.0 && axis.at(0.0003) <= 700.0 && axis.at(0.1) < axis.at(0.01));
        assert_eq!(axis.ticks(), [0.001, 0.01, 0.1, 1.0]);
    }

    #[test]
    fn nothing_positive_gives_no_axis() {
        assert!(Values::new([0.0, f64::NAN].into_iter(), 1.0, 0.0, 1.0).is_none());
    }

    #[test]
    fn one_value_gives_at_least_a_decade() {
        let axis = Values::new([3.0].into_iter(), f64::MAX, 0.0, 100.0).unwrap();
        assert!(axis.ceiling / axis.floor >= 10.0 && axis.ticks().len() >= 3);
    }
}
