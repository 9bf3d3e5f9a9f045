//! Policies beside each other, as a table.

use crate::summary::document::{Cell, Sweep};
use crate::summary::format;

use super::table::{Lean, Table};

/// One row a policy and size.
pub(super) fn table(sweep: &Sweep) -> Option<Table> {
    let heads = [
        ("N", Lean::Right),
        ("policy", Lean::Left),
        ("buffer", Lean::Right),
        ("missed", Lean::Right),
        ("missed %", Lean::Right),
        ("waiting", Lean::Right),
        ("conflated", Lean::Right),
        ("read twice", Lean::Right),
        ("age p50", Lean::Right),
        ("age p99", Lean::Right),
        ("without a stream", Lean::Right),
        ("slots", Lean::Right),
        ("payloads", Lean::Right),
    ];
    let mut table = Table::new(&heads);
    for cell in &sweep.cells {
        let memory = cell.memory_bytes_per_subscriber;
        table.row([
            format::count(cell.subscribers as u64),
            cell.policy.clone(),
            format::count(cell.buffer),
            format::count(cell.missed),
            missed_percent(cell),
            format::count(cell.in_flight),
            format::count(cell.dropped.conflated),
            format::count(cell.duplicates),
            age(cell.receipt_latency_ms.p50),
            age(cell.receipt_latency_ms.p99),
            format!("{} s", format::number(cell.away_seconds)),
            format::bytes(memory.slots as f64),
            format::bytes(memory.payload),
        ]);
    }
    sweep.compares_policies().then_some(table)
}

/// Missed events in per cent of the wanted ones, or a dash where nothing was wanted.
pub(super) fn missed_percent(cell: &Cell) -> String {
    cell.missed_rate().map_or_else(|| "–".to_owned(), format::percent)
}

pub(super) fn age(ms: Option<f64>) -> String {
    match ms {
        Some(ms) if ms >= 1000.0 => format!("{} s", format::number(ms / 1000.0)),
        Some(ms) => format!("{} ms", format::ms(ms)),
        None => "–".to_owned(),
    }
}

/// One row a policy and size, with as many columns as a terminal has room for.
pub(super) fn short(sweep: &Sweep) -> Option<Table> {
    let heads = ["N", "buffer", "missed %", "waiting", "conflated", "p50", "p99", "away", "policy"];
    let mut table = Table::new(&heads.map(|head| (head, if head == "policy" { Lean::Left } else { Lean::Right })));
    for cell in &sweep.cells {
        table.row([
            format::count(cell.subscribers as u64),
            format::count(cell.buffer),
            missed_percent(cell),
            format::count_short(cell.in_flight),
            format::count_short(cell.dropped.conflated),
            age(cell.receipt_latency_ms.p50),
            age(cell.receipt_latency_ms.p99),
            format!("{} s", format::number(cell.away_seconds)),
            cell.policy.clone(),
        ]);
    }
    sweep.compares_policies().then_some(table)
}

/// How to read [`table`].
pub(super) const KEY: &str = "missed: published while a subscriber wanted it, and not read by it to the end of the run, all \
    seeds · waiting: missed, but still in its mailbox or in the history at the end · conflated: old values replaced by \
    later ones; a client that is cut off afterwards reads them in the replay · age: from publish to receipt, of events that \
    were read · without a stream: mean time of a subscriber between two streams · slots, payloads: memory of a subscriber; \
    payloads include its part of the history";

/// How to read [`short`], whose heads are other than those of [`table`].
pub(super) const SHORT_KEY: &str = "missed %: published while a subscriber wanted it, and not read by it to the end of \
    the run, all seeds · waiting: missed, but still in its mailbox or in the history at the end · conflated: old values \
    replaced by later ones; a client that is cut off afterwards reads them in the replay · p50, p99: age of the events \
    that were read, from publish to receipt · away: mean time of a subscriber between two streams";
