//! A load test as text: what was lost, how late it came, and what a subscriber cost, on the machine that it names.

use std::fmt::Write as _;

use crate::summary::along::figure_names;
use crate::summary::document::{Cell, EmulatedLinks, Sweep};
use crate::summary::format;

use super::objective;
use super::parts;
use super::policies;
use super::table::{Lean, Table, prose};

/// What the columns of both tables are.
pub(super) const KEY: &str = "lost: part of the offered frames that full buffers lost · missed: part of the events published while a \
                   viewer wanted them that it never read · flush: from publish to the socket's acceptance, receipt: \
                   from publish to the client, both from the planned time, in ms";
pub(super) const MEMORY_KEY: &str = "slots: K handles, if the buffer fills · payload: peak of distinct event bytes, shared by all · \
                          allocator: memory that the server got from the system, with the slots that were needed · resident: the process · \
                          kernel: both sockets of the connection. With few subscribers, the fixed memory of the process \
                          is the largest part";

/// The load test as a page of text, each line at most 80 columns and ended.
pub(super) fn terminal(sweep: &Sweep) -> String {
    let mut page = prose(&format!("{} · {}", sweep.scenario, over(sweep)), "");
    // Writing to a `String` cannot fail, here and below.
    let _ = write!(page, "\n{}", prose(&parts::load(sweep), "  "));
    if let Some(population) = parts::population(sweep) {
        let _ = write!(page, "\n{}", population.plain(false));
    }
    if !sweep.not_applied.is_empty() {
        page.push_str("\nNot as planned\n\n");
        sweep.not_applied.iter().for_each(|what| page.push_str(&prose(&format!("- {what}"), "  ")));
    }
    if sweep.cells.is_empty() {
        page.push_str("\nNothing was measured.\n");
    } else {
        let _ = write!(page, "\nLosses and latency\n\n{}\n{}", latency(sweep, false).plain(false), prose(KEY, "  "));
        page.push_str(&prose(&lateness(sweep), "  "));
    }
    if let Some(memory) = memory(sweep) {
        let title = "Memory of one subscriber";
        let _ = write!(page, "\n{title}\n\n{}\n{}", memory.plain(false), prose(MEMORY_KEY, "  "));
    }
    page.push_str(&objective::terminal(sweep).unwrap_or_default());
    if let Some(why) = &sweep.partial {
        let _ = write!(page, "\n{}", prose(&format!("PARTIAL: {why}"), ""));
    }
    page
}

/// The folder's README.
pub(super) fn readme(sweep: &Sweep, command: &str) -> String {
    let mut page = format!("# {}, {}\n\n", sweep.scenario, over(sweep));
    let _ =
        write!(page, "Measured by\n\n```sh\n{command}\n```\n\nWall time does not repeat itself: figures of another ");
    page.push_str("run and machine differ.\n\n");
    let _ = write!(page, "{}\n\n", parts::load(sweep));
    if let Some(why) = &sweep.partial {
        let _ = write!(page, "**Partial**: {why}\n\n");
    }
    if let Some(population) = parts::population(sweep) {
        let _ = writeln!(page, "{}", population.markdown());
    }
    for what in &sweep.not_applied {
        let _ = writeln!(page, "- Not as planned: {what}");
    }
    page.push('\n');
    for name in figure_names(sweep) {
        let words = name.replace('-', " ");
        let _ = write!(page, "![{words}]({name}.svg)\n\n");
    }
    page.push_str(&objective::markdown(sweep).unwrap_or_default());
    page.push_str(&tables(sweep));
    page.truncate(page.trim_end().len());
    page.push('\n');
    page
}

/// Both tables, as Markdown.
pub(super) fn tables(sweep: &Sweep) -> String {
    let mut text = format!("{}\n{KEY}. {}\n", latency(sweep, true).markdown(), lateness(sweep));
    if let Some(memory) = memory(sweep) {
        let _ = write!(text, "\n{}\n{MEMORY_KEY}.\n", memory.markdown());
    }
    text
}

