//! Sizes of markers: one that lies on another curve's is smaller, so that both are seen.

use super::scene::Point;

/// Markers nearer than this hide one another.
const NEAR: f64 = 9.0;

/// Size of a marker on its own, on one other, and on more. Each fits into the one before with its white rim.
const RADII: [f64; 3] = [9.0, 5.6, 3.4];

/// The markers drawn so far.
#[derive(Debug, Default)]
pub(super) struct Nested(Vec<Point>);

impl Nested {
    /// The sizes of a further curve's markers, whose own do not count.
    pub(super) fn radii(&mut self, points: &[Point]) -> Vec<f64> {
        let is_near = |one: &Point, other: &Point| libm::hypot(one.0 - other.0, one.1 - other.1) < NEAR;
        let below = |point: &Point| self.0.iter().filter(|other| is_near(point, other)).count();
        let radii = points.iter().map(|point| RADII[below(point).min(RADII.len() - 1)]).collect();
        // A curve that stays in one place is one marker to those above it.
        for point in points {
            if !self.0[..].ends_with(&[*point]) {
                self.0.push(*point);
            }
        }
        radii
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_marker_on_another_curves_is_smaller_than_it_by_more_than_its_rim() {
        let mut nested = Nested::default();
        let [first, apart] = [(100.0, 100.0), (130.0, 100.0)];
        assert_eq!(nested.radii(&[first, first, apart]), [9.0, 9.0, 9.0]);
        let second = nested.radii(&[(101.0, 100.0), (160.0, 100.0)]);
        assert!(second[0] + 2.0 < 9.0 && second[1] == 9.0, "{second:?}");
        assert!(nested.radii(&[first])[0] + 2.0 < second[0] + 0.5);
    }
}
