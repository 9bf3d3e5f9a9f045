//! The parts a report is made of: each a table or a sentence from the document, none where it has nothing to say.

use hubbub::Overflow;

use crate::summary::document::{Cell, Memory, Quantiles, Sensitivity, Sweep, ZeroDrop};
use crate::summary::format;

use super::policies::missed_percent;
use super::run_with;
use super::table::{Lean, Table};

/// What arrived and how it was run, as one sentence each.
pub(super) fn load(sweep: &Sweep) -> String {
    let arrivals = &sweep.arrivals;
    let trace = sweep.trace.as_ref().map(|t| format!(" from {} played × {}", t.file, format::number(t.speed_up)));
    let cpu = server(sweep);
    let needs = run_with::sentence(sweep).map(|sentence| format!(" {sentence}")).unwrap_or_default();
    let faults =
        if sweep.faults.is_empty() { String::new() } else { format!(" Goes wrong: {}.", sweep.faults.join("; ")) };
    format!(
        "{} events a run{}: {}/s on average, at most {} in one second, {} each. {} s of arrivals, then at most {} s \
         of drain; {} {}; {}, {} world. {cpu}{faults}{needs}",
        format::number(arrivals.events),
        trace.unwrap_or_default(),
        format::number(arrivals.mean_per_second),
        format::count(arrivals.peak_per_second),
        format::bytes(arrivals.mean_payload_bytes),
        format::number(sweep.virtual_seconds),
        format::number(sweep.drain_seconds),
        if sweep.seeds.len() == 1 { "seed" } else { "seeds" },
        format::seeds(&sweep.seeds),
        sweep.policy_in_words(),
        sweep.world,
    )
}

/// What the server has to work with.
fn server(sweep: &Sweep) -> String {
    match (&sweep.machine, &sweep.cpu) {
        (Some(machine), _) => format!(
            "Measured on {} × {}, {:.0} GiB of memory, Linux {}, server and clients together.",
            machine.cores,
            if machine.cpu.is_empty() { "a processor that says no name" } else { &machine.cpu },
            count_as_f64(machine.memory_bytes) / f64::from(1 << 30),
            machine.kernel,
        ),
        (None, Some(cpu)) => format!(
            "One server worker: {} µs a publish, {} µs a delivery.",
            format::number(cpu.publish_us),
            format::number(cpu.delivery_us)
        ),
        (None, None) => "The server's CPU costs nothing.".to_owned(),
    }
}

/// The classes of the population.
pub(super) fn population(sweep: &Sweep) -> Option<Table> {
    let mut table = Table::new(&[
        ("class", Lean::Left),
        ("round trip", Lean::Right),
        ("window", Lean::Right),
        ("reads", Lean::Left),
    ]);
    for class in &sweep.classes {
        let round_trip =
            class.round_trip_ms.map_or_else(|| "minimum".to_owned(), |ms| format!("{} ms", format::ms(ms)));
        let name = super::table::cut(&class.name, 20);
        table.row([name, round_trip, window(class.window_bytes), class.reads.clone()]);
    }
    (!sweep.classes.is_empty()).then_some(table)
}

/// Windows are powers of two more often than not and read best that way.
fn window(bytes: u64) -> String {
    if bytes >= 1024 && bytes.is_multiple_of(1024) {
        format!("{} KiB", format::count(bytes / 1024))
    } else {
        format!("{} B", format::count(bytes))
    }
}

/// The exact sizes, one row an N.
pub(super) fn sizes(sweep: &Sweep) -> Option<Table> {
    let mut table = Table::new(&[
        ("N", Lean::Right),
        ("exact size", Lean::Right),
        ("per seed", Lean::Right),
        ("rule", Lean::Right),
        ("validated", Lean::Right),
        ("dropped runs", Lean::Right),
        ("P(run drops) ≤", Lean::Right),
    ]);
    for answer in &sweep.zero_drop {
        let validation = answer.validation.as_ref();
        let dash = || "–".to_owned();
        table.row([
            format::count(answer.subscribers as u64),
            answer.buffer.map_or_else(|| "none".to_owned(), format::count),
            range(&answer.per_seed),
            answer.first_order_rule.map_or_else(dash, format::count),
            validation.map_or_else(dash, |v| format::count(v.buffer)),
            validation.map_or_else(dash, |v| format!("{} of {}", format::count(v.runs_with_drops), v.seeds.len())),
            validation.map_or_else(dash, |v| format::upper_bound(v.run_drop_probability_upper95)),
        ]);
    }
    (!sweep.zero_drop.is_empty()).then_some(table)
}

