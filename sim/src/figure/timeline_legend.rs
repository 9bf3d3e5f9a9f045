//! The legend of a timeline: a mark of each kind that is drawn, and what it means.

use super::frame;
use super::scene::{Anchor, HEIGHT, Scene, Text};
use super::style::{DASHED, GREY, INK, faded, look};
use super::timeline_run::{AGAIN_BAR, FAULT_BAR, OUTAGE_BAR, RIGHT, STALLED, STRIP, Timeline, TimelineRow};
use crate::summary::format;

/// What the marks mean, each beside one of its kind; only those that are drawn.
pub(super) fn draw(scene: &mut Scene, timeline: &Timeline, limit_shows: bool) {
    const WIDE: f64 = 34.0;
    let has = |is_drawn: fn(&TimelineRow) -> bool| timeline.rows.iter().any(is_drawn);
    let y = f64::from(HEIGHT) - 24.0;
    let entries = [
        (Key::Waiting, has(|row| row.depth.iter().any(|(_, depth)| *depth > 0)), "frames waiting"),
        (Key::Limit, limit_shows, "the limit"),
        (Key::Lost, has(|row| !row.lost.is_empty()), "frames lost"),
        (Key::Ended, has(|row| !row.ended.is_empty()), "stream ends"),
        (Key::Stall, has(|row| !row.stalls.is_empty()), "reader stalls"),
        (Key::Outage, has(|row| !row.outages.is_empty()), "outage"),
        (Key::Again, has(|row| !row.sent_again.is_empty()), "sent again"),
        (Key::Fault, has(|row| !row.faults.is_empty()), "a fault"),
    ];
    // With all entries the line is full.
    let apart = if entries.iter().all(|(_, is_drawn, _)| *is_drawn) { 10.0 } else { 30.0 };
    let mut x = frame::EDGE;
    for (key, _, said) in entries.into_iter().filter(|(_, is_drawn, _)| *is_drawn) {
        key.draw(scene, [x, y - 9.0, x + WIDE, y + 9.0]);
        let text = Text::new((x + WIDE + 10.0, y), Anchor::Start, said).colour(GREY);
        x = text.extent()[2] + apart;
        scene.text(text);
    }
    if timeline.more > 0 {
        let more = format!("and {} not shown", format::plural(timeline.more as u64, "subscriber"));
        // On the line above, beside the name of the axis.
        scene.text(Text::new((RIGHT, y - 38.0), Anchor::End, more).colour(GREY));
    }
}

/// A mark of the legend.
#[derive(Debug, Clone, Copy)]
enum Key {
    Waiting,
    Limit,
    Lost,
    Ended,
    Stall,
    Outage,
    Again,
    Fault,
}

impl Key {
    fn draw(self, scene: &mut Scene, [left, top, right, bottom]: [f64; 4]) {
        let middle = (f64::midpoint(left, right), f64::midpoint(top, bottom));
        match self {
            Self::Waiting => {
                scene.rectangle([left, top, right, bottom], faded(look(0).colour, 0.35));
                scene.line((left, top), (right, top), 2, look(0).colour);
            }
            Self::Limit => scene.polyline(&[(left, middle.1), (right, middle.1)], 2, GREY, DASHED),
            Self::Lost => {
                scene.rectangle([left, middle.1 - STRIP / 2.0, right, middle.1 + STRIP / 2.0], look(1).colour)
            }
            Self::Ended => scene.line((middle.0, top - 4.0), (middle.0, bottom + 4.0), 3, INK),
            Self::Stall => scene.rectangle([left, top, right, bottom], STALLED),
            Self::Outage => scene.rectangle([left, bottom - OUTAGE_BAR, right, bottom], look(2).colour),
            Self::Again => {
                let marks = [left + 4.0, middle.0, right - 6.0];
                marks.iter().for_each(|at| {
                    scene.rectangle([*at, middle.1 - AGAIN_BAR / 2.0, at + 2.0, middle.1 + AGAIN_BAR / 2.0], INK);
                });
            }
            Self::Fault => {
                scene.rectangle([left, middle.1 - FAULT_BAR / 2.0, right, middle.1 + FAULT_BAR / 2.0], look(3).colour);
            }
        }
    }
}
