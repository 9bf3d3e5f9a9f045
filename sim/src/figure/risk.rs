//! The risk of a size: the share of runs that lose anything, against the buffer, one curve an N.
//!
//! Each curve falls in steps, at the high-water marks of the runs. Beyond the largest mark no run lost anything, which
//! bounds the risk and does not make it zero: there the upper end of the interval is drawn.

use crate::summary::document::{HighWaterMarks, Sweep, ZeroDrop};
use crate::summary::format;
use crate::summary::sizes;
use crate::tail::clopper_pearson::interval_95;

use super::axis::{Across, Values};
use super::drop_rate::tick;
use super::frame::{self, Plot};
use super::scene::{Anchor, Point, Scene, Text};
use super::style::{DOTTED, LABEL_EM, Look, SOLID, deep, faded, look};
use super::view::{Along, as_f64};
use super::words;

/// Most curves; of more, the first and an even choice of the others would hide each other's bands.
const MOST_CURVES: usize = 4;

/// From the first line of a label to its second, and to the next label.
const SECOND_LINE: f64 = 26.0;
const LABEL_HEIGHT: f64 = 62.0;

/// One N.
struct Curve<'a> {
    answer: &'a ZeroDrop,
    marks: &'a HighWaterMarks,
    look: Look,
}

/// Draws the figure.
pub(super) fn scene(sweep: &Sweep) -> Scene {
    let mut scene = Scene::default();
    let curves = curves(sweep);
    let runs = curves.iter().map(|curve| curve.marks.runs).max().unwrap_or(0);
    let seeds: Vec<u64> = (0..runs).collect();
    let top = frame::head(&mut scene, &title(sweep), &words::subtitle_with_seeds(sweep, &seeds));
    let plot = Plot { left: 200.0, top: top + 56.0, right: 1_382.0, bottom: 872.0 };
    let references = frame::buffer_references(sweep);
    let steps = curves.iter().flat_map(|curve| curve.marks.high_water.iter().map(|[frames, _]| *frames));
    let ends = curves.iter().flat_map(|curve| [curve.smallest(), curve.marks.largest()]).map(as_f64);
    let across: Vec<f64> = ends.chain(references.iter().map(|reference| reference.at)).collect();
    let axis = Across::new(true, &across, plot.left, plot.right);
    let bounds = curves.iter().map(|curve| interval_95(0, curve.marks.runs)[1]);
    let shares = curves.iter().flat_map(|curve| curve.lossy().map(|(_, lossy)| curve.share(lossy)));
    // With 1, the height at which every curve begins.
    let Some(values) = Values::new(bounds.chain(shares).chain([1.0]), 1.0, plot.top, plot.bottom) else {
        return scene;
    };
    frame::values(&mut scene, plot, &values, Some(&tick));
    frame::values_title(&mut scene, plot, "runs that lose anything");
    frame::across(&mut scene, plot, &axis, &octaves(steps.chain(sweep.current_buffer)));
    frame::across_title(&mut scene, plot.left, plot.right, plot.bottom + 64.0, Along::Buffers);
    frame::reference_lines(&mut scene, plot, &axis, &references);
    frame::reference_labels(&mut scene, plot, &axis, &references);
    for curve in &curves {
        curve.band(&mut scene, plot, &axis, &values);
    }
    for (index, curve) in curves.iter().enumerate() {
        // Of marks at nearly the same place, the later and smaller one leaves the rim of the earlier one free.
        let radius = 8.0 + 4.0 * as_f64((curves.len() - 1 - index) as u64);
        curve.steps(&mut scene, plot, (&axis, &values), radius);
    }
    labels(&mut scene, plot, &values, &curves);
    frame::foot(&mut scene, &note(sweep, &curves));
    scene
}

fn curves(sweep: &Sweep) -> Vec<Curve<'_>> {
    let with_marks = sweep.zero_drop.iter().filter_map(|answer| Some((answer, answer.marks.as_ref()?)));
    let mut curves: Vec<_> =
        with_marks.enumerate().map(|(index, (answer, marks))| Curve { answer, marks, look: look(index) }).collect();
    // The largest N are those that sizes are for.
    curves.drain(..curves.len().saturating_sub(MOST_CURVES));
    curves
}

/// Powers of two from below the smallest mark to above the largest.
fn octaves(marks: impl Iterator<Item = u64>) -> Vec<f64> {
    // A mark of 0 has no logarithm and counts as 1.
    let (low, high) = marks.fold((u64::MAX, 1), |(low, high), mark| (low.min(mark.max(1)), high.max(mark)));
    let first = low.min(high).ilog2();
    let last = sizes::with_headroom(high).ilog2();
    (first..=last).map(|power| as_f64(1 << power)).collect()
}

