//! Drop rate against buffer size, or against N: a logarithmic part for what is lost and a band for exactly nothing.

use crate::summary::document::Cell;
use crate::summary::format;

use super::axis::{Across, Values};
use super::frame::{self, Plot};
use super::lanes::Lanes;
use super::nested::Nested;
use super::objective;
use super::scene::{Anchor, Point, Scene, Text};
use super::style::{DOTTED, GREY, LABEL_EM, Look, WHITE, faded};
use super::view::{Along, Curve, View, as_f64};
use super::words;

/// Height of the gap between the logarithmic part and the zero band.
const GAP: f64 = 26.0;
/// Half the width of an interval's ends.
const CAP: f64 = 7.0;

/// Draws the figure.
pub(super) fn scene(view: &View<'_>) -> Scene {
    let mut scene = Scene::default();
    let top = frame::head(&mut scene, &words::drop_rate(view), &words::subtitle(view.sweep));
    let plot = Plot { left: 200.0, top: top + 56.0, right: 1_382.0, bottom: 872.0 };
    let lanes = Lanes::new(plot, view.curves.len());
    let upper = Plot { bottom: lanes.top() - GAP, ..plot };
    let references = frame::references(view);
    let axis = across_axis(view, plot, &references);
    let rates = view.cells().flat_map(|cell| [cell.drop_rate, cell.drop_rate_ci95.map(|[_, high]| high)]).flatten();
    let rate_axis = Values::new(rates, 1.0, upper.top, upper.bottom);

    if let Some(rate_axis) = &rate_axis {
        frame::values(&mut scene, upper, rate_axis, Some(&tick));
    }
    frame::values_title(&mut scene, plot, "drop rate: lost to a full buffer, of frames offered");
    lanes.ground(&mut scene, rate_axis.is_some().then_some(upper.bottom));
    objective::shade(&mut scene, plot, &axis, view);
    frame::across(&mut scene, plot, &axis, &view.xs);
    frame::across_title(&mut scene, plot.left, plot.right, plot.bottom + 64.0, view.along);
    frame::reference_lines(&mut scene, plot, &axis, &references);
    frame::reference_labels(&mut scene, plot, &axis, &references);
    match &rate_axis {
        Some(rate_axis) => curves(&mut scene, view, &axis, rate_axis, &lanes),
        None => nothing_lost(&mut scene, view, upper),
    }
    for index in 0..view.curves.len() {
        lanes.draw(&mut scene, &axis, view, index);
    }
    frame::foot(&mut scene, &note(view));
    scene
}

/// The x axis over everything that has a place on it.
pub(super) fn across_axis(view: &View<'_>, plot: Plot, references: &[frame::Reference]) -> Across {
    let exact = view.curves.iter().filter_map(|curve| curve.zero_drop?.buffer).map(as_f64);
    let values: Vec<f64> = view.xs.iter().copied().chain(references.iter().map(|r| r.at)).chain(exact).collect();
    Across::new(logarithmic(view), &values, plot.left, plot.right)
}

/// Buffers are octaves; values of N are where they span more than four.
pub(crate) fn logarithmic(view: &View<'_>) -> bool {
    let wide = view.xs.first().zip(view.xs.last()).is_some_and(|(low, high)| high / low > 16.0);
    view.along == Along::Buffers || wide
}

/// A rate as a tick reads: in per cent, never rounded to another tick.
pub(crate) fn tick(rate: f64) -> String {
    let percent = rate * 100.0;
    // Just below 1, because the tick of 1 % may miss it by a rounding.
    let decimals = if percent >= 0.999 { 0 } else { 5 };
    let digits = format!("{percent:.decimals$}");
    let digits = if decimals > 0 { digits.trim_end_matches('0') } else { &digits };
    format!("{digits} %")
}

fn nothing_lost(scene: &mut Scene, view: &View<'_>, upper: Plot) {
    let measured = view.cells().any(|cell| cell.drop_rate.is_some());
    let said = match (measured, view.along) {
        (false, _) => "nothing was offered: there is no rate",
        (true, Along::Buffers) => "no run lost a frame at any size swept",
        (true, Along::Subscribers) => "no run lost a frame at any N swept",
    };
    scene.plated(Text::new(upper.middle(), Anchor::Middle, said).em(LABEL_EM).colour(GREY), WHITE);
}

