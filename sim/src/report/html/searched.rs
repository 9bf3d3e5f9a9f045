//! The search of a size that keeps an objective: each limit's value against the sizes that were tried.

use super::chart::{BUFFERS, Chart};
use super::curve::{Curve, Form, Point, Reference};
use crate::figure::view::as_f64;
use crate::report::objective::{in_unit, name};
use crate::summary::document::{Limit, ObjectiveSize, Sweep};
use crate::summary::format;

/// A figure for each N, of the policy that answers.
pub(super) fn charts(sweep: &Sweep) -> Vec<Chart> {
    let Some(result) = &sweep.objective else { return Vec::new() };
    result.answers().into_iter().map(|answer| chart(answer, &result.limits)).collect()
}

fn chart(answer: &ObjectiveSize, limits: &[Limit]) -> Chart {
    let curves = limits.iter().enumerate().filter_map(|(index, limit)| curve(answer, index, limit));
    let n = format::count(answer.subscribers as u64);
    let policy = &answer.policy;
    let title = match answer.buffer {
        Some(buffer) => {
            format!("N = {n}, {policy}: {} keep every limit", format::plural(buffer, "frame"))
        }
        None => format!("N = {n}, {policy}: no size keeps every limit"),
    };
    let size = answer
        .buffer
        .map(|buffer| Reference { at: as_f64(buffer), label: format!("smallest: {}", format::count(buffer)) });
    Chart {
        id: format!("objective-{}", answer.subscribers),
        title,
        quantity: "value as a multiple of its limit",
        across: BUFFERS,
        is_log: true,
        labelled: answer.tried.iter().map(|tried| as_f64(tried.buffer)).collect(),
        tick: format::number,
        most: f64::MAX,
        curves: curves.collect(),
        references: size.into_iter().collect(),
        level: Some((1.0, "the limit".to_owned())),
    }
}

/// A limit over the sizes tried; none for a limit of nothing, which has no multiples.
fn curve(answer: &ObjectiveSize, index: usize, limit: &Limit) -> Option<Curve> {
    if limit.at_most <= 0.0 {
        return None;
    }
    let points = answer.tried.iter().map(|tried| {
        let value = tried.values.get(index).copied().flatten();
        let says = value.map_or_else(|| "–".to_owned(), |value| in_unit(limit.figure, value));
        let y = value.map(|value| value / limit.at_most);
        let after = tried.seeds_run.map(|seeds| format!(" after {}", format::plural(seeds, "run")));
        Point {
            x: as_f64(tried.buffer),
            y,
            interval: None,
            says: format!("{says}{}, limit {}", after.unwrap_or_default(), in_unit(limit.figure, limit.at_most)),
        }
    });
    let whom = limit.class.as_ref().map_or_else(String::new, |class| format!("{class}: "));
    Some(Curve { label: format!("{whom}{}", name(limit.figure)), points: points.collect(), form: Form::Joined })
}
