//! One run on one clock: how deep each mailbox was, where its limit is, when frames were lost and when its reader
//! stalled. Worst subscribers first.

use super::frame;
use super::paint;
use super::scene::{Anchor, Scene, Text};
use super::style::{BAND, DASHED, GREY, INK, LABEL_EM, faded, look};
use super::timeline_legend;
use super::timeline_run::{AGAIN_BAR, FAULT_BAR, OUTAGE_BAR, RIGHT, STALLED, STRIP};
pub use super::timeline_run::{Timeline, TimelineRow};
use crate::summary::format;

/// Most subscribers shown.
pub const MOST_ROWS: usize = 6;

const LEFT: f64 = 150.0;
const BOTTOM: f64 = 880.0;
/// Between two panels: a label and the losses of the next.
const GAP: f64 = 62.0;

/// Draws it as SVG.
pub fn svg(timeline: &Timeline) -> String {
    paint::svg(&scene(timeline))
}

/// Draws it as PNG.
pub fn png(timeline: &Timeline) -> Vec<u8> {
    paint::png(&scene(timeline))
}

fn scene(timeline: &Timeline) -> Scene {
    let mut scene = Scene::default();
    let top = frame::head(&mut scene, &timeline.title, &timeline.subtitle);
    let rows = timeline.rows.len().max(1) as f64;
    let height = (BOTTOM - top) / rows;
    for (index, row) in timeline.rows.iter().enumerate() {
        let bottom = top + height * (index as f64 + 1.0);
        panel(&mut scene, timeline, row, [bottom - height + GAP, bottom]);
    }
    time_axis(&mut scene, timeline, top);
    timeline_legend::draw(&mut scene, timeline, highest(timeline).1);
    scene
}

fn across(timeline: &Timeline, seconds: f64) -> f64 {
    // What lasts beyond the run, as a stall may, ends at the right edge.
    LEFT + (seconds / timeline.seconds.max(1e-9)).clamp(0.0, 1.0) * (RIGHT - LEFT)
}

/// The top of every panel, the same for all, and whether the limit is within it.
fn highest(timeline: &Timeline) -> (u64, bool) {
    let depths = timeline.rows.iter().flat_map(|row| row.depth.iter().map(|(_, depth)| *depth));
    let deepest = depths.max().unwrap_or(0).max(1);
    // A limit far above what waited would press the curves flat.
    let limit_shows = timeline.capacity <= 4 * deepest;
    (if limit_shows { deepest.max(timeline.capacity) } else { deepest }, limit_shows)
}

fn panel(scene: &mut Scene, timeline: &Timeline, row: &TimelineRow, [top, bottom]: [f64; 2]) {
    let (highest, limit_shows) = highest(timeline);
    let up = |depth: u64| bottom - depth as f64 / highest as f64 * (bottom - top);
    scene.rectangle([LEFT, top, RIGHT, bottom], BAND);
    for (from, to) in &row.stalls {
        let (from, to) = (across(timeline, *from), across(timeline, *to));
        // At least a pixel wide: a short stall may explain the losses of a long run.
        scene.rectangle([from, top, to.max(from + 1.0), bottom], STALLED);
    }
    for fault in &row.faults {
        draw_fault(scene, timeline, fault, [top, bottom]);
    }
    scene.text(Text::new((LEFT, top - STRIP - 22.0), Anchor::Start, row.label.clone()));
    for at in columns(timeline, &row.lost) {
        scene.rectangle([at - 1.0, top - STRIP, at + 1.5, top - 3.0], look(1).colour);
    }
    for (from, to, depth) in steps(timeline, row) {
        scene.rectangle([from, up(depth), to, bottom], faded(look(0).colour, 0.35));
        scene.line((from, up(depth)), (to, up(depth)), 2, look(0).colour);
    }
    for ended in &row.ended {
        let at = across(timeline, *ended);
        scene.line((at, top), (at, bottom), 3, INK);
    }
    // In front of the curve, which is at its highest in an outage.
    for (from, to) in &row.outages {
        let (from, to) = (across(timeline, *from), across(timeline, *to));
        scene.rectangle([from, bottom - OUTAGE_BAR, to.max(from + 2.0), bottom], look(2).colour);
    }
    for at in columns(timeline, &row.sent_again) {
        scene.rectangle([at, bottom - OUTAGE_BAR - AGAIN_BAR, at + 2.0, bottom - OUTAGE_BAR], INK);
    }
    if limit_shows {
        scene.polyline(&[(LEFT, up(timeline.capacity)), (RIGHT, up(timeline.capacity))], 2, GREY, DASHED);
    }
    scene.line((LEFT, top), (LEFT, bottom), 2, INK);
    scene.line((LEFT, bottom), (RIGHT, bottom), 1, INK);
    scene.text(Text::new((LEFT - 14.0, top), Anchor::End, format::count(highest)));
    scene.text(Text::new((LEFT - 14.0, bottom), Anchor::End, "0"));
}

