//! A drawing as a list of marks on a 1600 × 1000 canvas, before any picture format.
//!
//! One scene is painted to SVG and PNG alike, and a test can ask it where its texts are. It knows no axis and no
//! document.

use plotters::style::RGBAColor;

use super::font::{self, Weight};
use super::style::{Dash, INK, Shape, TICK_EM, WHITE};

/// Canvas width in pixels.
pub(super) const WIDTH: u32 = 1600;
/// Canvas height in pixels.
pub(super) const HEIGHT: u32 = 1000;

/// A position; y grows downwards.
pub(super) type Point = (f64, f64);

/// Which point of a text stands at its position.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Anchor {
    Start,
    Middle,
    End,
}

/// A line of text, centred vertically on its position.
#[derive(Debug, Clone)]
pub(super) struct Text {
    pub(super) at: Point,
    pub(super) content: String,
    pub(super) em: f64,
    pub(super) weight: Weight,
    pub(super) anchor: Anchor,
    pub(super) colour: RGBAColor,
    /// Runs upwards instead of to the right.
    pub(super) upright: bool,
}

impl Text {
    /// A regular text of tick size in ink.
    pub(super) fn new(at: Point, anchor: Anchor, content: impl Into<String>) -> Self {
        let content = content.into();
        Self { at, content, em: TICK_EM, weight: Weight::Regular, anchor, colour: INK, upright: false }
    }

    pub(super) fn em(self, em: f64) -> Self {
        Self { em, ..self }
    }

    pub(super) fn bold(self) -> Self {
        Self { weight: Weight::Bold, ..self }
    }

    pub(super) fn colour(self, colour: RGBAColor) -> Self {
        Self { colour, ..self }
    }

    pub(super) fn upright(self) -> Self {
        Self { upright: true, ..self }
    }

    pub(super) fn width(&self) -> f64 {
        font::width(&self.content, self.em, self.weight)
    }

    /// Left, top, right and bottom of what it covers.
    pub(super) fn extent(&self) -> [f64; 4] {
        let (x, y) = self.at;
        let width = self.width();
        let before = match self.anchor {
            Anchor::Start => 0.0,
            Anchor::Middle => width / 2.0,
            Anchor::End => width,
        };
        // Ascenders reach 0.76 em above the baseline and descenders 0.24 below.
        let (above, below) = (self.em * (0.76 - font::HALF_X), self.em * (0.24 + font::HALF_X));
        if self.upright {
            [x - above, y - (width - before), x + below, y + before]
        } else {
            [x - before, y - above, x - before + width, y + below]
        }
    }
}

/// One thing to paint.
#[derive(Debug, Clone)]
pub(super) enum Mark {
    /// A solid polyline.
    Path { points: Vec<Point>, width: u32, colour: RGBAColor },
    /// A filled polygon.
    Area { points: Vec<Point>, colour: RGBAColor },
    /// A filled circle.
    Disc { centre: Point, radius: f64, colour: RGBAColor },
    /// A text; texts are painted above all else.
    Text(Text),
}

/// Marks in the order of painting.
#[derive(Debug, Clone, Default)]
pub(super) struct Scene {
    /// The picture in words.
    pub(super) title: String,
    pub(super) marks: Vec<Mark>,
}

impl Scene {
    pub(super) fn line(&mut self, from: Point, to: Point, width: u32, colour: RGBAColor) {
        self.marks.push(Mark::Path { points: vec![from, to], width, colour });
    }

    pub(super) fn area(&mut self, points: Vec<Point>, colour: RGBAColor) {
        self.marks.push(Mark::Area { points, colour });
    }

    pub(super) fn rectangle(&mut self, [left, top, right, bottom]: [f64; 4], colour: RGBAColor) {
        self.area(vec![(left, top), (right, top), (right, bottom), (left, bottom)], colour);
    }

    pub(super) fn text(&mut self, text: Text) {
        if !text.content.is_empty() {
            self.marks.push(Mark::Text(text));
        }
    }

    /// A text on a plate of the ground's colour, where it may stand on lines.
    pub(super) fn plated(&mut self, text: Text, ground: RGBAColor) {
        let [left, top, right, bottom] = text.extent();
        self.rectangle([left - 3.0, top, right + 3.0, bottom - 3.0], ground);
        self.text(text);
    }

    /// A polyline, cut into the strokes of its dash.
    pub(super) fn polyline(&mut self, points: &[Point], width: u32, colour: RGBAColor, dash: Dash) {
        for stroke in strokes(points, dash) {
            if stroke.len() > 1 {
                self.marks.push(Mark::Path { points: stroke, width, colour });
            }
        }
    }

