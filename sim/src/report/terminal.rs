//! What an operator sees at the end of `cargo sim sweep` and `cargo sim size`: at most 80 columns, no colour.

use std::fmt::Write as _;

use crate::summary::document::{Cell, Sweep};
use crate::summary::format;

use super::classes;
use super::current;
use super::objective;
use super::parts;
use super::policies;
use super::real;
use super::restarts;
use super::runs_done;
use super::sizes;
use super::table::{Lean, Table, prose};

/// The sweep as a page of text, each line at most 80 columns and ended.
///
/// A document without cells, as `size` leaves it, has no table of cells; one with a sensitivity has that too.
#[must_use]
pub fn terminal(sweep: &Sweep) -> String {
    if sweep.is_measured() {
        return real::terminal(sweep);
    }
    let mut page = head(sweep);
    if let Some(policies) = policies::short(sweep) {
        let _ = write!(page, "\nThe policies\n\n{}\n{}", policies.plain(false), prose(policies::SHORT_KEY, "  "));
        for what in &sweep.not_applied {
            let _ = write!(page, "\n{}", prose(&format!("Not run: {what}."), "  "));
        }
        page.push_str(&objective::terminal(sweep).unwrap_or_default());
        page.push_str(&told_of_runs(sweep));
        return page;
    }
    page.push_str(&told_of_cells(sweep));
    page.push_str(&told_of_restarts(sweep));
    page.push_str(&told_of_sizes(sweep));
    if let Some(sensitivity) = sensitivity(sweep) {
        let _ = write!(page, "\nHow the size moves\n\n{}", sensitivity.plain(false));
    }
    let (setting, because) = current::recommendation(sweep);
    match objective::terminal(sweep) {
        None => {
            let _ = write!(page, "\n→ {setting}\n\n{}", prose(&because, "  "));
        }
        // The answer is the last arrow: what loses nothing is only beside it.
        Some(objective) => {
            let _ = write!(page, "\nTo lose nothing: {setting}\n\n{}{objective}", prose(&because, "  "));
        }
    }
    page.push_str(&told_of_runs(sweep));
    page
}

/// The load, the population and the cells of a sweep, without sizes: for a server whose sizes are told otherwise.
#[must_use]
pub fn terminal_of_cells(sweep: &Sweep) -> String {
    head(sweep) + &told_of_cells(sweep) + &told_of_restarts(sweep)
}

fn head(sweep: &Sweep) -> String {
    let mut page = prose(&format!("{} · {}", sweep.scenario, sweep.question), "");
    page.push('\n');
    page.push_str(&prose(&parts::load(sweep), "  "));
    if let Some(population) = parts::population(sweep) {
        // Writing to a `String` cannot fail, here and below.
        let _ = write!(page, "\n{}", population.plain(false));
    }
    page
}

fn told_of_cells(sweep: &Sweep) -> String {
    let Some(cells) = cells(sweep) else { return String::new() };
    let key = "offered: frames, all seeds · drop %: lost to a full buffer, of those offered · interval: 95 % over \
               seeds · missed %: never read, of those published while a viewer wanted them · p50, p99, max: publish \
               to flush, ms · memory: slots and payload of one subscriber";
    format!("\nThe sweep\n\n{}\n{}", cells.plain(true), prose(key, "  "))
}

fn told_of_restarts(sweep: &Sweep) -> String {
    let Some(table) = restarts::table(sweep) else { return String::new() };
    format!("\nAfter a restart of the server\n\n{}\n{}", table.plain(true), prose(restarts::KEY, "  "))
}

fn told_of_runs(sweep: &Sweep) -> String {
    runs_done::in_words(sweep).map_or_else(String::new, |words| format!("\n{}", prose(&words, "  ")))
}

/// The cells, with as many columns as a terminal has room for.
fn cells(sweep: &Sweep) -> Option<Table> {
    let heads = ["N", "buffer", "offered", "drop %", "interval", "missed %", "p50", "p99", "max", "memory"];
    let mut table = Table::new(&heads.map(|head| (head, Lean::Right)));
    let mut above = None;
    for cell in &sweep.cells {
        // N stands once, at the first row of its group.
        let repeated = above.replace(cell.subscribers) == Some(cell.subscribers);
        let n = if repeated { String::new() } else { format::count(cell.subscribers as u64) };
        table.row(std::iter::once(n).chain(measured(cell)));
    }
    (!sweep.cells.is_empty()).then_some(table)
}

