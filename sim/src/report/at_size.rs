//! What each class has at the size that is named: a table for a terminal.

use crate::summary::document::Sweep;
use crate::summary::format;

use super::parts::{count_as_f64, rate};
use super::table::{Lean, Table, cut};

/// What the heads mean.
pub(super) const KEY: &str = "all runs of the validation · drop rate: lost to a full buffer, of those offered · missed: \
                              events wanted and never read · p99 age: publish to receipt · waiting: most frames at \
                              once for one subscriber · memory: its slots, and payloads of mean size for these frames";

/// A row a class and N.
pub(super) fn classes(sweep: &Sweep) -> Option<Table> {
    let heads = [("N", Lean::Right), ("buffer", Lean::Right), ("class", Lean::Left)];
    let measured = ["drop rate", "missed", "p99 age ms", "waiting", "memory"].map(|head| (head, Lean::Right));
    let mut table = Table::new(&[&heads[..], &measured].concat());
    let mut has_any = false;
    for answer in &sweep.zero_drop {
        let Some(validation) = &answer.validation else { continue };
        let mut head = [answer.subscribers as u64, validation.buffer].map(format::count);
        // In the order of the scenario.
        for name in sweep.classes.iter().map(|class| &class.name) {
            let Some(class) = validation.by_class.get(name) else { continue };
            has_any = true;
            let memory = class.memory_bytes_per_subscriber;
            let [n, buffer] = std::mem::take(&mut head);
            table.row([
                n,
                buffer,
                cut(name, 20),
                rate(class.drop_rate),
                format::count_short(class.missed),
                format::ms_or_dash(class.age_ms.p99),
                format::count(class.most_waiting),
                format::bytes(count_as_f64(memory.slots) + memory.payload),
            ]);
        }
    }
    has_any.then_some(table)
}