fn range(marks: &[u64]) -> String {
    match (marks.iter().min(), marks.iter().max()) {
        (Some(low), Some(high)) if low == high => format::count(*low),
        (Some(low), Some(high)) => format!("{}–{}", format::count(*low), format::count(*high)),
        _ => "–".to_owned(),
    }
}

/// What a buffer of the exact size does, as the end of a sentence about the buffer.
pub fn size_does(policy: Overflow) -> &'static str {
    match policy {
        Overflow::DropNewest | Overflow::DropOldest => "loses nothing",
        Overflow::Conflate => "replaces no value",
        Overflow::Disconnect => "cuts nobody off",
        Overflow::Park => "parks nobody",
    }
}

/// What the sizes mean under a policy that loses nothing for want of slots; none under the other policies.
pub(super) fn size_means(sweep: &Sweep) -> Option<&'static str> {
    if sweep.zero_drop.iter().all(|size| size.buffer.is_none()) {
        return None;
    }
    match sweep.policy.parse() {
        Ok(Overflow::Park) => Some(
            "Under park a full buffer loses nothing. This size is the smallest at which no subscriber is parked. With a \
             smaller one, parked subscribers read on from the history: size the history for the longest time that a reader \
             falls behind.",
        ),
        Ok(Overflow::Disconnect) => Some(
            "Under disconnect a full buffer ends the stream. This size is the smallest at which no subscriber is cut off. \
             With a smaller one, clients come back and read what they missed from the history: size the history for the \
             time that they were behind and away.",
        ),
        Ok(Overflow::Conflate) => Some(
            "Under conflate a full buffer replaces old values. This size is the smallest at which no value is replaced and \
             no subscriber is cut off.",
        ),
        Ok(Overflow::DropNewest | Overflow::DropOldest) | Err(_) => None,
    }
}

/// Who binds each size and when, or why there is none; one line an N.
pub(super) fn bindings(sweep: &Sweep) -> Vec<String> {
    sweep.zero_drop.iter().map(binding).collect()
}

fn binding(answer: &ZeroDrop) -> String {
    let mut line = format!("N = {}: ", format::count(answer.subscribers as u64));
    match (&answer.reason, &answer.binding) {
        (Some(code), _) => {
            line.push_str(&format!("no buffer is large enough, {}", format::reason(code)));
            let most = answer.per_seed.iter().max().copied().unwrap_or(0);
            let frames = if most == 1 { "frame" } else { "frames" };
            line.push_str(&format!("; these runs reached {} {frames}", range(&answer.per_seed)));
        }
        (None, Some(b)) => {
            let at = format::number(b.at_ms / 1e3);
            line.push_str(&format!("bound by subscriber {} ({}) at {at} s of seed {}", b.subscriber, b.class, b.seed));
        }
        (None, None) => line.push_str("no subscriber binds"),
    }
    for failed in answer.validation.iter().flat_map(|v| &v.failed) {
        let runs = format!("{} of {}", format::count(failed.runs_with_drops), format::plural(failed.runs, "run"));
        line.push_str(&format!("; {} failed validation, {runs} dropped", format::plural(failed.buffer, "slot")));
    }
    line
}