/// A bar along the top of the panel, with its name beside it where there is room.
fn draw_fault(scene: &mut Scene, timeline: &Timeline, fault: &(f64, f64, String), [top, bottom]: [f64; 2]) {
    let (from, until, name) = fault;
    let (from, until) = (across(timeline, *from), across(timeline, *until));
    let colour = look(3).colour;
    scene.rectangle([from, top, until.max(from + 2.0), top + FAULT_BAR], colour);
    scene.line((from, top), (from, bottom), 2, colour);
    let (x, anchor) =
        if from > RIGHT - 200.0 { (from - 6.0, Anchor::End) } else { (until.max(from) + 8.0, Anchor::Start) };
    scene.text(Text::new((x, top + FAULT_BAR / 2.0 + 8.0), anchor, name.clone()));
}

/// The deepest of each pixel column, equal neighbours as one: a run has more observations than a picture has pixels.
fn steps(timeline: &Timeline, row: &TimelineRow) -> Vec<(f64, f64, u64)> {
    let columns = (RIGHT - LEFT) as usize;
    let (mut deepest, mut last) = (vec![None; columns], vec![None; columns]);
    for (at, depth) in &row.depth {
        // The end of the run lies on the right edge, behind the last column.
        let column = ((across(timeline, *at) - LEFT) as usize).min(columns - 1);
        deepest[column] = deepest[column].max(Some(*depth));
        last[column] = Some(*depth);
    }
    let mut steps: Vec<(f64, f64, u64)> = Vec::new();
    let mut depth = 0;
    for column in 0..columns {
        // A column without observations keeps the depth of the last. One with some may begin at that depth and only
        // fall.
        let shown = deepest[column].map_or(depth, |deepest| deepest.max(depth));
        depth = last[column].unwrap_or(depth);
        let from = LEFT + column as f64;
        match steps.last_mut() {
            Some(step) if step.2 == shown => step.1 = from + 1.0,
            _ => steps.push((from, from + 1.0, shown)),
        }
    }
    steps.retain(|(_, _, depth)| *depth > 0);
    steps
}

/// The pixel columns of some times, each once.
fn columns(timeline: &Timeline, times: &[f64]) -> Vec<f64> {
    let mut columns: Vec<f64> = times.iter().map(|at| across(timeline, *at).floor()).collect();
    // Enough to make them unique, because the times are in order.
    columns.dedup();
    columns
}

