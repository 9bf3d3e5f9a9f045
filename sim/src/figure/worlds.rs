//! Both worlds side by side: what each watched subscriber lost, simulated as one mark and real as one mark a run.

use crate::summary::comparison::{Compared, ComparedMember, Fidelity};
use crate::summary::format;

use super::frame;
use super::scene::{Anchor, Point, Scene, Text};
use super::style::{GREY, INK, LABEL_EM, PALE, SOLID, Shape, deep, look};
use super::view::as_f64;
use super::{Figure, paint};

const LEFT: f64 = 300.0;
const RIGHT: f64 = 1230.0;
const BOTTOM: f64 = 850.0;

/// Grid lines, about.
const STEPS: u64 = 6;

/// Draws everybody who was watched.
#[must_use]
pub fn draw(fidelity: &Fidelity) -> Figure {
    let scene = scene(fidelity);
    Figure { name: "worlds", svg: paint::svg(&scene), png: paint::png(&scene) }
}

/// Of each plan those who lose something somewhere, or the last one if nobody does.
fn shown(plan: &Compared) -> Vec<&ComparedMember> {
    let loses = |member: &&ComparedMember| member.simulated_lost > 0 || member.real_lost.iter().any(|lost| *lost > 0);
    let losing: Vec<_> = plan.subscribers.iter().filter(loses).collect();
    if losing.is_empty() { plan.subscribers.last().into_iter().collect() } else { losing }
}

fn scene(fidelity: &Fidelity) -> Scene {
    let mut scene = Scene::default();
    let subtitle = format!(
        "mailboxes of {}; the model's window is as large as the real sockets, measured; {}",
        format::plural(fidelity.buffer, "frame"),
        if fidelity.agree_all { "target met: within 10 % or one frame" } else { "target missed" }
    );
    let top = frame::head(&mut scene, "Frames lost: simulated, and over real TCP", &subtitle) + 70.0;
    let rows: Vec<_> = fidelity.plans.iter().flat_map(|plan| shown(plan).into_iter().map(move |m| (plan, m))).collect();
    let most = rows.iter().flat_map(|(_, m)| m.real_lost.iter().copied().chain([m.simulated_lost])).max().unwrap_or(0);
    let step = round_step(most.div_ceil(STEPS).max(1));
    // At least one step, so that `at` does not divide by zero where nothing was lost.
    let end = most.div_ceil(step).max(1) * step;
    let at = |lost: u64| LEFT + as_f64(lost) / as_f64(end) * (RIGHT - LEFT);
    for value in (0..=end / step).map(|nth| nth * step) {
        scene.line((at(value), top - 20.0), (at(value), BOTTOM), 1, PALE);
        scene.text(Text::new((at(value), BOTTOM + 28.0), Anchor::Middle, format::count(value)));
    }
    scene.line((LEFT, BOTTOM), (RIGHT, BOTTOM), 2, INK);
    legend(&mut scene, top - 48.0);
    let height = (BOTTOM - top) / as_f64(rows.len().max(1) as u64);
    let mut above = None;
    for (index, (plan, member)) in rows.iter().enumerate() {
        let y = top + height * (as_f64(index as u64) + 0.5);
        // The name of a plan stands once, at the first of its rows.
        if above.replace(&plan.plan) != Some(&plan.plan) {
            scene.text(Text::new((36.0, y), Anchor::Start, plan.plan.clone()).em(LABEL_EM).bold());
        }
        row(&mut scene, member, y, &at);
    }
    let middle = f64::midpoint(LEFT, RIGHT);
    scene.text(Text::new((middle, 922.0), Anchor::Middle, "frames lost to a full mailbox").em(LABEL_EM));
    frame::foot(&mut scene, &note(&rows));
    scene
}

fn note(rows: &[(&Compared, &ComparedMember)]) -> String {
    let differs =
        if rows.iter().all(|(_, member)| member.agrees) { "" } else { " · differs: by more than 10 % and a frame" };
    format!("Right: simulated · median of the real runs (least–most){differs}")
}

