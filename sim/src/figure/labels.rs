//! Places for labels of points: of several beside a point, the first that hides nothing.
//!
//! The room knows boxes and lines only; whoever asks says what is drawn and where a label may stand.

use super::scene::{Anchor, Point, Text};

/// Samples of a line, to see whether it runs through a box.
const SAMPLES: u32 = 120;

/// What labels must keep clear of.
#[derive(Debug, Default)]
pub(super) struct Labels {
    /// Left, top, right and bottom of the ground that labels may stand on.
    bounds: [f64; 4],
    boxes: Vec<[f64; 4]>,
    lines: Vec<[Point; 2]>,
}

impl Labels {
    pub(super) fn within(bounds: [f64; 4]) -> Self {
        Self { bounds, ..Self::default() }
    }

    /// A marker of about this radius.
    pub(super) fn marker(&mut self, (x, y): Point, r: f64) {
        self.boxes.push([x - r, y - r, x + r, y + r]);
    }

    /// The lines of a curve.
    pub(super) fn curve(&mut self, points: &[Point]) {
        self.lines.extend(points.windows(2).map(|pair| [pair[0], pair[1]]));
    }

    /// The text beside its point where it hides least, which later ones keep clear of.
    pub(super) fn beside(&mut self, point: Point, text: &Text) -> Text {
        let texts = places(point).map(|(at, anchor)| Text { at, anchor, ..text.clone() });
        let mut best: Option<(f64, Text)> = None;
        for text in texts {
            let hidden = self.hidden(text.extent());
            // Strictly less: of equally good places the earlier one stays, and the better ones come first.
            if best.as_ref().is_none_or(|(least, _)| hidden < *least) {
                best = Some((hidden, text));
            }
        }
        let text = best.map_or_else(|| text.clone(), |(_, text)| text);
        self.boxes.push(text.extent());
        text
    }

    /// How much a label there would hide: leaving the ground is worst, then covering a marker or a text, then a line.
    fn hidden(&self, [left, top, right, bottom]: [f64; 4]) -> f64 {
        let outside = (self.bounds[0] - left).max(self.bounds[1] - top).max(right - self.bounds[2]);
        let outside = outside.max(bottom - self.bounds[3]).max(0.0);
        let covered = |[l, t, r, b]: &[f64; 4]| {
            let (wide, high) = (r.min(right) - l.max(left), b.min(bottom) - t.max(top));
            if wide > 0.0 && high > 0.0 { wide * high } else { 0.0 }
        };
        let crossed = self.lines.iter().filter(|line| crosses(**line, [left, top, right, bottom])).count();
        // Far apart, so that the lesser faults only decide between places that are about equal in the greater ones.
        outside * 1e6 + self.boxes.iter().map(covered).sum::<f64>() * 1e3 + crossed as f64
    }
}

/// Places beside a point, the better ones first.
fn places((x, y): Point) -> [(Point, Anchor); 12] {
    [
        ((x, y - 24.0), Anchor::Middle),
        ((x, y + 26.0), Anchor::Middle),
        ((x + 18.0, y), Anchor::Start),
        ((x - 18.0, y), Anchor::End),
        ((x + 14.0, y - 18.0), Anchor::Start),
        ((x + 14.0, y + 20.0), Anchor::Start),
        ((x - 14.0, y - 18.0), Anchor::End),
        ((x - 14.0, y + 20.0), Anchor::End),
        ((x, y - 50.0), Anchor::Middle),
        ((x, y + 52.0), Anchor::Middle),
        ((x + 40.0, y - 40.0), Anchor::Start),
        ((x + 40.0, y + 42.0), Anchor::Start),
    ]
}

fn crosses([(x0, y0), (x1, y1)]: [Point; 2], [left, top, right, bottom]: [f64; 4]) -> bool {
    (0..=SAMPLES).any(|step| {
        let part = f64::from(step) / f64::from(SAMPLES);
        let (x, y) = (x0 + (x1 - x0) * part, y0 + (y1 - y0) * part);
        (left..=right).contains(&x) && (top..=bottom).contains(&y)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn label() -> Text {
        Text::new((0.0, 0.0), Anchor::Start, "256")
    }

    #[test]
    fn labels_of_points_in_one_place_keep_clear_of_each_other_and_of_the_markers() {
        let mut labels = Labels::within([0.0, 0.0, 1000.0, 1000.0]);
        labels.marker((500.0, 500.0), 12.0);
        labels.marker((508.0, 500.0), 12.0);
        let placed = [500.0, 508.0, 504.0].map(|x| labels.beside((x, 500.0), &label()).extent());
        for (index, [left, top, right, bottom]) in placed.iter().enumerate() {
            for [l, t, r, b] in &placed[index + 1..] {
                assert!(r <= left || right <= l || b <= top || bottom <= t, "{placed:?}");
            }
            let is_clear = *bottom <= 488.0 || *top >= 512.0 || *right <= 488.0 || *left >= 520.0;
            assert!(is_clear, "{placed:?}");
        }
    }

    #[test]
    fn a_label_stays_on_its_ground_and_off_lines() {
        let mut labels = Labels::within([0.0, 0.0, 1000.0, 1000.0]);
        let [_, top, ..] = labels.beside((500.0, 5.0), &label()).extent();
        assert!(top >= 0.0);
        labels.curve(&[(0.0, 476.0), (1000.0, 476.0)]);
        assert!(labels.beside((500.0, 500.0), &label()).at.1 > 500.0);
    }
}