fn time_axis(scene: &mut Scene, timeline: &Timeline, top: f64) {
    let step = [0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 20.0, 60.0, 300.0, 600.0, 3600.0];
    let step = step.into_iter().find(|step| timeline.seconds / step <= 12.0).unwrap_or(7200.0);
    let mut at = 0.0;
    while at <= timeline.seconds {
        let x = across(timeline, at);
        scene.line((x, BOTTOM), (x, BOTTOM + 8.0), 2, INK);
        let label = if step < 1.0 { format!("{at:.1}") } else { format!("{at:.0}") };
        scene.text(Text::new((x, BOTTOM + 24.0), Anchor::Middle, label));
        at += step;
    }
    let middle = f64::midpoint(LEFT, RIGHT);
    scene.text(Text::new((middle, BOTTOM + 58.0), Anchor::Middle, "seconds since the start of the run").em(LABEL_EM));
    let title = Text::new((40.0, f64::midpoint(top, BOTTOM)), Anchor::Middle, "frames waiting");
    scene.text(title.em(LABEL_EM).upright());
}

#[cfg(test)]
mod tests {
    use super::*;

    fn timeline() -> Timeline {
        let depth = (0..1000_u32).map(|n| (f64::from(n) / 100.0, u64::from(n % 70))).collect();
        let row = TimelineRow {
            label: "subscriber 3".into(),
            depth,
            lost: vec![4.0, 4.001, 5.0],
            stalls: vec![(3.0, 5.0)],
            outages: vec![(6.0, 7.0)],
            sent_again: vec![6.3, 6.8, 7.1],
            ended: vec![9.0],
            faults: vec![(8.0, 9.5, "partition".into())],
        };
        let rows = vec![row.clone(), TimelineRow { label: "subscriber 1".into(), ..row }];
        let title = "a burst".into();
        Timeline { title, subtitle: "K = 64".into(), seconds: 12.0, capacity: 64, rows, more: 4 }
    }

    #[test]
    fn a_timeline_names_its_subscribers_and_draws_the_same_bytes_twice() {
        let timeline = timeline();
        let drawn = svg(&timeline);
        assert!(
            ["subscriber 3", "subscriber 1", "and 4 subscribers not shown", "a burst", "partition"]
                .iter()
                .all(|part| drawn.contains(part))
        );
        assert_eq!(drawn, svg(&timeline));
        assert_eq!(png(&timeline), png(&timeline));
    }

    #[test]
    fn the_legend_has_what_is_drawn_and_nothing_else_and_names_no_colour() {
        let whole = svg(&timeline());
        let kinds = [
            "frames waiting",
            "the limit",
            "frames lost",
            "stream ends",
            "reader stalls",
            "outage",
            "sent again",
            "a fault",
        ];
        assert!(kinds.iter().all(|kind| whole.contains(kind)), "{whole}");
        let mut quiet = Timeline { capacity: 1000, more: 0, ..timeline() };
        for row in &mut quiet.rows {
            row.lost.clear();
            row.stalls.clear();
            row.outages.clear();
            row.sent_again.clear();
            row.ended.clear();
            row.faults.clear();
        }
        let quiet = svg(&quiet);
        assert!(quiet.contains(kinds[0]) && kinds[1..].iter().all(|kind| !quiet.contains(kind)), "{quiet}");
        let colours = ["Red", "red:", "Blue", "Grey", "Orange"];
        assert!(colours.iter().all(|colour| !whole.contains(colour)));
    }

    #[test]
    fn a_depth_at_the_very_end_of_the_run_is_drawn() {
        let mut timeline = timeline();
        timeline.rows[0].depth = vec![(0.0, 0), (timeline.seconds, 7)];
        assert_eq!(steps(&timeline, &timeline.rows[0]), [(RIGHT - 1.0, RIGHT, 7)]);
    }

    #[test]
    fn texts_stay_on_the_canvas_and_off_each_other() {
        let scene = scene(&timeline());
        let texts: Vec<_> = scene.texts().map(|text| (text.content.clone(), text.extent())).collect();
        for (index, (said, [left, top, right, bottom])) in texts.iter().enumerate() {
            assert!(*left >= 0.0 && *top >= 0.0 && *right <= 1600.0 && *bottom <= 1000.0, "{said}");
            for (other, [l, t, r, b]) in &texts[index + 1..] {
                assert!(r <= left || right <= l || b <= top || bottom <= t, "{said} over {other}");
            }
        }
    }
}