    /// A marker of about twice `r` across.
    pub(super) fn marker(&mut self, shape: Shape, at: Point, r: f64, colour: RGBAColor, open: bool) {
        // A white rim first, so that a marker stands out from the lines below it.
        self.filled(shape, at, r + 2.0, WHITE);
        self.filled(shape, at, r, colour);
        if open {
            self.filled(shape, at, r * 0.55, WHITE);
        }
    }

    /// A filled shape of about twice `r` across, without a rim.
    pub(super) fn shape(&mut self, shape: Shape, at: Point, r: f64, colour: RGBAColor) {
        self.filled(shape, at, r, colour);
    }

    fn filled(&mut self, shape: Shape, (x, y): Point, r: f64, colour: RGBAColor) {
        let around = |corners: &[Point]| corners.iter().map(|&(dx, dy)| (x + dx * r, y + dy * r)).collect();
        // Sizes differ by shape so that the areas look alike.
        let corners: Vec<Point> = match shape {
            Shape::Disc => return self.marks.push(Mark::Disc { centre: (x, y), radius: r, colour }),
            Shape::Square => around(&[(-0.9, -0.9), (0.9, -0.9), (0.9, 0.9), (-0.9, 0.9)]),
            Shape::Up => around(&[(0.0, -1.2), (1.15, 0.85), (-1.15, 0.85)]),
            Shape::Down => around(&[(0.0, 1.2), (1.15, -0.85), (-1.15, -0.85)]),
            Shape::Diamond => around(&[(0.0, -1.25), (1.25, 0.0), (0.0, 1.25), (-1.25, 0.0)]),
            Shape::Plus => around(&plus(1.2, 0.42)),
            Shape::Cross => {
                // Turned by 45 degrees, whose sine and cosine are 0.707.
                let turned: Vec<Point> =
                    plus(1.3, 0.42).iter().map(|&(a, b)| ((a - b) * 0.707, (a + b) * 0.707)).collect();
                around(&turned)
            }
        };
        self.area(corners, colour);
    }

    /// The texts, for tests and for keeping labels apart.
    #[cfg(test)]
    pub(super) fn texts(&self) -> impl Iterator<Item = &Text> {
        self.marks.iter().filter_map(|mark| match mark {
            Mark::Text(text) => Some(text),
            Mark::Path { .. } | Mark::Area { .. } | Mark::Disc { .. } => None,
        })
    }
}

/// The outline of a plus sign with arms of length `a` and half-width `b`.
fn plus(a: f64, b: f64) -> [Point; 12] {
    [(-b, -a), (b, -a), (b, -b), (a, -b), (a, b), (b, b), (b, a), (-b, a), (-b, b), (-a, b), (-a, -b), (-b, -b)]
}

/// The strokes of a dashed polyline; the pattern runs on round corners.
fn strokes(points: &[Point], dash: Dash) -> Vec<Vec<Point>> {
    if dash.is_empty() {
        return vec![points.to_vec()];
    }
    let mut strokes = Vec::new();
    let mut current: Vec<Point> = points.first().copied().into_iter().collect();
    // Even parts of the pattern are drawn, and odd ones are left out.
    let (mut part, mut left) = (0, dash[0]);
    for pair in points.windows(2) {
        let ((mut x, mut y), (x1, y1)) = (pair[0], pair[1]);
        loop {
            let rest = libm::hypot(x1 - x, y1 - y);
            if rest <= left {
                left -= rest;
                current.push((x1, y1));
                break;
            }
            (x, y) = (x + (x1 - x) * left / rest, y + (y1 - y) * left / rest);
            current.push((x, y));
            if part % 2 == 0 {
                strokes.push(std::mem::take(&mut current));
            }
            current = vec![(x, y)];
            part = (part + 1) % dash.len();
            left = dash[part];
        }
    }
    if part % 2 == 0 {
        strokes.push(current);
    }
    strokes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_dash_covers_its_share_of_the_line_round_a_corner() {
        let strokes = strokes(&[(0.0, 0.0), (50.0, 0.0), (50.0, 50.0)], &[6.0, 4.0]);
        let drawn: f64 = strokes.iter().flat_map(|s| s.windows(2)).map(|p| (p[1].0 - p[0].0) + (p[1].1 - p[0].1)).sum();
        assert_eq!(strokes.len(), 10);
        assert!((drawn - 60.0).abs() < 1e-9, "{drawn}");
    }

    #[test]
    fn an_upright_text_covers_as_much_as_a_lying_one() {
        let lying = Text::new((100.0, 100.0), Anchor::Middle, "drop rate");
        let [left, top, right, bottom] = lying.clone().upright().extent();
        assert!((bottom - top - lying.width()).abs() < 1e-9 && right - left < lying.width());
    }
}
