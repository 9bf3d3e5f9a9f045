//! The downhill simplex of two variables.

/// A simplex has arrived where its values differ by less than this. They are log-likelihoods here, whose differences
/// matter from about 0.001 on.
const VALUES: f64 = 1e-7;

/// A simplex has arrived where its corners also differ by less than this.
const PLACES: f64 = 1e-3;

/// Most steps of one descent; some 40 are usual.
const MOST_STEPS: usize = 400;

/// A point of the plane.
pub(super) type Point = [f64; 2];

/// A corner: its value and its place.
type Corner = (f64, Point);

/// Finds a minimum of `f` near `start`, where the first simplex has sides of `size`. Returns its value and its place.
/// The value of a point that is not allowed is infinite.
///
/// The method of Nelder and Mead, *The Computer Journal* 7 (1965), 308–313, with their coefficients 1, 2, ½ and ½. It
/// draws no random number.
pub(super) fn minimum(f: impl Fn(Point) -> f64, start: Point, size: Point) -> (f64, Point) {
    let corner = |point: Point| (f(point), point);
    let mut simplex = [corner(start), corner([start[0] + size[0], start[1]]), corner([start[0], start[1] + size[1]])];
    for _ in 0..MOST_STEPS {
        // `total_cmp` puts the infinite values of points that are not allowed last.
        simplex.sort_by(|one, other| one.0.total_cmp(&other.0));
        if has_arrived(&simplex) {
            break;
        }
        let [best, middle, worst] = simplex;
        let centre = between(best.1, middle.1, 0.5);
        let reflected = corner(between(worst.1, centre, 2.0));
        simplex = if reflected.0 < best.0 {
            let expanded = corner(between(worst.1, centre, 3.0));
            [best, middle, if expanded.0 < reflected.0 { expanded } else { reflected }]
        } else if reflected.0 < middle.0 {
            [best, middle, reflected]
        } else {
            let better = if reflected.0 < worst.0 { reflected } else { worst };
            let contracted = corner(between(better.1, centre, 0.5));
            if contracted.0 < better.0 {
                [best, middle, contracted]
            } else {
                let shrunk = |other: Corner| corner(between(best.1, other.1, 0.5));
                [best, shrunk(middle), shrunk(worst)]
            }
        };
    }
    // The fallback is for the type alone, because a simplex always has corners.
    simplex.into_iter().min_by(|one, other| one.0.total_cmp(&other.0)).unwrap_or(simplex[0])
}

/// `from + part · (to − from)`.
fn between(from: Point, to: Point, part: f64) -> Point {
    [from[0] + part * (to[0] - from[0]), from[1] + part * (to[1] - from[1])]
}

fn has_arrived(sorted: &[Corner; 3]) -> bool {
    let [best, middle, worst] = sorted;
    let is_near = |other: &Corner| (0..2).all(|axis| (other.1[axis] - best.1[axis]).abs() < PLACES);
    worst.0 - best.0 < VALUES && is_near(middle) && is_near(worst)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_curved_valley_is_followed_to_its_end() {
        // Rosenbrock's, *The Computer Journal* 3 (1960), 175–184.
        let valley = |[x, y]: Point| 100.0 * (y - x * x).powi(2) + (1.0 - x).powi(2);
        let (value, [x, y]) = minimum(valley, [-1.2, 1.0], [0.5, 0.5]);
        assert!(value < 1e-6 && (x - 1.0).abs() < 1e-3 && (y - 1.0).abs() < 1e-3, "{value} at {x}, {y}");
    }

    #[test]
    fn a_minimum_at_the_edge_of_what_is_allowed_is_found() {
        let bounded = |[x, y]: Point| if x < 1.0 { f64::INFINITY } else { x + y * y };
        let (_, [x, y]) = minimum(bounded, [3.0, 2.0], [0.5, 0.5]);
        assert!((x - 1.0).abs() < 1e-3 && y.abs() < 1e-3, "{x}, {y}");
    }
}
