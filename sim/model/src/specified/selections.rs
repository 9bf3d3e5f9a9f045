//! Which events the members of each class select, and how many of them there are between two.
//!
//! Where every class selects everything nothing is kept here, and nothing is asked for an event.

use super::frames::Frames;
use super::memory::{Memory, Place};
use crate::plan::{Form, Plan, Selected};

pub(super) struct Selections {
    by_class: Vec<Wanted>,
    /// Whether a class leaves out some events.
    is_partial: bool,
    /// Whether a class asks for a pattern with a wildcard.
    has_wildcards: bool,
}

/// What the members of one class select.
pub(super) struct Wanted {
    selected: Selected,
    pub(super) form: Form,
    /// Of the events from the server's first one on: how many before each are selected. `None` where all are.
    before: Option<Vec<u32>>,
}

impl Selections {
    pub(super) fn of(plan: &Plan) -> Self {
        let of_class = |class: usize| {
            let selected = plan.selected(class);
            let form = Frames::of(plan).form(selected);
            Wanted { selected, form, before: plan.leaves_out(class).then(|| vec![0]) }
        };
        let by_class: Vec<_> = (0..plan.classes.len()).map(of_class).collect();
        let is_partial = by_class.iter().any(|wanted| wanted.before.is_some());
        let has_wildcards = by_class.iter().any(|wanted| wanted.selected.is_by_wildcard);
        Self { by_class, is_partial, has_wildcards }
    }

    pub(super) fn of_class(&self, class: usize) -> &Wanted {
        &self.by_class[class]
    }

    /// The rounds in which an event is offered: first to those who have named its topic, then to those whose pattern matches
    /// it. `None` where one round goes to all.
    pub(super) fn rounds(&self) -> &'static [Option<bool>] {
        match (self.has_wildcards, self.is_partial) {
            (true, _) => &[Some(false), Some(true)],
            (false, true) => &[Some(false)],
            (false, false) => &[None],
        }
    }

    /// An event of a table is published.
    pub(super) fn published(&mut self, table: u8) {
        if !self.is_partial {
            return;
        }
        for Wanted { selected, before, .. } in &mut self.by_class {
            if let Some(before) = before {
                let count = before.last().copied().unwrap_or(0);
                before.push(count + u32::from(selected.has(table)));
            }
        }
    }
}

impl Wanted {
    /// Whether an event of a table is offered in the round of those who asked by a wildcard, or of all others.
    pub(super) fn is_offered(&self, table: u8, by_wildcard: bool) -> bool {
        self.selected.is_by_wildcard == by_wildcard && self.selected.has(table)
    }

    /// Returns how many events are selected, from the place `from` up to the one before `end`.
    pub(super) fn count(&self, from: Place, end: Place) -> u64 {
        let Some(before) = &self.before else { return u64::from(end.saturating_sub(from)) };
        let [from, end] = [from, end].map(|place| before.get(place as usize).or(before.last()).copied().unwrap_or(0));
        u64::from(end.saturating_sub(from))
    }

    /// The place of the first event from a place on that is selected; the place behind the last event where none is.
    pub(super) fn first_from(&self, memory: &Memory, from: Place) -> Place {
        if self.before.is_none() {
            return from;
        }
        (from..memory.published())
            .find(|place| self.selected.has(memory.get(*place).table))
            .unwrap_or(memory.published())
    }
}
