//! A scene to bytes: SVG and PNG through plotters' two backends.
//!
//! The bitmap is painted twice as large and averaged down, because plotters smooths no polygon edges. Neither
//! format depends on a clock, a locale or a system font.

use plotters::backend::{BitMapBackend, DrawingBackend, SVGBackend};
use plotters::style::text_anchor::{HPos, Pos, VPos};
use plotters::style::{Color as _, FontDesc, FontFamily, FontStyle, FontTransform, RGBAColor, ShapeStyle, TextStyle};

use super::font::{self, Weight};
use super::scene::{Anchor, HEIGHT, Mark, Point, Scene, Text, WIDTH};

/// Pixels of the large bitmap per pixel of the canvas.
const OVERSAMPLE: u32 = 2;

/// The scene as an SVG document.
pub(super) fn svg(scene: &Scene) -> String {
    let mut document = String::new();
    {
        let mut backend = SVGBackend::with_string(&mut document, (WIDTH, HEIGHT));
        ground(&mut backend, 1);
        for mark in &scene.marks {
            shape(&mut backend, mark, 1.0);
        }
        for text in texts(scene) {
            drawn(backend.draw_text(&text.content, &text_style(text), at(text.at, 1.0)));
        }
        drawn(backend.present());
    }
    described(&document, &scene.title)
}

/// The scene as a PNG file.
pub(super) fn png(scene: &Scene) -> Vec<u8> {
    let (width, height) = (WIDTH * OVERSAMPLE, HEIGHT * OVERSAMPLE);
    // White from the start, so the bitmap needs no rectangle for the ground as the SVG does.
    let mut large = vec![255; (width * height * 3) as usize];
    {
        let mut backend = BitMapBackend::with_buffer(&mut large, (width, height));
        for mark in &scene.marks {
            shape(&mut backend, mark, f64::from(OVERSAMPLE));
        }
        // After all shapes, as in the SVG: no line may run through a letter.
        for text in texts(scene) {
            letters(&mut backend, text, f64::from(OVERSAMPLE));
        }
    }
    encoded(&averaged(&large))
}

fn texts(scene: &Scene) -> impl Iterator<Item = &Text> {
    scene.marks.iter().filter_map(|mark| match mark {
        Mark::Text(text) => Some(text),
        Mark::Path { .. } | Mark::Area { .. } | Mark::Disc { .. } => None,
    })
}

/// Backends that write to memory have nothing to fail with.
fn drawn<T, E: std::fmt::Debug>(result: Result<T, E>) {
    debug_assert!(result.is_ok(), "{:?}", result.err());
}

#[expect(clippy::cast_possible_truncation, reason = "pixels of a canvas")]
fn at((x, y): Point, scale: f64) -> (i32, i32) {
    (libm::round(x * scale) as i32, libm::round(y * scale) as i32)
}

fn ground<B: DrawingBackend>(backend: &mut B, scale: u32) {
    let (right, bottom) = ((WIDTH * scale).cast_signed(), (HEIGHT * scale).cast_signed());
    drawn(backend.draw_rect((0, 0), (right, bottom), &style(super::style::WHITE, 1), true));
}

fn style(color: RGBAColor, stroke_width: u32) -> ShapeStyle {
    ShapeStyle { color, filled: true, stroke_width }
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "pixels of a canvas")]
fn shape<B: DrawingBackend>(backend: &mut B, mark: &Mark, scale: f64) {
    match mark {
        Mark::Path { points, width, colour } => {
            let points: Vec<_> = points.iter().map(|&p| at(p, scale)).collect();
            drawn(backend.draw_path(points, &style(*colour, width * scale as u32)));
        }
        Mark::Area { points, colour } => {
            let points: Vec<_> = points.iter().map(|&p| at(p, scale)).collect();
            drawn(backend.fill_polygon(points, &style(*colour, 1)));
        }
        Mark::Disc { centre, radius, colour } => {
            let radius = libm::round(radius * scale) as u32;
            drawn(backend.draw_circle(at(*centre, scale), radius, &style(*colour, 1), true));
        }
        Mark::Text(_) => {}
    }
}

