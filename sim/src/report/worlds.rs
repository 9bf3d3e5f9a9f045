//! What `fidelity` found, in words and tables: for a terminal, for `plots/fidelity/`, for the docs.

use std::fmt::Write as _;

use crate::summary::comparison::{Compared, ComparedMember, Fidelity};
use crate::summary::format;

use super::paths;
use super::table::{Lean, Table, prose};

const KEY: &str = "lost: frames, of those offered · sim.: simulated · real: median of the real runs, and the least and most of them · first: \
                   when the first was lost, in ms; of the real runs that lost any, the median · agrees: within 10 % or \
                   one frame";

/// The whole as a page of text, each line at most 80 columns and ended.
#[must_use]
pub fn terminal(fidelity: &Fidelity) -> String {
    let mut page = String::from("The same plans simulated and over real TCP\n\n");
    page.push_str(&prose(&what(fidelity), "  "));
    for plan in &fidelity.plans {
        // Writing to a `String` cannot fail, here and below.
        let _ = write!(page, "\n{}\n{}", prose(&headline(plan), ""), table(&[plan], false).plain(false));
    }
    let _ = write!(page, "\n{}", prose(KEY, "  "));
    for (title, table) in [("What a socket hides", hidden(fidelity)), ("Exact sizes", sizes(fidelity))] {
        if let Some(table) = table {
            let _ = write!(page, "\n{title}\n\n{}", table.plain(false));
        }
    }
    let _ = write!(page, "\n{}", prose(&format!("→ {}", verdict(fidelity)), ""));
    if let Some(measured) = &fidelity.paths_measured {
        let _ = write!(page, "\n{}", paths::terminal(&fidelity.paths, measured));
    }
    page
}

/// The folder's README.
#[must_use]
pub fn readme(fidelity: &Fidelity) -> String {
    let mut page = "# fidelity\n\nDoes the simulation agree with the real thing?\n\n".to_owned();
    let _ = write!(page, "**{}** {}\n\n", verdict(fidelity), what(fidelity));
    let _ = write!(page, "Measured by\n\n```sh\n{}\n```\n\n![frames lost](worlds.svg)\n\n", fidelity.command);
    page.push_str(&summary(fidelity));
    for (title, table) in [("What a socket hides", hidden(fidelity)), ("Exact sizes", sizes(fidelity))] {
        if let Some(table) = table {
            let _ = write!(page, "\n\n## {title}\n\n{}", table.markdown().trim_end());
        }
    }
    if let Some(paths) = paths::part(fidelity) {
        let _ = write!(page, "\n\n## Paths\n\n![rows of paths](paths.svg)\n\n{paths}");
    }
    page.push('\n');
    page
}

/// A part of the docs, if there is one of that name.
pub(super) fn part(name: &str, fidelity: &Fidelity) -> Option<String> {
    match name {
        "summary" => Some(format!("{} {}\n\n{}", what(fidelity), verdict(fidelity), summary(fidelity))),
        "sockets" => hidden(fidelity).map(|table| table.markdown()),
        "sizes" => sizes(fidelity).map(|table| table.markdown()),
        "paths" => Some(paths::part(fidelity).unwrap_or_else(|| paths::NOTHING.to_owned())),
        "unmodelled-paths" => Some(paths::unmodelled(fidelity).unwrap_or_else(|| paths::NOTHING.to_owned())),
        _ => None,
    }
}

fn summary(fidelity: &Fidelity) -> String {
    let plans: Vec<_> = fidelity.plans.iter().collect();
    let mut text = String::new();
    for plan in &plans {
        let _ = writeln!(text, "- {}", headline(plan));
    }
    let _ = write!(text, "\n{}\n{KEY}.", table(&plans, true).markdown());
    text
}

fn what(fidelity: &Fidelity) -> String {
    let runs = fidelity.plans.iter().flat_map(|plan| &plan.subscribers).map(|member| member.real_lost.len()).max();
    format!(
        "Measured on {} × {}, Linux {}; {} real runs a plan. Mailboxes of {} frames, segments of {} B, at most {} B \
         unsent in the server's sockets.",
        fidelity.machine.cores,
        if fidelity.machine.cpu.is_empty() { "a processor that says no name" } else { &fidelity.machine.cpu },
        fidelity.machine.kernel,
        runs.unwrap_or(0),
        fidelity.buffer,
        fidelity.segment_bytes,
        fidelity.unsent_bytes,
    )
}

