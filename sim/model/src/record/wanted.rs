//! Which events of a run a subscriber wants: all of them, or those of the tables that its class watches.

use super::Record;
use crate::plan::{Plan, Selected};

/// The events that a subscriber wants, by their sequences.
#[derive(Debug, Clone, Copy)]
pub struct WantedEvents<'a> {
    selected: Selected,
    /// The table of each event; empty where everybody wants all events.
    tables: &'a [u8],
}

impl WantedEvents<'_> {
    /// All events.
    pub const ALL: WantedEvents<'static> = WantedEvents { selected: Selected::ALL, tables: &[] };

    /// Whether the event of that sequence, from 1 on, is among them.
    #[must_use]
    pub fn has(self, sequence: u64) -> bool {
        let place = usize::try_from(sequence).ok().and_then(|sequence| sequence.checked_sub(1));
        // An event that was not published is refused elsewhere.
        place.and_then(|place| self.tables.get(place)).is_none_or(|table| self.selected.has(*table))
    }

    /// The sequence of the next one after a sequence.
    #[must_use]
    pub fn next_after(self, sequence: u64) -> u64 {
        // It ends: behind the last event that was published, everything counts as wanted.
        (sequence + 1..).find(|next| self.has(*next)).unwrap_or(u64::MAX)
    }
}

impl Record {
    /// The events that a subscriber of the plan wants.
    #[doc(hidden)]
    #[must_use]
    pub fn wanted_events(&self, plan: &Plan, subscriber: usize) -> WantedEvents<'_> {
        let class = plan.subscribers.get(subscriber).map_or(0, |subscriber| subscriber.class);
        WantedEvents { selected: plan.selected(class), tables: &self.tables }
    }
}

/// By class and event, the number of earlier events that members of the class want; `None` where all want every event.
pub(super) struct WantedBefore(Option<Vec<Vec<u64>>>);

impl WantedBefore {
    /// Of events of these tables; `selected` is what each class wants, if one leaves a table out.
    pub(super) fn of(selected: Option<&[Selected]>, tables: &[u8]) -> Self {
        let of_class = |selected: &Selected| {
            let running = tables.iter().scan(0, |count, table| {
                *count += u64::from(selected.has(*table));
                Some(*count)
            });
            std::iter::once(0).chain(running).collect()
        };
        Self(selected.map(|selected| selected.iter().map(of_class).collect()))
    }

    /// Returns how many events members of a class want, from the one after number `from` up to number `until`.
    pub(super) fn between(&self, class: usize, from: u64, until: u64) -> u64 {
        let Some(before) = self.0.as_ref().and_then(|classes| classes.get(class)) else {
            return until.saturating_sub(from);
        };
        let at = |number: u64| usize::try_from(number).ok().and_then(|place| before.get(place)).copied().unwrap_or(0);
        at(until).saturating_sub(at(from))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::Selection;
    use crate::scenario::Scenario;

    #[test]
    fn events_of_other_tables_are_passed_over_and_not_counted() {
        let mut plan = Plan::draw(&Scenario::named("steady-overload").unwrap(), 1, 0);
        plan.other_tables = vec!["b".to_owned()];
        plan.classes[0].selection = Selection::Tables(vec!["b".to_owned()]);
        let tables = [0, 1, 0, 0, 1];
        let wanted = WantedEvents { selected: plan.selected(0), tables: &tables };
        assert_eq!([1, 2, 3, 4, 5].map(|sequence| wanted.has(sequence)), [false, true, false, false, true]);
        assert_eq!([0, 1, 2, 4].map(|sequence| wanted.next_after(sequence)), [2, 2, 5, 5]);
        assert_eq!(wanted.next_after(5), 6, "the next one that is published, whatever it is");
        let before = WantedBefore::of(Some(&plan.all_selected()), &tables);
        assert_eq!([(0, 5), (2, 5), (0, 1), (4, 2)].map(|(from, until)| before.between(0, from, until)), [2, 1, 0, 0]);
        assert_eq!(WantedBefore::of(None, &[]).between(0, 2, 9), 7);
        assert_eq!((WantedEvents::ALL.has(3), WantedEvents::ALL.next_after(3)), (true, 4));
    }
}
