//! Servers on the same plans: what each missed at which buffer, a panel a scenario and a curve a server.

use crate::summary::format;
use crate::summary::servers::{OnScenario, ServerRow, Servers};

use super::axis::{Across, Values};
use super::drop_rate::tick;
use super::frame::{self, Plot};
use super::nested::Nested;
use super::scene::{Anchor, Point, Scene, Text};
use super::style::{BAND, DOTTED, INK, LABEL_EM, TICK_EM, faded, look};
use super::view::{Along, as_f64};
use super::{Figure, paint};

/// From where panels begin to where the last one ends, and the space between two.
const PANELS: [f64; 2] = [168.0, 1572.0];
const BETWEEN: f64 = 34.0;
const BOTTOM: f64 = 872.0;

/// Height of the gap between the logarithmic part and the band for nothing missed, and of a server's lane in the band.
const GAP: f64 = 26.0;
const LANE: f64 = 26.0;

/// Height of a line of the legend.
const LEGEND_LINE: f64 = 34.0;

/// Draws the one figure, for the first N of every scenario.
#[must_use]
pub fn draw(servers: &Servers) -> Figure {
    let scene = scene(servers);
    Figure { name: "servers", svg: paint::svg(&scene), png: paint::png(&scene) }
}

/// The names of all servers, in the order of the first scenario that has each.
fn names(servers: &Servers) -> Vec<&str> {
    let mut names: Vec<&str> = Vec::new();
    for name in servers.scenarios.iter().flat_map(OnScenario::servers) {
        if !names.contains(&name) {
            names.push(name);
        }
    }
    names
}

/// The rows of one server for the first N of a scenario, smallest buffer first.
fn curve<'a>(on: &'a OnScenario, server: &str) -> Vec<&'a ServerRow> {
    let first = on.rows.first().map_or(0, |row| row.subscribers);
    let mut rows: Vec<_> = on.rows.iter().filter(|row| row.server == server && row.subscribers == first).collect();
    rows.sort_by_key(|row| row.buffer);
    rows
}

fn scene(servers: &Servers) -> Scene {
    let mut scene = Scene::default();
    let names = names(servers);
    let top = frame::head(&mut scene, &title(servers), &subtitle(servers));
    let legend = legend(&mut scene, top + 26.0, &names);
    let count = as_f64(servers.scenarios.len().max(1) as u64);
    let width = (PANELS[1] - PANELS[0] + BETWEEN) / count - BETWEEN;
    let band = LANE * as_f64(names.len() as u64);
    let whole = Plot { left: PANELS[0], top: legend + 80.0, right: PANELS[1], bottom: BOTTOM };
    // One axis for all panels, so that heights can be compared.
    let rates = servers.scenarios.iter().flat_map(|on| &on.rows).map(ServerRow::missed_rate);
    let rates = Values::new(rates, 1.0, whole.top, whole.bottom - band - GAP);
    for (index, on) in servers.scenarios.iter().enumerate() {
        let left = PANELS[0] + as_f64(index as u64) * (width + BETWEEN);
        let plot = Plot { left, right: left + width, ..whole };
        panel(&mut scene, on, &names, (plot, band, rates.as_ref()), index == 0);
    }
    frame::values_title(&mut scene, whole, "missed: never read, of what was wanted");
    frame::across_title(&mut scene, whole.left, whole.right, whole.bottom + 64.0, Along::Buffers);
    frame::foot(&mut scene, "A point a buffer size · dotted: to nothing missed, not measured");
    scene
}

