//! Latency from publish to flush: one panel an N (or a buffer), one curve a quantile.

use crate::summary::document::Cell;
use crate::summary::format;

use super::axis::{Across, Values};
use super::drop_rate::logarithmic;
use super::frame::{self, Plot, Reference};
use super::objective;
use super::scene::{Anchor, Scene, Text, WIDTH};
use super::style::{BAND, DASH_DOT, DASHED, DOTTED, Dash, GREY, INK, LABEL_EM, Look, SOLID, TICK_EM, look};
use super::view::{Curve, View, as_f64};
use super::words;

/// Height of the band for zeros.
const ZERO_BAND: f64 = 34.0;

/// One curve of a panel.
struct Quantile {
    name: &'static str,
    of: fn(&Cell) -> Option<f64>,
    look: Look,
}

/// In the order of drawing: quantiles often coincide, and a thin line on a wide one shows both.
fn quantiles() -> [Quantile; 4] {
    let styled = |index: usize, dash: Dash| Look { dash, ..look(index) };
    [
        Quantile { name: "flush p99.9", of: |c| c.flush_latency_ms.p999, look: styled(1, SOLID) },
        Quantile { name: "receipt p99", of: |c| c.receipt_latency_ms.p99, look: styled(3, DASH_DOT) },
        Quantile { name: "flush p99", of: |c| c.flush_latency_ms.p99, look: styled(0, DASHED) },
        Quantile { name: "flush p50", of: |c| c.flush_latency_ms.p50, look: styled(2, DOTTED) },
    ]
}

/// Width of the line and size of the markers of one quantile.
fn strength(index: usize) -> (u32, f64) {
    [(7, 9.0), (5, 7.5), (3, 5.5), (2, 5.0)][index.min(3)]
}

/// Draws the figure.
pub(super) fn scene(view: &View<'_>) -> Scene {
    let mut scene = Scene::default();
    let top = frame::head(&mut scene, &words::latency(view), &words::subtitle(view.sweep));
    let references = frame::references(view);
    legend(&mut scene, top + 26.0);
    let panels = panels(view.curves.len(), top + 92.0);
    let quantiles = quantiles();
    let all: Vec<f64> = view.cells().flat_map(|cell| quantiles.each_ref().map(|q| (q.of)(cell))).flatten().collect();
    // Over all panels: with a band in some of them only, their axes would not agree.
    let zeros = all.contains(&0.0);
    for (index, (curve, plot)) in view.curves.iter().zip(&panels).enumerate() {
        panel(&mut scene, view, curve, *plot, &references, (&all, zeros, left_most(&panels, index)));
    }
    if let (Some(first), Some(last)) = (panels.first(), panels.last()) {
        let right = panels.iter().map(|p| p.right).fold(0.0, f64::max);
        let whole = Plot { left: first.left, top: first.top, right, bottom: last.bottom };
        frame::values_title(&mut scene, whole, "latency from publish, ms");
        frame::across_title(&mut scene, whole.left, whole.right, whole.bottom + 64.0, view.along);
    }
    frame::foot(&mut scene, &note(view, &references));
    scene
}

/// Panels side by side, from the fourth on in two rows.
fn panels(count: usize, top: f64) -> Vec<Plot> {
    let rows = if count > 3 { 2 } else { 1 };
    let columns = count.div_ceil(rows).max(1);
    let (left, right, bottom) = (160.0, f64::from(WIDTH) - 40.0, 872.0);
    let width = (right - left + 30.0) / as_f64(columns as u64);
    let height = (bottom - top + 84.0) / as_f64(rows as u64);
    let plot = |i: usize| {
        let (column, row) = (as_f64((i % columns) as u64), as_f64((i / columns) as u64));
        let (x, y) = (left + width * column, top + height * row);
        Plot { left: x, top: y, right: x + width - 30.0, bottom: y + height - 84.0 }
    };
    (0..count).map(plot).collect()
}

fn left_most(panels: &[Plot], index: usize) -> bool {
    panels.first().is_some_and(|first| panels[index].left <= first.left)
}

fn panel(
    scene: &mut Scene,
    view: &View<'_>,
    curve: &Curve<'_>,
    plot: Plot,
    references: &[Reference],
    (all, zeros, labelled): (&[f64], bool, bool),
) {
    let upper = if zeros { Plot { bottom: plot.bottom - ZERO_BAND - 14.0, ..plot } } else { plot };
    let xs: Vec<f64> = view.xs.iter().copied().chain(references.iter().map(|r| r.at)).collect();
    let axis = Across::new(logarithmic(view), &xs, plot.left, plot.right);
    scene.text(Text::new((plot.left, plot.top - 24.0), Anchor::Start, curve.label.clone()).em(LABEL_EM).bold());
    let zero_y = plot.bottom - ZERO_BAND / 2.0;
    if zeros {
        scene.rectangle([plot.left, plot.bottom - ZERO_BAND, plot.right, plot.bottom], BAND);
        scene.line((plot.left, plot.bottom - ZERO_BAND), (plot.left, plot.bottom), 2, INK);
        if labelled {
            scene.text(Text::new((plot.left - 14.0, zero_y), Anchor::End, "0").bold());
        }
    }
    // Over all panels, so that heights can be compared between them.
    let Some(values) = Values::new(all.iter().copied(), f64::MAX, upper.top, upper.bottom) else {
        scene.text(Text::new(plot.middle(), Anchor::Middle, "nothing was delivered").colour(GREY));
        frame::across(scene, plot, &axis, &view.xs);
        return;
    };
    objective::shade_of(scene, plot, &axis, view, curve);
    frame::values(scene, upper, &values, if labelled { Some(&format::number) } else { None });
    frame::across(scene, plot, &axis, &view.xs);
    frame::reference_lines(scene, plot, &axis, references);
    for (index, quantile) in quantiles().iter().enumerate() {
        let (width, radius) = strength(index);
        // A null breaks the curve in two.
        for stretch in curve.cells.split(|(_, cell)| (quantile.of)(cell).is_none()) {
            let at = |&(x, cell): &(f64, &Cell)| {
                let ms = (quantile.of)(cell).unwrap_or(0.0);
                (axis.at(x), if ms > 0.0 { values.at(ms) } else { zero_y })
            };
            let points: Vec<_> = stretch.iter().map(at).collect();
            scene.polyline(&points, width, quantile.look.colour, quantile.look.dash);
            for &point in &points {
                scene.marker(quantile.look.shape, point, radius, quantile.look.colour, false);
            }
        }
    }
}

fn legend(scene: &mut Scene, y: f64) {
    let mut x = 160.0;
    for (index, quantile) in quantiles().iter().enumerate() {
        let (width, radius) = strength(index);
        scene.polyline(&[(x, y), (x + 64.0, y)], width, quantile.look.colour, quantile.look.dash);
        scene.marker(quantile.look.shape, (x + 32.0, y), radius, quantile.look.colour, false);
        let text = Text::new((x + 76.0, y), Anchor::Start, quantile.name).em(TICK_EM + 1.0);
        x = text.extent()[2] + 50.0;
        scene.text(text);
    }
}

fn note(view: &View<'_>, references: &[Reference]) -> String {
    let named = |r: &Reference| format!("{} line: {}", if r.strong { "Solid grey" } else { "Dashed grey" }, r.label);
    let mut parts: Vec<String> = references.iter().map(named).collect();
    parts.extend(objective::note(view).map(ToOwned::to_owned));
    if view.omitted > 0 {
        parts.push(format!("{} not shown", format::plural(view.omitted as u64, "panel")));
    }
    parts.join(" · ")
}
