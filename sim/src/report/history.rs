//! The size of a history, for a terminal.

use std::fmt::Write as _;

use crate::summary::format;
use crate::summary::history::{HistoryBinding, HistorySize, HistorySizes};

use super::table::{Lean, Table, prose};

/// What the columns mean.
const KEY: &str = "returns: how often subscribers came back in time · longest s: the longest absence that counts · exact: the \
    smallest limit that is enough on the scenario's seeds · largest: in all runs · P(more) ≤: bound of the probability that \
    a run needs more than the largest, for each limit";

/// The sizes as a page of text, each line at most 80 columns and ended.
#[must_use]
pub fn terminal(found: &HistorySizes) -> String {
    let mut page = prose(&format!("{} · {}", found.scenario, found.question), "");
    let counted = format!(
        "Streams of subscribers that were away for at most {} s count; mailboxes of {}, {}.",
        format::number(found.back_within_ms / 1000.0),
        format::plural(found.buffer, "frame"),
        found.policy,
    );
    // Writing to a `String` cannot fail, here and below.
    let _ = write!(page, "\n{}", prose(&counted, "  "));
    let _ = write!(
        page,
        "\nThe history, and the risk that it leaves\n\n{}\n{}\n",
        table(found).plain(false),
        prose(KEY, "  ")
    );
    for line in found.sizes.iter().flat_map(bindings) {
        page.push_str(&prose(&line, "  "));
    }
    let _ = write!(page, "\n→ {}\n\n{}", setting(found), prose(&found.recommendation.because, "  "));
    let runs = format!(
        "The specification did {}. The full stack repeated {} at the exact size of their run and at one event or one byte \
         less, with equal records.",
        format::plural(found.runs.specified, "run"),
        format::count(found.runs.agreed),
    );
    let _ = write!(page, "\n{}", prose(&runs, "  "));
    page
}

/// The settings to write.
fn setting(found: &HistorySizes) -> String {
    match (found.recommendation.events, found.recommendation.bytes) {
        (Some(events), Some(bytes)) => format!("server.history_events = {events}\n  server.history_bytes = {bytes}"),
        _ => "no setting can be recommended".to_owned(),
    }
}

fn table(found: &HistorySizes) -> Table {
    let mut table = Table::new(&[
        ("N", Lean::Right),
        ("runs", Lean::Right),
        ("returns", Lean::Right),
        ("longest s", Lean::Right),
        ("exact events", Lean::Right),
        ("largest", Lean::Right),
        ("exact B", Lean::Right),
        ("largest", Lean::Right),
        ("P(more) ≤", Lean::Right),
    ]);
    for size in &found.sizes {
        table.row([
            format::count(size.subscribers as u64),
            format::count(size.runs),
            format::count_short(size.returns),
            format::number(size.longest_absence_ms / 1000.0),
            format::count(size.events.exact),
            if size.is_quick { "–".to_owned() } else { format::count(size.events.largest) },
            format::count(size.bytes.exact),
            if size.is_quick { "–".to_owned() } else { format::count(size.bytes.largest) },
            if size.is_quick { "–".to_owned() } else { format::upper_bound(size.risk_upper95) },
        ]);
    }
    table
}

/// Who needs the most, and how many returns did not count.
fn bindings(size: &HistorySize) -> Vec<String> {
    let n = format::count(size.subscribers as u64);
    let line = |what: &str, binding: &Option<HistoryBinding>| {
        let HistoryBinding { seed, subscriber, class, away_ms, at_ms } = binding.as_ref()?;
        let away = match away_ms {
            Some(ms) => format!("away for {} s", format::number(ms / 1000.0)),
            None => "never away".to_owned(),
        };
        let at = format::number(at_ms / 1000.0);
        Some(format!(
            "N = {n}: the most {what} are for subscriber {subscriber} ({class}), {away}, at {at} s of seed {seed}"
        ))
    };
    let later = (size.later_returns > 0).then(|| {
        format!("N = {n}: not counted: {} after a longer absence", format::plural(size.later_returns, "return"))
    });
    let bound = [line("events", &size.events.binding), line("bytes", &size.bytes.binding), later];
    bound.into_iter().flatten().collect()
}
