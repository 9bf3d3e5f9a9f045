//! Figures: a sweep document as SVG and PNG, byte for byte the same for the same document.
//!
//! The room reads the document and nothing else, writes no file and asks no clock, locale or system font. Its own
//! rooms, inner to outer: `style`, `font` → `scene` → `paint`; `axis`, `view`, `words` → `frame`, `labels`, `lanes` →
//! `objective` → one file a figure.

pub(crate) mod axis;
pub(crate) mod drop_rate;
mod font;
pub(crate) mod frame;
mod labels;
mod lanes;
mod latency;
mod memory;
mod memory_parts;
mod nested;
mod objective;
mod paint;
pub mod paths;
mod policies;
mod risk;
mod scene;
pub mod servers;
mod style;
pub mod theory;
pub mod timeline;
mod timeline_legend;
mod timeline_run;
pub(crate) mod view;
pub(crate) mod words;
pub mod worlds;

#[cfg(test)]
mod tests;

use crate::summary::along::{figure_names, has_risk};
use crate::summary::document::Sweep;

use scene::Scene;
use view::View;

/// Most curves in one plot; of more, an even choice is shown and the figure says how many are not.
const MOST_CURVES: usize = 12;
/// Most panels of the latency figure.
const MOST_PANELS: usize = 6;

/// One picture in both formats, 1600 × 1000 pixels.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Figure {
    /// File name without extension.
    pub name: &'static str,
    /// The SVG document.
    pub svg: String,
    /// The PNG file, some 100 kB.
    pub png: Vec<u8>,
}

/// Draws drop rate, memory, latency and risk of a sweep; nothing where there are no cells.
///
/// The x axis is the buffer size, and each curve an N; with more values of N than buffers it is N, each curve is a
/// buffer, and the names end in `-by-subscribers`. Draw from a document that was written and read back
/// ([`crate::summary::json`]), so that the file alone reproduces the figure.
#[must_use]
pub fn draw(sweep: &Sweep) -> Vec<Figure> {
    let painted =
        |(name, scene): (&'static str, Scene)| Figure { name, svg: paint::svg(&scene), png: paint::png(&scene) };
    scenes(sweep).into_iter().map(painted).collect()
}

fn scenes(sweep: &Sweep) -> Vec<(&'static str, Scene)> {
    if sweep.compares_policies() {
        return figure_names(sweep).into_iter().map(|name| (name, policies::scene(sweep))).collect();
    }
    // Two views, because a figure of panels has room for fewer curves.
    let (Some(view), Some(few)) = (View::new(sweep, MOST_CURVES), View::new(sweep, MOST_PANELS)) else {
        return Vec::new();
    };
    let memory = if sweep.is_measured() { memory_parts::scene(&view) } else { memory::scene(&view) };
    let mut drawn = vec![drop_rate::scene(&view), memory, latency::scene(&few)];
    if has_risk(sweep) {
        drawn.push(risk::scene(sweep));
    }
    figure_names(sweep).into_iter().zip(drawn).collect()
}
