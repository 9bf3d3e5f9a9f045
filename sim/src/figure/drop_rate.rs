//! Drop rate against buffer size, or against N: a logarithmic part for what is lost and a band for exactly nothing.

use crate::summary::document::Cell;
use crate::summary::format;

use super::axis::{Across, Values};
use super::frame::{self, Plot};
use super::lanes::Lanes;
use super::scene::{Anchor, Point, Scene, Text};
use super::style::{DOTTED, GREY, LABEL_EM, Look, WHITE, faded};
use super::view::{Along, View, as_f64};
use super::words;

/// Height of the gap between the logarithmic part and the zero band.
const GAP: f64 = 26.0;

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
    lanes.ground(&mut scene, upper.bottom);
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
pub(super) fn logarithmic(view: &View<'_>) -> bool {
    let wide = view.xs.first().zip(view.xs.last()).is_some_and(|(low, high)| high / low > 16.0);
    view.along == Along::Buffers || wide
}

fn tick(rate: f64) -> String {
    let percent = rate * 100.0;
    let decimals = if percent >= 0.999 { 0 } else { 5 };
    let digits = format!("{percent:.decimals$}");
    let digits = if decimals > 0 { digits.trim_end_matches('0') } else { &digits };
    format!("{digits} %")
}

fn nothing_lost(scene: &mut Scene, view: &View<'_>, upper: Plot) {
    let measured = view.cells().any(|cell| cell.drop_rate.is_some());
    let said = if measured { "no run lost a frame at any size swept" } else { "nothing was offered: there is no rate" };
    scene.plated(Text::new(upper.middle(), Anchor::Middle, said).em(LABEL_EM).colour(GREY), WHITE);
}

fn curves(scene: &mut Scene, view: &View<'_>, axis: &Across, rates: &Values, lanes: &Lanes) {
    for (index, curve) in view.curves.iter().enumerate() {
        for &(x, cell) in &curve.cells {
            whisker(scene, (axis.at(x) + aside(view, index), rates), cell, curve.look);
        }
    }
    for (index, curve) in view.curves.iter().enumerate() {
        let look = curve.look;
        let at = |x: f64, rate: f64| (axis.at(x) + aside(view, index), rates.at(rate));
        for pair in curve.cells.windows(2) {
            let ((x0, from), (x1, to)) = (pair[0], pair[1]);
            match (from.drop_rate, to.drop_rate) {
                (Some(a), Some(b)) if a > 0.0 && b > 0.0 => {
                    scene.polyline(&[at(x0, a), at(x1, b)], 3, look.colour, look.dash);
                }
                (Some(a), Some(_)) if a > 0.0 => {
                    descend(scene, at(x0, a), lanes.landing(axis, view, index, x1), look);
                }
                (Some(_), Some(b)) if b > 0.0 => {
                    descend(scene, at(x1, b), lanes.landing(axis, view, index, x0), look);
                }
                _ => {}
            }
        }
        // A size beyond the last buffer swept is known all the same.
        let exact = curve.zero_drop.and_then(|answer| answer.buffer).map(as_f64);
        let last = curve.cells.last().and_then(|&(x, cell)| Some((x, cell.drop_rate.filter(|rate| *rate > 0.0)?)));
        if let (Some(exact), Some((x, rate))) = (exact, last) {
            descend(scene, at(x, rate), lanes.landing(axis, view, index, exact), look);
        }
    }
    for (index, curve) in view.curves.iter().enumerate() {
        for &(x, cell) in &curve.cells {
            if let Some(rate) = cell.drop_rate.filter(|rate| *rate > 0.0) {
                let at = (axis.at(x) + aside(view, index), rates.at(rate));
                scene.marker(curve.look.shape, at, 8.0, curve.look.colour, curve.look.open);
            }
        }
    }
}

/// Curves of one buffer size stand a little beside each other, or their intervals would hide one another.
fn aside(view: &View<'_>, index: usize) -> f64 {
    let others = as_f64(view.curves.len().saturating_sub(1) as u64);
    match view.along {
        Along::Buffers => (as_f64(index as u64) - others / 2.0) * (24.0 / others.max(1.0)).min(11.0),
        Along::Subscribers => 0.0,
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
    scene.line((x - 9.0, head), (x + 9.0, head), 2, look.colour);
    if low > 0.0 && rates.at(low) < rates.at(0.0) {
        scene.line((x - 9.0, foot), (x + 9.0, foot), 2, look.colour);
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
    if view.cells().any(|cell| cell.dropped.buffer_full > 0) {
        parts.push("Dotted: not measured".to_owned());
    }
    if view.omitted > 0 {
        parts.push(format!("{} not shown", format::plural(view.omitted as u64, "curve")));
    }
    parts.join(" · ")
}
