//! Which tables the members of a class watch, and so which events are theirs.
//!
//! [`Selection`] is what a plan says. [`Selected`] is what follows from it: the one answer to whether an event is for a
//! subscriber, which worlds, record and laws share.

use hubbub::{Pattern, Topic};
use serde::{Deserialize, Serialize};

use super::{ClassPlan, Plan};
use crate::scenario::MAX_TABLES;

/// The tables that the members of a class watch.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum Selection {
    /// Every table of the plan, each by its name.
    #[default]
    Everything,
    /// These tables, by their names.
    Tables(Vec<String>),
    /// The tables whose topics match a pattern, such as `ingest.*`.
    Topic(String),
}

/// How a stream says of which table an event is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Form {
    /// It does not, because the stream was asked for one table.
    Plain,
    /// By the name of the server-sent event: the stream was asked for several tables.
    Named,
    /// In an envelope around the payload: the stream was asked for a pattern.
    Enveloped,
}

/// The events that members of a class want: a set of tables.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Selected {
    /// A bit for each table, the first one the lowest.
    tables: u64,
    /// The form of server-sent events. A WebSocket has one form for all.
    form: Form,
    /// Whether the stream is asked for by a pattern with a wildcard, and not by names. A publish goes to streams that
    /// were asked for by name first.
    pub(crate) is_by_wildcard: bool,
}

impl Selection {
    pub(super) fn is_everything(&self) -> bool {
        *self == Self::Everything
    }
}

impl Selected {
    /// The form of server-sent events in the streams of such subscribers.
    #[must_use]
    pub fn form(self) -> Form {
        self.form
    }

    /// Every event of a plan with one table.
    pub(crate) const ALL: Self = Self { tables: u64::MAX, form: Form::Plain, is_by_wildcard: false };

    /// Whether an event of a table is among them.
    #[inline]
    #[must_use]
    pub fn has(self, table: u8) -> bool {
        self.tables >> table & 1 != 0
    }
}

impl Plan {
    /// The names of all tables, in the order of their indices.
    pub fn tables(&self) -> impl Iterator<Item = &str> {
        std::iter::once(&self.table).chain(&self.other_tables).map(String::as_str)
    }

    /// What the members of a class want.
    #[doc(hidden)]
    #[must_use]
    pub fn selected(&self, class: usize) -> Selected {
        let selection = self.classes.get(class).map_or(&Selection::Everything, |class| &class.selection);
        let of = |is_in: &dyn Fn(&str) -> bool| {
            (0u32..).zip(self.tables()).filter(|(_, table)| is_in(table)).fold(0, |set, (index, _)| set | 1 << index)
        };
        let by_name = |tables: u64| {
            let form = if tables.count_ones() > 1 { Form::Named } else { Form::Plain };
            Selected { tables, form, is_by_wildcard: false }
        };
        match selection {
            Selection::Everything => by_name(of(&|_| true)),
            Selection::Tables(names) => by_name(of(&|table| names.iter().any(|name| name == table))),
            Selection::Topic(text) => {
                let is_by_wildcard = text.split('.').any(|token| token == "*" || token == ">");
                Selected { tables: of(&|table| matches(text, table)), form: Form::Enveloped, is_by_wildcard }
            }
        }
    }

    /// What the members of each class want, in the order of the classes.
    pub fn all_selected(&self) -> Vec<Selected> {
        (0..self.classes.len()).map(|class| self.selected(class)).collect()
    }

    /// Whether a class leaves out a table of the plan.
    pub(crate) fn leaves_out(&self, class: usize) -> bool {
        let selected = self.selected(class);
        (0u8..).zip(self.tables()).any(|(table, _)| !selected.has(table))
    }

    /// Whether a server has to know tables for the plan: there are several, or a class asks for a pattern.
    pub fn asks_for_tables(&self) -> bool {
        let by_pattern = |class: &ClassPlan| matches!(class.selection, Selection::Topic(_));
        !self.other_tables.is_empty() || self.classes.iter().any(by_pattern)
    }

    /// Checks the tables, the table of each arrival, and what each class watches.
    pub(super) fn check_tables(&self) -> Result<(), String> {
        let count = 1 + self.other_tables.len();
        if count > MAX_TABLES {
            return Err(format!("plan.other_tables: {count} tables in all: there may be {MAX_TABLES}"));
        }
        for (index, table) in self.tables().enumerate() {
            Topic::of_table(table).map_err(|why| format!("plan: table {index}: {why}"))?;
            if self.tables().take(index).any(|other| other == table) {
                return Err(format!("plan.other_tables: {table:?} must not be there twice"));
            }
        }
        if let Some(place) = self.arrivals.iter().position(|arrival| usize::from(arrival.table) >= count) {
            let table = self.arrivals[place].table;
            return Err(format!("plan.arrivals[{place}]: table {table}: there are {count} tables, from 0 on"));
        }
        for (index, class) in self.classes.iter().enumerate() {
            let wrong = self.wrong_selection(&class.selection);
            wrong.map_or(Ok(()), |why| Err(format!("plan.classes[{index}].selection: {why}")))?;
        }
        Ok(())
    }

    fn wrong_selection(&self, selection: &Selection) -> Option<String> {
        match selection {
            Selection::Everything => None,
            Selection::Tables(names) if names.is_empty() => Some("must name at least one table".to_owned()),
            Selection::Tables(names) => {
                let unknown = names.iter().find(|name| self.tables().all(|table| table != **name));
                let twice = (1..names.len()).find(|place| names[..*place].contains(&names[*place]));
                let unknown = unknown.map(|name| format!("{name:?} is no table of the plan"));
                unknown.or_else(|| twice.map(|place| format!("{:?} must not be there twice", names[place])))
            }
            Selection::Topic(text) => {
                if let Err(why) = Pattern::of_tables(text) {
                    return Some(why.to_string());
                }
                let is_matched = self.tables().any(|table| matches(text, table));
                (!is_matched).then(|| format!("{text:?} matches no table of the plan"))
            }
        }
    }
}

/// Whether a pattern matches the topic of a table. The server's own code is not asked: a fault in it would then be in what a
/// plan expects as well, and no law would see it.
fn matches(pattern: &str, table: &str) -> bool {
    let pattern: Vec<&str> = pattern.split('.').collect();
    let topic = ["ingest", table];
    let is_one = |(wanted, token): (&&str, &&str)| *wanted == "*" || wanted == token;
    match pattern.split_last() {
        Some((&">", before)) => topic.len() > before.len() && before.iter().zip(&topic).all(is_one),
        Some(_) | None => pattern.len() == topic.len() && pattern.iter().zip(&topic).all(is_one),
    }
}

#[cfg(test)]
mod tests;