/// What a validated size costs and how late frames are at it, one row an N.
pub(super) fn cost(sweep: &Sweep) -> Option<Table> {
    let mut table = Table::new(&[
        ("N", Lean::Right),
        ("buffer", Lean::Right),
        ("slots", Lean::Right),
        ("payload", Lean::Right),
        ("flush p50 ms", Lean::Right),
        ("p99 ms", Lean::Right),
        ("max ms", Lean::Right),
    ]);
    let mut any = false;
    for answer in &sweep.zero_drop {
        let Some(validation) = &answer.validation else { continue };
        let Memory { slots, payload, .. } = validation.memory_bytes_per_subscriber;
        let latency = validation.flush_latency_ms;
        any = true;
        table.row([
            format::count(answer.subscribers as u64),
            format::count(validation.buffer),
            format::bytes(count_as_f64(slots)),
            format::bytes(payload),
            format::ms_or_dash(latency.p50),
            format::ms_or_dash(latency.p99),
            format::ms_or_dash(latency.max),
        ]);
    }
    any.then_some(table)
}

/// Every cell, with all a file has room for.
pub(super) fn cells(sweep: &Sweep) -> Option<Table> {
    let heads = [
        "N",
        "buffer",
        "offered",
        "drop rate",
        "95 % interval",
        "missed",
        "missed %",
        "runs that dropped",
        "flush p50 ms",
        "p99 ms",
        "p99.9 ms",
        "max ms",
        "receipt p99 ms",
        "slots",
        "payload",
    ];
    let mut table = Table::new(&heads.map(|head| (head, Lean::Right)));
    for cell in &sweep.cells {
        let Quantiles { p50, p99, p999, max } = cell.flush_latency_ms;
        let latency = [p50, p99, p999, max, cell.receipt_latency_ms.p99].map(format::ms_or_dash);
        let Memory { slots, payload, .. } = cell.memory_bytes_per_subscriber;
        let counts = [cell.subscribers as u64, cell.buffer, cell.offered].map(format::count);
        let memory = [format::bytes(count_as_f64(slots)), format::bytes(payload)];
        let runs = format!("{} of {}", cell.runs_with_drops, sweep.seeds.len());
        let losses = [rate(cell.drop_rate), interval(cell), format::count(cell.missed), missed_percent(cell), runs];
        table.row(counts.into_iter().chain(losses).chain(latency).chain(memory));
    }
    (!sweep.cells.is_empty()).then_some(table)
}

/// A rate, or a dash where nothing was offered.
pub(super) fn rate(rate: Option<f64>) -> String {
    rate.map_or_else(|| "–".to_owned(), format::rate)
}

pub(super) fn interval(cell: &Cell) -> String {
    cell.drop_rate_ci95.map_or_else(|| "–".to_owned(), format::interval)
}

/// How the sizes move: a row a change, a column an N.
pub(super) fn sensitivity(sweep: &Sweep) -> Option<Table> {
    let (mut changes, mut subscribers): (Vec<&str>, Vec<usize>) = (Vec::new(), Vec::new());
    for entry in &sweep.sensitivity {
        if !changes.contains(&entry.change.as_str()) {
            changes.push(&entry.change);
        }
        if !subscribers.contains(&entry.subscribers) {
            subscribers.push(entry.subscribers);
        }
    }
    let heads: Vec<String> = subscribers.iter().map(|n| format!("N = {}", format::count(*n as u64))).collect();
    let columns = heads.iter().map(|head| (head.as_str(), Lean::Right));
    let mut table = Table::new(&[("load", Lean::Left)].into_iter().chain(columns).collect::<Vec<_>>());
    for change in &changes {
        let size = |n: &usize| {
            let entry = sweep.sensitivity.iter().find(|entry| entry.change == *change && entry.subscribers == *n);
            entry.map_or_else(|| "–".to_owned(), moved_size)
        };
        table.row(std::iter::once((*change).to_owned()).chain(subscribers.iter().map(size)));
    }
    (!changes.is_empty()).then_some(table)
}

/// A size under a changed load, or why there is none.
pub(super) fn moved_size(entry: &Sensitivity) -> String {
    match (entry.buffer, entry.reason.as_deref()) {
        (Some(k), _) => format::count(k),
        (None, Some(code)) => format!("none: {}", format::reason(code)),
        (None, None) => "none".to_owned(),
    }
}

#[expect(clippy::cast_precision_loss, reason = "byte counts far below 2^53")]
pub(super) fn count_as_f64(count: u64) -> f64 {
    count as f64
}