fn panel(
    scene: &mut Scene,
    on: &OnScenario,
    names: &[&str],
    (plot, band, rates): (Plot, f64, Option<&Values>),
    is_labelled: bool,
) {
    let first = on.rows.first().map_or(0, |row| row.subscribers);
    let head = format!("{}, N = {}", on.scenario, format::count(first as u64));
    scene.text(Text::new((plot.left, plot.top - 22.0), Anchor::Start, head).em(LABEL_EM).bold());
    let zero = plot.bottom - band;
    scene.rectangle([plot.left, zero, plot.right, plot.bottom], BAND);
    scene.line((plot.left, zero), (plot.left, plot.bottom), 2, INK);
    let upper = Plot { bottom: zero - GAP, ..plot };
    if let Some(rates) = rates {
        frame::values(scene, upper, rates, if is_labelled { Some(&tick) } else { None });
        frame::gap_mark(scene, plot.left, [upper.bottom, zero]);
    }
    if is_labelled {
        let at = (plot.left - 14.0, f64::midpoint(zero, plot.bottom));
        scene.text(Text::new(at, Anchor::End, "none").bold());
    }
    let mut sizes: Vec<f64> = on.rows.iter().map(|row| as_f64(row.buffer)).collect();
    sizes.sort_by(f64::total_cmp);
    sizes.dedup();
    let axis = Across::new(true, &sizes, plot.left, plot.right);
    frame::across(scene, plot, &axis, &sizes);
    let mut nested = Nested::default();
    for (index, name) in names.iter().enumerate() {
        let lane = zero + LANE * (as_f64(index as u64) + 0.5);
        let at = |row: &&ServerRow| -> (Point, bool) {
            let missed = row.missed_rate();
            let y = rates.filter(|_| missed > 0.0).map_or(lane, |rates| rates.at(missed));
            ((axis.at(as_f64(row.buffer)), y), missed > 0.0)
        };
        let points: Vec<(Point, bool)> = curve(on, name).iter().map(at).collect();
        lines(scene, index, &points);
        let points: Vec<Point> = points.into_iter().map(|(at, _)| at).collect();
        let look = look(index);
        for (at, r) in points.iter().zip(nested.radii(&points)) {
            scene.marker(look.shape, *at, r, look.colour, look.open);
        }
    }
}

/// The lines of a curve: dotted where they lead to nothing missed, which is no measured slope.
fn lines(scene: &mut Scene, index: usize, points: &[(Point, bool)]) {
    let look = look(index);
    for pair in points.windows(2) {
        let ends = [pair[0].0, pair[1].0];
        if pair[0].1 == pair[1].1 {
            scene.polyline(&ends, 3, look.colour, look.dash);
        } else {
            scene.polyline(&ends, 3, faded(look.colour, 0.8), DOTTED);
        }
    }
}

/// Writes the names of all curves, in as many lines as they take, and returns the height of the last line.
fn legend(scene: &mut Scene, top: f64, names: &[&str]) -> f64 {
    let [mut x, mut y] = [PANELS[0], top];
    for (index, name) in names.iter().enumerate() {
        let look = look(index);
        let mut text = Text::new((x + 66.0, y), Anchor::Start, *name).em(TICK_EM);
        if text.extent()[2] > PANELS[1] && x > PANELS[0] {
            x = PANELS[0];
            y += LEGEND_LINE;
            text = Text::new((x + 66.0, y), Anchor::Start, *name).em(TICK_EM);
        }
        scene.polyline(&[(x, y), (x + 56.0, y)], 3, look.colour, look.dash);
        scene.marker(look.shape, (x + 28.0, y), 9.0, look.colour, look.open);
        x = text.extent()[2] + 34.0;
        scene.text(text);
    }
    y
}

/// Which servers miss something at the largest buffer, or that none does.
fn title(servers: &Servers) -> String {
    let names = names(servers);
    let misses = |name: &&&str| {
        let last = |on: &OnScenario| curve(on, name).last().is_some_and(|row| row.missed > 0);
        servers.scenarios.iter().any(last)
    };
    let missing: Vec<String> = names.iter().filter(misses).map(|name| (*name).to_owned()).collect();
    match missing.len() {
        0 => "The largest buffer is enough for every server".to_owned(),
        n if n == names.len() => "Every server misses something at its largest buffer".to_owned(),
        1 => format!("Only {} misses something at its largest buffer", missing[0]),
        _ => format!("{} miss something at their largest buffers", format::listed(&missing)),
    }
}

fn subtitle(servers: &Servers) -> String {
    let told = servers.scenarios.iter().map(|on| {
        format!("{}: {} of {} s", on.scenario, format::plural(on.seeds, "seed"), format::number(on.virtual_seconds))
    });
    format!("The same plans for all servers · {}", told.collect::<Vec<_>>().join(" · "))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::summary::servers::fixture;

    #[test]
    fn every_scenario_has_a_panel_and_every_server_a_curve_and_a_name() {
        let figure = draw(&fixture());
        for text in ["alpha, N = 6", "ci-build, N = 6", "shared ring", "gated", "The largest buffer is enough"] {
            assert!(figure.svg.contains(text), "{text}");
        }
        assert_eq!(draw(&fixture()), figure);
    }

    #[test]
    fn who_misses_something_at_the_largest_buffer_is_in_the_title() {
        let mut servers = fixture();
        servers.scenarios[1].rows[3].missed = 1;
        assert_eq!(title(&servers), "Only gated misses something at its largest buffer");
        servers.scenarios[0].rows[1].missed = 1;
        assert_eq!(title(&servers), "Every server misses something at its largest buffer");
    }
}
