//! The current buffer, the recommended one, and what each of them loses and costs.

use crate::summary::document::{ByClass, Cell, Sweep, ZeroDrop};
use crate::summary::{format, sizes};

use super::parts::{count_as_f64, interval, rate};
use super::policies::missed_percent;
use super::sizes::risk_at;
use super::table::{Lean, Table};

/// The recommendation: the setting, and why it is that one.
pub(super) fn recommendation(sweep: &Sweep) -> (String, String) {
    let setting = match sweep.recommendation.buffer {
        Some(k) => format!("server.sse_channel_buffer = {k}"),
        None if has_exact_sizes_only(sweep) => {
            let largest = sweep.zero_drop.iter().filter_map(|size| size.buffer).max().unwrap_or(0);
            format!("{} frames, of unknown risk", sizes::with_headroom(largest))
        }
        None => "no size can be recommended".to_owned(),
    };
    let why =
        [Some(sweep.recommendation.because.clone()), risk_of_the_current_buffer(sweep), larger_than_needed(sweep)];
    (setting, why.into_iter().flatten().collect::<Vec<_>>().join(" "))
}

/// Whether sizes were found and no runs were made that would bound their risk.
fn has_exact_sizes_only(sweep: &Sweep) -> bool {
    let mut sizes = sweep.zero_drop.iter();
    !sweep.zero_drop.is_empty() && sizes.all(|size| size.buffer.is_some() && size.marks.is_none())
}

/// The sentence with the number of runs that lose something at the current buffer, for every N at which any run does;
/// `None` where none does.
fn risk_of_the_current_buffer(sweep: &Sweep) -> Option<String> {
    let current = sweep.current_buffer?;
    let of_n = |answer: &ZeroDrop| {
        let risk = risk_at(answer, current).filter(|risk| risk.runs_with_drops > 0)?;
        let (lossy, n) = (format::count(risk.runs_with_drops), format::count(answer.subscribers as u64));
        Some(format!("{lossy} of {} at N = {n}", format::plural(risk.runs, "run")))
    };
    let lossy: Vec<String> = sweep.zero_drop.iter().filter_map(of_n).collect();
    (!lossy.is_empty())
        .then(|| format!("The current buffer of {} loses something in {}.", slots(current), format::listed(&lossy)))
}

/// What a slot costs, in words, and what the current and the recommended buffer cost.
pub(super) fn slot_price(sweep: &Sweep) -> Option<String> {
    let price = bytes_of_a_slot(sweep)?;
    let at = |k: u64| format!("{} {} {}", slots(k), if k == 1 { "is" } else { "are" }, slots_in_bytes(price, k));
    let mut sizes: Vec<u64> = sweep.recommendation.buffer.into_iter().chain(sweep.current_buffer).collect();
    sizes.sort_unstable();
    // The current size may be the recommended one.
    sizes.dedup();
    // What a single slot costs is said in the sentence anyway.
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
    let named = sweep.zero_drop.iter().filter_map(|answer| answer.validation.as_ref());
    let named = named.map(|v| (v.buffer, v.memory_bytes_per_subscriber.slots));
    let (buffer, slots) = cells.chain(named).max().filter(|(buffer, _)| *buffer > 0)?;
    Some(count_as_f64(slots) / count_as_f64(buffer))
}

/// What the current buffer costs where it is at least as large as the recommended one; nothing where it is smaller, or
/// where there is none to recommend.
fn larger_than_needed(sweep: &Sweep) -> Option<String> {
    let (current, recommended) = (sweep.current_buffer?, sweep.recommendation.buffer?);
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

/// What the current buffer does: a sentence and a row an N; none where it was not swept.
pub(super) fn current_buffer(sweep: &Sweep) -> Option<(String, Table)> {
    let current = sweep.current_buffer?;
    let cells: Vec<&Cell> = sweep.cells.iter().filter(|cell| cell.buffer == current).collect();
    let mut table = Table::new(&[
        ("N", Lean::Right),
        ("frames lost", Lean::Right),
        ("drop rate", Lean::Right),
        ("95 % interval", Lean::Right),
        ("missed %", Lean::Right),
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
            missed_percent(cell),
            format!("{} of {}", cell.runs_with_drops, sweep.seeds.len()),
            hardest_hit(cell).unwrap_or_else(|| "–".to_owned()),
            rate(cell.worst_subscriber.as_ref().map(|worst| worst.drop_rate)),
        ]);
    }
    (!cells.is_empty()).then(|| (lost_at_the_current_buffer(&cells, current), table))
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
            "{with} nothing is lost on these seeds at {}. Frames are lost elsewhere: {}.",
            names(&clean),
            format::listed(&lost)
        ),
    }
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
        let same = Sweep { current_buffer: Some(2), ..quiet };
        assert!(why(&same).ends_with("The current buffer of 2 slots is the recommended one."), "{}", why(&same));
        let endless = fixture::steady_overload();
        assert_eq!(why(&endless), endless.recommendation.because);
    }

    #[test]
    fn a_current_buffer_smaller_than_needed_is_said_with_how_often_it_loses_something() {
        let said = why(&fixture::alpha());
        let lossy = "The current buffer of 64 slots loses something in 205 of 600 runs at N = 1,000.";
        assert!(said.ends_with(lossy), "{said}");
    }

    #[test]
    fn tables_compare_with_the_scenarios_own_current_buffer() {
        let sweep = Sweep { current_buffer: Some(16), ..fixture::alpha() };
        let (said, table) = current_buffer(&sweep).unwrap();
        assert!(said.starts_with("With 16 slots frames are lost: "), "{said}");
        assert!(table.markdown().contains("| 10 |"), "{}", table.markdown());
        assert_eq!(
            slot_price(&sweep).unwrap(),
            "A slot is a handle of 16 B: 16 slots are 256 B, 128 slots are 2,048 B a subscriber."
        );
        assert!(current_buffer(&Sweep { current_buffer: Some(17), ..sweep }).is_none());
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
