//! The figures of a sweep, a sizing or a load test, from its document.

use std::collections::BTreeSet;

use super::chart::{BUFFERS, Chart};
use super::curve::{Curve, Form, Point, Reference};
use crate::figure::drop_rate::{logarithmic, tick};
use crate::figure::view::{Along, View, as_f64};
use crate::figure::{frame, words};
use crate::report::policies::age;
use crate::report::sizes::risk_at;
use crate::summary::along::has_risk;
use crate::summary::document::{Cell, Sweep};
use crate::summary::format;

/// Most curves in a figure.
const MOST_CURVES: usize = 7;

/// All figures that the document has values for.
pub(super) fn charts(sweep: &Sweep) -> Vec<Chart> {
    if sweep.compares_policies() {
        return super::policies::charts(sweep);
    }
    let mut charts = super::searched::charts(sweep);
    if let Some(view) = View::new(sweep, MOST_CURVES) {
        charts.extend([drop_rate(&view), latency(&view)]);
        charts.extend((!sweep.is_measured()).then(|| memory(&view)));
    }
    charts.extend(has_risk(sweep).then(|| risk(sweep)));
    charts.extend((sweep.zero_drop.len() * sweep.seeds.len() > 1).then(|| seeds(sweep)));
    charts
}

/// A chart of cells, with a curve for each curve of the view.
fn of_cells(view: &View<'_>, id: &str, title: String, point: impl Fn(f64, &Cell) -> Point) -> Chart {
    let curves = view.curves.iter().map(|curve| Curve {
        label: curve.label.clone(),
        points: curve.cells.iter().map(|&(x, cell)| point(x, cell)).collect(),
        form: Form::Joined,
    });
    let across = match view.along {
        Along::Buffers => BUFFERS,
        Along::Subscribers => "subscribers N",
    };
    Chart {
        id: id.to_owned(),
        title,
        quantity: "",
        across,
        is_log: logarithmic(view),
        labelled: view.xs.clone(),
        tick: format::ms,
        most: f64::MAX,
        curves: curves.collect(),
        references: lines(frame::references(view)),
        level: None,
    }
}

fn lines(references: Vec<frame::Reference>) -> Vec<Reference> {
    references.into_iter().map(|line| Reference { at: line.at, label: line.label }).collect()
}

fn drop_rate(view: &View<'_>) -> Chart {
    let point = |x: f64, cell: &Cell| {
        let rate = cell.drop_rate.map_or_else(|| "nothing was offered".to_owned(), format::rate);
        let interval = cell.drop_rate_ci95.filter(|_| cell.drop_rate > Some(0.0));
        let [lost, offered] = [cell.dropped.buffer_full, cell.offered].map(format::count);
        let within = interval.map_or_else(String::new, |ends| format!(", 95 % interval {}", format::interval(ends)));
        Point { x, y: cell.drop_rate, interval, says: format!("{rate}, {lost} of {offered}{within}") }
    };
    let chart = of_cells(view, "drop-rate", words::drop_rate(view), point);
    Chart { quantity: "drop rate: frames lost to a full buffer, of those offered", tick, most: 1.0, ..chart }
}

fn latency(view: &View<'_>) -> Chart {
    let point = |x: f64, cell: &Cell| {
        let quantiles = cell.receipt_latency_ms;
        let says = format!("{}, p50 {}, max {}", age(quantiles.p99), age(quantiles.p50), age(quantiles.max));
        Point { x, y: quantiles.p99, interval: None, says }
    };
    let oldest = view.curves.iter().flat_map(|curve| &curve.cells).filter_map(|(_, cell)| cell.receipt_latency_ms.p99);
    let title = format!("99 % of the events that are read are at most {} old", age(oldest.reduce(f64::max)));
    let chart = of_cells(view, "age", title, point);
    Chart { quantity: "age on receipt, p99, in ms", ..chart }
}

fn memory(view: &View<'_>) -> Chart {
    let point = |x: f64, cell: &Cell| {
        let memory = cell.memory_bytes_per_subscriber;
        let [slots, payload] = [as_f64(memory.slots), memory.payload];
        let says = format!(
            "{} ({} of slots, {} of payload)",
            format::bytes(slots + payload),
            format::bytes(slots),
            format::bytes(payload)
        );
        Point { x, y: Some(slots + payload), interval: None, says }
    };
    let chart = of_cells(view, "memory", words::memory(view), point);
    Chart { quantity: "memory of a subscriber: slots and its part of the payload", tick: format::bytes, ..chart }
}

/// The share of runs that lose anything, against the buffer.
fn risk(sweep: &Sweep) -> Chart {
    let answers: Vec<_> = sweep.zero_drop.iter().filter(|answer| answer.marks.is_some()).take(MOST_CURVES).collect();
    let buffers: BTreeSet<u64> = answers.iter().flat_map(|answer| &answer.risk).map(|risk| risk.buffer).collect();
    let curves = answers.iter().map(|answer| {
        let points = buffers.iter().filter_map(|&buffer| {
            let risk = risk_at(answer, buffer)?;
            let [lossy, runs] = [risk.runs_with_drops, risk.runs].map(format::count);
            let share = as_f64(risk.runs_with_drops) / as_f64(risk.runs.max(1));
            let says = format!("{lossy} of {runs} runs, at most {} (95 %)", format::upper_bound(risk.upper95));
            Some(Point { x: as_f64(buffer), y: Some(share), interval: None, says })
        });
        let label = format!("N = {}", format::count(answer.subscribers as u64));
        Curve { label, points: points.collect(), form: Form::Steps }
    });
    let octaves = (0..21).map(|power| 1_u64 << power).filter(|size| buffers.range(..=size).next().is_some());
    let last = buffers.last().copied().unwrap_or(1).next_power_of_two();
    Chart {
        id: "risk".to_owned(),
        title: "How many runs lose anything at a size".to_owned(),
        quantity: "share of the runs that lose anything",
        across: BUFFERS,
        is_log: true,
        labelled: octaves.take_while(|size| *size <= last).map(as_f64).collect(),
        tick,
        most: 1.0,
        curves: curves.collect(),
        references: lines(frame::buffer_references(sweep)),
        level: None,
    }
}

/// The exact size of each seed, above its N.
fn seeds(sweep: &Sweep) -> Chart {
    let points = sweep.zero_drop.iter().flat_map(|answer| {
        let x = as_f64(answer.subscribers as u64);
        let all = answer.per_seed.iter().zip(&sweep.seeds);
        all.map(move |(&frames, seed)| {
            let says = format!("{} (seed {seed})", format::plural(frames, "frame"));
            Point { x, y: Some(as_f64(frames)), interval: None, says }
        })
    });
    let curve = Curve { label: "a seed".to_owned(), points: points.collect(), form: Form::Scattered };
    let xs: Vec<f64> = sweep.zero_drop.iter().map(|answer| as_f64(answer.subscribers as u64)).collect();
    let (least, most) = xs.iter().fold((f64::MAX, 1.0_f64), |(least, most), x| (least.min(*x), most.max(*x)));
    Chart {
        id: "seeds".to_owned(),
        title: "The fullest mailbox of each seed without a limit".to_owned(),
        quantity: "frames that waited for one subscriber",
        across: "subscribers N",
        is_log: most / least > 16.0,
        labelled: xs,
        tick: format::number,
        most: f64::MAX,
        curves: vec![curve],
        references: Vec::new(),
        level: sweep
            .current_buffer
            .map(|frames| (as_f64(frames), format!("current buffer: {}", format::count(frames)))),
    }
}
