//! Servers on the same plans, as tables: for a terminal, for a folder, for the docs.

use crate::summary::format;
use crate::summary::servers::{OnScenario, ServerRow, Servers};

use super::policies::age;
use super::table::{Lean, Table, prose};

const KEY: &str = "missed %: published while a subscriber wanted it and never read, all seeds · age p99: from publish to \
    receipt · slots, payloads: memory of a subscriber; payloads are what the server holds for all of them at the peak, \
    divided by N · size: smallest buffer without a loss on these seeds · hidden: frames of a client that has stopped \
    reading that are neither in its buffer nor in its socket";

/// The whole as a page of text, each line at most 80 columns and ended.
#[must_use]
pub fn terminal(servers: &Servers) -> String {
    let mut text = String::new();
    for on in &servers.scenarios {
        text += &format!("{}\n{}\n", prose(&head(on), "  "), table(on, true).plain(true));
    }
    text + &prose(KEY, "  ")
}

/// The folder's README.
#[must_use]
pub fn readme(servers: &Servers) -> String {
    let command = &servers.command;
    format!("# Servers on the same plans\n\n{}\n\nMade by\n\n```sh\n{command}\n```\n", part(servers))
}

/// The part of the docs.
pub(super) fn part(servers: &Servers) -> String {
    let of = |on: &OnScenario| format!("{}:\n\n{}\n", head(on), table(on, false).markdown());
    format!("{}{KEY}.", servers.scenarios.iter().map(of).collect::<String>())
}

fn head(on: &OnScenario) -> String {
    let seeds = format::plural(on.seeds, "seed");
    let seconds = format::number(on.virtual_seconds);
    let per_second = format::number(on.mean_per_second);
    format!(
        "{}, {seeds} of {seconds} s, {per_second} events a second of {} on average",
        on.scenario,
        format::bytes(on.payload_bytes as f64)
    )
}

fn table(on: &OnScenario, is_short: bool) -> Table {
    let heads = ["server", "N", "buffer", "missed %", "age p99", "slots", "payloads", "size", "hidden"];
    let shown = |head: &&str| !is_short || !["N", "payloads"].contains(head);
    let lean = |head| (head, if head == "server" { Lean::Left } else { Lean::Right });
    let mut table = Table::new(&heads.iter().filter(|head| shown(head)).map(|head| lean(*head)).collect::<Vec<_>>());
    let mut last = None;
    for row in &on.rows {
        // Name, size and hidden frames stand once for all buffers of a server.
        let is_first = last.replace((&row.server, row.subscribers)) != Some((&row.server, row.subscribers));
        let cells = heads.iter().zip(cells(on, row, is_first)).filter(|(head, _)| shown(head)).map(|(_, cell)| cell);
        table.row(cells.collect::<Vec<_>>());
    }
    table
}

fn cells(on: &OnScenario, row: &ServerRow, is_first: bool) -> [String; 9] {
    let size = on.size(&row.server, row.subscribers).filter(|_| is_first);
    let once = |text: String| if is_first { text } else { String::new() };
    [
        once(row.server.clone()),
        once(format::count(row.subscribers as u64)),
        format::count(row.buffer),
        format::percent(row.missed_rate()),
        age(row.age_ms.p99),
        format::bytes(row.memory.slots as f64),
        format::bytes(row.memory.payload),
        size.map(|size| size.frames.map_or("none".to_owned(), format::count)).unwrap_or_default(),
        size.map(|size| format::count(size.hidden)).unwrap_or_default(),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::summary::servers::fixture;

    #[test]
    fn a_row_has_what_a_server_missed_and_the_first_of_a_server_its_size() {
        let page = terminal(&fixture());
        assert!(page.lines().all(|line| line.chars().count() <= 80), "{page}");
        let readme = readme(&fixture());
        let row = readme.lines().find(|line| line.starts_with("| shared ring")).unwrap();
        assert_eq!(row, "| shared ring | 6 | 64 | 0.50 | 900 ms | 512 B | 3,000 B | 128 | 700 |");
        assert!(readme.contains("|  |  | 256 | 0 |"), "{readme}");
        assert!(readme.contains("| gated | 6 | 64 | 1.0 | 1.5 s | 512 B | 3,000 B | none | 0 |"), "{readme}");
    }
}
