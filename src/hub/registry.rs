//! The list of subscribers, by topic and by pattern. Knows mailboxes only as slots to hand out.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::SubscriberId;
use super::subscription::Slot;
use crate::mailbox::Counts;
use crate::topic::{Pattern, Topic};

/// Slots in the order of their ids. Shared with fan-outs under way: a change then copies the list.
type Slots = Arc<Vec<Arc<Slot>>>;

#[derive(Debug, Default)]
pub(super) struct Registry {
    last_id: u64,
    all: BTreeMap<SubscriberId, Arc<Slot>>,
    by_topic: BTreeMap<Topic, Slots>,
    by_pattern: Arc<Vec<(Pattern, Arc<Slot>)>>,
    /// The account of those that left.
    departed: Counts,
}

/// Whom one event is offered to; a subscriber may stand in it more than once.
pub(super) struct Audience {
    exact: Option<Slots>,
    by_pattern: Vec<Arc<Slot>>,
}

impl Audience {
    pub(super) fn iter(&self) -> impl Iterator<Item = &Arc<Slot>> {
        self.exact.iter().flat_map(|slots| slots.iter()).chain(&self.by_pattern)
    }
}

impl Registry {
    pub(super) fn add(&mut self, mut slot: Slot) -> Arc<Slot> {
        self.last_id += 1;
        slot.set_id(SubscriberId(self.last_id));
        let slot = Arc::new(slot);
        self.all.insert(slot.id(), slot.clone());
        for pattern in slot.patterns() {
            match pattern.as_topic() {
                Some(topic) => Arc::make_mut(self.by_topic.entry(topic).or_default()).push(slot.clone()),
                None => Arc::make_mut(&mut self.by_pattern).push((pattern.clone(), slot.clone())),
            }
        }
        slot
    }

    pub(super) fn remove(&mut self, slot: &Slot) {
        if self.all.remove(&slot.id()).is_none() {
            return;
        }
        self.departed.add(&slot.counts());
        for pattern in slot.patterns() {
            let Some(topic) = pattern.as_topic() else {
                Arc::make_mut(&mut self.by_pattern).retain(|(_, other)| other.id() != slot.id());
                continue;
            };
            let Some(slots) = self.by_topic.get_mut(&topic) else { continue };
            Arc::make_mut(slots).retain(|other| other.id() != slot.id());
            if slots.is_empty() {
                self.by_topic.remove(&topic);
            }
        }
    }

    pub(super) fn audience(&self, topic: &Topic) -> Audience {
        let matching = self.by_pattern.iter().filter(|(pattern, _)| pattern.matches(topic));
        Audience {
            exact: self.by_topic.get(topic).cloned(),
            by_pattern: matching.map(|(_, slot)| slot.clone()).collect(),
        }
    }

    /// Everybody, in the order of their ids.
    pub(super) fn everybody(&self) -> Vec<Arc<Slot>> {
        self.all.values().cloned().collect()
    }

    pub(super) fn counts(&self) -> Counts {
        let mut sum = self.departed;
        self.all.values().for_each(|slot| sum.add(&slot.counts()));
        sum
    }

    pub(super) fn subscribers(&self) -> usize {
        self.all.len()
    }
}
