//! Whether exceedances look as their fitted distribution has them.

use statrs::distribution::{ChiSquared, ContinuousCDF};

use super::exceedances::Exceedances;
use super::pareto::Pareto;

/// Fewest exceedances that a cell may expect.
const FEWEST_EXPECTED: f64 = 5.0;

/// A cell takes this part of what is expected above it, so that cells are finest, in risk, where the tail is.
const PART: f64 = 0.25;

/// Shape and scale.
const PARAMETERS: usize = 2;

/// The p-value of Pearson's chi-square test of the fitted distribution; `None` where exceedances take too few different
/// sizes for a test.
///
/// From the threshold upwards, a cell takes whole frames until it expects a quarter of what is left, and at least 5
/// exceedances; the last cell has no upper end. The degrees of freedom are the cells less 1 less the two parameters
/// (Fisher, *Journal of the Royal Statistical Society* 87 (1924), 442–450). Parameters that are fitted to single frames make the statistic somewhat larger than that
/// distribution (Chernoff and Lehmann, *Annals of Mathematical Statistics* 25 (1954), 579–586): the test is strict.
pub(super) fn p_value(exceedances: &Exceedances, pareto: Pareto) -> Option<f64> {
    let cells = cells(exceedances, pareto);
    let freedom = cells.len().checked_sub(1 + PARAMETERS).filter(|freedom| *freedom > 0)?;
    let statistic: f64 = cells.iter().map(|cell| (cell.observed - cell.expected).powi(2) / cell.expected).sum();
    ChiSquared::new(freedom as f64).ok().map(|chi_squared| chi_squared.sf(statistic))
}

/// Neighbouring sizes that are counted together.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Cell {
    expected: f64,
    observed: f64,
}

fn cells(exceedances: &Exceedances, pareto: Pareto) -> Vec<Cell> {
    let count = exceedances.count as f64;
    let beyond = |frames: u64| count * pareto.survival(frames as f64);
    let mut cells = Vec::new();
    let (mut from, mut left) = (0, count);
    loop {
        let enough = |to: u64| left - beyond(to) >= FEWEST_EXPECTED.max(PART * left);
        // A cut that leaves too little above it is not made: the last cell must expect enough as well.
        let to = first(from, exceedances.largest(), enough).filter(|to| beyond(*to) >= FEWEST_EXPECTED);
        let upper = to.unwrap_or(u64::MAX);
        let here = exceedances.tallies.iter().filter(|(frames, _)| *frames > from && *frames <= upper);
        let observed = here.map(|(_, marks)| *marks as f64).sum();
        cells.push(Cell { expected: left - to.map_or(0.0, beyond), observed });
        let Some(to) = to else { return cells };
        (from, left) = (to, beyond(to));
    }
}

/// The first number of frames above `from` and up to `last` at which `holds`, which holds for all that follow; `None` if
/// it holds at none.
fn first(from: u64, last: u64, holds: impl Fn(u64) -> bool) -> Option<u64> {
    if last <= from || !holds(last) {
        return None;
    }
    let (mut before, mut at) = (from, last);
    while at - before > 1 {
        let middle = u64::midpoint(before, at);
        if holds(middle) {
            at = middle;
        } else {
            before = middle;
        }
    }
    Some(at)
}

#[cfg(test)]
mod tests {
    use super::super::fit::fit;
    use super::*;
    use crate::tail::exact::Exact;

    fn p(marks: &[u64]) -> Option<f64> {
        let exceedances = Exceedances::above(0, marks);
        p_value(&exceedances, fit(&exceedances).1)
    }

    #[test]
    fn cells_take_a_quarter_of_what_is_left_and_hold_all_marks() {
        let pareto = Pareto { shape: 0.0, scale: 10.0 };
        let marks: Vec<u64> = (0..100).map(|mark| 1 + mark % 50).collect();
        let cells = cells(&Exceedances::above(0, &marks), pareto);
        let expected: f64 = cells.iter().map(|cell| cell.expected).sum();
        let observed: f64 = cells.iter().map(|cell| cell.observed).sum();
        assert!((expected - 100.0).abs() < 1e-9 && observed == 100.0, "{cells:?}");
        assert!(cells.iter().all(|cell| cell.expected >= FEWEST_EXPECTED) && cells[0].observed == 6.0, "{cells:?}");
    }

    #[test]
    fn a_tail_of_the_distribution_itself_passes_in_nineteen_of_twenty_cases() {
        let pareto = Pareto { shape: 0.1, scale: 8.0 };
        let exact = Exact::of((0..).map(|frames| pareto.survival(f64::from(frames))));
        let passes = (0..200).filter(|seed| p(&exact.marks(150, *seed)).unwrap() >= 0.05).count();
        // The test is strict: it refuses some more than one in twenty.
        assert!((175..=195).contains(&passes), "{passes} of 200");
    }

    #[test]
    fn two_lumps_are_no_tail() {
        let marks: Vec<u64> = (0..150).map(|mark| if mark % 3 == 0 { 40 + mark % 7 } else { 1 + mark % 7 }).collect();
        assert!(p(&marks).unwrap() < 0.001);
    }

    #[test]
    fn three_sizes_are_too_few_for_a_test() {
        let marks: Vec<u64> = (0..150).map(|mark| 1 + mark % 3).collect();
        assert_eq!(p(&marks), None);
    }
}
