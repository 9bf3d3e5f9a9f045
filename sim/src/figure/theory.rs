//! Loss and delay against load: theory as lines, what was simulated as points with their intervals.

use crate::summary::format;
use crate::theory::Model;
use crate::theory::document::{QueueCase, Verify};
use crate::theory::formula::Steady;

use super::axis::{Across, Values};
use super::frame::{self, Plot};
use super::nested::Nested;
use super::scene::{Anchor, Scene, Text};
use super::style::{GREY, LABEL_EM, Look, TICK_EM, look};
use super::{Figure, paint};

/// From where panels begin to where the last one ends, and the space between two.
const PANELS: [f64; 2] = [168.0, 1572.0];
const BETWEEN: f64 = 34.0;

/// Points of a line.
const STEPS: u32 = 240;

/// Draws both quantities of every model in which chance has a part.
#[must_use]
pub fn draw(verify: &Verify) -> Figure {
    let scene = scene(verify);
    Figure { name: "theory", svg: paint::svg(&scene), png: paint::png(&scene) }
}

/// Cases of one model.
struct Panel<'a> {
    model: Model,
    about: &'static str,
    cases: Vec<&'a QueueCase>,
}

/// A value and its interval.
type Simulated = (f64, [f64; 2]);

/// One of the two quantities: what of it to show of a case, and what theory says.
struct Quantity {
    title: &'static str,
    simulated: fn(&QueueCase) -> Option<Simulated>,
    theory: fn(Steady) -> f64,
    most: f64,
    tick: fn(f64) -> String,
}

const QUANTITIES: [Quantity; 2] = [
    Quantity {
        title: "lost, % of frames",
        simulated: |case| case.resolvable.then_some((case.simulated * 100.0, case.ci.map(|end| end * 100.0))),
        theory: |steady| steady.loss * 100.0,
        most: 100.0,
        tick: format::number,
    },
    Quantity {
        title: "mean delay, in services",
        simulated: |case| {
            let services = |ms: f64| ms / case.service_ms;
            Some((services(case.delay.simulated_ms), case.delay.ci_ms.map(services)))
        },
        theory: |steady| steady.delay,
        most: f64::MAX,
        tick: format::number,
    },
];

fn scene(verify: &Verify) -> Scene {
    let mut scene = Scene::default();
    let top = frame::head(&mut scene, &title(verify), &subtitle(verify));
    let panels = panels(verify);
    let mailboxes = different(panels.iter().flat_map(|panel| &panel.cases).map(|case| case.k));
    legend(&mut scene, top + 26.0, &mailboxes);
    let rows = [[top + 118.0, 506.0], [536.0, 862.0]];
    let width = (PANELS[1] - PANELS[0] + BETWEEN) / panels.len().max(1) as f64 - BETWEEN;
    let lefts: Vec<f64> = (0..panels.len()).map(|index| PANELS[0] + index as f64 * (width + BETWEEN)).collect();
    for (quantity, [top, bottom]) in QUANTITIES.iter().zip(rows) {
        let shown = panels.iter().flat_map(|panel| &panel.cases).filter_map(|case| (quantity.simulated)(case));
        let values = shown.flat_map(|(value, [low, high])| [value, low, high]);
        let Some(axis) = Values::new(values, quantity.most, top, bottom) else { continue };
        for (index, (panel, left)) in panels.iter().zip(&lefts).enumerate() {
            let plot = Plot { left: *left, top, right: left + width, bottom };
            let loads = different(panel.cases.iter().map(|case| case.rho));
            let across = Across::new(true, &loads, plot.left, plot.right);
            let tick: &dyn Fn(f64) -> String = &quantity.tick;
            frame::values(&mut scene, plot, &axis, (index == 0).then_some(tick));
            // The panels of a row share one axis, which stands at the first of them.
            if index == 0 {
                frame::values_title(&mut scene, plot, quantity.title);
            }
            frame::across_ticks(&mut scene, plot, &across, &loads);
            curves(&mut scene, panel, quantity, &mailboxes, (&across, &axis));
        }
    }
    for (panel, left) in panels.iter().zip(&lefts) {
        let middle = left + width / 2.0;
        let model = Text::new((middle, top + 66.0), Anchor::Middle, panel.model.to_string()).em(LABEL_EM).bold();
        scene.text(model);
        scene.text(Text::new((middle, top + 94.0), Anchor::Middle, panel.about).colour(GREY));
        let loads = different(panel.cases.iter().map(|case| case.rho));
        load_labels(&mut scene, &Across::new(true, &loads, *left, left + width), &loads, rows[1][1]);
    }
    let middle = f64::midpoint(PANELS[0], PANELS[1]);
    scene.text(Text::new((middle, 922.0), Anchor::Middle, "load ρ: arrivals a mean service time").em(LABEL_EM));
    frame::foot(
        &mut scene,
        "Lines: theory · Points: simulated, with 99.9 % intervals; fewer than 100 expected losses are not shown · Delay: publish to flush",
    );
    scene
}