fn curves(scene: &mut Scene, view: &View<'_>, axis: &Across, rates: &Values, lanes: &Lanes) {
    // In three passes: markers lie above all lines, and lines above all whiskers.
    for (index, curve) in view.curves.iter().enumerate() {
        for &(x, cell) in &curve.cells {
            whisker(scene, (axis.at(x) + aside(view, index), rates), cell, curve.look);
        }
    }
    for (index, curve) in view.curves.iter().enumerate() {
        let look = curve.look;
        let lossy = |(_, cell): &(f64, &Cell)| cell.drop_rate.is_some_and(|rate| rate > 0.0);
        for stretch in curve.cells.chunk_by(|one, other| lossy(one) && lossy(other)).filter(|s| s.iter().all(lossy)) {
            let at = |(x, cell): &(f64, &Cell)| (axis.at(*x), rates.at(cell.drop_rate.unwrap_or_default()));
            scene.polyline(&stretch.iter().map(at).collect::<Vec<_>>(), 3, look.colour, look.dash);
        }
        for (x, rate, zero_x) in descents(curve) {
            descend(scene, (axis.at(x), rates.at(rate)), lanes.landing(axis, view, index, zero_x), look);
        }
    }
    let mut nested = Nested::default();
    for curve in &view.curves {
        let rate = |cell: &Cell| cell.drop_rate.filter(|rate| *rate > 0.0);
        let points = curve.cells.iter().filter_map(|&(x, cell)| Some((axis.at(x), rates.at(rate(cell)?))));
        let points: Vec<_> = points.collect();
        for (at, r) in points.iter().zip(nested.radii(&points)) {
            scene.marker(curve.look.shape, *at, r, curve.look.colour, curve.look.open);
        }
    }
}

/// Where a curve goes from a loss to zero between neighbours: x and rate of the loss, x of the zero.
fn descents(curve: &Curve<'_>) -> Vec<(f64, f64, f64)> {
    let mut descents = Vec::new();
    for pair in curve.cells.windows(2) {
        let ((x0, from), (x1, to)) = (pair[0], pair[1]);
        match (from.drop_rate, to.drop_rate) {
            (Some(a), Some(b)) if a > 0.0 && b <= 0.0 => descents.push((x0, a, x1)),
            (Some(a), Some(b)) if a <= 0.0 && b > 0.0 => descents.push((x1, b, x0)),
            _ => {}
        }
    }
    // A size beyond the last buffer swept is known all the same.
    let exact = curve.zero_drop.and_then(|answer| answer.buffer).map(as_f64);
    let last = curve.cells.last().and_then(|&(x, cell)| Some((x, cell.drop_rate.filter(|rate| *rate > 0.0)?)));
    if let (Some(exact), Some((x, rate))) = (exact, last) {
        descents.push((x, rate, exact));
    }
    descents
}

/// Intervals of one buffer size stand a little beside each other, within the width of a marker, or they would hide one
/// another. Points are where they belong: a size may be exact beside them.
fn aside(view: &View<'_>, index: usize) -> f64 {
    const REACH: f64 = 6.0;
    let others = as_f64(view.curves.len().saturating_sub(1) as u64);
    match view.along {
        Along::Buffers if others > 0.0 => (as_f64(index as u64) / others * 2.0 - 1.0) * REACH,
        Along::Buffers | Along::Subscribers => 0.0,
    }
}

/// The way from the last loss to zero: a hint for the eye, not a measured slope.
fn descend(scene: &mut Scene, from: Point, to: Point, look: Look) {
    scene.polyline(&[from, to], 2, faded(look.colour, 0.8), DOTTED);
}

/// The 95 % interval; a lower end at or below the axis ends at its foot without a cap.
fn whisker(scene: &mut Scene, (x, rates): (f64, &Values), cell: &Cell, look: Look) {
    let Some([low, high]) = cell.drop_rate_ci95 else { return };
    if cell.drop_rate.is_none_or(|rate| rate <= 0.0) || high <= 0.0 || !low.is_finite() || !high.is_finite() {
        return;
    }
    let (foot, head) = (rates.at(low), rates.at(high));
    scene.line((x, foot), (x, head), 2, look.colour);
    scene.line((x - CAP, head), (x + CAP, head), 2, look.colour);
    if low > 0.0 && rates.at(low) < rates.at(0.0) {
        scene.line((x - CAP, foot), (x + CAP, foot), 2, look.colour);
    }
}

fn note(view: &View<'_>) -> String {
    let mut parts = Vec::new();
    match view.along {
        Along::Buffers if view.curves.iter().any(|curve| curve.zero_drop.is_some_and(|z| z.buffer.is_some())) => {
            parts.push("Bold: exact smallest buffer without a drop on these seeds".to_owned());
        }
        Along::Buffers => {}
        Along::Subscribers if view.cells().any(|cell| cell.drop_rate == Some(0.0)) => {
            parts.push("Bold: largest N swept up to which nothing is lost".to_owned());
        }
        Along::Subscribers => {}
    }
    if view.cells().any(|cell| cell.drop_rate_ci95.is_some()) {
        parts.push("Whiskers: 95 % interval".to_owned());
    }
    if view.curves.iter().any(|curve| !descents(curve).is_empty()) {
        parts.push("Dotted: not measured".to_owned());
    }
    parts.extend(objective::note(view).map(ToOwned::to_owned));
    if view.omitted > 0 {
        parts.push(format!("{} not shown", format::plural(view.omitted as u64, "curve")));
    }
    parts.join(" · ")
}
