//! What every figure has around its curves: head, grid, axes, reference lines, notes.
//!
//! The room draws into a scene and knows no quantity: whoever calls it says what the ticks read.

use crate::summary::document::Sweep;
use crate::summary::format;

use super::axis::{Across, Values};
use super::font::{self, Weight};
use super::scene::{Anchor, HEIGHT, Scene, Text, WIDTH};
use super::style::{DASHED, GREY, INK, LABEL_EM, PALE, PALER, SOLID, TICK_EM, TITLE_EM, WHITE};
use super::view::{Along, View, as_f64};

/// Free space at the canvas edges.
pub(super) const EDGE: f64 = 40.0;

/// A title is not shrunk below this to stay on one line.
const SMALLEST_TITLE_EM: f64 = 29.0;

/// A rectangle to plot in.
#[derive(Debug, Clone, Copy)]
pub(super) struct Plot {
    pub(super) left: f64,
    pub(super) top: f64,
    pub(super) right: f64,
    pub(super) bottom: f64,
}

impl Plot {
    pub(super) fn middle(&self) -> (f64, f64) {
        (f64::midpoint(self.left, self.right), f64::midpoint(self.top, self.bottom))
    }
}

/// A reference line across the plot, with its label for the strip above.
pub(crate) struct Reference {
    pub(crate) at: f64,
    pub(crate) label: String,
    pub(super) strong: bool,
}

/// Title and subtitle; returns the y below them.
pub(super) fn head(scene: &mut Scene, title: &str, subtitle: &str) -> f64 {
    title.clone_into(&mut scene.title);
    let room = f64::from(WIDTH) - 2.0 * EDGE;
    let mut y = 48.0;
    // A title that nearly fits is set smaller, one that does not takes a second line.
    // An empty title has a width of zero.
    let em = (TITLE_EM * room / font::width(title, TITLE_EM, Weight::Bold).max(1.0)).min(TITLE_EM);
    let em = if em < SMALLEST_TITLE_EM { TITLE_EM } else { libm::floor(em) };
    for line in at_most_two(font::wrapped(title, em, Weight::Bold, room), em, Weight::Bold, room) {
        scene.text(Text::new((EDGE, y), Anchor::Start, line).em(em).bold());
        y += 42.0;
    }
    let lines = font::wrapped(subtitle, TICK_EM, Weight::Regular, room);
    for line in at_most_two(lines, TICK_EM, Weight::Regular, room) {
        scene.text(Text::new((EDGE, y), Anchor::Start, line).colour(GREY));
        y += 30.0;
    }
    y - 14.0
}

/// The second line ends in an ellipsis where there is more.
fn at_most_two(lines: Vec<String>, em: f64, weight: Weight, room: f64) -> Vec<String> {
    match lines.as_slice() {
        [first, rest @ ..] if rest.len() > 1 => vec![first.clone(), font::fitted(&rest.join(" "), em, weight, room)],
        _ => lines,
    }
}

/// A note at the bottom of the canvas.
pub(super) fn foot(scene: &mut Scene, note: &str) {
    let at = (EDGE, f64::from(HEIGHT) - 24.0);
    let note = font::fitted(note, TICK_EM, Weight::Regular, f64::from(WIDTH) - 2.0 * EDGE);
    scene.text(Text::new(at, Anchor::Start, note).colour(GREY));
}

/// Horizontal grid lines of a logarithmic axis and, where asked for, their labels.
pub(super) fn values(scene: &mut Scene, plot: Plot, axis: &Values, label: Option<&dyn Fn(f64) -> String>) {
    for value in axis.minor() {
        scene.line((plot.left, axis.at(value)), (plot.right, axis.at(value)), 1, PALER);
    }
    for value in axis.ticks() {
        let y = axis.at(value);
        scene.line((plot.left, y), (plot.right, y), 1, PALE);
        if let Some(label) = label {
            scene.text(Text::new((plot.left - 14.0, y), Anchor::End, label(value)));
        }
    }
    scene.line((plot.left, plot.top), (plot.left, plot.bottom), 2, INK);
}

/// The mark on a vertical axis where its logarithmic part ends, in the gap above a band for zero.
pub(super) fn gap_mark(scene: &mut Scene, x: f64, [top, bottom]: [f64; 2]) {
    let middle = f64::midpoint(top, bottom);
    scene.rectangle([x - 4.0, top + 1.0, x + 4.0, bottom - 1.0], WHITE);
    for y in [middle - 5.0, middle + 5.0] {
        scene.line((x - 10.0, y + 5.0), (x + 10.0, y - 5.0), 2, INK);
    }
}

/// The upright title of the vertical axis.
pub(super) fn values_title(scene: &mut Scene, plot: Plot, title: &str) {
    scene.text(Text::new((EDGE, plot.middle().1), Anchor::Middle, title).em(LABEL_EM).upright());
}

/// The horizontal axis at the bottom of a plot: ticks at the values swept, labelled where they have room.
pub(super) fn across(scene: &mut Scene, plot: Plot, axis: &Across, swept: &[f64]) {
    across_ticks(scene, plot, axis, swept);
    let label = |value: f64| Text::new((axis.at(value), plot.bottom + 28.0), Anchor::Middle, format::number(value));
    let every = |step| swept.iter().step_by(step).map(|&value| label(value)).collect::<Vec<_>>();
    // All, every other octave, or from left to right those that find room.
    let steps: &[usize] = if axis.is_log() { &[1, 2] } else { &[1] };
    let even = steps.iter().copied().map(every).find(|labels| with_room(labels.clone()).len() == labels.len());
    for label in even.unwrap_or_else(|| with_room(every(1))) {
        scene.text(label);
    }
}