fn panels(verify: &Verify) -> Vec<Panel<'_>> {
    let batches = Model::Mxm1k { mean_frames: verify.batch_frames };
    let models = [
        (Model::Md1k, "one by one, constant service"),
        (Model::Mm1k, "one by one, exponential service"),
        (batches, "in batches, exponential service"),
    ];
    let panel = |(model, about): (Model, &'static str)| {
        let name = model.to_string();
        Panel { model, about, cases: verify.cases.iter().filter(|case| case.model == name).collect() }
    };
    models.map(panel).into_iter().filter(|panel| !panel.cases.is_empty()).collect()
}

fn different<T: PartialEq>(values: impl Iterator<Item = T>) -> Vec<T> {
    let mut kept = Vec::new();
    for value in values {
        if !kept.contains(&value) {
            kept.push(value);
        }
    }
    kept
}

/// All lines first, then all whiskers and points: no point lies under a line.
fn curves(scene: &mut Scene, panel: &Panel<'_>, quantity: &Quantity, mailboxes: &[u64], axes: (&Across, &Values)) {
    let of = |mailbox: u64| panel.cases.iter().filter(move |case| case.k == mailbox);
    for (index, mailbox) in mailboxes.iter().enumerate() {
        let loads = of(*mailbox).map(|case| case.rho);
        let (least, most) = loads.fold((f64::MAX, 0.0_f64), |(low, high), load| (low.min(load), high.max(load)));
        let Some(case) = of(*mailbox).next() else { continue };
        let places = usize::try_from(case.system_size).unwrap_or(1);
        // Equal ratios, so that the points are evenly spread on the logarithmic axis.
        let step = |step: u32| least * libm::pow(most / least, f64::from(step) / f64::from(STEPS));
        let value = |load: f64| panel.model.steady(load, places).map(|steady| (load, (quantity.theory)(steady)));
        let shown = (0..=STEPS).map(step).filter_map(value).filter(|(_, value)| axes.1.shows(*value));
        let points: Vec<_> = shown.map(|(load, value)| (axes.0.at(load), axes.1.at(value))).collect();
        let Look { colour, dash, .. } = look(index);
        scene.polyline(&points, 3, colour, dash);
    }
    // One for the whole panel: a point of one curve may lie on a point of any other.
    let mut nested = Nested::default();
    for (index, mailbox) in mailboxes.iter().enumerate() {
        let shown = of(*mailbox).filter_map(|case| Some((axes.0.at(case.rho), (quantity.simulated)(case)?)));
        let shown: Vec<_> = shown.collect();
        let points: Vec<_> = shown.iter().map(|(x, (value, _))| (*x, axes.1.at(*value))).collect();
        for ((x, (value, interval)), r) in shown.into_iter().zip(nested.radii(&points)) {
            point(scene, (x, axes.1), value, interval, (look(index), r));
        }
    }
}

fn point(scene: &mut Scene, (x, axis): (f64, &Values), value: f64, [low, high]: [f64; 2], (look, r): (Look, f64)) {
    let (foot, head) = (axis.at(low.max(0.0)), axis.at(high));
    scene.line((x, foot), (x, head), 2, look.colour);
    for (end, y) in [(low, foot), (high, head)] {
        if axis.shows(end) {
            scene.line((x - 8.0, y), (x + 8.0, y), 2, look.colour);
        }
    }
    scene.marker(look.shape, (x, axis.at(value)), r, look.colour, look.open);
}

