//! The embedded font: how wide a text is, and its pixels.
//!
//! Plotters draws glyphs without their left bearing, which shows as uneven spacing, so the bitmap's text is set
//! here; the SVG names the font and leaves the setting to the viewer. No system font is ever asked for.

use std::sync::LazyLock;

use ab_glyph::{Font as _, FontRef, PxScale, ScaleFont as _, point};

/// Families for an SVG viewer, the embedded one first; the others are about as wide.
pub(super) const FAMILIES: &str = "DejaVu Sans, Verdana, Geneva, sans-serif";

/// Half the height of an `x`, in em: texts are centred on it.
pub(super) const HALF_X: f64 = 0.273;

/// Weight of a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Weight {
    Regular,
    Bold,
}

static REGULAR: LazyLock<FontRef<'static>> = LazyLock::new(|| parsed(dejavu::sans::regular()));
static BOLD: LazyLock<FontRef<'static>> = LazyLock::new(|| parsed(dejavu::sans::bold()));

fn parsed(bytes: &'static [u8]) -> FontRef<'static> {
    FontRef::try_from_slice(bytes).expect("the embedded font is whole")
}

fn font(weight: Weight) -> &'static FontRef<'static> {
    match weight {
        Weight::Regular => &REGULAR,
        Weight::Bold => &BOLD,
    }
}

#[expect(clippy::cast_possible_truncation, reason = "font sizes are small")]
fn scale(font: &FontRef<'_>, em: f64) -> PxScale {
    // The library scales by the height of a line, and sizes here are ems.
    PxScale::from(em as f32 * font.height_unscaled() / font.units_per_em().unwrap_or(2048.0))
}

/// Width of a text in pixels.
pub(super) fn width(text: &str, em: f64, weight: Weight) -> f64 {
    let font = font(weight);
    let scaled = font.as_scaled(scale(font, em));
    text.chars().map(|c| f64::from(scaled.h_advance(scaled.glyph_id(c)))).sum()
}

/// Hands out every covered pixel of a text whose baseline starts at the origin: x, y and coverage in 0..=1.
#[expect(clippy::cast_possible_truncation, clippy::cast_possible_wrap, reason = "pixels of a canvas")]
pub(super) fn pixels(text: &str, em: f64, weight: Weight, mut each: impl FnMut(i32, i32, f64)) {
    let font = font(weight);
    let scaled = font.as_scaled(scale(font, em));
    let mut pen = 0.0;
    for c in text.chars() {
        let id = scaled.glyph_id(c);
        let glyph = id.with_scale_and_position(scaled.scale(), point(pen, 0.0));
        pen += scaled.h_advance(id);
        if let Some(outline) = font.outline_glyph(glyph) {
            let corner = outline.px_bounds().min;
            outline.draw(|x, y, coverage| {
                let covered = f64::from(coverage).clamp(0.0, 1.0);
                each(corner.x as i32 + x as i32, corner.y as i32 + y as i32, covered);
            });
        }
    }
}

/// The text cut to a width, with an ellipsis where something went.
pub(super) fn fitted(text: &str, em: f64, weight: Weight, most: f64) -> String {
    if width(text, em, weight) <= most {
        return text.to_owned();
    }
    let mut kept = text.to_owned();
    // One character after the other, because characters differ in width.
    while kept.pop().is_some() {
        let shown = format!("{}…", kept.trim_end());
        if width(&shown, em, weight) <= most {
            return shown;
        }
    }
    String::new()
}

/// The text in lines no wider than a width; a single word that is wider is cut.
pub(super) fn wrapped(text: &str, em: f64, weight: Weight, most: f64) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for word in text.split_whitespace() {
        let longer = lines.last().map(|line| format!("{line} {word}"));
        match (longer, lines.last_mut()) {
            (Some(longer), Some(line)) if width(&longer, em, weight) <= most => *line = longer,
            _ => lines.push(fitted(word, em, weight, most)),
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_too_wide_is_cut_with_an_ellipsis() {
        let cut = fitted("a very long scenario name", 20.0, Weight::Regular, 100.0);
        assert!(cut.ends_with('…') && width(&cut, 20.0, Weight::Regular) <= 100.0, "{cut}");
        assert_eq!(fitted("short", 20.0, Weight::Regular, 100.0), "short");
    }

    #[test]
    fn a_wrapped_text_keeps_every_word() {
        let lines = wrapped("one two three four five", 20.0, Weight::Bold, 120.0);
        assert!(lines.len() > 1);
        assert_eq!(lines.join(" "), "one two three four five");
    }

    #[test]
    fn every_character_the_figures_use_has_a_glyph() {
        for c in "–…₂µ→≥≤×·− ²".chars() {
            assert_ne!(font(Weight::Regular).glyph_id(c).0, 0, "{c}");
        }
    }
}