/// Draws the axis of buffer sizes with a tick at each size swept, without labels.
pub(super) fn across_ticks(scene: &mut Scene, plot: Plot, axis: &Across, swept: &[f64]) {
    scene.line((plot.left, plot.bottom), (plot.right, plot.bottom), 2, INK);
    for &value in swept {
        scene.line((axis.at(value), plot.bottom), (axis.at(value), plot.bottom + 8.0), 2, INK);
    }
}

/// The labels that keep clear of the one kept before.
fn with_room(labels: Vec<Text>) -> Vec<Text> {
    let mut kept: Vec<Text> = Vec::new();
    for label in labels {
        if kept.last().is_none_or(|last| last.extent()[2] + 8.0 <= label.extent()[0]) {
            kept.push(label);
        }
    }
    kept
}

/// The title of the horizontal axis.
pub(super) fn across_title(scene: &mut Scene, left: f64, right: f64, y: f64, along: Along) {
    let title = match along {
        Along::Buffers => "buffer per subscriber, in frames",
        Along::Subscribers => "subscribers N",
    };
    scene.text(Text::new((f64::midpoint(left, right), y), Anchor::Middle, title).em(LABEL_EM));
}

/// The lines that belong on the x axis of a view, from left to right: the current size and the recommended one, or the
/// worker's end.
pub(crate) fn references(view: &View<'_>) -> Vec<Reference> {
    if view.along == Along::Subscribers {
        return saturation(view).into_iter().collect();
    }
    buffer_references(view.sweep)
}

/// The current size and the recommended one, from left to right. The size of a server under test rests on a scenario's few
/// seeds, and is no recommendation.
pub(crate) fn buffer_references(sweep: &Sweep) -> Vec<Reference> {
    let reference = |at: u64, what: &str, strong| {
        let label = format!("{what}: {}", format::count(at));
        Reference { at: as_f64(at), label, strong }
    };
    let (what, is_recommended) =
        if sweep.server.is_some() { ("no loss on these seeds", false) } else { ("recommended", true) };
    let mut lines = match (sweep.current_buffer, sweep.recommendation.buffer) {
        (Some(current), Some(size)) if current == size => {
            vec![reference(current, &format!("current and {what}"), is_recommended)]
        }
        (current, size) => {
            let current = current.map(|size| reference(size, "current", false));
            current.into_iter().chain(size.map(|size| reference(size, what, is_recommended))).collect()
        }
    };
    lines.sort_by(|one, other| one.at.total_cmp(&other.at));
    lines
}

/// The N at which the modelled worker has as much to do as it can: (1 s / rate − publish) / (write / frames that share
/// it + frame).
fn saturation(view: &View<'_>) -> Option<Reference> {
    let cpu = view.sweep.cpu.as_ref()?;
    let frame_us = cpu.delivery_us / as_f64(cpu.frames_per_write) + cpu.frame_us;
    let at = (1e6 / view.sweep.arrivals.mean_per_second - cpu.publish_us) / frame_us;
    let inside = view.xs.first().is_some_and(|x| at >= *x) && view.xs.last().is_some_and(|x| at <= *x);
    // Rounded up: at the whole number below, the worker still has time left.
    let label = format!("worker busy all the time from N = {} on", format::number(libm::ceil(at)));
    inside.then_some(Reference { at, label, strong: false })
}

/// Draws reference lines from a plot's top to its bottom.
pub(super) fn reference_lines(scene: &mut Scene, plot: Plot, axis: &Across, references: &[Reference]) {
    for reference in references {
        let x = axis.at(reference.at);
        let (width, dash) = if reference.strong { (3, SOLID) } else { (2, DASHED) };
        scene.polyline(&[(x, plot.top - 8.0), (x, plot.bottom)], width, GREY, dash);
    }
}

/// Labels reference lines above the plot: the first to the left of its line, a second to the right, unless the
/// canvas ends there; where the two would meet, the second is a row higher.
pub(super) fn reference_labels(scene: &mut Scene, plot: Plot, axis: &Across, references: &[Reference]) {
    let mut placed: Option<Text> = None;
    for reference in references {
        let label = |anchor, dx: f64| {
            let at = (axis.at(reference.at) + dx, plot.top - 22.0);
            let text = Text::new(at, anchor, reference.label.clone()).colour(GREY);
            if reference.strong { text.bold() } else { text }
        };
        let (before, behind) = (label(Anchor::End, 4.0), label(Anchor::Start, -4.0));
        let behind_fits = behind.extent()[2] <= f64::from(WIDTH) - EDGE / 2.0;
        let before_fits = before.extent()[0] >= EDGE;
        let wanted = if placed.is_some() { !behind_fits } else { before_fits };
        let mut text = if wanted { before } else { behind };
        if placed.as_ref().is_some_and(|other| other.extent()[2] + 10.0 > text.extent()[0]) {
            text.at.1 -= 28.0;
        }
        placed = Some(text.clone());
        scene.text(text);
    }
}
