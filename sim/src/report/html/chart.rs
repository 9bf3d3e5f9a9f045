//! A figure of curves as inline SVG that keeps its texts at their size in every width: places are shares of the width and
//! the height, and only the curves are stretched.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use super::curve::{Curve, Form, Reference, Scales, ZERO_LANE};
use super::marks::{drawn, look};
use super::text::{escaped, number, paragraph};
use crate::figure::axis::Values;
use crate::summary::format;

/// Least distance of two labels on the x axis, in hundredths of the width.
const LABEL_ROOM: f64 = 13.0;
/// The x axis of most figures.
pub(super) const BUFFERS: &str = "buffer of a subscriber, in frames";

/// A figure, before it is drawn.
pub(super) struct Chart {
    pub(super) id: String,
    /// What the figure shows, as a sentence.
    pub(super) title: String,
    /// The quantity on the vertical axis.
    pub(super) quantity: &'static str,
    pub(super) across: &'static str,
    /// Whether octaves are equally wide on the x axis.
    pub(super) is_log: bool,
    /// Values of x that have a label where there is room.
    pub(super) labelled: Vec<f64>,
    /// How a tick of the vertical axis reads.
    pub(super) tick: fn(f64) -> String,
    /// The most that the quantity can be.
    pub(super) most: f64,
    pub(super) curves: Vec<Curve>,
    pub(super) references: Vec<Reference>,
    /// A value across the whole figure, with its name.
    pub(super) level: Option<(f64, String)>,
}

impl Chart {
    /// The figure as HTML; `None` where no curve has a value.
    pub(super) fn html(&self) -> Option<String> {
        self.curves.iter().flat_map(|curve| &curve.points).find(|point| point.y.is_some())?;
        let scales = Scales::new(
            self.is_log,
            self.most,
            &self.curves,
            &self.references,
            self.level.as_ref().map(|(level, _)| *level),
        );
        let (id, title) = (&self.id, escaped(&self.title));
        let about = escaped(&format!(
            "{} against {}. Its values are in the tables of this page; the arrow keys go from column to column.",
            self.quantity, self.across
        ));
        let mut html = format!("<figure class=\"chart\" id=\"{id}\">\n<figcaption><h3>{title}</h3></figcaption>\n");
        html.push_str(&self.legend());
        html.push_str(&paragraph("axis-title", self.quantity));
        // Writing to a `String` cannot fail, here and below.
        let _ = write!(
            html,
            "<div class=\"plot\">\n<svg class=\"up\" aria-hidden=\"true\">{}</svg>\n<svg class=\"area\" role=\"img\" \
             tabindex=\"0\" aria-labelledby=\"{id}-title {id}-about\">\n<title id=\"{id}-title\">{title}</title>\n\
             <desc id=\"{id}-about\">{about}</desc>\n",
            self.up_labels(&scales)
        );
        html.push_str(&self.grid(&scales));
        for (index, curve) in self.curves.iter().enumerate() {
            html.push_str(&drawn(curve, index, &scales));
        }
        html.push_str(&self.columns(&scales));
        let labels = self.across_labels(&scales);
        let _ = write!(html, "</svg>\n<svg class=\"across\" aria-hidden=\"true\">{labels}</svg>\n</div>\n");
        html.push_str(&paragraph("axis-title below", self.across));
        html.push_str("</figure>\n");
        Some(html)
    }

    fn legend(&self) -> String {
        let swatch = |class: &str| {
            format!("<svg aria-hidden=\"true\"><line class=\"{class}\" x2=\"100%\" y1=\"50%\" y2=\"50%\"/></svg>")
        };
        let curves = self.curves.iter().enumerate().map(|(index, curve)| {
            let swatch = match curve.form {
                Form::Scattered => {
                    format!(
                        "<svg aria-hidden=\"true\"><circle class=\"dot {}\" cx=\"50%\" cy=\"50%\" r=\"5\"/></svg>",
                        look(index)
                    )
                }
                Form::Joined | Form::Steps => swatch(&format!("curve {}", look(index))),
            };
            (swatch, &curve.label)
        });
        let lines = self.references.iter().map(|line| (swatch("reference"), &line.label));
        let level = self.level.iter().map(|(_, label)| (swatch("reference"), label));
        let items = curves.chain(lines).chain(level);
        let items: String = items.map(|(swatch, label)| format!("<li>{swatch}{}</li>\n", escaped(label))).collect();
        format!("<ul class=\"legend\">\n{items}</ul>\n")
    }

    fn ticks(&self, scales: &Scales) -> Vec<(f64, String)> {
        let ticks = scales.up.iter().flat_map(Values::ticks).map(|value| (scales.y(value), (self.tick)(value)));
        ticks.chain(scales.has_zero.then(|| (scales.y(0.0), "0".to_owned()))).collect()
    }

    fn up_labels(&self, scales: &Scales) -> String {
        let label = |(y, text): (f64, String)| {
            // The baseline is a third of the letters' height below the line that they name.
            format!("<text x=\"88%\" y=\"{}%\" dy=\"0.35em\" text-anchor=\"end\">{}</text>", number(y), escaped(&text))
        };
        self.ticks(scales).into_iter().map(label).collect()
    }

