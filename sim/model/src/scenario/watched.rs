//! What part of the events a class watches.

use hubbub::{Pattern, Topic};

use super::{Class, Settings};

impl Settings {
    /// The names of all tables, in the order in which a plan has them.
    pub fn tables(&self) -> impl Iterator<Item = &str> {
        let one = self.shares.is_empty().then(|| self.table.as_deref().unwrap_or(super::settings::DEFAULT_TABLE));
        one.into_iter().chain(self.shares.keys().map(String::as_str))
    }

    /// Whether a server has to know tables: there are several, or a class asks for a pattern.
    pub fn asks_for_tables(&self) -> bool {
        self.tables().nth(1).is_some() || self.classes.iter().any(|class| class.topic.is_some())
    }

    /// The tables that a class watches, in the same order.
    pub fn watched_by(&self, class: &Class) -> impl Iterator<Item = &str> {
        let pattern = class.topic.as_ref().and_then(|topic| Pattern::of_tables(topic).ok());
        self.tables().filter(move |table| match (&class.tables, &pattern) {
            (Some(tables), _) => tables.iter().any(|name| name == table),
            (None, Some(pattern)) => Topic::of_table(table).is_ok_and(|topic| pattern.matches(&topic)),
            (None, None) => true,
        })
    }

    /// The part of all events that a class watches on the mean, 0 to 1.
    pub fn part_watched(&self, class: &Class) -> f64 {
        if self.tables().count() == self.watched_by(class).count() {
            return 1.0;
        }
        self.watched_by(class).filter_map(|table| self.shares.get(table)).sum()
    }
}

#[cfg(test)]
mod tests;
