//! Rows of paths: what waited and what was lost, with the model's median as a mark and the kernel's runs as a span.

use crate::summary::comparison::{Fidelity, PathRow};
use crate::summary::format;

use super::frame;
use super::scene::{Anchor, Point, Scene, Text};
use super::style::{GREY, INK, LABEL_EM, PALE, PALER, SOLID, Shape, deep, look};
use super::view::as_f64;
use super::{Figure, paint};

/// Where the names of rows end, and the left and right ends of both panels.
const NAMES_END: f64 = 425.0;
const PANELS: [(f64, f64); 2] = [(455.0, 985.0), (1035.0, 1560.0)];
const BOTTOM: f64 = 885.0;

/// Values with a line of the grid.
const GRID: [u64; 9] = [0, 3, 10, 30, 100, 300, 1_000, 3_000, 10_000];

/// How far the model's mark is above a row's middle, and the kernel's span below.
const APART: f64 = 5.0;

/// Draws all rows; nothing where there are none.
#[must_use]
pub fn draw(fidelity: &Fidelity) -> Option<Figure> {
    if fidelity.paths.is_empty() {
        return None;
    }
    let scene = scene(fidelity);
    Some(Figure { name: "paths", svg: paint::svg(&scene), png: paint::png(&scene) })
}

/// What one panel shows of a row: the model's median, and the kernel's least, median and most.
type Shown = fn(&PathRow) -> (u64, [u64; 3]);

fn scene(fidelity: &Fidelity) -> Scene {
    let mut scene = Scene::default();
    let rows = &fidelity.paths;
    let agreeing = rows.iter().filter(|row| row.agrees).count();
    let kernel = fidelity.paths_measured.as_ref().map_or("?", |measured| &measured.kernel);
    let subtitle = format!(
        "the same lost time slots on both sides; {agreeing} of {} rows agree; Linux {kernel} over emulated links",
        rows.len()
    );
    let top = frame::head(&mut scene, "Paths: the model of TCP and the kernel's", &subtitle) + 62.0;
    let shown: [(&str, Shown); 2] = [
        ("frames that waited at most", |row| (row.simulated.high_water, row.emulated.high_water)),
        ("frames that a mailbox of 64 lost", |row| (row.simulated.lost, row.emulated.lost)),
    ];
    let height = (BOTTOM - top) / as_f64(rows.len() as u64);
    let y = |index: usize| top + height * (as_f64(index as u64) + 0.5);
    for (index, row) in rows.iter().enumerate() {
        name(&mut scene, row, y(index));
        scene.line((NAMES_END + 10.0, y(index)), (PANELS[1].1, y(index)), 1, PALER);
    }
    for ((left, right), (title, shown)) in PANELS.into_iter().zip(shown) {
        let most = rows.iter().map(shown).flat_map(|(model, [.., most])| [model, most]).max().unwrap_or(0).max(10);
        let at = |value: u64| left + libm::log1p(as_f64(value)) / libm::log1p(as_f64(most)) * (right - left);
        for value in GRID.into_iter().filter(|value| *value <= most) {
            scene.line((at(value), top - 8.0), (at(value), BOTTOM), 1, PALE);
            scene.text(Text::new((at(value), BOTTOM + 22.0), Anchor::Middle, format::count(value)));
        }
        let middle = f64::midpoint(left, right);
        scene.text(Text::new((middle, top - 30.0), Anchor::Middle, title).em(LABEL_EM));
        for (index, row) in rows.iter().enumerate() {
            marks(&mut scene, shown(row), y(index), &at);
        }
    }
    legend(&mut scene, BOTTOM + 58.0);
    scene
}

fn name(scene: &mut Scene, row: &PathRow, y: f64) {
    let text = Text::new((NAMES_END, y), Anchor::End, row.row.clone());
    let text = if row.held_out { text.bold() } else { text };
    scene.text(if row.agrees { text.colour(INK) } else { text.colour(deep(look(1).colour)) });
}

fn marks(scene: &mut Scene, (model, [least, median, most]): (u64, [u64; 3]), y: f64, at: &dyn Fn(u64) -> f64) {
    span(scene, [at(least), at(median), at(most)], y + APART);
    scene.marker(Shape::Diamond, (at(model), y - APART), 7.0, look(1).colour, false);
}

fn span(scene: &mut Scene, [least, median, most]: [f64; 3], y: f64) {
    let colour = look(0).colour;
    scene.polyline(&[(least, y), (most, y)], 3, colour, SOLID);
    scene.line((median, y - 7.0), (median, y + 7.0), 3, colour);
}

fn legend(scene: &mut Scene, y: f64) {
    let say = |scene: &mut Scene, at: Point, text: &str| scene.text(Text::new(at, Anchor::Start, text).colour(GREY));
    scene.marker(Shape::Diamond, (50.0, y), 7.0, look(1).colour, false);
    say(scene, (68.0, y), "model, median");
    span(scene, [270.0, 290.0, 310.0], y);
    say(scene, (324.0, y), "kernel: least, median, most");
    say(scene, (650.0, y), "bold: held out · red name: differs · the scales are logarithmic from 1 on");
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::summary::comparison::{fixture, path_row_fixture};

    #[test]
    fn every_row_has_a_name_and_nothing_leaves_the_canvas() {
        assert!(draw(&fixture()).is_none());
        let row = path_row_fixture("steady-200-loss-0.5-300ms-5mbit");
        let paths = (0..24).map(|_| row.clone()).collect();
        let scene = scene(&Fidelity { paths, ..fixture() });
        let names = scene.texts().filter(|text| text.content.starts_with("steady-200"));
        assert_eq!(names.count(), 24);
        assert!(scene.texts().all(|text| text.extent()[2] <= 1600.0 && text.extent()[0] >= 0.0));
    }
}
