//! Memory of a subscriber against buffer size, or against N: slots and payloads together, and the slots alone.

use crate::summary::document::Cell;
use crate::summary::format;

use super::axis::{Across, Values};
use super::drop_rate::logarithmic;
use super::frame::{self, Plot};
use super::objective;
use super::scene::{Anchor, Point, Scene, Text};
use super::style::{DASHED, GREY, LABEL_EM, LEADER, Look, SOLID, TICK_EM};
use super::view::{Along, Curve, View, as_f64};
use super::words;

/// Least distance between two labels at the right.
const ROW: f64 = 32.0;

/// The right end of a curve, to be labelled.
pub(super) struct End {
    pub(super) at: Point,
    pub(super) label: String,
    /// None for the line of the slots.
    pub(super) look: Option<Look>,
}

/// Draws the figure.
pub(super) fn scene(view: &View<'_>) -> Scene {
    let mut scene = Scene::default();
    let top = frame::head(&mut scene, &words::memory(view), &words::subtitle(view.sweep));
    let plot = Plot { left: 170.0, top: top + 56.0, right: 1_370.0, bottom: 872.0 };
    let references = frame::references(view);
    let values: Vec<f64> = view.xs.iter().copied().chain(references.iter().map(|r| r.at)).collect();
    let axis = Across::new(logarithmic(view), &values, plot.left, plot.right);
    frame::values_title(&mut scene, plot, "memory per subscriber");
    frame::across_title(&mut scene, plot.left, plot.right, plot.bottom + 64.0, view.along);
    let all = view.cells().flat_map(|cell| [total(cell), slots(cell)]);
    let Some(bytes) = Values::new(all, f64::MAX, plot.top, plot.bottom) else {
        scene.text(Text::new(plot.middle(), Anchor::Middle, "no memory was measured").em(LABEL_EM).colour(GREY));
        frame::across(&mut scene, plot, &axis, &view.xs);
        return scene;
    };
    objective::shade(&mut scene, plot, &axis, view);
    frame::values(&mut scene, plot, &bytes, Some(&tick));
    frame::across(&mut scene, plot, &axis, &view.xs);
    frame::reference_lines(&mut scene, plot, &axis, &references);
    frame::reference_labels(&mut scene, plot, &axis, &references);
    let mut labels = Vec::new();
    for curve in &view.curves {
        let points = points(curve, &axis, &bytes, total);
        scene.polyline(&points, 3, curve.look.colour, curve.look.dash);
        for &at in &points {
            scene.marker(curve.look.shape, at, 8.0, curve.look.colour, curve.look.open);
        }
        labels.extend(points.last().map(|&at| End { at, label: curve.label.clone(), look: Some(curve.look) }));
    }
    slots_alone(&mut scene, view, &axis, &bytes, &mut labels);
    spread_labels(&mut scene, plot, labels);
    frame::foot(&mut scene, &note(view));
    scene
}

pub(super) fn total(cell: &Cell) -> f64 {
    slots(cell) + cell.memory_bytes_per_subscriber.payload
}

fn slots(cell: &Cell) -> f64 {
    as_f64(cell.memory_bytes_per_subscriber.slots)
}

pub(super) fn tick(bytes: f64) -> String {
    let (value, unit) = match bytes {
        b if b < 1e3 => (b, "B"),
        b if b < 1e6 => (b / 1e3, "kB"),
        b if b < 1e9 => (b / 1e6, "MB"),
        b => (b / 1e9, "GB"),
    };
    format!("{} {unit}", format::number(value))
}

fn points(curve: &Curve<'_>, axis: &Across, bytes: &Values, of: fn(&Cell) -> f64) -> Vec<Point> {
    let positive = curve.cells.iter().filter(|(_, cell)| of(cell) > 0.0);
    positive.map(|&(x, cell)| (axis.at(x), bytes.at(of(cell)))).collect()
}

/// The slots: along buffers they are the same at every N and one line; along N each curve has its own level.
fn slots_alone(scene: &mut Scene, view: &View<'_>, axis: &Across, bytes: &Values, labels: &mut Vec<End>) {
    let shown = match view.along {
        Along::Buffers => &view.curves[..view.curves.len().min(1)],
        Along::Subscribers => &view.curves[..],
    };
    for curve in shown {
        let points = points(curve, axis, bytes, slots);
        match view.along {
            Along::Buffers => {
                scene.polyline(&points, 3, GREY, DASHED);
                labels.extend(points.last().map(|&at| End { at, label: "slots alone".to_owned(), look: None }));
            }
            Along::Subscribers => scene.polyline(&points, 2, curve.look.colour, DASHED),
        }
    }
}

/// Labels at the right, beside the ends of their curves and pushed apart where those are close.
pub(super) fn spread_labels(scene: &mut Scene, plot: Plot, mut ends: Vec<End>) {
    // From top to bottom, because each label may push the ones below it down.
    ends.sort_by(|a, b| a.at.1.total_cmp(&b.at.1));
    let mut rows: Vec<f64> = Vec::new();
    for end in &ends {
        rows.push(rows.last().map_or(end.at.1, |above| end.at.1.max(above + ROW)));
    }
    // What was pushed out at the bottom comes back, pushing the rows above it.
    let mut below = plot.bottom + ROW * 0.5;
    for row in rows.iter_mut().rev() {
        *row = row.min(below - ROW);
        below = *row;
    }
    for (End { at: (x, y), label, look }, row) in ends.into_iter().zip(rows) {
        let right = plot.right;
        scene.polyline(&[(x + 14.0, y), (right + 4.0, y), (right + 18.0, row)], 1, LEADER, SOLID);
        match look {
            Some(look) => scene.marker(look.shape, (right + 32.0, row), 8.0, look.colour, look.open),
            None => scene.polyline(&[(right + 20.0, row), (right + 44.0, row)], 3, GREY, &[9.0, 5.0]),
        }
        scene.text(Text::new((right + 52.0, row), Anchor::Start, label).em(TICK_EM + 1.0));
    }
}

fn note(view: &View<'_>) -> String {
    let lines = match view.along {
        Along::Buffers => "Slots + an Nth of the most payload bytes ever kept alive",
        Along::Subscribers => {
            "Slots + an Nth of the most payload bytes ever kept alive · dashed without marker: slots alone"
        }
    };
    let omitted = match view.omitted {
        0 => String::new(),
        n => format!(" · {} not shown", format::plural(n as u64, "curve")),
    };
    let met = objective::note(view).map_or_else(String::new, |note| format!(" · {note}"));
    format!("{lines}{met}{omitted}")
}