fn measured(cell: &Cell) -> [String; 9] {
    let dash = || "–".to_owned();
    let latency = cell.flush_latency_ms;
    let memory = cell.memory_bytes_per_subscriber;
    [
        format::count(cell.buffer),
        format::count_short(cell.offered),
        cell.drop_rate.map_or_else(dash, format::percent),
        cell.drop_rate_ci95.map_or_else(dash, |[a, b]| format!("{}–{}", format::percent(a), format::percent(b))),
        policies::missed_percent(cell),
        format::ms_or_dash(latency.p50),
        format::ms_or_dash(latency.p99),
        format::ms_or_dash(latency.max),
        format::bytes(parts::count_as_f64(memory.slots) + memory.payload),
    ]
}

fn told_of_sizes(sweep: &Sweep) -> String {
    let Some(table) = sizes::table(sweep) else { return String::new() };
    let key = prose(sizes::KEY, "  ");
    let mut text = format!("\nThe size, and the risk that it leaves\n\n{}\n{key}\n", table.plain(false));
    for line in sizes::bindings(sweep).into_iter().chain(sizes::extrapolated(sweep)) {
        text.push_str(&prose(&line, "  "));
    }
    if let Some(means) = sizes::size_means(sweep) {
        let _ = write!(text, "\n{}", prose(means, "  "));
    }
    if let Some(cost) = sizes::cost(sweep) {
        let _ = write!(text, "\nAt that size, a subscriber\n\n{}", cost.plain(false));
    }
    if let Some(classes) = classes::table(sweep) {
        let _ = write!(text, "\nAt that size, by class\n\n{}\n{}", classes.plain(true), prose(classes::KEY, "  "));
    }
    text
}

/// A row a change and N: beside each other they would not fit.
fn sensitivity(sweep: &Sweep) -> Option<Table> {
    let mut table = Table::new(&[("N", Lean::Right), ("load", Lean::Left), ("exact size", Lean::Left)]);
    let mut above = None;
    for entry in &sweep.sensitivity {
        let repeated = above.replace(entry.subscribers) == Some(entry.subscribers);
        let n = if repeated { String::new() } else { format::count(entry.subscribers as u64) };
        table.row([n, entry.change.clone(), parts::moved_size(entry)]);
    }
    (!sweep.sensitivity.is_empty()).then_some(table)
}

#[cfg(test)]
mod tests {
    use super::super::table::COLUMNS;
    use super::*;
    use crate::summary::fixture;

    #[test]
    fn no_line_is_wider_than_a_terminal() {
        for sweep in fixture::all() {
            for line in terminal(&sweep).lines() {
                assert!(line.chars().count() <= COLUMNS, "{}: {line}", sweep.scenario);
                assert_eq!(line, line.trim_end());
            }
        }
    }

    #[test]
    fn a_sweep_shows_cells_sizes_who_binds_and_the_setting() {
        let page = terminal(&fixture::alpha());
        for said in [
            "The sweep",
            "0 of 59",
            "0.5 %",
            "that of seed 3",
            "bound by subscriber 9 (background-tab) at 31.4 s of seed 3",
        ] {
            assert!(page.contains(said), "{said}\n{page}");
        }
        assert!(page.contains("→ server.sse_channel_buffer = 128\n"));
    }

    #[test]
    fn a_sizing_shows_no_cells_but_the_sensitivity() {
        let page = terminal(&fixture::size_only());
        assert!(!page.contains("The sweep") && page.contains("rate × 2") && page.contains("none: a class reads"));
    }

    #[test]
    fn an_endless_size_says_why_and_recommends_nothing() {
        let page = terminal(&fixture::steady_overload());
        assert!(page.contains("no buffer is large enough") && page.contains("→ no size can be recommended"));
    }
}
