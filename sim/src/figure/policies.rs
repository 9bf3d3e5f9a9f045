//! Policies beside each other: what subscribers missed against how old what they read was, a curve a policy and a point
//! a buffer size. The lower left is where one wants to be.

use std::collections::BTreeSet;

use crate::summary::document::{Cell, Sweep};
use crate::summary::format;

use super::axis::Values;
use super::frame::{self, Plot};
use super::scene::{Anchor, HEIGHT, Point, Scene, Text};
use super::style::{BAND, DOTTED, GREY, INK, LABEL_EM, PALE, PALER, TICK_EM, WHITE, faded, look};
use super::words;

/// Height of the gap between the logarithmic part and the band for nothing missed, and of the band.
const GAP: f64 = 26.0;
const BAND_HEIGHT: f64 = 160.0;

/// Room for the sizes above the uppermost points.
const HEADROOM: f64 = 24.0;

/// One point.
struct Seen<'a>(&'a Cell);

impl Seen<'_> {
    fn missed(&self) -> f64 {
        self.0.missed_rate().unwrap_or(0.0)
    }

    fn age_seconds(&self) -> Option<f64> {
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
    let ages = Values::new(seen().filter_map(Seen::age_seconds), f64::INFINITY, plot.right, plot.left);
    let Some(ages) = ages else { return scene };
    if let Some(missed) = &missed {
        frame::values(&mut scene, upper, missed, Some(&|part| format!("{} %", format::percent(part))));
    }
    scene.rectangle([plot.left, plot.bottom - BAND_HEIGHT, plot.right, plot.bottom], BAND);
    scene.text(Text::new((plot.left - 14.0, plot.bottom - BAND_HEIGHT / 2.0), Anchor::End, "none"));
    frame::values_title(&mut scene, plot, "missed: never read, of what was wanted");
    across(&mut scene, plot, &ages);
    for (index, (policy, points)) in curves.iter().enumerate() {
        // In the band each has a height of its own, or all that miss nothing would lie on each other.
        let lane = plot.bottom - BAND_HEIGHT + BAND_HEIGHT * (index as f64 + 0.5) / curves.len() as f64;
        let at = |seen: &Seen<'_>| -> Option<Point> {
            let x = ages.at(seen.age_seconds()?);
            let y = missed.as_ref().filter(|_| seen.missed() > 0.0).map_or(lane, |missed| missed.at(seen.missed()));
            Some((x, y))
        };
        curve(&mut scene, index, points, &at);
        label(&mut scene, plot, index, policy);
    }
    frame::foot(
        &mut scene,
        "A point a buffer size, in frames · dotted: to nothing missed · missed: replaced, or still waiting, too",
    );
    scene
}

fn curve(scene: &mut Scene, index: usize, points: &[Seen<'_>], at: &impl Fn(&Seen<'_>) -> Option<Point>) {
    let look = look(index);
    for pair in points.windows(2) {
        let (Some(from), Some(to)) = (at(&pair[0]), at(&pair[1])) else { continue };
        let is_measured = (pair[0].missed() > 0.0) == (pair[1].missed() > 0.0);
        let (colour, dash) = if is_measured { (look.colour, look.dash) } else { (faded(look.colour, 0.8), DOTTED) };
        scene.polyline(&[from, to], 3, colour, dash);
    }
    for seen in points {
        if let Some(point) = at(seen) {
            scene.marker(look.shape, point, 9.0, look.colour, look.open);
        }
    }
    sizes(scene, index, points, at);
}

/// The sizes at the ends of a curve: which way they go. What is between would hide the curves.
fn sizes(scene: &mut Scene, index: usize, points: &[Seen<'_>], at: &impl Fn(&Seen<'_>) -> Option<Point>) {
    let named: Vec<_> =
        points.iter().filter_map(|seen| Some((at(seen)?, format::count_short(seen.0.buffer)))).collect();
    let (Some((first, least)), Some((last, most))) = (named.first(), named.last()) else { return };
    let is_near = |one: &Point, other: &Point| (one.0 - other.0).abs() < 30.0 && (one.1 - other.1).abs() < 30.0;
    let texts = if is_near(first, last) {
        vec![(*last, if named.len() > 1 { format!("{least} … {most}") } else { least.clone() })]
    } else {
        vec![(*first, least.clone()), (*last, most.clone())]
    };
    let leftmost = if first.0 < last.0 { first } else { last };
    for ((x, y), text) in texts {
        let is_in_band = y > f64::from(HEIGHT) - BAND_HEIGHT - 128.0;
        let text = if !is_in_band {
            // Curves often begin beside each other, and those that are one point are often beside another's end.
            let above = if is_near(first, last) { 54.0 } else { 22.0 };
            Text::new((x, if index.is_multiple_of(2) { y - above } else { y + 24.0 }), Anchor::Middle, text)
        } else if named.len() > 1 && (x, y) == *leftmost && !is_near(first, last) {
            Text::new((x - 18.0, y), Anchor::End, text)
        } else {
            Text::new((x + 18.0, y), Anchor::Start, text)
        };
        scene.plated(text.em(TICK_EM).colour(look(index).colour), faded(WHITE, 0.7));
    }
}

/// Names at the right, in the order of the policies.
fn label(scene: &mut Scene, plot: Plot, index: usize, policy: &str) {
    let (look, y) = (look(index), plot.top + 30.0 + 44.0 * index as f64);
    scene.marker(look.shape, (plot.right + 34.0, y), 9.0, look.colour, look.open);
    scene.text(Text::new((plot.right + 56.0, y), Anchor::Start, policy).em(LABEL_EM).colour(look.colour));
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
    scene.text(Text::new(at, Anchor::Middle, title).em(LABEL_EM).colour(GREY));
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