fn text_style(text: &Text) -> TextStyle<'_> {
    let weight = match text.weight {
        Weight::Regular => FontStyle::Normal,
        Weight::Bold => FontStyle::Bold,
    };
    let anchor = match text.anchor {
        Anchor::Start => HPos::Left,
        Anchor::Middle => HPos::Center,
        Anchor::End => HPos::Right,
    };
    // The SVG backend divides the size by 1.24 to get pixels per em.
    let font = FontDesc::new(FontFamily::Name(font::FAMILIES), text.em * 1.24, weight);
    let font = if text.upright { font.transform(FontTransform::Rotate270) } else { font };
    TextStyle::from(font).pos(Pos::new(anchor, VPos::Center)).color(&text.colour)
}

/// Sets a text into the bitmap.
fn letters<B: DrawingBackend>(backend: &mut B, text: &Text, scale: f64) {
    let em = text.em * scale;
    let width = text.width() * scale;
    let before = match text.anchor {
        Anchor::Start => 0.0,
        Anchor::Middle => width / 2.0,
        Anchor::End => width,
    };
    let (x0, y0) = at(text.at, scale);
    let (dx, dy) = at((-before, font::HALF_X * em), 1.0);
    font::pixels(&text.content, em, text.weight, |x, y, coverage| {
        let (x, y) = (x + dx, y + dy);
        let (x, y) = if text.upright { (y, -x) } else { (x, y) };
        let ink = RGBAColor(text.colour.0, text.colour.1, text.colour.2, text.colour.3 * coverage);
        let (x, y) = (x0 + x, y0 + y);
        // The backend wraps negative coordinates round.
        if x >= 0 && y >= 0 {
            drawn(backend.draw_pixel((x, y), ink.to_backend_color()));
        }
    });
}

/// The large bitmap at canvas size.
#[expect(clippy::cast_possible_truncation, reason = "a mean of bytes is a byte")]
fn averaged(large: &[u8]) -> Vec<u8> {
    let row = (WIDTH * OVERSAMPLE * 3) as usize;
    let n = OVERSAMPLE as usize;
    let mut small = Vec::with_capacity((WIDTH * HEIGHT * 3) as usize);
    for y in 0..HEIGHT as usize {
        for x in 0..WIDTH as usize {
            for channel in 0..3 {
                let cells = (0..n * n).map(|i| (y * n + i / n) * row + (x * n + i % n) * 3 + channel);
                let sum: usize = cells.map(|i| usize::from(large[i])).sum();
                // Half the divisor on top rounds to the nearest; a plain division would darken every soft edge.
                small.push(((sum + n * n / 2) / (n * n)) as u8);
            }
        }
    }
    small
}

fn encoded(rgb: &[u8]) -> Vec<u8> {
    let mut file = Vec::new();
    let mut encoder = png::Encoder::new(&mut file, WIDTH, HEIGHT);
    encoder.set_color(png::ColorType::Rgb);
    encoder.set_depth(png::BitDepth::Eight);
    // Set although defaults exist: another version's defaults would change the bytes of every published figure.
    encoder.set_compression(png::Compression::Best);
    encoder.set_filter(png::FilterType::Up);
    // A `Vec` takes all that is written to it.
    let written = encoder.write_header().and_then(|mut writer| writer.write_image_data(rgb));
    debug_assert!(written.is_ok(), "{written:?}");
    file
}

/// Gives the SVG a title for those who cannot see it.
fn described(document: &str, title: &str) -> String {
    // The `&` first, since the other two replacements bring in more of them.
    let escaped = title.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
    match document.find("<svg").and_then(|open| document[open..].find('>').map(|end| open + end + 1)) {
        Some(end) => format!("{}\n<title>{escaped}</title>{}", &document[..end], &document[end..]),
        None => document.to_owned(),
    }
}
