//! Policies beside each other: what subscribers missed against how old what they read was, a curve a policy and a point
//! a buffer size. The lower left is where one wants to be.

use std::collections::BTreeSet;

use crate::summary::document::{Cell, Sweep};
use crate::summary::format;

use super::axis::Values;
use super::drop_rate::tick;
use super::frame::{self, Plot};
use super::labels::Labels;
use super::nested::Nested;
use super::objective;
use super::scene::{Anchor, Point, Scene, Text};
use super::style::{BAND, DOTTED, GREY, INK, LABEL_EM, PALE, PALER, TICK_EM, WHITE, deep, faded, look};
use super::words;

/// Height of the gap between the logarithmic part and the band for nothing missed, and of the band.
const GAP: f64 = 26.0;
const BAND_HEIGHT: f64 = 160.0;

/// Room for the sizes above the uppermost points.
const HEADROOM: f64 = 44.0;

/// One point.
struct Seen<'a>(&'a Cell);

impl Seen<'_> {
    fn missed(&self) -> f64 {
        self.0.missed_rate().unwrap_or(0.0)
    }

    fn age_seconds(&self) -> Option<f64> {
        // A logarithmic axis has no place for 0, so an age below a tenth of a millisecond counts as that.
        self.0.receipt_latency_ms.p99.map(|ms| ms.max(0.1) / 1000.0)
    }
}

/// Draws the figure, for the first N there is.
pub(super) fn scene(sweep: &Sweep) -> Scene {
    let mut scene = Scene::default();
    let curves = curves(sweep);
    let top = frame::head(&mut scene, &title(sweep, &curves), &words::subtitle(sweep));
    let plot = Plot { left: 200.0, top: top + 16.0, right: 1_340.0, bottom: 872.0 };
    let upper = Plot { bottom: plot.bottom - BAND_HEIGHT - GAP, ..plot };
    let seen = || curves.iter().flat_map(|(_, points)| points);
    let missed = Values::new(seen().map(Seen::missed), 1.0, upper.top + HEADROOM, upper.bottom);
    // A vertical scale laid on its side: the right edge of the plot is its top.
    let ages = Values::new(seen().filter_map(Seen::age_seconds), f64::INFINITY, plot.right, plot.left);
    let Some(ages) = ages else { return scene };
    scene.rectangle([plot.left, plot.bottom - BAND_HEIGHT, plot.right, plot.bottom], BAND);
    across(&mut scene, plot, &ages);
    if let Some(missed) = &missed {
        frame::values(&mut scene, upper, missed, Some(&tick));
    }
    zero_axis(&mut scene, plot, missed.is_some().then_some(upper.bottom));
    frame::values_title(&mut scene, plot, "missed: never read, of what was wanted");
    let mut labels = Labels::within([plot.left, plot.top, plot.right, plot.bottom]);
    let mut placed: Vec<Vec<Point>> = Vec::new();
    let objective = objective::of(sweep);
    for (index, (_, points)) in curves.iter().enumerate() {
        // In the band each has a height of its own, or all that miss nothing would lie on each other.
        let lane = plot.bottom - BAND_HEIGHT + BAND_HEIGHT * (index as f64 + 0.5) / curves.len() as f64;
        let at = |seen: &Seen<'_>| -> Option<Point> {
            let x = ages.at(seen.age_seconds()?);
            let y = missed.as_ref().filter(|_| seen.missed() > 0.0).map_or(lane, |missed| missed.at(seen.missed()));
            Some((x, y))
        };
        let points: Vec<_> = points.iter().filter_map(|seen| Some((at(seen)?, seen))).collect();
        let meets =
            points.iter().filter(|(_, seen)| objective.as_ref().is_some_and(|all| all.judge(seen.0).is_empty()));
        objective::halos(&mut scene, &meets.map(|(at, _)| *at).collect::<Vec<_>>());
        lines(&mut scene, index, &points);
        placed.push(points.iter().map(|(at, _)| *at).collect());
    }
    let mut nested = Nested::default();
    for (index, points) in placed.iter().enumerate() {
        let look = look(index);
        for (at, r) in points.iter().zip(nested.radii(points)) {
            scene.marker(look.shape, *at, r, look.colour, look.open);
            labels.marker(*at, r + 2.0);
        }
        labels.curve(points);
    }
    for (index, (policy, seen)) in curves.iter().enumerate() {
        let seen: Vec<_> = seen.iter().filter(|seen| seen.age_seconds().is_some()).collect();
        sizes(&mut scene, &mut labels, index, &seen, &placed[index]);
        label(&mut scene, plot, index, policy);
    }
    let goes_to_nothing = |(_, seen): &(String, Vec<Seen<'_>>)| {
        seen.windows(2).any(|pair| (pair[0].missed() > 0.0) != (pair[1].missed() > 0.0))
    };
    let dotted = if curves.iter().any(goes_to_nothing) { " · dotted: to nothing missed" } else { "" };
    let green = if objective.is_some() { " · green: meets the objective" } else { "" };
    let note = format!("A point a buffer size, in frames{dotted}{green} · missed: replaced, or still waiting, too");
    frame::foot(&mut scene, &note);
    scene
}

/// The axis beside the band where nothing is missed, and the mark of the gap above it where there is a part above.
fn zero_axis(scene: &mut Scene, plot: Plot, gap_top: Option<f64>) {
    let top = plot.bottom - BAND_HEIGHT;
    scene.line((plot.left, top), (plot.right, top), 1, GREY);
    scene.line((plot.left, top), (plot.left, plot.bottom), 2, INK);
    scene.line((plot.left, plot.bottom), (plot.right, plot.bottom), 2, INK);
    if let Some(gap_top) = gap_top {
        frame::gap_mark(scene, plot.left, [gap_top, top]);
    }
    scene.text(Text::new((plot.left - 14.0, f64::midpoint(top, plot.bottom)), Anchor::End, "none").bold());
}

