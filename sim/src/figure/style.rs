//! Colours, dashes, marker shapes and text sizes: what makes eight curves eight different ones to every eye.
//!
//! The colours are Okabe and Ito's ("Color Universal Design", 2008) without the yellow, which is too pale for a
//! line on white; each comes with a marker and a dash of its own, so that no figure depends on colour.

use plotters::style::RGBAColor;

/// Text and axes.
pub(super) const INK: RGBAColor = RGBAColor(32, 32, 32, 1.0);
/// Secondary text and reference lines.
pub(super) const GREY: RGBAColor = RGBAColor(96, 96, 96, 1.0);
/// From a curve's end to its label.
pub(super) const LEADER: RGBAColor = RGBAColor(150, 150, 150, 1.0);
/// Grid lines.
pub(super) const PALE: RGBAColor = RGBAColor(226, 226, 226, 1.0);
/// Finer grid lines.
pub(super) const PALER: RGBAColor = RGBAColor(241, 241, 241, 1.0);
/// Behind the zero band.
pub(super) const BAND: RGBAColor = RGBAColor(246, 246, 243, 1.0);
/// Over what meets an objective.
pub(super) const SHADE: RGBAColor = RGBAColor(0, 158, 115, 0.14);
/// The ground.
pub(super) const WHITE: RGBAColor = RGBAColor(255, 255, 255, 1.0);

/// Size of a title, as all sizes in pixels per em of the 1600 × 1000 canvas.
pub(super) const TITLE_EM: f64 = 34.0;
/// Size of axis titles and labels of curves.
pub(super) const LABEL_EM: f64 = 25.0;
/// Size of tick labels and notes; nothing is smaller.
pub(super) const TICK_EM: f64 = 22.0;

/// How a polyline is interrupted: lengths drawn and left out, in turn; empty for a solid one.
pub(super) type Dash = &'static [f64];
/// No gaps.
pub(super) const SOLID: Dash = &[];
/// Long strokes.
pub(super) const DASHED: Dash = &[16.0, 9.0];
/// A long stroke and a short one.
const LONG_SHORT: Dash = &[26.0, 6.0, 10.0, 6.0];
/// Points; kept for what is no curve of its own.
pub(super) const DOTTED: Dash = &[4.0, 7.0];
/// Stroke and point.
pub(super) const DASH_DOT: Dash = &[18.0, 7.0, 4.0, 7.0];

/// Marker shapes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Shape {
    Disc,
    Square,
    Up,
    Diamond,
    Down,
    Cross,
    Plus,
}

/// How one curve looks.
#[derive(Debug, Clone, Copy)]
pub(super) struct Look {
    pub(super) colour: RGBAColor,
    pub(super) shape: Shape,
    /// Drawn as an outline.
    pub(super) open: bool,
    pub(super) dash: Dash,
}

const COLOURS: [RGBAColor; 7] = [
    RGBAColor(0, 114, 178, 1.0),
    RGBAColor(213, 94, 0, 1.0),
    RGBAColor(0, 158, 115, 1.0),
    RGBAColor(204, 121, 167, 1.0),
    RGBAColor(86, 180, 233, 1.0),
    RGBAColor(230, 159, 0, 1.0),
    RGBAColor(0, 0, 0, 1.0),
];
const SHAPES: [Shape; 7] =
    [Shape::Disc, Shape::Square, Shape::Up, Shape::Diamond, Shape::Down, Shape::Plus, Shape::Cross];
// Four dashes and seven shapes have no common divisor, so the first 28 curves differ in one of the two.
const DASHES: [Dash; 4] = [SOLID, DASHED, DASH_DOT, LONG_SHORT];

/// The look of the curve with this index: the first seven differ in colour and shape, the next also in being open.
pub(super) fn look(index: usize) -> Look {
    Look {
        colour: COLOURS[index % COLOURS.len()],
        shape: SHAPES[index % SHAPES.len()],
        open: (index / SHAPES.len()) % 2 == 1,
        dash: DASHES[index % DASHES.len()],
    }
}

/// The colour of a text about a curve: dark enough to be read on white.
pub(super) fn deep(colour: RGBAColor) -> RGBAColor {
    let darker = |part: u8| (u16::from(part) * 13 / 20) as u8;
    RGBAColor(darker(colour.0), darker(colour.1), darker(colour.2), colour.3)
}

/// A colour with another opacity: `alpha` is 0 ..= 1.
pub(super) fn faded(colour: RGBAColor, alpha: f64) -> RGBAColor {
    RGBAColor(colour.0, colour.1, colour.2, alpha)
}
