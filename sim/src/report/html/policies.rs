//! The figures of compared policies: what is missed and how old events are, for each number of subscribers.

use super::chart::{BUFFERS, Chart};
use super::curve::{Curve, Form, Point};
use crate::figure::drop_rate::tick;
use crate::figure::view::as_f64;
use crate::report::policies::{age, missed_percent};
use crate::summary::document::{Cell, Sweep};
use crate::summary::format;

/// Two figures for each N.
pub(super) fn charts(sweep: &Sweep) -> Vec<Chart> {
    let mut subscribers: Vec<usize> = sweep.cells.iter().map(|cell| cell.subscribers).collect();
    subscribers.sort_unstable();
    // Every N has a cell for each buffer and policy.
    subscribers.dedup();
    subscribers.into_iter().flat_map(|n| [missed(sweep, n), ages(sweep, n)]).collect()
}

fn missed(sweep: &Sweep, n: usize) -> Chart {
    let says = |cell: &Cell| {
        let [missed, wanted] = [cell.missed, cell.wanted].map(format::count);
        format!("{} %, {missed} of {wanted}", missed_percent(cell))
    };
    let chart = chart(sweep, n, "missed", |cell| (cell.missed_rate(), says(cell)));
    let title = format!("What is missed with N = {}", format::count(n as u64));
    Chart { title, quantity: "part of the wanted events that is never read", tick, most: 1.0, ..chart }
}

fn ages(sweep: &Sweep, n: usize) -> Chart {
    let chart = chart(sweep, n, "age", |cell| (cell.receipt_latency_ms.p99, age(cell.receipt_latency_ms.p99)));
    let title = format!("How old events are with N = {}", format::count(n as u64));
    Chart { title, quantity: "age on receipt, p99, in ms", ..chart }
}

fn chart(sweep: &Sweep, n: usize, id: &str, value: impl Fn(&Cell) -> (Option<f64>, String)) -> Chart {
    let mut curves: Vec<Curve> = Vec::new();
    let mut cells: Vec<&Cell> = sweep.cells.iter().filter(|cell| cell.subscribers == n).collect();
    // Curves are drawn from left to right; the sort is stable and leaves the order of the policies.
    cells.sort_by_key(|cell| cell.buffer);
    for cell in &cells {
        let (y, says) = value(cell);
        let point = Point { x: as_f64(cell.buffer), y, interval: None, says };
        match curves.iter_mut().find(|curve| curve.label == cell.policy) {
            Some(curve) => curve.points.push(point),
            None => curves.push(Curve { label: cell.policy.clone(), points: vec![point], form: Form::Joined }),
        }
    }
    let mut labelled: Vec<f64> = cells.iter().map(|cell| as_f64(cell.buffer)).collect();
    labelled.dedup();
    Chart {
        id: format!("{id}-{n}"),
        title: String::new(),
        quantity: "",
        across: BUFFERS,
        is_log: true,
        labelled,
        tick: format::ms,
        most: f64::MAX,
        curves,
        references: Vec::new(),
        level: None,
    }
}
