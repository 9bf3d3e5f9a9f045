//! Each class at the size that is named: what it lost and missed, how old its events were, what a member costs.

use std::collections::BTreeMap;

use crate::summary::document::{ByClass, Sweep, ZeroDrop};
use crate::summary::format;

use super::parts::{count_as_f64, rate};
use super::policies::age;
use super::table::{Lean, Table};

/// How to read the table.
pub(super) const KEY: &str = "lost: part of the offered frames that full buffers lost · missed: part of the events published \
    while a viewer wanted them that it never read · age p99: from publish to receipt · waited: most frames that waited for \
    one member · memory: its slots, and one payload of mean size for each waiting frame, shared or not";

/// The buffer that a size names, and its classes: as validated where it was, else exact on the scenario's seeds.
fn named(size: &ZeroDrop) -> Option<(u64, &BTreeMap<String, ByClass>)> {
    match &size.validation {
        Some(validation) => Some((validation.buffer, &validation.by_class)),
        None => Some((size.buffer?, &size.by_class)),
    }
}

/// A row a class and N, in the order of the population; none where no size is named.
pub(super) fn table(sweep: &Sweep) -> Option<Table> {
    let heads = ["N", "buffer", "class", "lost %", "missed %", "age p99", "waited", "memory"];
    let lean = |head: &str| if head == "class" { Lean::Left } else { Lean::Right };
    let mut table = Table::new(&heads.map(|head| (head, lean(head))));
    let mut has_rows = false;
    for size in &sweep.zero_drop {
        let Some((buffer, classes)) = named(size) else { continue };
        let members = sweep.classes.iter().filter_map(|class| Some((&class.name, classes.get(&class.name)?)));
        for (row, (name, class)) in members.enumerate() {
            has_rows = true;
            // N and the buffer stand once, at the first row of their group.
            let [n, k] = [size.subscribers as u64, buffer].map(|number| match row {
                0 => format::count(number),
                _ => String::new(),
            });
            table.row([n, k, super::table::cut(name, 20)].into_iter().chain(measured(sweep, buffer, class)));
        }
    }
    has_rows.then_some(table)
}

fn measured(sweep: &Sweep, buffer: u64, class: &ByClass) -> [String; 5] {
    let slots = count_as_f64(buffer * crate::summary::cell::SLOT_BYTES);
    let payloads = count_as_f64(class.high_water) * sweep.arrivals.mean_payload_bytes;
    let missed = class.missed_rate().map_or_else(|| "–".to_owned(), format::percent);
    [
        class.drop_rate.map_or_else(|| rate(None), format::percent),
        missed,
        age(class.receipt_latency_ms.p99),
        format::count(class.high_water),
        format::bytes(slots + payloads),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::summary::fixture;

    #[test]
    fn each_class_stands_with_what_it_lost_and_costs_at_the_validated_size_or_at_the_exact_one() {
        let mut sweep = fixture::size_only();
        let validated = table(&sweep).unwrap().plain(true);
        assert!(validated.contains("background-tab") && validated.contains("age p99"), "{validated}");
        let buffers = |text: &str, k: u64| text.lines().any(|line| line.contains(&format!(" {k} ")));
        let size = sweep.zero_drop.iter().find(|size| size.validation.is_some()).unwrap().clone();
        let (exact, tried) = (size.buffer.unwrap(), size.validation.as_ref().unwrap().buffer);
        assert!(buffers(&validated, tried), "{validated}");
        sweep.zero_drop.iter_mut().for_each(|size| size.validation = None);
        let on_these_seeds = table(&sweep).unwrap().plain(true);
        assert!(buffers(&on_these_seeds, exact), "{on_these_seeds}");
        sweep.zero_drop.iter_mut().for_each(|size| size.buffer = None);
        assert!(table(&sweep).is_none());
    }
}