/// How far the simulated mark is above a row's middle, and the real ones below: in one line, one would hide the other.
const APART: f64 = 13.0;

fn row(scene: &mut Scene, member: &ComparedMember, y: f64, at: &dyn Fn(u64) -> f64) {
    let (real, simulated) = (look(0), look(1));
    let name = format!("{} {}", member.class, member.id);
    scene.text(Text::new((LEFT - 26.0, y), Anchor::End, name).colour(GREY));
    let [median, least, most] = member.real_spread();
    simulated_mark(scene, (at(member.simulated_lost), y - APART));
    scene.polyline(&[(at(least), y + APART), (at(most), y + APART)], 3, real.colour, SOLID);
    for lost in &member.real_lost {
        real_mark(scene, (at(*lost), y + APART));
    }
    let said = format!(
        "{} · {} ({}–{})",
        format::count(member.simulated_lost),
        format::count(median),
        format::count(least),
        format::count(most)
    );
    let at = (RIGHT + 24.0, y);
    if member.agrees {
        scene.text(Text::new(at, Anchor::Start, said));
    } else {
        let differs = Text::new(at, Anchor::Start, said).bold().colour(deep(simulated.colour));
        let beside = (differs.extent()[0], y + 28.0);
        scene.text(differs);
        scene.text(Text::new(beside, Anchor::Start, "differs").colour(deep(simulated.colour)));
    }
}

fn simulated_mark(scene: &mut Scene, at: Point) {
    scene.marker(Shape::Diamond, at, 9.0, look(1).colour, false);
}

/// A stroke, since runs that nearly agree would hide each other as discs.
fn real_mark(scene: &mut Scene, (x, y): Point) {
    scene.line((x, y - 11.0), (x, y + 11.0), 3, look(0).colour);
}

fn legend(scene: &mut Scene, y: f64) {
    simulated_mark(scene, (LEFT + 12.0, y));
    scene.text(Text::new((LEFT + 34.0, y), Anchor::Start, "simulated"));
    real_mark(scene, (LEFT + 192.0, y));
    scene.text(Text::new((LEFT + 214.0, y), Anchor::Start, "a real run each"));
}

/// 1, 2 or 5 times a power of ten, at least so much.
fn round_step(least: u64) -> u64 {
    let mut unit = 1;
    loop {
        if let Some(step) = [1, 2, 5].into_iter().map(|times| times * unit).find(|step| *step >= least) {
            return step;
        }
        unit *= 10;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::figure::scene::Mark;
    use crate::summary::comparison::fixture;

    #[test]
    fn everybody_who_lost_something_has_a_row_and_a_plan_without_losses_has_one() {
        let scene = scene(&fixture());
        let texts: Vec<_> = scene.texts().map(|text| text.content.as_str()).collect();
        assert!(texts.contains(&"930 · 1,100 (960–1,200)") && texts.contains(&"0 · 0 (0–1)"), "{texts:?}");
        assert!(scene.texts().all(|text| text.extent()[2] <= 1600.0 && text.extent()[0] >= 0.0));
    }

    #[test]
    fn a_simulated_mark_never_hides_a_real_one() {
        let scene = scene(&fixture());
        let height = |points: &[Point]| {
            let ys = points.iter().map(|(_, y)| *y);
            [ys.clone().fold(f64::INFINITY, f64::min), ys.fold(0.0, f64::max)]
        };
        let (mut simulated, mut real) = (Vec::new(), Vec::new());
        for mark in &scene.marks {
            match mark {
                Mark::Area { points, colour } if *colour == look(1).colour => simulated.push(height(points)),
                Mark::Path { points, colour, .. } if *colour == look(0).colour => real.push(height(points)),
                _ => {}
            }
        }
        // The first of each is the legend's.
        for [top, bottom] in &simulated[1..] {
            assert!(real[1..].iter().all(|[t, b]| b < top || bottom < t), "{simulated:?} {real:?}");
        }
    }

    #[test]
    fn steps_are_round() {
        assert_eq!([1, 3, 7, 11, 160, 201].map(round_step), [1, 5, 10, 20, 200, 500]);
    }
}
