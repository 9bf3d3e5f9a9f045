//! Curves of a figure, and the scales that give their points a place.

use crate::figure::axis::{Across, Values};

/// What part of the height is for zero, which a logarithmic axis does not have.
pub(super) const ZERO_LANE: f64 = 12.0;

/// A curve, from left to right.
pub(super) struct Curve {
    pub(super) label: String,
    pub(super) points: Vec<Point>,
    pub(super) form: Form,
}

/// How the points of a curve hang together.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    Joined,
    /// A value holds up to the next point.
    Steps,
    /// Points alone.
    Scattered,
}

/// A point of a curve.
pub(super) struct Point {
    pub(super) x: f64,
    /// The value, unless there is none.
    pub(super) y: Option<f64>,
    pub(super) interval: Option<[f64; 2]>,
    /// The value in words.
    pub(super) says: String,
}

/// A vertical line with a name.
pub(super) struct Reference {
    pub(super) at: f64,
    pub(super) label: String,
}

/// Scales in hundredths of width and height.
pub(super) struct Scales {
    pub(super) across: Across,
    /// None where no value is above zero.
    pub(super) up: Option<Values>,
    pub(super) has_zero: bool,
}

impl Scales {
    /// Scales with a place for everything; `is_log` is about the x axis, and `most` is the most that a value can be.
    pub(super) fn new(is_log: bool, most: f64, curves: &[Curve], references: &[Reference], level: Option<f64>) -> Self {
        let points = || curves.iter().flat_map(|curve| &curve.points);
        let xs: Vec<f64> = points().map(|point| point.x).chain(references.iter().map(|line| line.at)).collect();
        let ys = || points().filter_map(|point| point.y).chain(level);
        let ends = points().filter_map(|point| point.interval).map(|[_, high]| high);
        let has_zero = ys().any(|y| y <= 0.0);
        let bottom = if has_zero { 100.0 - ZERO_LANE } else { 100.0 };
        let up = Values::new(ys().chain(ends), most, 0.0, bottom);
        Self { across: Across::new(is_log, &xs, 0.0, 100.0), up, has_zero }
    }

    /// Where a value is.
    pub(super) fn y(&self, value: f64) -> f64 {
        match &self.up {
            Some(values) if value > 0.0 => values.at(value),
            // The foot of an interval that reaches nothing.
            Some(_) if !self.has_zero => 100.0,
            _ => 100.0 - ZERO_LANE / 2.0,
        }
    }
}
