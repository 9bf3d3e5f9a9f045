//! A curve as SVG in a figure whose places are shares of its width and height.

use std::fmt::Write as _;

use super::curve::{Curve, Form, Point, Scales};
use super::text::number;

/// Of more points, a curve has no dots.
const MOST_DOTS: usize = 40;

/// Colour and dash of a curve. Seven and four have no common divisor, so the first 28 differ.
pub(super) fn look(index: usize) -> String {
    format!("s{} d{}", index % 7, index % 4)
}

/// The curve as SVG: its line, the intervals of its points, and the points.
pub(super) fn drawn(curve: &Curve, index: usize, scales: &Scales) -> String {
    let at = |point: &Point| point.y.map(|y| (scales.across.at(point.x), scales.y(y)));
    let mut html = String::new();
    if curve.form != Form::Scattered {
        let _ = writeln!(
            html,
            "<svg viewBox=\"0 0 100 100\" preserveAspectRatio=\"none\" width=\"100%\" height=\"100%\"><path \
             class=\"curve {}\" d=\"{}\"/></svg>",
            look(index),
            path(curve, at)
        );
    }
    for point in &curve.points {
        let Some((x, _)) = at(point) else { continue };
        if let Some([low, high]) = point.interval {
            let [x, low, high] = [x, scales.y(low), scales.y(high)].map(number);
            let class = format!("whisker s{}", index % 7);
            let _ = writeln!(html, "<line class=\"{class}\" x1=\"{x}%\" x2=\"{x}%\" y1=\"{low}%\" y2=\"{high}%\"/>");
        }
    }
    if curve.form == Form::Scattered || (curve.form == Form::Joined && curve.points.len() <= MOST_DOTS) {
        for (x, y) in curve.points.iter().filter_map(at) {
            let [x, y] = [x, y].map(number);
            let _ = writeln!(html, "<circle class=\"dot s{}\" cx=\"{x}%\" cy=\"{y}%\" r=\"4.5\"/>", index % 7);
        }
    }
    html
}

/// The curve as the commands of a path; it ends where a value is missing and begins anew behind it.
fn path(curve: &Curve, at: impl Fn(&Point) -> Option<(f64, f64)>) -> String {
    let mut path = String::new();
    let mut is_open = false;
    for point in &curve.points {
        let Some((x, y)) = at(point) else {
            is_open = false;
            continue;
        };
        let [x, y] = [x, y].map(number);
        let _ = match (is_open, curve.form) {
            (false, _) => write!(path, "M{x} {y}"),
            (true, Form::Steps) => write!(path, "H{x}V{y}"),
            (true, Form::Joined | Form::Scattered) => write!(path, "L{x} {y}"),
        };
        is_open = true;
    }
    path
}