/// With the largest latencies too where there is room for them, as in a file.
pub(super) fn latency(sweep: &Sweep, has_room: bool) -> Table {
    let (flush, receipt) = (["flush p50", "p99", "max"], ["receipt p50", "p99", "max"]);
    let shown = if has_room { 3 } else { 2 };
    let mut heads = vec!["N", "buffer", "offered", "lost %", "missed %"];
    heads.extend(flush.iter().take(shown).chain(receipt.iter().take(shown)));
    let mut table = Table::new(&heads.into_iter().map(|head| (head, Lean::Right)).collect::<Vec<_>>());
    for cell in &sweep.cells {
        let (flush, receipt) = (cell.flush_latency_ms, cell.receipt_latency_ms);
        let flush = [flush.p50, flush.p99, flush.max].into_iter().take(shown);
        let latencies = flush.chain([receipt.p50, receipt.p99, receipt.max].into_iter().take(shown));
        let rate = cell.drop_rate.map_or_else(|| "–".to_owned(), format::percent);
        let (n, offered) = (format::count(cell.subscribers as u64), format::count_short(cell.offered));
        let first = [n, buffer(cell), offered, rate, policies::missed_percent(cell)];
        table.row(first.into_iter().chain(latencies.map(format::ms_or_dash)));
    }
    table
}

/// What clients and server were connected by.
pub(super) fn over(sweep: &Sweep) -> &'static str {
    if sweep.world == "emulated" { "over emulated paths" } else { "over real TCP" }
}

/// How far the load itself and the emulated links kept to their plan.
pub(super) fn lateness(sweep: &Sweep) -> String {
    let links = sweep.cells.iter().filter_map(|cell| Some((cell, cell.links.as_ref()?)));
    let of_links: String = links.map(|(cell, links)| of_links(cell, links)).collect();
    format!("{}{of_links}", publish_lag(sweep))
}

fn of_links(cell: &Cell, links: &EmulatedLinks) -> String {
    let [p50, p99, max] = [links.late_p50_ms, links.late_p99_ms, links.late_max_ms].map(format::ms);
    let congestion = if links.congestion.is_empty() { "not read back".to_owned() } else { links.congestion.join(", ") };
    let verdict = if links.is_evidence { "" } else { " That is too late to be evidence: let the machine do less." };
    format!(
        " N = {}, buffer {}: congestion control {congestion}; packets came {p50} ms late (median), {p99} ms (p99), \
         {max} ms (most).{verdict}",
        format::count(cell.subscribers as u64),
        format::count(cell.buffer),
    )
}

fn publish_lag(sweep: &Sweep) -> String {
    let of = |cell: &Cell| {
        Some(format!("{} ms at N = {}", format::ms(cell.publish_lag_ms?), format::count(cell.subscribers as u64)))
    };
    let late: Vec<_> = sweep.cells.iter().filter_map(of).collect();
    format!("The most that a publish began after its planned time: {}.", format::listed(&late))
}

/// Nothing where a foreign server was measured.
pub(super) fn memory(sweep: &Sweep) -> Option<Table> {
    let heads = ["N", "buffer", "slots", "payload", "allocator", "resident", "kernel"];
    let mut table = Table::new(&heads.map(|head| (head, Lean::Right)));
    let mut has_any = false;
    for cell in &sweep.cells {
        let memory = cell.memory_bytes_per_subscriber;
        let (Some(allocator), Some(resident), Some(kernel)) = (memory.allocator, memory.resident, memory.kernel) else {
            continue;
        };
        has_any = true;
        let parts = [parts::count_as_f64(memory.slots), memory.payload, allocator, resident, kernel];
        let first = [format::count(cell.subscribers as u64), buffer(cell)];
        table.row(first.into_iter().chain(parts.map(format::bytes)));
    }
    has_any.then_some(table)
}

fn buffer(cell: &Cell) -> String {
    // 0 stands for the buffer of a server that does not say its own.
    if cell.buffer == 0 { "?".to_owned() } else { format::count(cell.buffer) }
}

#[cfg(test)]
mod tests {
    use super::super::table::COLUMNS;
    use super::*;
    use crate::summary::fixture;

    #[test]
    fn no_line_is_wider_than_a_terminal_or_cut_and_what_is_not_as_planned_is_said() {
        let page = terminal(&fixture::real());
        assert!(page.lines().all(|line| line.chars().count() <= COLUMNS && !line.contains('…')), "{page}");
        for said in ["Measured on 2 × some processor, 25 GiB", "round-trip times", "0.18 ms at N = 10", "89.9 kB"] {
            assert!(page.contains(said), "{said}: {page}");
        }
    }

    #[test]
    fn a_load_that_was_cut_short_says_so_and_a_foreign_server_has_no_memory() {
        let mut sweep = fixture::real();
        sweep.partial = Some("ended before N = 100 was measured whole".to_owned());
        sweep.cells.iter_mut().for_each(|cell| {
            cell.buffer = 0;
            cell.memory_bytes_per_subscriber = crate::summary::document::Memory::default();
        });
        let page = terminal(&sweep);
        assert!(page.contains("PARTIAL: ended before") && !page.contains("Memory of one"), "{page}");
        assert!(readme(&sweep, "cargo sim load").contains("| 10 | ? |"));
    }
}