/// The lines of a curve: dotted where they lead to nothing missed, which is no measured slope.
fn lines(scene: &mut Scene, index: usize, points: &[(Point, &Seen<'_>)]) {
    let look = look(index);
    let misses = |(_, seen): &(Point, &Seen<'_>)| seen.missed() > 0.0;
    for stretch in points.chunk_by(|one, other| misses(one) == misses(other)) {
        scene.polyline(&stretch.iter().map(|(at, _)| *at).collect::<Vec<_>>(), 3, look.colour, look.dash);
    }
    for pair in points.windows(2).filter(|pair| misses(&pair[0]) != misses(&pair[1])) {
        scene.polyline(&[pair[0].0, pair[1].0], 3, faded(look.colour, 0.8), DOTTED);
    }
}

/// The sizes at the ends of a curve: which way they go. What is between would hide the curves.
fn sizes(scene: &mut Scene, labels: &mut Labels, index: usize, seen: &[&Seen<'_>], points: &[Point]) {
    let (Some((first, least)), Some((last, most))) = (points.first().zip(seen.first()), points.last().zip(seen.last()))
    else {
        return;
    };
    let [least, most] = [least.0.buffer, most.0.buffer].map(format::count_short);
    // Two sizes at one place would hide each other, so such a curve has one label for both ends.
    let is_near = (first.0 - last.0).abs() < 30.0 && (first.1 - last.1).abs() < 30.0;
    let texts = match points.len() {
        1 => vec![(*last, least)],
        _ if is_near => vec![(*last, format!("{least} … {most}"))],
        _ => vec![(*first, least), (*last, most)],
    };
    for (point, text) in texts {
        let text = Text::new(point, Anchor::Start, text).em(TICK_EM).colour(deep(look(index).colour));
        scene.plated(labels.beside(point, &text), faded(WHITE, 0.7));
    }
}

/// Names at the right, in the order of the policies.
fn label(scene: &mut Scene, plot: Plot, index: usize, policy: &str) {
    let (look, y) = (look(index), plot.top + 30.0 + 44.0 * index as f64);
    let x = plot.right + 40.0;
    scene.polyline(&[(x - 24.0, y), (x + 24.0, y)], 3, look.colour, look.dash);
    scene.marker(look.shape, (x, y), 9.0, look.colour, look.open);
    scene.text(Text::new((x + 32.0, y), Anchor::Start, policy).em(LABEL_EM));
}

/// The axis of ages: logarithmic, since they go from milliseconds to minutes.
fn across(scene: &mut Scene, plot: Plot, ages: &Values) {
    for age in ages.minor() {
        scene.line((ages.at(age), plot.top), (ages.at(age), plot.bottom), 1, PALER);
    }
    for age in ages.ticks() {
        let x = ages.at(age);
        scene.line((x, plot.top), (x, plot.bottom), 1, PALE);
        scene.text(Text::new((x, plot.bottom + 28.0), Anchor::Middle, seconds(age)));
    }
    scene.line((plot.left, plot.bottom), (plot.right, plot.bottom), 2, INK);
    let title = "age on receipt, 99 of 100 events are younger";
    let at = (plot.middle().0, plot.bottom + 64.0);
    scene.text(Text::new(at, Anchor::Middle, title).em(LABEL_EM));
}

fn seconds(seconds: f64) -> String {
    if seconds < 1.0 {
        format!("{} ms", format::number(seconds * 1000.0))
    } else {
        format!("{} s", format::number(seconds))
    }
}

/// The cells of the first N by policy, in the order of the document, the buffers ascending.
fn curves(sweep: &Sweep) -> Vec<(String, Vec<Seen<'_>>)> {
    let first = sweep.cells.first().map_or(0, |cell| cell.subscribers);
    let mut curves: Vec<(String, Vec<Seen<'_>>)> = Vec::new();
    for cell in sweep.cells.iter().filter(|cell| cell.subscribers == first) {
        match curves.iter_mut().find(|(policy, _)| *policy == cell.policy) {
            Some((_, points)) => points.push(Seen(cell)),
            None => curves.push((cell.policy.clone(), vec![Seen(cell)])),
        }
    }
    // The document has sizes in the order of the scenario's list, which need not be an ascending one.
    curves.iter_mut().for_each(|(_, points)| points.sort_by_key(|seen| seen.0.buffer));
    curves
}

/// What it says: who misses nothing, at the smallest buffer swept.
fn title(sweep: &Sweep, curves: &[(String, Vec<Seen<'_>>)]) -> String {
    let misses = |points: &Vec<Seen<'_>>| points.iter().any(|seen| seen.missed() > 0.0);
    let clean: Vec<_> = curves.iter().filter(|(_, points)| !misses(points)).map(|(policy, _)| policy.clone()).collect();
    let sizes: BTreeSet<_> = sweep.cells.iter().map(|cell| cell.buffer).collect();
    let first = sweep.cells.first().map_or(0, |cell| cell.subscribers);
    let smallest = format::plural(sizes.first().map_or(0, |size| *size), "frame");
    let who = match clean.len() {
        0 => "every policy misses something at some size".to_owned(),
        n if n == curves.len() => format!("no policy misses anything, from {smallest} on"),
        _ => format!(
            "only {} never {} anything, from {smallest} on",
            format::listed(&clean),
            if clean.len() == 1 { "misses" } else { "miss" }
        ),
    };
    format!("{}, N = {first}: {who}", sweep.scenario)
}
