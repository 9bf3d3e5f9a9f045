//! The parts a report is made of: each a table or a sentence from the document, none where it has nothing to say.

use crate::summary::document::{Cell, Memory, Quantiles, Sensitivity, Sweep};
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
        (None, Some(cpu)) => {
            let [publish, write, frame, connect] =
                [cpu.publish_us, cpu.delivery_us, cpu.frame_us, cpu.connect_us].map(format::number);
            let frames =
                if cpu.frame_us == 0.0 { String::new() } else { format!(" and {frame} µs for each frame in it") };
            let connections =
                if cpu.connect_us == 0.0 { String::new() } else { format!(", {connect} µs a connection") };
            format!("One server worker: {publish} µs a publish, {write} µs a write{frames}{connections}.")
        }
        (None, None) => "The server's CPU costs nothing.".to_owned(),
    }
}

/// The classes of the population.
pub(super) fn population(sweep: &Sweep) -> Option<Table> {
    let mut columns =
        vec![("class", Lean::Left), ("round trip", Lean::Right), ("window", Lean::Right), ("reads", Lean::Left)];
    // Last, where a terminal may cut it: `sim check` shows it whole.
    let has_paths = sweep.classes.iter().any(|class| class.path.is_some());
    columns.extend(has_paths.then_some(("path", Lean::Left)));
    let mut table = Table::new(&columns);
    for class in &sweep.classes {
        let round_trip =
            class.round_trip_ms.map_or_else(|| "minimum".to_owned(), |ms| format!("{} ms", format::ms(ms)));
        let name = super::table::cut(&class.name, 20);
        let path = class.path.clone().or_else(|| has_paths.then(|| "–".to_owned()));
        let window = if class.window_is_tuned { "auto".to_owned() } else { window(class.window_bytes) };
        table.row([name, round_trip, window, class.reads.clone()].into_iter().chain(path));
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
        // In the order of the document, in which the load as planned comes first.
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
