//! The cells of a sweep as curves: which of N and K goes along the x axis, and which tells the curves apart.
//!
//! The rule itself is the summary's; here cells are sorted into curves and given their looks. The room knows no
//! pixel.

use std::collections::BTreeSet;

pub(crate) use crate::summary::along::Along;
use crate::summary::along::along;
use crate::summary::document::{Cell, Sweep, ZeroDrop};
use crate::summary::format;

use super::style::{Look, look};

/// One curve.
pub(crate) struct Curve<'a> {
    /// N or K.
    pub(super) key: u64,
    /// `N = 100` or `64 slots`.
    pub(crate) label: String,
    pub(super) look: Look,
    /// By x, smallest first.
    pub(crate) cells: Vec<(f64, &'a Cell)>,
    /// The exact answer, where the curve is an N.
    pub(super) zero_drop: Option<&'a ZeroDrop>,
}

/// A sweep as curves.
pub(crate) struct View<'a> {
    pub(super) sweep: &'a Sweep,
    pub(crate) along: Along,
    /// Values of x that were swept, smallest first.
    pub(crate) xs: Vec<f64>,
    pub(crate) curves: Vec<Curve<'a>>,
    /// Curves there are but not shown.
    pub(crate) omitted: usize,
}

impl<'a> View<'a> {
    /// The sweep with at most `most` curves, evenly chosen with the first and the last; none without cells.
    pub(crate) fn new(sweep: &'a Sweep, most: usize) -> Option<Self> {
        let along = along(sweep);
        let keys: BTreeSet<u64> = sweep.cells.iter().map(|cell| key(along, cell)).collect();
        let keys: Vec<u64> = keys.into_iter().collect();
        // Chosen before the looks are given out: the curves shown get the first looks, which differ most.
        let shown = spread(keys.len(), most);
        let xs: BTreeSet<u64> = sweep.cells.iter().map(|cell| x(along, cell)).collect();
        let curves: Vec<_> = shown.iter().enumerate().map(|(i, &k)| curve(sweep, along, keys[k], i)).collect();
        let xs = xs.into_iter().map(as_f64).collect();
        (!curves.is_empty()).then_some(Self { sweep, along, xs, omitted: keys.len() - curves.len(), curves })
    }

    /// All cells shown.
    pub(super) fn cells(&self) -> impl Iterator<Item = &'a Cell> {
        self.curves.iter().flat_map(|curve| curve.cells.iter().map(|&(_, cell)| cell))
    }
}

/// A count as a coordinate.
#[expect(clippy::cast_precision_loss, reason = "a pixel does not show the 53rd bit")]
pub(crate) fn as_f64(count: u64) -> f64 {
    count as f64
}

fn key(along: Along, cell: &Cell) -> u64 {
    match along {
        Along::Buffers => cell.subscribers as u64,
        Along::Subscribers => cell.buffer,
    }
}

fn x(along: Along, cell: &Cell) -> u64 {
    match along {
        Along::Buffers => cell.buffer,
        Along::Subscribers => cell.subscribers as u64,
    }
}

fn curve(sweep: &Sweep, along: Along, wanted: u64, index: usize) -> Curve<'_> {
    let mut cells: Vec<_> = sweep.cells.iter().filter(|cell| key(along, cell) == wanted).collect();
    // The document has cells in the order of the scenario's lists, and a line goes from left to right.
    cells.sort_by_key(|cell| x(along, cell));
    let label = match along {
        Along::Buffers => format!("N = {}", format::count(wanted)),
        // A foreign server does not say.
        Along::Subscribers if wanted == 0 => "its buffers".to_owned(),
        Along::Subscribers => format::plural(wanted, "slot"),
    };
    let zero_drop = match along {
        Along::Buffers => sweep.zero_drop.iter().find(|z| z.subscribers as u64 == wanted),
        Along::Subscribers => None,
    };
    let cells = cells.into_iter().map(|cell| (as_f64(x(along, cell)), cell)).collect();
    Curve { key: wanted, label, look: look(index), cells, zero_drop }
}

/// At most `most` of `of` indices, evenly, with both ends.
fn spread(of: usize, most: usize) -> Vec<usize> {
    if of <= most {
        return (0..of).collect();
    }
    match most {
        0 => Vec::new(),
        1 => vec![of - 1],
        _ => (0..most).map(|i| i * (of - 1) / (most - 1)).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::summary::fixture;

    #[test]
    fn a_choice_of_curves_keeps_both_ends_and_counts_the_rest() {
        assert_eq!(spread(10, 4), [0, 3, 6, 9]);
        assert_eq!(spread(3, 4), [0, 1, 2]);
        let sweep = fixture::ceiling();
        let view = View::new(&sweep, 2).unwrap();
        assert_eq!((view.curves.len(), view.omitted), (2, 2));
        assert_eq!(view.curves[1].label, "256 slots");
    }

    #[test]
    fn no_cells_give_no_view() {
        assert!(View::new(&fixture::empty(), 8).is_none());
    }
}
