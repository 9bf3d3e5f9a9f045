//! Parts of a plan: the same plan with fewer in it.

use std::collections::BTreeMap;

use super::{Fault, FaultKind, Impairments, Plan, Selection};

impl Plan {
    /// The plan with some of its subscribers, who live the same lives. Faults of those left out go with them.
    #[must_use]
    pub fn with_only(&self, is_kept: impl Fn(usize) -> bool) -> Self {
        let kept: Vec<_> = (0..self.subscribers.len()).filter(|index| is_kept(*index)).collect();
        // A fault names its subscriber by its place, and that changes where others are left out.
        let places: BTreeMap<_, _> = kept.iter().enumerate().map(|(place, index)| (*index, place)).collect();
        let moved = |fault: &Fault| {
            let mut harm = fault.harm.clone();
            match &mut harm {
                FaultKind::ReaderStalls { subscriber, .. }
                | FaultKind::ReaderTrickles { subscriber, .. }
                | FaultKind::ReaderStops { subscriber }
                // Without a place in the smaller plan there is nobody left to strike, and the fault goes.
                | FaultKind::ClientDies { subscriber } => *subscriber = *places.get(subscriber)?,
                FaultKind::ServerRestarts { back_after, .. } => {
                    *back_after = kept.iter().map(|index| back_after[*index]).collect();
                }
                FaultKind::LinkHeld { .. } | FaultKind::Partition { .. } | FaultKind::ClassLeaves { .. } => {}
            }
            Some(Fault { at: fault.at, harm })
        };
        Self {
            subscribers: kept.iter().map(|index| self.subscribers[*index].clone()).collect(),
            faults: self.faults.iter().filter_map(moved).collect(),
            ..self.clone()
        }
    }

    /// The plan with one table, the first, to which all events are published and which everybody watches.
    #[must_use]
    pub fn with_one_table(&self) -> Self {
        let mut plan = Self { other_tables: Vec::new(), ..self.clone() };
        plan.arrivals.iter_mut().for_each(|arrival| arrival.table = 0);
        plan.classes.iter_mut().for_each(|class| class.selection = Selection::Everything);
        plan
    }

    /// The plan as it is for clients of a network that has no paths: nothing is lost, and there are no outages.
    #[must_use]
    pub fn without_paths(&self) -> Self {
        let mut plan = self.clone();
        plan.classes.iter_mut().for_each(|class| class.path = None);
        plan.subscribers.iter_mut().for_each(|subscriber| subscriber.impairments = Impairments::default());
        plan
    }
}
