//! Checks of the tables that events are published to, and of those that a class watches.

use hubbub::{Pattern, Topic};

use super::range::{SHARE_TOLERANCE, positive};
use super::{At, Found, quoted};
use crate::scenario::limits::MAX_TABLES;
use crate::scenario::number::number;
use crate::scenario::{Class, Settings};

/// What a table's name may be.
const NAME: &str = "must be 1 to 64 of A-Z, a-z, 0-9, _ and -";

pub(super) fn tables(found: &mut Found, settings: &Settings) {
    let Settings { table, shares, .. } = settings;
    if let Some(table) = table.as_ref().filter(|table| !is_name(table)) {
        found.add("table", quoted(table), NAME);
    }
    if let (Some(table), false) = (table, shares.is_empty()) {
        found.add("table", quoted(table), "must not be given beside [tables], which names all of them");
    }
    if shares.len() > MAX_TABLES {
        found.add("tables", format!("{} tables", shares.len()), format!("must be {MAX_TABLES} at most"));
    }
    let before = found.0.len();
    for (name, share) in shares {
        if !is_name(name) {
            found.add("tables", quoted(name), NAME);
        }
        found.note(positive(&format!("tables.{name}"), *share, 1.0));
    }
    // The sum of shares that are wrong themselves would be told as a second fault with the same cause.
    let sum: f64 = shares.values().sum();
    if found.0.len() == before && !shares.is_empty() && (sum - 1.0).abs() > SHARE_TOLERANCE {
        found.add("tables", format!("{} in all", number(sum)), "shares must sum to 1");
    }
}

fn is_name(name: &str) -> bool {
    (1..=64).contains(&name.len()) && Topic::of_table(name).is_ok()
}

/// What a class watches is there.
pub(super) fn watched(found: &mut Found, class: &Class, settings: &Settings, at: At<'_>) {
    if let (Some(_), Some(topic)) = (&class.tables, &class.topic) {
        found.add(at("topic"), quoted(topic), "must not be given beside tables: a class watches names or a pattern");
    }
    let known = || settings.tables().collect::<Vec<_>>().join(", ");
    if let Some(tables) = &class.tables {
        if tables.is_empty() {
            found.add(at("tables"), "[]", format!("must name at least one of {}", known()));
        }
        for (index, table) in tables.iter().enumerate() {
            let at = at(&format!("tables[{index}]"));
            if settings.tables().all(|known| known != table) {
                found.add(at, quoted(table), format!("must be one of {}", known()));
            } else if tables[..index].contains(table) {
                found.add(at, quoted(table), "must not be there twice");
            }
        }
    }
    let Some(topic) = &class.topic else { return };
    match Pattern::of_tables(topic) {
        Err(why) => found.add(at("topic"), quoted(topic), format!("must be a pattern as \"ingest.*\": {why}")),
        Ok(pattern) => {
            let mut topics = settings.tables().filter_map(|table| Topic::of_table(table).ok());
            if !topics.any(|topic| pattern.matches(&topic)) {
                let allowed = format!("must match the topic of a table, ingest.NAME: there are {}", known());
                found.add(at("topic"), quoted(topic), allowed);
            }
        }
    }
}