impl Curve<'_> {
    fn smallest(&self) -> u64 {
        self.marks.high_water.first().map_or(1, |[frames, _]| (*frames).max(1))
    }

    /// Every buffer at which the number of lossy runs changes, with their number from there on.
    fn lossy(&self) -> impl Iterator<Item = (f64, u64)> + '_ {
        let marks = self.marks.high_water.iter().map(|[frames, _]| *frames);
        marks.map(|frames| (as_f64(frames.max(1)), self.marks.above(frames)))
    }

    fn share(&self, lossy: u64) -> f64 {
        as_f64(lossy) / as_f64(self.marks.runs)
    }

    /// The 95 % interval at every buffer, to the right edge of the plot.
    fn band(&self, scene: &mut Scene, plot: Plot, axis: &Across, values: &Values) {
        let (mut above, mut below) = (Vec::new(), Vec::new());
        let mut last = None;
        for (buffer, lossy) in self.lossy() {
            let [low, high] = interval_95(lossy, self.marks.runs);
            let x = axis.at(buffer);
            // Two points at each step, so that the band has corners where the curve has them.
            if let Some((high, low)) = last.replace((values.at(high), values.at(low))) {
                above.push((x, high));
                below.push((x, low));
            }
            above.push((x, values.at(high)));
            below.push((x, values.at(low)));
        }
        if let Some((high, low)) = last {
            above.push((plot.right, high));
            below.push((plot.right, low));
        }
        let outline: Vec<Point> = above.iter().copied().chain(below.into_iter().rev()).collect();
        scene.area(outline, faded(self.look.colour, 0.13));
        // Where no run lost anything, the bound is all there is.
        if let [.., from, to] = above.as_slice() {
            scene.polyline(&[*from, *to], 2, self.look.colour, DOTTED);
        }
    }

    fn steps(&self, scene: &mut Scene, plot: Plot, (axis, values): (&Across, &Values), radius: f64) {
        let mut points = vec![(plot.left, values.at(1.0))];
        let mut height = values.at(1.0);
        for (buffer, lossy) in self.lossy() {
            let x = axis.at(buffer).max(plot.left);
            points.push((x, height));
            height = if lossy > 0 { values.at(self.share(lossy)) } else { plot.bottom };
            points.push((x, height));
        }
        scene.polyline(&points, 3, self.look.colour, SOLID);
        if let Some(foot) = points.last() {
            scene.marker(self.look.shape, *foot, radius, self.look.colour, self.look.open);
        }
    }
}

/// N at the bound of each curve, at the right edge; the lowest of those that would meet is moved down.
fn labels(scene: &mut Scene, plot: Plot, values: &Values, curves: &[Curve<'_>]) {
    let below_the_first = LABEL_HEIGHT * as_f64(curves.len().saturating_sub(1) as u64);
    let mut free_below = f64::NEG_INFINITY;
    for curve in curves {
        let n = format::count(curve.answer.subscribers as u64);
        let largest = format::count(curve.marks.largest());
        // Only at the right edge is there room beside every curve.
        let bound = values.at(interval_95(0, curve.marks.runs)[1]);
        let y = (bound - 18.0).min(plot.bottom - SECOND_LINE - below_the_first).max(free_below);
        let text = Text::new((plot.right + 14.0, y), Anchor::Start, format!("N = {n}"));
        scene.text(text.em(LABEL_EM).bold().colour(deep(curve.look.colour)));
        let below = Text::new((plot.right + 14.0, y + SECOND_LINE), Anchor::Start, format!("most: {largest}"));
        scene.text(below.colour(deep(curve.look.colour)));
        free_below = y + LABEL_HEIGHT;
    }
}

fn title(sweep: &Sweep) -> String {
    let risk =
        sweep.zero_drop.iter().filter_map(|answer| Some(answer.tolerance.as_ref()?.risk_upper95)).reduce(f64::max);
    let name = &sweep.scenario;
    match (sweep.recommendation.buffer, risk) {
        (Some(buffer), Some(risk)) => {
            let slots = format::plural(buffer, "slot");
            let words = crate::summary::risk::in_words(risk, sweep.virtual_seconds);
            format!("{name}: with {slots} {words}")
        }
        _ => format!("{name}: how often a run loses anything"),
    }
}

fn note(sweep: &Sweep, curves: &[Curve<'_>]) -> String {
    let runs = curves.iter().map(|curve| curve.marks.runs).max().unwrap_or(0);
    let omitted = sweep.zero_drop.iter().filter(|answer| answer.marks.is_some()).count() - curves.len();
    let omitted =
        if omitted == 0 { String::new() } else { format!(" · {} not shown", format::plural(omitted as u64, "curve")) };
    format!(
        "{} of each N · Band: 95 % interval · At the foot: fullest mailbox of all runs · Dotted: bound where none lost \
         anything{omitted}",
        format::plural(runs, "run")
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::summary::fixture;

    #[test]
    fn labels_of_as_many_curves_as_there_may_be_stay_above_the_note() {
        let mut sweep = fixture::alpha();
        sweep.zero_drop = [10, 20, 30, 40].map(|n| fixture::sized(n, 7)).to_vec();
        let scene = scene(&sweep);
        let lowest = scene.texts().filter(|text| text.content.starts_with("most: ")).map(|text| text.at.1);
        assert!(lowest.fold(0.0, f64::max) <= 872.0);
    }

    #[test]
    fn every_n_with_marks_has_a_curve_and_the_title_tells_the_risk_of_the_recommended_size() {
        let scene = scene(&fixture::alpha());
        let texts: Vec<_> = scene.texts().map(|text| text.content.as_str()).collect();
        assert!(texts.contains(&"N = 10") && texts.contains(&"N = 100"), "{texts:?}");
        assert!(texts.iter().any(|text| text.contains("at most one minute in 200 loses anything")), "{texts:?}");
        assert!(scene.texts().all(|text| text.extent()[2] <= 1600.0 && text.extent()[0] >= 0.0));
    }
}
