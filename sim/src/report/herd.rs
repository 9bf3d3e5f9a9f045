//! Restarts of the server with and without the jitter of `retry:`, as a table: for a terminal, for `plots/herd/`, for the
//! docs.

use crate::summary::format;
use crate::summary::herd::{Herd, HerdRow};

use super::policies::age;
use super::table::{Lean, Table, prose};

const WHAT: &str = "The server restarts, and its clients come back as an EventSource does: after the pause that the \
    `retry:` of their stream asked for, or after 3 s where there was none. Events count that were published in the first \
    ten seconds of the next process, for each client that has read them, however late";

const KEY: &str = "connection: CPU of the server for a new connection, beside its first write · all: publish to receipt of \
    all these events, also of those that a client was given when it came back · live: of those that came while their \
    reader had a stream · last back: from the end of the old process until the last client has read something of its next \
    stream";

/// The whole as a page of text, each line at most 80 columns and ended.
#[must_use]
pub fn terminal(herd: &Herd) -> String {
    format!(
        "All clients at once, or one after the other\n\n{}\n{}\n{}\n{}",
        prose(&format!("{WHAT}."), "  "),
        table(herd).plain(false),
        prose(KEY, "  "),
        prose(&runs(herd), "  ")
    )
}

/// The folder's README.
#[must_use]
pub fn readme(herd: &Herd) -> String {
    let command = &herd.command;
    let part = part(herd);
    format!(
        "# herd\n\nWhat does the jitter of `retry:` do after a restart of the server?\n\n{part}\n\nMade by\n\n```sh\n{command}\n```\n"
    )
}

/// The part of the docs.
pub(super) fn part(herd: &Herd) -> String {
    let seeds = format::seeds(&herd.seeds);
    format!(
        "{WHAT}. Scenario `{}`: {}; seeds {seeds}, the restarts of all seeds together.\n\n{}\n{KEY}.\n\n{}",
        herd.scenario,
        herd.restart,
        table(herd).markdown(),
        runs(herd)
    )
}

fn runs(herd: &Herd) -> String {
    let (runs, agreed) = (format::plural(herd.runs.specified, "run"), herd.runs.agreed);
    format!("The specification did {runs}. The full stack repeated {agreed} of them, with equal records.")
}

fn table(herd: &Herd) -> Table {
    let heads = ["N", "connection", "retry:", "all p50", "p99", "live p99", "max", "last back"];
    let mut table = Table::new(&heads.map(|head| (head, Lean::Right)));
    herd.rows.iter().for_each(|row| table.row(cells(row)));
    table
}

fn cells(row: &HerdRow) -> [String; 8] {
    let HerdRow { subscribers, connect_us, retry_seconds, after } = row;
    let retry = |longest: f64| format!("{}–{} s", format::number(longest / 5.0), format::number(longest));
    let (all, live) = (after.receipt_latency_ms, after.live_receipt_latency_ms);
    [
        format::count(*subscribers as u64),
        format!("{} µs", format::number(*connect_us)),
        retry_seconds.map_or_else(|| "none".to_owned(), retry),
        age(all.p50),
        age(all.p99),
        age(live.p99),
        age(live.max),
        age(after.last_back_after_ms),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::summary::herd::fixture;

    #[test]
    fn a_row_says_how_clients_come_back_and_how_late_events_are_then() {
        let page = terminal(&fixture());
        assert!(page.lines().all(|line| line.chars().count() <= 80), "{page}");
        let row = page.lines().find(|line| line.contains("1–5 s")).unwrap();
        assert!(
            row.contains("1,000") && row.contains("4.1 s") && row.contains("32 ms") && row.contains("5.1 s"),
            "{row}"
        );
        let readme = readme(&fixture());
        assert!(readme.contains("| 1,000 | 100 µs | none | 767 ms | 2.3 s | 310 ms | 341 ms | 3.4 s |"), "{readme}");
        assert!(readme.contains("seeds 0–1") && readme.contains("server restarts at 5 s for 1 s"), "{readme}");
    }
}
