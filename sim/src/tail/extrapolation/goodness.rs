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
/// (Fisher 1924). Parameters that are fitted to single frames make the statistic somewhat larger than that
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