    fn grid(&self, scales: &Scales) -> String {
        let mut grid: String = self.ticks(scales).into_iter().map(|(y, _)| across_at("grid", y)).collect();
        if scales.has_zero && scales.up.is_some() {
            grid.push_str(&across_at("frame", 100.0 - ZERO_LANE));
        }
        grid.push_str(
            "<line class=\"frame\" y2=\"100%\"/><line class=\"frame\" x2=\"100%\" y1=\"100%\" y2=\"100%\"/>\n",
        );
        for line in &self.references {
            let x = number(scales.across.at(line.at));
            let _ = writeln!(grid, "<line class=\"reference\" x1=\"{x}%\" x2=\"{x}%\" y2=\"100%\"/>");
        }
        if let Some((level, _)) = self.level {
            grid.push_str(&across_at("reference", scales.y(level)));
        }
        grid
    }

    fn across_labels(&self, scales: &Scales) -> String {
        let places: Vec<(f64, f64)> = self.labelled.iter().map(|&value| (scales.across.at(value), value)).collect();
        let every = |step: usize| places.iter().copied().step_by(step).collect::<Vec<_>>();
        let has_room = |labels: &Vec<(f64, f64)>| labels.windows(2).all(|pair| pair[1].0 - pair[0].0 >= LABEL_ROOM);
        let labels = (1..=places.len().max(1)).map(every).find(has_room).unwrap_or_default();
        let label = |(x, value): (f64, f64)| {
            let (x, text) = (number(x), format::number(value));
            format!("<text x=\"{x}%\" y=\"15\" text-anchor=\"middle\">{text}</text>")
        };
        labels.into_iter().map(label).collect()
    }

    /// A column for each value of x, which says all values there.
    fn columns(&self, scales: &Scales) -> String {
        let mut columns: BTreeMap<u64, (f64, Vec<String>)> = BTreeMap::new();
        for curve in &self.curves {
            for point in &curve.points {
                // Positive floats are in the order of their bits.
                let (_, lines) = columns.entry(point.x.to_bits()).or_insert((point.x, Vec::new()));
                lines.push(format!("{}: {}", curve.label, point.says));
            }
        }
        let columns: Vec<(f64, f64, Vec<String>)> =
            columns.into_values().map(|(x, lines)| (scales.across.at(x), x, lines)).collect();
        let mut html = String::new();
        for (index, (at, x, lines)) in columns.iter().enumerate() {
            let left = index.checked_sub(1).map_or(0.0, |before| f64::midpoint(columns[before].0, *at));
            let right = columns.get(index + 1).map_or(100.0, |next| f64::midpoint(next.0, *at));
            let says = format!("{}: {}\n{}", self.across, format::number(*x), lines.join("\n"));
            let [at, left, width] = [*at, left, right - left].map(number);
            let _ = writeln!(
                html,
                "<g class=\"at\" data-part=\"{at}\"><title>{}</title><rect x=\"{left}%\" width=\"{width}%\" \
                 height=\"100%\"/><line x1=\"{at}%\" x2=\"{at}%\" y2=\"100%\"/></g>",
                escaped(&says)
            );
        }
        html
    }
}

fn across_at(class: &str, y: f64) -> String {
    let y = number(y);
    format!("<line class=\"{class}\" x2=\"100%\" y1=\"{y}%\" y2=\"{y}%\"/>\n")
}

#[cfg(test)]
mod tests {
    use super::super::curve::Point;
    use super::*;

    fn chart(ys: &[Option<f64>]) -> Chart {
        let point = |(index, y): (usize, &Option<f64>)| Point {
            x: f64::from(1_u32 << index),
            y: *y,
            interval: None,
            says: y.map_or_else(|| "–".to_owned(), |y| format!("{y} <frames>")),
        };
        let curve =
            Curve { label: "N = 10".into(), points: ys.iter().enumerate().map(point).collect(), form: Form::Joined };
        Chart {
            id: "drop".into(),
            title: "what <script> says".into(),
            quantity: "frames",
            across: "buffer",
            is_log: true,
            labelled: vec![1.0, 2.0, 4.0],
            tick: format::number,
            most: f64::MAX,
            curves: vec![curve],
            references: vec![Reference { at: 2.0, label: "current: 2".into() }],
            level: None,
        }
    }

    #[test]
    fn each_column_says_its_values_and_no_text_is_markup() {
        let html = chart(&[Some(0.5), None, Some(0.0)]).html().unwrap();
        assert!(html.contains("<title>buffer: 1\nN = 10: 0.5 &lt;frames&gt;</title>"), "{html}");
        assert_eq!(html.matches("class=\"at\"").count(), 3);
        assert!(html.contains("what &lt;script&gt; says") && !html.contains("<script"), "{html}");
    }

    #[test]
    fn a_missing_value_interrupts_the_curve_and_zero_has_a_place_of_its_own() {
        let html = chart(&[Some(0.5), None, Some(0.0)]).html().unwrap();
        let path = html.split("class=\"curve s0 d0\" d=\"").nth(1).unwrap().split('"').next().unwrap();
        assert_eq!(path.matches('M').count(), 2, "{path}");
        assert!(path.ends_with(" 94"), "{path}");
        assert!(chart(&[None]).html().is_none());
    }
}
