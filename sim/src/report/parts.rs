//! The parts a report is made of: each a table or a sentence from the document, none where it has nothing to say.

use crate::summary::document::{ByClass, Cell, Memory, Quantiles, Sensitivity, Sweep, ZeroDrop};
use crate::summary::format;

use super::table::{Lean, Table};

/// What arrived and how it was run, as one sentence each.
pub(super) fn load(sweep: &Sweep) -> String {
    let arrivals = &sweep.arrivals;
    let trace = sweep.trace.as_ref().map(|t| format!(" from {} played × {}", t.file, format::number(t.speed_up)));
    let cpu = server(sweep);
    let faults =
        if sweep.faults.is_empty() { String::new() } else { format!(" Goes wrong: {}.", sweep.faults.join("; ")) };
    format!(
        "{} events a run{}: {}/s on average, at most {} in one second, {} each. {} s of arrivals, then at most {} s \
         of drain; {} {}; {}, {} world. {cpu}{faults}",
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

/// What a slot costs, in words, and what the current and the recommended buffer cost.
pub(super) fn slot_price(sweep: &Sweep) -> Option<String> {
    let price = bytes_of_a_slot(sweep)?;
    let at = |k: u64| format!("{} {} {}", slots(k), if k == 1 { "is" } else { "are" }, slots_in_bytes(price, k));
    let mut sizes: Vec<u64> = sweep.recommendation.buffer.into_iter().chain([sweep.current_buffer]).collect();
    sizes.sort_unstable();
    sizes.dedup();
    let costs: Vec<_> = sizes.into_iter().filter(|k| *k > 1).map(at).collect();
    let costs = if costs.is_empty() { String::new() } else { format!(": {} a subscriber", costs.join(", ")) };
    Some(format!("A slot is a handle of {} B{costs}.", format::number(price)))
}

fn slots(k: u64) -> String {
    format::plural(k, "slot")
}

fn slots_in_bytes(price: f64, k: u64) -> String {
    format::bytes(price * count_as_f64(k))
}

/// Of the largest buffer in the document; none where no buffer is known.
fn bytes_of_a_slot(sweep: &Sweep) -> Option<f64> {
    let cells = sweep.cells.iter().map(|cell| (cell.buffer, cell.memory_bytes_per_subscriber.slots));
    let validated = sweep.zero_drop.iter().filter_map(|answer| answer.validation.as_ref());
    let validated = validated.map(|v| (v.buffer, v.memory_bytes_per_subscriber.slots));
    let (buffer, slots) = cells.chain(validated).max().filter(|(buffer, _)| *buffer > 0)?;
    Some(count_as_f64(slots) / count_as_f64(buffer))
}

/// What the current buffer costs where it is at least as large as the recommended one; nothing where it is smaller, or
/// where there is none to recommend.
fn larger_than_needed(sweep: &Sweep) -> Option<String> {
    let (current, recommended) = (sweep.current_buffer, sweep.recommendation.buffer?);
    if current == recommended {
        return Some(format!("The current buffer of {} is the recommended one.", slots(current)));
    }
    let price = bytes_of_a_slot(sweep).filter(|_| current > recommended)?;
    let cost = |k: u64| slots_in_bytes(price, k);
    Some(format!(
        "The current buffer of {} is larger than needed: it costs {} a subscriber, {} {}.",
        slots(current),
        cost(current),
        slots(recommended),
        if recommended == 1 { format!("costs {}", cost(1)) } else { format!("cost {}", cost(recommended)) }
    ))
}

/// Every cell, with all a file has room for.
pub(super) fn cells(sweep: &Sweep) -> Option<Table> {
    let heads = [
        "N",
        "buffer",
        "offered",
        "drop rate",
        "95 % interval",
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
        table.row(counts.into_iter().chain([rate(cell.drop_rate), interval(cell), runs]).chain(latency).chain(memory));
    }
    (!sweep.cells.is_empty()).then_some(table)
}

/// A rate, or a dash where nothing was offered.
pub(super) fn rate(rate: Option<f64>) -> String {
    rate.map_or_else(|| "–".to_owned(), format::rate)
}

fn interval(cell: &Cell) -> String {
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

/// What the current buffer does: a sentence and a row an N; none where it was not swept.
pub(super) fn current_buffer(sweep: &Sweep) -> Option<(String, Table)> {
    let cells: Vec<&Cell> = sweep.cells.iter().filter(|cell| cell.buffer == sweep.current_buffer).collect();
    let mut table = Table::new(&[
        ("N", Lean::Right),
        ("frames lost", Lean::Right),
        ("drop rate", Lean::Right),
        ("95 % interval", Lean::Right),
        ("runs that dropped", Lean::Right),
        ("hardest hit class", Lean::Left),
        ("worst subscriber", Lean::Right),
    ]);
    for cell in &cells {
        table.row([
            format::count(cell.subscribers as u64),
            format::count(cell.dropped.buffer_full),
            rate(cell.drop_rate),
            interval(cell),
            format!("{} of {}", cell.runs_with_drops, sweep.seeds.len()),
            hardest_hit(cell).unwrap_or_else(|| "–".to_owned()),
            rate(cell.worst_subscriber.as_ref().map(|worst| worst.drop_rate)),
        ]);
    }
    (!cells.is_empty()).then(|| (lost_at_the_current_buffer(&cells, sweep.current_buffer), table))
}

fn hardest_hit(cell: &Cell) -> Option<String> {
    let rate = |class: &ByClass| class.drop_rate.filter(|rate| *rate > 0.0);
    let hit = cell.by_class.iter().filter_map(|(name, class)| rate(class).map(|rate| (rate, name)));
    let (rate, name) = hit.max_by(|a, b| a.0.total_cmp(&b.0))?;
    Some(format!("{name}: {}", format::rate(rate)))
}

fn lost_at_the_current_buffer(cells: &[&Cell], buffer: u64) -> String {
    let names = |of: &[&&Cell]| -> String {
        let names: Vec<String> = of.iter().map(|cell| format::count(cell.subscribers as u64)).collect();
        format!("N = {}", format::listed(&names))
    };
    let (lossy, clean): (Vec<&&Cell>, Vec<&&Cell>) = cells.iter().partition(|cell| cell.dropped.buffer_full > 0);
    let lost: Vec<String> =
        lossy.iter().map(|cell| format!("{} at N = {}", rate(cell.drop_rate), cell.subscribers)).collect();
    let with = format!("With {}", slots(buffer));
    match (clean.is_empty(), lossy.is_empty()) {
        (_, true) => format!("{with} nothing is lost on these seeds at {}.", names(&clean)),
        (true, false) => format!("{with} frames are lost: {}.", format::listed(&lost)),
        (false, false) => format!(
            "{with} nothing is lost on these seeds at {}; elsewhere frames are: {}.",
            names(&clean),
            format::listed(&lost)
        ),
    }
}

/// The recommendation: the setting, and why it is that one.
pub(super) fn recommendation(sweep: &Sweep) -> (String, String) {
    let setting = match sweep.recommendation.buffer {
        Some(k) => format!("server.sse_channel_buffer = {k}"),
        None => "no size can be recommended".to_owned(),
    };
    let why = [Some(sweep.recommendation.because.clone()), larger_than_needed(sweep)];
    (setting, why.into_iter().flatten().collect::<Vec<_>>().join(" "))
}

#[expect(clippy::cast_precision_loss, reason = "byte counts far below 2^53")]
pub(super) fn count_as_f64(count: u64) -> f64 {
    count as f64
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::summary::fixture;

    fn why(sweep: &Sweep) -> String {
        recommendation(sweep).1
    }

    #[test]
    fn a_current_buffer_larger_than_needed_is_said_with_what_it_costs() {
        let quiet = fixture::all_zero();
        let said =
            "The current buffer of 64 slots is larger than needed: it costs 1,024 B a subscriber, 2 slots cost 32 B.";
        assert!(why(&quiet).ends_with(said), "{}", why(&quiet));
        let same = Sweep { current_buffer: 2, ..quiet };
        assert!(why(&same).ends_with("The current buffer of 2 slots is the recommended one."), "{}", why(&same));
        for smaller in [fixture::alpha(), fixture::steady_overload()] {
            assert_eq!(why(&smaller), smaller.recommendation.because);
        }
    }

    #[test]
    fn tables_compare_with_the_scenarios_own_current_buffer() {
        let sweep = Sweep { current_buffer: 16, ..fixture::alpha() };
        let (said, table) = current_buffer(&sweep).unwrap();
        assert!(said.starts_with("With 16 slots frames are lost: "), "{said}");
        assert!(table.markdown().contains("| 10 |"), "{}", table.markdown());
        assert_eq!(
            slot_price(&sweep).unwrap(),
            "A slot is a handle of 16 B: 16 slots are 256 B, 128 slots are 2,048 B a subscriber."
        );
        assert!(current_buffer(&Sweep { current_buffer: 17, ..sweep }).is_none());
    }

    #[test]
    fn one_slot_is_written_in_the_singular() {
        let sweep = fixture::one_slot();
        assert_eq!(current_buffer(&sweep).unwrap().0, "With 1 slot nothing is lost on these seeds at N = 10.");
        assert_eq!(slot_price(&sweep).unwrap(), "A slot is a handle of 16 B: 2 slots are 32 B a subscriber.");
        for page in [crate::report::terminal(&sweep), crate::report::readme(&sweep, "x")] {
            assert!(!page.contains("1 slots") && !page.contains("1 frames"), "{page}");
        }
    }
}
