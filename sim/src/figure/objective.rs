//! Shades of what meets an objective. A document without one is drawn without shades.

use crate::summary::document::{Cell, Sweep};
use crate::summary::objective::Objective;

use super::axis::Across;
use super::frame::Plot;
use super::scene::{Point, Scene};
use super::style::{SHADE, Shape};
use super::view::{Curve, View};

/// How far a shade reaches beyond the outermost values that meet an objective.
const MARGIN: f64 = 14.0;
/// Radius of the shade of a single point.
const HALO: f64 = 19.0;

/// The objective of a document.
pub(super) fn of(sweep: &Sweep) -> Option<Objective> {
    sweep.objective.as_ref().map(|result| Objective::new(result.limits.clone()))
}

/// Shades the values of x at which every curve shown meets the objective.
pub(super) fn shade(scene: &mut Scene, plot: Plot, axis: &Across, view: &View<'_>) {
    shade_where(scene, plot, axis, view, &view.curves.iter().collect::<Vec<_>>());
}

/// Shades the values of x at which one curve meets the objective.
pub(super) fn shade_of(scene: &mut Scene, plot: Plot, axis: &Across, view: &View<'_>, curve: &Curve<'_>) {
    shade_where(scene, plot, axis, view, &[curve]);
}

fn shade_where(scene: &mut Scene, plot: Plot, axis: &Across, view: &View<'_>, curves: &[&Curve<'_>]) {
    let Some(objective) = of(view.sweep) else { return };
    let is_met = |x: f64| {
        let cells: Vec<&Cell> =
            curves.iter().flat_map(|curve| &curve.cells).filter(|(at, _)| *at == x).map(|(_, cell)| *cell).collect();
        !cells.is_empty() && cells.iter().all(|cell| objective.judge(cell).is_empty())
    };
    for stretch in view.xs.chunk_by(|one, other| is_met(*one) == is_met(*other)).filter(|xs| is_met(xs[0])) {
        let (Some(first), Some(last)) = (stretch.first(), stretch.last()) else { continue };
        let (left, right) = ((axis.at(*first) - MARGIN).max(plot.left), (axis.at(*last) + MARGIN).min(plot.right));
        scene.rectangle([left, plot.top, right, plot.bottom], SHADE);
    }
}

/// Shades single points, below their markers, and points at one place once.
pub(super) fn halos(scene: &mut Scene, points: &[Point]) {
    let is_near = |one: &Point, other: &Point| (one.0 - other.0).abs() < 2.0 && (one.1 - other.1).abs() < 2.0;
    for (index, at) in points.iter().enumerate() {
        if points[..index].iter().all(|before| !is_near(before, at)) {
            scene.shape(Shape::Disc, *at, HALO, SHADE);
        }
    }
}

/// What the shades mean, for the note of a figure. Of several curves, all meet the objective where it is shaded.
pub(super) fn note(view: &View<'_>) -> Option<&'static str> {
    view.sweep.objective.as_ref().map(|_| "Green: meets the objective")
}
