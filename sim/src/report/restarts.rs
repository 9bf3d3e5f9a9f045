//! How those who watch come through restarts of the server, cell by cell.

use crate::summary::document::{AfterRestart, Cell, Sweep};
use crate::summary::format;

use super::policies::age;
use super::table::{Lean, Table};

/// What the columns mean.
pub(super) const KEY: &str = "p50, p99, max: publish to receipt of the events that were published in the first ten \
    seconds after a restart, however late a client read them · live: of those that came while their reader had a \
    stream, so none that it was given when it came back · last back: from the end of the process until the last client \
    had read something again · not back: clients that had not by the end of their run, all seeds";

/// A row for each cell of runs with a restart; `None` where there is no such run.
pub(super) fn table(sweep: &Sweep) -> Option<Table> {
    let compares = sweep.compares_policies();
    let heads = ["N", "buffer", "p50", "p99", "max", "live p99", "live max", "last back", "not back"];
    let policy = compares.then_some(("policy", Lean::Left));
    let mut table = Table::new(&policy.into_iter().chain(heads.map(|head| (head, Lean::Right))).collect::<Vec<_>>());
    let mut above = None;
    let after = |cell: &'_ Cell| cell.after_restart.clone();
    let cells: Vec<_> = sweep.cells.iter().filter_map(|cell| Some((cell, after(cell)?))).collect();
    for (cell, after) in &cells {
        // Policy and N stand once, at the first row of their group.
        let repeated = above.replace((&cell.policy, cell.subscribers)) == Some((&cell.policy, cell.subscribers));
        let once = |text: String| if repeated { String::new() } else { text };
        let policy = compares.then(|| once(cell.policy.clone()));
        let place = [once(format::count(cell.subscribers as u64)), format::count(cell.buffer)];
        table.row(policy.into_iter().chain(place).chain(measured(after)));
    }
    (!cells.is_empty()).then_some(table)
}

/// Latencies and the way back, as columns from the median on.
pub(super) fn measured(after: &AfterRestart) -> [String; 7] {
    let AfterRestart { receipt_latency_ms: all, live_receipt_latency_ms: live, last_back_after_ms, not_back } = after;
    [
        age(all.p50),
        age(all.p99),
        age(all.max),
        age(live.p99),
        age(live.max),
        age(*last_back_after_ms),
        format::count(*not_back),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::summary::document::{ALL_POLICIES, Quantiles};
    use crate::summary::fixture;

    #[test]
    fn a_cell_with_a_restart_has_a_row_and_a_sweep_without_one_has_no_table() {
        let mut sweep = fixture::alpha();
        assert!(table(&sweep).is_none());
        let quantiles = |ms| Quantiles { p50: Some(ms), p99: Some(10.0 * ms), p999: None, max: Some(12.0 * ms) };
        sweep.cells[0].after_restart = Some(AfterRestart {
            receipt_latency_ms: quantiles(400.0),
            live_receipt_latency_ms: quantiles(4.0),
            last_back_after_ms: Some(5210.0),
            not_back: 2,
        });
        let rows = table(&sweep).unwrap().plain(false);
        let row = rows.lines().last().unwrap();
        for said in ["400 ms", "4 s", "4.8 s", "40 ms", "5.2 s", "2"] {
            assert!(row.contains(said), "{said}: {row}");
        }
        assert!(rows.lines().all(|line| line.chars().count() <= 80), "{rows}");
        sweep.policy = ALL_POLICIES.to_owned();
        let heads = table(&sweep).unwrap().columns().iter().map(|(name, _)| name.clone()).collect::<Vec<_>>();
        assert_eq!(heads[..3], ["policy", "N", "buffer"], "of several policies each row says which");
    }
}
