//! Tables: several for some cases, and classes that watch some of them by name or by a pattern.
//!
//! They are drawn last, so that a seed's case with one table is what it was before there could be several.

use proptest::prelude::*;

use super::paths::MOST_CLASSES;
use crate::plan::{Plan, Selection};

/// Of different lengths: each is a part of frames.
const NAMES: [&str; 3] = ["builds", "log", "a-table_with_a_name_that_is_longer_than_most"];

/// Events that a case has at most.
const MOST_EVENTS: usize = 300;

/// Tables that do not know yet whose they are.
#[derive(Debug, Clone)]
pub(super) struct Drawn {
    /// Number of tables of the plan, at least two.
    count: usize,
    /// For each event a number from which its table follows.
    tables: Vec<u8>,
    selections: Vec<Raw>,
}

/// What a class watches.
#[derive(Debug, Clone)]
enum Raw {
    Everything,
    /// A bit for each table.
    Names(u8),
    Pattern(&'static str),
    /// The topic of one table.
    Topic(u8),
}

pub(super) fn tables() -> impl Strategy<Value = Option<Drawn>> {
    let selection = prop_oneof![
        2 => Just(Raw::Everything),
        4 => (1u8..8).prop_map(Raw::Names),
        1 => Just(Raw::Pattern("ingest.*")),
        1 => Just(Raw::Pattern("ingest.>")),
        1 => (0u8..3).prop_map(Raw::Topic),
    ];
    let selections = prop::collection::vec(selection, MOST_CLASSES);
    // The first table has most events, or all have as many.
    let table = prop_oneof![1 => Just(0u8), 1 => 0u8..3];
    let tables = prop_oneof![prop::collection::vec(0u8..3, MOST_EVENTS), prop::collection::vec(table, MOST_EVENTS),];
    let drawn = (2..=NAMES.len(), tables, selections).prop_map(|(count, tables, selections)| Drawn {
        count,
        tables,
        selections,
    });
    prop::option::weighted(0.25, drawn)
}

impl Drawn {
    pub(super) fn applied(self, mut plan: Plan) -> Plan {
        let names: Vec<String> = NAMES[..self.count].iter().map(|name| (*name).to_owned()).collect();
        for (arrival, table) in plan.arrivals.iter_mut().zip(&self.tables) {
            arrival.table = table % names.len() as u8;
        }
        for (class, raw) in plan.classes.iter_mut().zip(self.selections) {
            class.selection = match raw {
                Raw::Everything => Selection::Everything,
                Raw::Names(bits) => named(&names, bits),
                Raw::Pattern(pattern) => Selection::Topic(pattern.to_owned()),
                Raw::Topic(table) => Selection::Topic(format!("ingest.{}", names[usize::from(table) % names.len()])),
            };
        }
        plan.table.clone_from(&names[0]);
        plan.other_tables = names[1..].to_vec();
        plan
    }
}

/// The tables whose bits are set, or the first one where none is.
fn named(names: &[String], bits: u8) -> Selection {
    let mut named: Vec<_> = names.to_vec();
    let mut index = 0;
    named.retain(|_| {
        index += 1;
        bits >> (index - 1) & 1 != 0
    });
    if named.is_empty() {
        named.extend(names.first().cloned());
    }
    Selection::Tables(named)
}
