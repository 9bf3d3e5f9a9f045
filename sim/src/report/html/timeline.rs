//! The timeline of a run to zoom into: each panel has its time in milliseconds as coordinates, so that a zoom is another
//! view of the same paths.

use std::fmt::Write as _;

use super::text::{escaped, number, paragraph};
use crate::figure::timeline::{Timeline, TimelineRow};
use crate::summary::format;

/// Of more changes in a row's queue, those within the same part of the time become one: the deepest.
const MOST_STEPS: usize = 20_000;

/// Heights in pixels of a panel's parts, from the top: losses, the queue, what the path did.
const LOSSES: (f64, f64) = (0.0, 12.0);
const QUEUE: (f64, f64) = (14.0, 80.0);
const PATH: (f64, f64) = (96.0, 10.0);

/// The timeline as a figure.
pub(super) fn figure(timeline: &Timeline) -> String {
    let ms = timeline.seconds.max(1e-3) * 1e3;
    let rows = || timeline.rows.iter();
    let deepest = rows().flat_map(|row| row.depth.iter().map(|(_, depth)| *depth)).max().unwrap_or(0).max(1);
    // A limit far above what waited would press the curves flat.
    let shows_limit = timeline.capacity <= 4 * deepest;
    let top = if shows_limit { deepest.max(timeline.capacity) } else { deepest };
    let panels: String = rows()
        .enumerate()
        .map(|(index, row)| panel(row, index, ms, top, shows_limit.then_some(timeline.capacity)))
        .collect();
    let more = match timeline.more {
        0 => String::new(),
        more => {
            format!("{} not shown: they lost no more than these.", format::plural(more as u64, "further subscriber"))
        }
    };
    let title = escaped(&timeline.title);
    format!(
        "<figure class=\"wide\" data-ms=\"{}\">\n<figcaption><h3>{title}</h3>{}</figcaption>\n{}{BUTTONS}\
         <div class=\"timeline\" tabindex=\"0\" role=\"group\" aria-label=\"Timeline of the run: plus and minus zoom, the arrow \
         keys move, 0 shows the whole run\">\n{panels}<div class=\"plot\"><svg class=\"across\" aria-hidden=\"true\">{}</svg></div>\n\
         </div>\n{}{}</figure>\n",
        number(ms),
        paragraph("", &timeline.subtitle),
        legend(timeline, shows_limit),
        ends(timeline.seconds),
        paragraph("axis-title below", "seconds since the start of the run"),
        paragraph("quiet", &more),
    )
}

/// Hidden until the script has given them something to do.
const BUTTONS: &str = "<div class=\"buttons\" hidden>\n<button type=\"button\" data-act=\"in\" aria-label=\"zoom in\">+</button>\n\
    <button type=\"button\" data-act=\"out\" aria-label=\"zoom out\">\u{2212}</button>\n\
    <button type=\"button\" data-act=\"left\" aria-label=\"earlier\">\u{2190}</button>\n\
    <button type=\"button\" data-act=\"right\" aria-label=\"later\">\u{2192}</button>\n\
    <button type=\"button\" data-act=\"whole\">whole run</button>\n\
    <output class=\"shown\"></output>\n<span class=\"quiet\">Drag over a part to zoom into it.</span>\n</div>\n";

/// The ends of the time axis, which the script replaces by ticks.
fn ends(seconds: f64) -> String {
    let text = |at: u32, anchor: &str, label: &str| {
        format!("<text x=\"{at}%\" y=\"15\" text-anchor=\"{anchor}\">{label}</text>")
    };
    text(0, "start", "0") + &text(100, "end", &format::number(seconds))
}

