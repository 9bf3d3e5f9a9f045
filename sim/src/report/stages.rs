//! One mailbox beside two stages, as a table: for a terminal, for `plots/stages/`, for the docs.

use crate::summary::format;
use crate::summary::stages::{Stages, StagesRow};

use super::policies::age;
use super::table::{Lean, Table, prose};

const WHAT: &str = "The same plans over WebSockets with drop-newest, through three kinds of buffer: one mailbox of 64 \
    frames, one mailbox of 128, and a mailbox of 64 with a channel of 64 behind it. The channel accepts every write and \
    drops the frames that it has no room for";

const KEY: &str = "wanted: published while a subscriber wanted it, all seeds · counted: lost by the Hub's account · \
    missed: never read · uncounted: missed, but neither counted nor waiting at the end (dropped by the second stage, or \
    in a socket when its stream ended) · age: from publish to receipt · slots: memory of a subscriber";

/// The whole as a page of text, each line at most 80 columns and ended.
#[must_use]
pub fn terminal(stages: &Stages) -> String {
    format!(
        "What a second stage costs\n\n{}\n{}\n{}",
        prose(WHAT, "  "),
        table(stages, true).plain(false),
        prose(KEY, "  ")
    )
}

/// The folder's README.
#[must_use]
pub fn readme(stages: &Stages) -> String {
    let command = &stages.command;
    format!("# stages\n\nWhat does a second stage cost?\n\n{}\n\nMade by\n\n```sh\n{command}\n```\n", part(stages))
}

/// The part of the docs.
pub(super) fn part(stages: &Stages) -> String {
    let seeds = stages.seeds.len();
    format!("{WHAT}; {seeds} seeds a row.\n\n{}\n{KEY}.", table(stages, false).markdown())
}

fn table(stages: &Stages, is_short: bool) -> Table {
    let heads = ["scenario", "N", "frames", "counted", "missed", "missed %", "uncounted", "age p99", "slots"];
    let shown = |head: &&str| !is_short || !["missed", "slots"].contains(head);
    let lean = |head| (head, if head == "scenario" { Lean::Left } else { Lean::Right });
    let mut table = Table::new(&heads.iter().filter(|head| shown(head)).map(|head| lean(*head)).collect::<Vec<_>>());
    for row in &stages.rows {
        let cells = heads.iter().zip(cells(row)).filter(|(head, _)| shown(head)).map(|(_, cell)| cell);
        table.row(cells.collect::<Vec<_>>());
    }
    table
}

fn cells(row: &StagesRow) -> [String; 9] {
    let frames: Vec<_> = row.frames.iter().map(u64::to_string).collect();
    [
        row.scenario.clone(),
        format::count(row.subscribers as u64),
        frames.join(" + "),
        format::count(row.lost),
        format::count(row.missed),
        format::percent(row.missed as f64 / row.wanted.max(1) as f64),
        format::count(row.uncounted),
        age(row.age_ms.p99),
        format::bytes(row.slots_bytes as f64),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::summary::stages::fixture;

    #[test]
    fn a_row_says_what_was_missed_and_how_much_of_it_nobody_counted() {
        let page = terminal(&fixture());
        assert!(page.lines().all(|line| line.chars().count() <= 80), "{page}");
        let row = page.lines().find(|line| line.contains("64 + 64")).unwrap();
        assert!(row.contains("3.3") && row.contains("7,900") && row.contains("1.5 s"), "{row}");
        assert!(readme(&fixture()).contains("| backlog-flush | 6 | 64 + 64 | 0 | 7,900 |"), "{}", readme(&fixture()));
    }
}
