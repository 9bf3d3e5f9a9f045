//! The rows of paths, in words and tables: the model of TCP beside the kernel's.

use std::fmt::Write as _;

use crate::summary::comparison::{Fidelity, PathRow, PathsMeasured, UnmodelledRow};
use crate::summary::format;

use super::table::{Lean, Table, prose};

const KEY: &str = "waiting: the high-water mark with room for everything · lost: of a mailbox of 64 · model: the median \
                   of all seeds · kernel: median, least and most · × : median of the ratios model / kernel, seed by \
                   seed · late: the largest 99th percentile by which a run's emulated links delivered late, in ms · held \
                   out: the model was never run on it while it was made · agrees: both ratios within 15 %, or both \
                   within three frames; a row on the edge of waiting at all, within the kernel's range";

/// The rows as a page of text, each line at most 80 columns and ended.
#[must_use]
pub fn terminal(rows: &[PathRow], measured: &PathsMeasured) -> String {
    let mut page = String::from("The model of TCP and the kernel's, on the same plans over emulated paths\n\n");
    page.push_str(&prose(&what(rows, measured), "  "));
    // Writing to a `String` cannot fail, here and below.
    let _ = write!(page, "\n{}\n{}", short_table(rows).plain(false), prose(KEY, "  "));
    let _ = write!(page, "\n{}", prose(&format!("→ {}", verdict(rows, measured)), ""));
    page
}

/// The part of the docs about rows of paths, if any were compared.
pub(super) fn part(fidelity: &Fidelity) -> Option<String> {
    let measured = fidelity.paths_measured.as_ref().filter(|_| !fidelity.paths.is_empty())?;
    let rows = &fidelity.paths;
    let facts = format!("{} {}", what(rows, measured), verdict(rows, measured));
    Some(format!("{facts}\n\n{}\n{KEY}.", table(rows).markdown()))
}

/// What a page says where no row has been compared.
pub(super) const NOTHING: &str = "No row has been compared yet: `cargo sim fidelity --paths` does it.";

/// The part of the docs about rows with a congestion control that no model has.
pub(super) fn unmodelled(fidelity: &Fidelity) -> Option<String> {
    let mut table = Table::new(&[
        ("row", Lean::Left),
        ("waiting: cubic", Lean::Right),
        ("other", Lean::Right),
        ("lost at 64: cubic", Lean::Right),
        ("other", Lean::Right),
        ("other is", Lean::Left),
    ]);
    for UnmodelledRow { row, congestion, emulated } in &fidelity.unmodelled_paths {
        let modelled = fidelity.paths.iter().find(|path| path.row == *row)?;
        let marks = [modelled.emulated.high_water, emulated.high_water].map(spread);
        let lost = [modelled.emulated.lost, emulated.lost].map(spread);
        let cells = marks.into_iter().chain(lost).chain([congestion.clone()]);
        table.row([row.clone()].into_iter().chain(cells));
    }
    (!fidelity.unmodelled_paths.is_empty()).then(|| table.markdown())
}

fn what(rows: &[PathRow], measured: &PathsMeasured) -> String {
    let seeds = rows.iter().map(|row| row.emulated.runs).max().unwrap_or(0);
    let mut congestion: Vec<_> = rows.iter().map(|row| row.congestion.clone()).collect();
    congestion.sort_unstable();
    congestion.dedup();
    let late = rows.iter().map(|row| row.emulated.lateness_p99_ms).fold(0.0, f64::max);
    format!(
        "Linux {}, congestion control {} as read back from the server's sockets, {} a row, at most {} frames a write. \
         The emulated links delivered at most {} ms late at the 99th percentile of a run.",
        measured.kernel,
        format::listed(&congestion),
        format::plural(seeds, "seed"),
        measured.frames_per_write,
        format::ms(late),
    )
}

fn verdict(rows: &[PathRow], measured: &PathsMeasured) -> String {
    let of = |rows: &mut dyn Iterator<Item = &PathRow>| {
        let (mut all, mut agreeing) = (0, 0);
        for row in rows {
            all += 1;
            agreeing += u64::from(row.agrees);
        }
        format!("{agreeing} of {all}")
    };
    let misses: Vec<_> = rows.iter().filter(|row| !row.agrees).map(|row| row.row.clone()).collect();
    let edge = &measured.on_the_edge;
    format!(
        "{} rows agree, of those held out {}.{}{}",
        of(&mut rows.iter()),
        of(&mut rows.iter().filter(|row| row.held_out)),
        if edge.is_empty() {
            String::new()
        } else {
            format!(" On the edge of waiting at all, and agreeing as such: {}.", format::listed(edge))
        },
        if misses.is_empty() { String::new() } else { format!(" Misses: {}.", format::listed(&misses)) },
    )
}

