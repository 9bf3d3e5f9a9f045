//! Memory of a subscriber as it was measured in the real world, by its parts: which of them a buffer's size can change.

use crate::summary::document::Cell;
use crate::summary::format;

use super::axis::{Across, Values};
use super::drop_rate::logarithmic;
use super::frame::{self, Plot};
use super::memory::{End, spread_labels, tick, total};
use super::scene::{Anchor, Scene, Text};
use super::style::{GREY, LABEL_EM, look};
use super::view::View;
use super::words;

/// A part's name, and what of a cell it is. A mailbox has memory for the slots that were full at some time; the slots that
/// are drawn are all of them.
type Part = (&'static str, fn(&Cell) -> Option<f64>);

const PARTS: [Part; 3] = [
    ("the process", |cell| cell.memory_bytes_per_subscriber.resident),
    ("kernel sockets", |cell| cell.memory_bytes_per_subscriber.kernel),
    ("full slots, payloads", |cell| Some(total(cell))),
];

/// Draws the figure, of the largest buffer where there are several.
pub(super) fn scene(view: &View<'_>) -> Scene {
    let mut scene = Scene::default();
    let top = frame::head(&mut scene, &title(view), &words::subtitle(view.sweep));
    let plot = Plot { left: 170.0, top: top + 56.0, right: 1_300.0, bottom: 872.0 };
    let axis = Across::new(logarithmic(view), &view.xs, plot.left, plot.right);
    frame::values_title(&mut scene, plot, "memory per subscriber");
    frame::across_title(&mut scene, plot.left, plot.right, plot.bottom + 64.0, view.along);
    frame::across(&mut scene, plot, &axis, &view.xs);
    let Some(curve) = view.curves.last() else { return scene };
    let measured = |of: fn(&Cell) -> Option<f64>| {
        let values = curve.cells.iter().filter_map(move |&(x, cell)| Some((x, of(cell)?)));
        values.filter(|(_, bytes)| *bytes > 0.0).collect::<Vec<_>>()
    };
    let all = PARTS.iter().flat_map(|(_, of)| measured(*of)).map(|(_, bytes)| bytes);
    let Some(bytes) = Values::new(all, f64::MAX, plot.top, plot.bottom) else {
        scene.text(Text::new(plot.middle(), Anchor::Middle, "no memory was measured").em(LABEL_EM).colour(GREY));
        return scene;
    };
    frame::values(&mut scene, plot, &bytes, Some(&tick));
    let mut labels = Vec::new();
    for (index, (name, of)) in PARTS.iter().enumerate() {
        let points: Vec<_> = measured(*of).iter().map(|(x, value)| (axis.at(*x), bytes.at(*value))).collect();
        let look = look(index);
        scene.polyline(&points, 3, look.colour, look.dash);
        points.iter().for_each(|at| scene.marker(look.shape, *at, 8.0, look.colour, look.open));
        labels.extend(points.last().map(|&at| End { at, label: (*name).to_owned(), look: Some(look) }));
    }
    spread_labels(&mut scene, plot, labels);
    frame::foot(&mut scene, "Growth from before the first subscriber to the most there was, by their number");
    scene
}

fn title(view: &View<'_>) -> String {
    let last = view.curves.last().and_then(|curve| curve.cells.last());
    let cost = last.and_then(|(_, cell)| Some((cell, cell.memory_bytes_per_subscriber.resident?)));
    match cost {
        Some((cell, resident)) => format!(
            "{}: at N = {} a subscriber costs {}; slots, if full, {}",
            view.sweep.scenario,
            format::count(cell.subscribers as u64),
            format::bytes(resident),
            format::bytes(super::view::as_f64(cell.memory_bytes_per_subscriber.slots))
        ),
        None => format!("{}: memory of another server is not known", view.sweep.scenario),
    }
}