fn legend(scene: &mut Scene, y: f64, mailboxes: &[u64]) {
    let mut x = PANELS[0];
    for (index, mailbox) in mailboxes.iter().enumerate() {
        let Look { colour, shape, open, dash } = look(index);
        scene.polyline(&[(x, y), (x + 54.0, y)], 3, colour, dash);
        scene.marker(shape, (x + 27.0, y), 8.0, colour, open);
        let label = Text::new((x + 66.0, y), Anchor::Start, format!("K = {}", format::count(*mailbox)));
        x += 66.0 + label.width() + 44.0;
        scene.text(label.em(TICK_EM + 1.0));
    }
}

/// Labels under the last row; where two loads are too close, the one nearer to 1 has it.
fn load_labels(scene: &mut Scene, axis: &Across, loads: &[f64], bottom: f64) {
    let mut loads = loads.to_vec();
    loads.sort_by(|a, b| (a - 1.0).abs().total_cmp(&(b - 1.0).abs()));
    let mut kept: Vec<Text> = Vec::new();
    for load in loads {
        let label = Text::new((axis.at(load), bottom + 28.0), Anchor::Middle, format::number(load));
        let [left, _, right, _] = label.extent();
        if kept.iter().all(|other| right + 6.0 <= other.extent()[0] || other.extent()[2] + 6.0 <= left) {
            kept.push(label);
        }
    }
    kept.into_iter().for_each(|label| scene.text(label));
}

fn title(verify: &Verify) -> String {
    let judged = verify.cases.iter().filter(|case| !case.is_exact() && case.resolvable).count();
    let random = verify.cases.iter().filter(|case| !case.is_exact());
    let (inside, delays) = random.fold((0, 0), |(inside, delays), case| {
        (inside + usize::from(case.inside == Some(true)), delays + usize::from(case.delay.inside))
    });
    let cases = verify.cases.iter().filter(|case| !case.is_exact()).count();
    format!(
        "theory: {inside} of {judged} losses and {delays} of {cases} delays agree, through Hub, transport and reader"
    )
}

fn subtitle(verify: &Verify) -> String {
    let exact = verify.cases.iter().filter(|case| case.is_exact());
    let equal = exact.clone().filter(|case| case.holds()).count();
    let runs = verify.cases.iter().find(|case| !case.is_exact()).map_or_else(String::new, |case| {
        let frames = format::count(case.frames / case.replications.max(1));
        format!("{} runs of {frames} frames each · ", format::count(case.replications))
    });
    format!(
        "{runs}a mailbox of K makes a system of K + 1 places · D/D/1/K: {equal} of {} equal frame by frame · simulated",
        exact.count()
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::figure::scene::{HEIGHT, WIDTH};
    use crate::theory::document::fixture;

    /// As much as is run, made up.
    fn full() -> Verify {
        let mut verify = fixture();
        let judged = verify.cases[0].clone();
        let models = ["M/D/1/K", "M/M/1/K", "M^[X]/M/1/K"];
        let queues = models.iter().flat_map(|model| [0.3, 0.6, 0.9, 1.0, 1.2, 2.0].map(|rho| (*model, rho)));
        let cases = queues.flat_map(|(model, rho)| {
            [1, 4, 16, 64].map(|k| QueueCase { model: model.to_owned(), rho, k, system_size: k + 1, ..judged.clone() })
        });
        verify.cases = cases.collect();
        verify
    }

    #[test]
    fn texts_are_whole_apart_and_large_enough() {
        for verify in [fixture(), full()] {
            let scene = scene(&verify);
            let texts: Vec<_> = scene.texts().collect();
            for (index, text) in texts.iter().enumerate() {
                let [left, top, right, bottom] = text.extent();
                let within = left >= 4.0 && top >= 4.0 && right <= f64::from(WIDTH) - 4.0;
                assert!(within && bottom <= f64::from(HEIGHT) - 4.0 && text.em >= 20.0, "{}", text.content);
                for other in &texts[index + 1..] {
                    let [l, t, r, b] = other.extent();
                    let apart = r <= left || right <= l || b <= top + 1.0 || bottom <= t + 1.0;
                    assert!(apart, "{:?} over {:?}", text.content, other.content);
                }
            }
        }
    }

    #[test]
    fn it_names_models_rooms_and_quantities_and_is_the_same_twice() {
        let figure = draw(&full());
        for said in ["M/D/1/K", "M/M/1/K", "M^[X]/M/1/K", "K = 64", "lost, % of frames", "Lines: theory"] {
            assert!(figure.svg.contains(said), "{said}");
        }
        assert_eq!(figure, draw(&full()));
    }
}