fn verdict(fidelity: &Fidelity) -> String {
    let targets: Vec<_> = fidelity.plans.iter().filter(|plan| plan.is_target).collect();
    let names = format::listed(&targets.iter().map(|plan| plan.plan.clone()).collect::<Vec<_>>());
    let agreeing = targets.iter().filter(|plan| plan.agrees()).count();
    format!("Target, within 10 % or one frame on {names}: met on {agreeing} of {}.", targets.len())
}

fn headline(plan: &Compared) -> String {
    let held: Vec<_> = plan.window.held_frames.iter().map(|frames| format::count(*frames)).collect();
    format!(
        "{}: {} {} events; a receive buffer of {} B held {} frames of clients that never read: a window of {} B in the \
         model.{}",
        plan.plan,
        plan.question,
        format::count(plan.events),
        format::count(plan.window.asked_bytes),
        format::listed(&held),
        format::count(plan.window.model_bytes),
        if plan.is_target { "" } else { " No target: see docs/fidelity.md." },
    )
}

fn table(plans: &[&Compared], names: bool) -> Table {
    let mut columns = vec![
        ("subscriber", Lean::Left),
        ("offered", Lean::Right),
        ("lost: sim.", Lean::Right),
        ("real", Lean::Right),
        ("first: sim.", Lean::Right),
        ("real", Lean::Right),
        ("agrees", Lean::Left),
    ];
    if names {
        columns.insert(0, ("plan", Lean::Left));
    }
    let mut table = Table::new(&columns);
    for plan in plans {
        for member in &plan.subscribers {
            let name = names.then(|| plan.plan.clone());
            table.row(name.into_iter().chain(row(member)));
        }
    }
    table
}

fn row(member: &ComparedMember) -> [String; 7] {
    let [median, least, most] = member.real_spread();
    let spread =
        if least == most { String::new() } else { format!(" ({}–{})", format::count(least), format::count(most)) };
    [
        format!("{} {}", member.class, member.id),
        format::count(member.offered),
        format::count(member.simulated_lost),
        format!("{}{spread}", format::count(median)),
        format::ms_or_dash(member.simulated_first_loss_ms),
        format::ms_or_dash(member.real_first_loss_median_ms()),
        if member.agrees { "yes" } else { "no" }.to_owned(),
    ]
}

fn hidden(fidelity: &Fidelity) -> Option<Table> {
    let mut table = Table::new(&[("frames", Lean::Right), ("bytes", Lean::Right), ("sockets", Lean::Left)]);
    for hidden in &fidelity.hidden {
        #[expect(clippy::cast_precision_loss, reason = "byte counts far below 2^53")]
        let bytes = format::bytes(hidden.bytes as f64);
        table.row([format::count(hidden.frames), bytes, hidden.sockets.clone()]);
    }
    (!fidelity.hidden.is_empty()).then_some(table)
}

fn sizes(fidelity: &Fidelity) -> Option<Table> {
    let mut table = Table::new(&[
        ("scenario", Lean::Left),
        ("N", Lean::Right),
        ("exact size, windows as planned", Lean::Right),
        ("windows of unlimited sockets", Lean::Right),
    ]);
    for size in &fidelity.sizes {
        let [n, bounded, unbounded] = [size.subscribers as u64, size.bounded, size.unbounded].map(format::count);
        table.row([size.scenario.clone(), n, bounded, unbounded]);
    }
    (!fidelity.sizes.is_empty()).then_some(table)
}

#[cfg(test)]
mod tests {
    use super::super::table::COLUMNS;
    use super::*;
    use crate::summary::comparison::fixture;

    #[test]
    fn no_line_is_wider_than_a_terminal_and_the_verdict_is_said() {
        let page = terminal(&fixture());
        assert!(page.lines().all(|line| line.chars().count() <= COLUMNS), "{page}");
        assert!(page.contains("on steady and burst: met on 1 of 2") && page.contains("930"), "{page}");
        let readme = readme(&fixture());
        assert!(readme.contains("| burst | watched 2 | 2,028 | 930 | 1,100 (960–1,200) |"), "{readme}");
    }
}
