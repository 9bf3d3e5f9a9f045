//! Both worlds side by side: what each watched subscriber lost, simulated as one mark and real as one mark a run.

use crate::summary::comparison::{Compared, Fidelity, Member};
use crate::summary::format;

use super::frame;
use super::scene::{Anchor, Scene, Text};
use super::style::{GREY, INK, LABEL_EM, PALE, SOLID, Shape, faded, look};
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
fn shown(plan: &Compared) -> Vec<&Member> {
    let loses = |member: &&Member| member.simulated_lost > 0 || member.real_lost.iter().any(|lost| *lost > 0);
    let losing: Vec<_> = plan.subscribers.iter().filter(loses).collect();
    if losing.is_empty() { plan.subscribers.last().into_iter().collect() } else { losing }
}

fn scene(fidelity: &Fidelity) -> Scene {
    let mut scene = Scene::default();
    let subtitle = format!(
        "mailboxes of {} frames; bounded sockets, measured, and the model's window as large; {}",
        format::count(fidelity.buffer),
        if fidelity.agree_all { "target met: within 10 % or one frame" } else { "target missed" }
    );
    let top = frame::head(&mut scene, "Frames lost: simulated, and over real TCP", &subtitle) + 70.0;
    let rows: Vec<_> = fidelity.plans.iter().flat_map(|plan| shown(plan).into_iter().map(move |m| (plan, m))).collect();
    let most = rows.iter().flat_map(|(_, m)| m.real_lost.iter().copied().chain([m.simulated_lost])).max().unwrap_or(0);
    let step = round_step(most.div_ceil(STEPS).max(1));
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
        if above.replace(&plan.plan) != Some(&plan.plan) {
            scene.text(Text::new((36.0, y), Anchor::Start, plan.plan.clone()).em(LABEL_EM).bold());
        }
        row(&mut scene, member, y, &at);
    }
    let middle = f64::midpoint(LEFT, RIGHT);
    scene.text(Text::new((middle, 922.0), Anchor::Middle, "frames lost to a full mailbox").em(LABEL_EM));
    frame::foot(&mut scene, "Right: simulated · median of the real runs (least–most)");
    scene
}

fn row(scene: &mut Scene, member: &Member, y: f64, at: &dyn Fn(u64) -> f64) {
    let (real, simulated) = (look(0), look(1));
    let name = format!("{} {}", member.class, member.id);
    scene.text(Text::new((LEFT - 16.0, y), Anchor::End, name).colour(GREY));
    let [median, least, most] = member.real_spread();
    scene.polyline(&[(at(least), y), (at(most), y)], 3, real.colour, SOLID);
    for lost in &member.real_lost {
        scene.marker(Shape::Disc, (at(*lost), y), 7.0, faded(real.colour, 1.0), false);
    }
    scene.marker(Shape::Diamond, (at(member.simulated_lost), y), 12.0, simulated.colour, true);
    let said = format!(
        "{} · {} ({}–{})",
        format::count(member.simulated_lost),
        format::count(median),
        format::count(least),
        format::count(most)
    );
    let ink = if member.agrees { INK } else { simulated.colour };
    scene.text(Text::new((RIGHT + 24.0, y), Anchor::Start, said).colour(ink));
}

fn legend(scene: &mut Scene, y: f64) {
    let (real, simulated) = (look(0), look(1));
    scene.marker(Shape::Diamond, (LEFT + 12.0, y), 12.0, simulated.colour, true);
    scene.text(Text::new((LEFT + 34.0, y), Anchor::Start, "simulated"));
    scene.marker(Shape::Disc, (LEFT + 192.0, y), 7.0, real.colour, false);
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
    use crate::summary::comparison::fixture;

    #[test]
    fn everybody_who_lost_something_has_a_row_and_a_plan_without_losses_has_one() {
        let scene = scene(&fixture());
        let texts: Vec<_> = scene.texts().map(|text| text.content.as_str()).collect();
        assert!(texts.contains(&"930 · 1,100 (960–1,200)") && texts.contains(&"0 · 0 (0–1)"), "{texts:?}");
        assert!(scene.texts().all(|text| text.extent()[2] <= 1600.0 && text.extent()[0] >= 0.0));
    }

    #[test]
    fn steps_are_round() {
        assert_eq!([1, 3, 7, 11, 160, 201].map(round_step), [1, 5, 10, 20, 200, 500]);
    }
}