/// What is drawn, and nothing else.
fn legend(timeline: &Timeline, shows_limit: bool) -> String {
    let any = |is: fn(&TimelineRow) -> bool| timeline.rows.iter().any(is);
    let area = |class: &str| format!("<rect class=\"{class}\" y=\"10%\" width=\"100%\" height=\"80%\"/>");
    let bar = |class: &str| format!("<path class=\"{class}\" d=\"M6 1V12M13 1V12M20 1V12\"/>");
    let kinds = [
        (true, area("waiting"), "frames waiting"),
        (shows_limit, "<line class=\"limit\" x2=\"100%\" y1=\"50%\" y2=\"50%\"/>".to_owned(), "the limit"),
        (any(|row| !row.lost.is_empty()), bar("lost"), "frames lost"),
        (any(|row| !row.ended.is_empty()), "<path class=\"ended\" d=\"M13 0V13\"/>".to_owned(), "stream ends"),
        (any(|row| !row.stalls.is_empty()), area("stall"), "reader stalls"),
        (any(|row| !row.outages.is_empty()), area("outage"), "outage of the path"),
        (any(|row| !row.sent_again.is_empty()), bar("again"), "sent again"),
        (any(|row| !row.faults.is_empty()), area("fault"), "a fault"),
    ];
    let items = kinds.iter().filter(|(is_drawn, ..)| *is_drawn);
    let items: String =
        items.map(|(_, mark, name)| format!("<li><svg aria-hidden=\"true\">{mark}</svg>{name}</li>\n")).collect();
    format!("<ul class=\"legend\">\n{items}</ul>\n")
}

fn panel(row: &TimelineRow, index: usize, ms: f64, top: u64, limit: Option<u64>) -> String {
    let label = escaped(&row.label);
    let place = |height: f64| number(QUEUE.0 + QUEUE.1 * (1.0 - height));
    let limit_line = limit.map_or_else(String::new, |limit| {
        let y = place(limit as f64 / top as f64);
        format!("<line class=\"limit\" x2=\"100%\" y1=\"{y}\" y2=\"{y}\"/>")
    });
    // Writing to a `String` cannot fail, here and below.
    let mut html = format!(
        "<div class=\"row\">\n<div class=\"head\"><span id=\"row-{index}\">{label}</span><span class=\"now\"></span></div>\n\
         <div class=\"plot\">\n<svg class=\"up\" aria-hidden=\"true\"><text x=\"88%\" y=\"{}\" dy=\"0.35em\" text-anchor=\"end\">{}\
         </text><text x=\"88%\" y=\"{}\" text-anchor=\"end\">0</text></svg>\n\
         <svg class=\"area\" role=\"img\" aria-labelledby=\"row-{index}\">\n<desc>The queue of the subscriber over the time of \
         the run.</desc>\n<rect class=\"ground\" y=\"{}\" width=\"100%\" height=\"{}\"/>\n",
        place(1.0),
        format::count(top),
        place(0.0),
        place(1.0),
        number(QUEUE.1),
    );
    let stalls = row.stalls.iter().map(|&(from, until)| span("stall", from, until, top as f64, "reader stalls"));
    let ended = ticks("ended", &row.ended, top as f64);
    let queue = format!("{}{}{ended}", stalls.collect::<String>(), waiting(row, ms, top));
    let faults = row.faults.iter().map(|(from, until, name)| span("fault", *from, *until, 0.07 * top as f64, name));
    html.push_str(&time(LOSSES, ms, 1.0, &ticks("lost", &row.lost, 1.0)));
    html.push_str(&time(QUEUE, ms, top as f64, &(queue + &faults.collect::<String>())));
    let outages = row.outages.iter().map(|&(from, until)| span("outage", from, until, 1.0, "outage of the path"));
    html.push_str(&time(PATH, ms, 1.0, &(outages.collect::<String>() + &ticks("again", &row.sent_again, 1.0))));
    let _ = write!(
        html,
        "{limit_line}\n<line class=\"frame\" x2=\"100%\" y1=\"{0}\" y2=\"{0}\"/>\n</svg>\n</div>\n</div>\n",
        place(0.0)
    );
    html
}

/// A part of a panel whose coordinates are milliseconds and `top` units of height.
fn time((y, height): (f64, f64), ms: f64, top: f64, content: &str) -> String {
    format!(
        "<svg class=\"time\" y=\"{}\" width=\"100%\" height=\"{}\" viewBox=\"0 0 {} {}\" preserveAspectRatio=\"none\">{content}</svg>\n",
        number(y),
        number(height),
        number(ms),
        number(top)
    )
}