fn table(rows: &[PathRow]) -> Table {
    let mut table = Table::new(&[
        ("row", Lean::Left),
        ("held out", Lean::Left),
        ("loss %", Lean::Right),
        ("round trip", Lean::Right),
        ("Mbit/s", Lean::Right),
        ("outage", Lean::Right),
        ("waiting: model", Lean::Right),
        ("kernel", Lean::Right),
        ("×", Lean::Right),
        ("lost: model", Lean::Right),
        ("kernel", Lean::Right),
        ("×", Lean::Right),
        ("late", Lean::Right),
        ("agrees", Lean::Left),
    ]);
    for row in rows {
        let outage = if row.outage_ms == 0 { "–".to_owned() } else { format!("{} s", row.outage_ms / 1_000) };
        let path = [
            row.row.clone(),
            yes(row.held_out, "").to_owned(),
            format::percent(row.loss),
            format!("{} ms", row.round_trip_ms),
            format::number(row.rate as f64 / 1e6),
            outage,
        ];
        table.row(
            path.into_iter()
                .chain(figures(row))
                .chain([format::ms(row.emulated.lateness_p99_ms), yes(row.agrees, "no").to_owned()]),
        );
    }
    table
}

/// What fits into a terminal.
fn short_table(rows: &[PathRow]) -> Table {
    let mut table = Table::new(&[
        ("row", Lean::Left),
        ("waiting", Lean::Right),
        ("kernel", Lean::Right),
        ("×", Lean::Right),
        ("lost", Lean::Right),
        ("kernel", Lean::Right),
        ("×", Lean::Right),
        ("", Lean::Left),
    ]);
    for row in rows {
        let [mark, _, mark_ratio, lost, _, lost_ratio] = figures(row);
        let [of_marks, of_lost] =
            [row.emulated.high_water, row.emulated.lost].map(|[_, median, _]| format::count(median));
        // Two letters, so that the longest name of a row leaves room for them.
        let verdict = if row.agrees { "ok" } else { "no" }.to_owned();
        table.row([row.row.clone(), mark, of_marks, mark_ratio, lost, of_lost, lost_ratio, verdict]);
    }
    table
}

fn figures(row: &PathRow) -> [String; 6] {
    let ratio = |ratio: Option<f64>| ratio.map_or_else(|| "–".to_owned(), |ratio| format!("{ratio:.2}"));
    [
        format::count(row.simulated.high_water),
        spread(row.emulated.high_water),
        ratio(row.ratio_median.high_water),
        format::count(row.simulated.lost),
        spread(row.emulated.lost),
        ratio(row.ratio_median.lost),
    ]
}

fn spread([least, median, most]: [u64; 3]) -> String {
    let [least, median, most] = [least, median, most].map(format::count);
    if least == most { median } else { format!("{median} ({least}–{most})") }
}

fn yes(is: bool, otherwise: &'static str) -> &'static str {
    if is { "yes" } else { otherwise }
}

#[cfg(test)]
mod tests {
    use super::super::table::COLUMNS;
    use super::*;
    use crate::summary::comparison::{fixture, path_row_fixture};

    fn compared() -> Fidelity {
        let held_out = PathRow { held_out: true, agrees: false, ..path_row_fixture("burst-loss-1-300ms-5mbit") };
        let rows = vec![path_row_fixture("outage-8s"), held_out];
        let measured = PathsMeasured { kernel: "6.1".to_owned(), frames_per_write: 16, on_the_edge: Vec::new() };
        Fidelity { paths: rows, paths_measured: Some(measured), ..fixture() }
    }

    #[test]
    fn no_line_is_wider_than_a_terminal_and_misses_are_named() {
        let fidelity = compared();
        let page = terminal(&fidelity.paths, fidelity.paths_measured.as_ref().unwrap());
        assert!(page.lines().all(|line| line.chars().count() <= COLUMNS && !line.contains('…')), "{page}");
        let told = page.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(told.contains("→ 1 of 2 rows agree, of those held out 0 of 1. Misses: burst-loss-1"), "{page}");
        assert!(told.contains("Linux 6.1, congestion control cubic"), "{page}");
    }

    #[test]
    fn the_docs_have_kernel_congestion_control_and_lateness_of_the_rows() {
        let part = part(&compared()).unwrap();
        assert!(part.contains("| outage-8s |  | 1.0 | 120 ms | 1 | 8 s | 622 | 625 (624–628) | 0.99 |"), "{part}");
        assert_eq!(super::part(&fixture()), None);
    }
}
