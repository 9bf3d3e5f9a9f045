//! The zero band: below the gap of a logarithmic axis each curve has a lane where its zeros stand.
//!
//! Curves that share a zero would hide one another on one line; side by side, each shows from which size on it
//! stays there. The lanes are the legend as well.

use crate::summary::format;

use super::axis::Across;
use super::frame::{self, Plot};
use super::scene::{Anchor, Point, Scene, Text};
use super::style::{BAND, GREY, INK, LABEL_EM, TICK_EM, faded};
use super::view::{Along, Curve, View, as_f64};

/// Lanes of one view.
pub(super) struct Lanes {
    plot: Plot,
    height: f64,
}

/// Where a curve's zeros begin or end, and the number to write there.
struct Edge {
    at: f64,
    /// The other end of the bar.
    to: f64,
    label: Text,
}

impl Lanes {
    /// Lanes at the bottom of a plot, for this many curves.
    pub(super) fn new(plot: Plot, curves: usize) -> Self {
        let curves = as_f64(curves as u64);
        let height = (260.0 / curves).clamp(30.0, 46.0);
        Self { plot: Plot { top: plot.bottom - height * curves, ..plot }, height }
    }

    /// Upper edge of the band.
    pub(super) fn top(&self) -> f64 {
        self.plot.top
    }

    /// Middle of a lane.
    pub(super) fn y(&self, index: usize) -> f64 {
        self.plot.top + self.height * (as_f64(index as u64) + 0.5)
    }

    /// The ground of the band, its zero, and the mark of the gap above it where there is a part above.
    pub(super) fn ground(&self, scene: &mut Scene, gap_top: Option<f64>) {
        let Plot { left, top, right, bottom } = self.plot;
        scene.rectangle([left, top, right, bottom], BAND);
        scene.line((left, top), (right, top), 1, GREY);
        scene.line((left, top), (left, bottom), 2, INK);
        let zero = Text::new((left - 14.0, self.plot.middle().1), Anchor::End, "0").bold().em(LABEL_EM + 3.0);
        scene.text(zero);
        if let Some(gap_top) = gap_top {
            frame::gap_mark(scene, left, [gap_top, top]);
        }
    }

    /// One curve's lane: bar, edge and number, zeros, legend.
    pub(super) fn draw(&self, scene: &mut Scene, axis: &Across, view: &View<'_>, index: usize) {
        let curve = &view.curves[index];
        let y = self.y(index);
        if let Some(edge) = self.edge(axis, view, index) {
            let (from, to) = (edge.at.min(edge.to), edge.at.max(edge.to));
            scene.rectangle([from, y - 5.0, to, y + 5.0], faded(curve.look.colour, 0.30));
            let reach = self.height * 0.36;
            scene.rectangle([edge.at - 2.5, y - reach, edge.at + 2.5, y + reach], curve.look.colour);
            scene.plated(edge.label, BAND);
        }
        if let Some(code) = curve.zero_drop.and_then(|z| z.reason.as_deref()) {
            let text = Text::new(
                (self.plot.left + 18.0, y),
                Anchor::Start,
                format!("no finite size: {}", format::reason(code)),
            );
            scene.plated(text.colour(GREY), BAND);
        }
        for &(x, cell) in &curve.cells {
            if cell.drop_rate == Some(0.0) {
                scene.marker(curve.look.shape, (axis.at(x), y), 8.0, curve.look.colour, curve.look.open);
            }
        }
        let x = self.plot.right + 28.0;
        scene.polyline(&[(x - 18.0, y), (x + 18.0, y)], 3, curve.look.colour, curve.look.dash);
        scene.marker(curve.look.shape, (x, y), 8.0, curve.look.colour, curve.look.open);
        scene.text(Text::new((x + 28.0, y), Anchor::Start, curve.label.clone()).em(TICK_EM + 1.0));
    }

    /// The exact size, where the axis has sizes; otherwise the last N of the run of zeros from the left.
    fn edge(&self, axis: &Across, view: &View<'_>, index: usize) -> Option<Edge> {
        let curve = &view.curves[index];
        let y = self.y(index);
        match view.along {
            Along::Buffers => {
                let exact = curve.zero_drop?.buffer?;
                let at = axis.at(as_f64(exact));
                let label = Text::new((at - 10.0, y), Anchor::End, format::count(exact)).bold();
                Some(Edge { at, to: self.plot.right, label })
            }
            Along::Subscribers => {
                let last = last_of_zeros(curve)?;
                let label = Text::new((axis.at(last) + 14.0, y), Anchor::Start, format::number(last)).bold();
                // At the right edge of the plot, the label stands on the other side of its point.
                let has_room = label.extent()[2] < self.plot.right;
                let inside = Text { at: (axis.at(last) - 14.0, y), anchor: Anchor::End, ..label.clone() };
                let label = if has_room { label } else { inside };
                Some(Edge { at: axis.at(last), to: self.plot.left, label })
            }
        }
    }

    /// Where a curve meets its lane between two neighbouring cells, one of which is zero.
    pub(super) fn landing(&self, axis: &Across, view: &View<'_>, index: usize, zero_x: f64) -> Point {
        let exact = view.curves[index].zero_drop.and_then(|z| z.buffer).map(as_f64);
        let x = match view.along {
            // The exact size may lie between two sizes swept, and zero begins there rather than at the next size swept.
            Along::Buffers => exact.map_or(zero_x, |k| k.min(zero_x)),
            Along::Subscribers => zero_x,
        };
        (axis.at(x), self.y(index))
    }
}

fn last_of_zeros(curve: &Curve<'_>) -> Option<f64> {
    let zeros = curve.cells.iter().take_while(|(_, cell)| cell.drop_rate == Some(0.0));
    zeros.last().map(|&(x, _)| x)
}