fn span(class: &str, from: f64, until: f64, height: f64, says: &str) -> String {
    format!(
        "<rect class=\"{class}\" data-says=\"{}\" x=\"{}\" width=\"{}\" height=\"{}\"/>",
        escaped(says),
        number(from * 1e3),
        number((until - from).max(0.0) * 1e3),
        number(height)
    )
}

/// A mark at each moment; nothing where there is none.
fn ticks(class: &str, moments: &[f64], height: f64) -> String {
    let path: String = moments.iter().map(|at| format!("M{} 0v{}", number(at * 1e3), number(height))).collect();
    if path.is_empty() { path } else { format!("<path class=\"{class}\" d=\"{path}\"/>") }
}

/// The queue as an area of steps. The script reads its values off the path.
fn waiting(row: &TimelineRow, ms: f64, top: u64) -> String {
    let mut path = format!("M0 {top}");
    let mut last = 0;
    for (at, depth) in thinned(&row.depth, ms) {
        if depth != last {
            let _ = write!(path, "H{}V{}", number(at), top - depth.min(top));
            last = depth;
        }
    }
    format!("<path class=\"waiting\" data-top=\"{top}\" d=\"{path}H{}V{top}Z\"/>", number(ms))
}

/// Changes in milliseconds; of very many, the deepest and the last of each part of the time.
fn thinned(depth: &[(f64, u64)], ms: f64) -> Vec<(f64, u64)> {
    let all = depth.iter().map(|&(at, depth)| (at * 1e3, depth));
    if depth.len() <= MOST_STEPS {
        return all.collect();
    }
    let part = 2.0 * ms / MOST_STEPS as f64;
    let all: Vec<(f64, u64)> = all.collect();
    let parts = all.chunk_by(|one, other| (one.0 / part).floor() == (other.0 / part).floor());
    parts
        .flat_map(|part| {
            let deepest = part.iter().copied().max_by_key(|(_, depth)| *depth);
            let last = part.last().copied().filter(|last| deepest.is_some_and(|deepest| deepest.0 < last.0));
            deepest.into_iter().chain(last)
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn timeline() -> Timeline {
        let row = TimelineRow {
            label: "subscriber 3, <b>tab</b>".into(),
            depth: vec![(0.5, 1), (0.5, 2), (1.25, 1), (2.0, 0)],
            lost: vec![0.75],
            stalls: vec![(0.5, 1.0)],
            outages: Vec::new(),
            sent_again: Vec::new(),
            ended: Vec::new(),
            faults: vec![(1.0, 1.0, "reader <stops>".into())],
        };
        Timeline {
            title: "a <burst>".into(),
            subtitle: "K = 2".into(),
            seconds: 3.0,
            capacity: 2,
            rows: vec![row],
            more: 4,
        }
    }

    #[test]
    fn a_row_has_its_queue_in_milliseconds_and_its_losses_and_spans() {
        let html = figure(&timeline());
        assert!(html.contains("d=\"M0 2H500V1H500V0H1250V1H2000V2H3000V2Z\""), "{html}");
        assert!(html.contains("class=\"lost\" d=\"M750 0v1\""), "{html}");
        assert!(html.contains("data-says=\"reader stalls\" x=\"500\" width=\"500\" height=\"2\""), "{html}");
        assert!(html.contains("4 further subscribers not shown"), "{html}");
        assert!(!html.contains("outage of the path"), "the legend has what is drawn");
    }

    #[test]
    fn texts_of_a_timeline_are_not_markup() {
        let html = figure(&timeline());
        assert!(!html.contains("<b>") && !html.contains("<stops>") && !html.contains("<burst>"), "{html}");
    }

    #[test]
    fn of_very_many_changes_the_deepest_stay() {
        let depth: Vec<(f64, u64)> =
            (0..200_000_u32).map(|n| (f64::from(n) / 1e3, u64::from(n % 1000 == 77))).collect();
        let kept = thinned(&depth, 200_000.0);
        assert!(kept.len() <= 2 * MOST_STEPS, "{}", kept.len());
        assert_eq!(kept.iter().filter(|(_, depth)| *depth == 1).count(), 200);
    }
}
