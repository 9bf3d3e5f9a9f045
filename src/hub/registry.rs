//! The list of subscribers, by topic and by pattern. Knows mailboxes only as slots to hand out.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::SubscriberId;
use super::slot::Slot;
use crate::loss::LossCounts;
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
    /// The accounts of those that left, by label. It has every label that a subscriber ever had.
    departed: BTreeMap<&'static str, Counts>,
    /// What those that left had lost, by the place of their rule.
    departed_by_rule: BTreeMap<usize, LossCounts>,
}

/// The subscribers that one event is offered to. One of them may be listed more than once.
pub(super) struct Recipients {
    exact: Option<Slots>,
    by_pattern: Vec<Arc<Slot>>,
}

impl Recipients {
    pub(super) fn iter(&self) -> impl Iterator<Item = &Arc<Slot>> {
        self.exact.iter().flat_map(|slots| slots.iter()).chain(&self.by_pattern)
    }
}

impl Registry {
    pub(super) fn add(&mut self, mut slot: Slot) -> Arc<Slot> {
        self.last_id += 1;
        // Given out here, under the registry's lock: the order of ids is the order of subscribing.
        slot.set_id(SubscriberId(self.last_id));
        let slot = Arc::new(slot);
        self.all.insert(slot.id(), slot.clone());
        self.departed.entry(slot.label()).or_default();
        for pattern in slot.wanted() {
            self.list(&slot, &pattern);
        }
        slot
    }

    /// Lists a subscriber under one more pattern. The lists stay in the order of ids.
    pub(super) fn list(&mut self, slot: &Arc<Slot>, pattern: &Pattern) {
        match pattern.as_topic() {
            Some(topic) => {
                let slots = Arc::make_mut(self.by_topic.entry(topic).or_default());
                // Sorted insertion: a pattern that is added later belongs to an old id, and a fan-out goes by id.
                slots.insert(slots.partition_point(|other| other.id() < slot.id()), slot.clone());
            }
            None => Arc::make_mut(&mut self.by_pattern).push((pattern.clone(), slot.clone())),
        }
    }

    /// Removes a subscriber from the list of one pattern.
    pub(super) fn unlist(&mut self, slot: &Slot, pattern: &Pattern) {
        let Some(topic) = pattern.as_topic() else {
            let by_pattern = Arc::make_mut(&mut self.by_pattern);
            by_pattern.retain(|(other, of)| of.id() != slot.id() || other != pattern);
            return;
        };
        let Some(slots) = self.by_topic.get_mut(&topic) else { return };
        Arc::make_mut(slots).retain(|other| other.id() != slot.id());
        // Otherwise topics that nobody watches any more would be kept for the life of the server.
        if slots.is_empty() {
            self.by_topic.remove(&topic);
        }
    }

    pub(super) fn remove(&mut self, slot: &Slot) {
        // Eviction, leaving and dropping all come here; only the first counts.
        if self.all.remove(&slot.id()).is_none() {
            return;
        }
        // The account of a subscriber that leaves moves here, so that the sums of the Hub never go back.
        let counts = slot.counts();
        self.departed.entry(slot.label()).or_default().add(&counts);
        self.departed_by_rule.entry(slot.rule()).or_default().add(&counts.dropped);
        for pattern in slot.wanted() {
            self.unlist(slot, &pattern);
        }
    }

    /// Whether the subscriber is still registered.
    pub(super) fn has(&self, slot: &Slot) -> bool {
        self.all.contains_key(&slot.id())
    }

    pub(super) fn audience(&self, topic: &Topic) -> Recipients {
        let matching = self.by_pattern.iter().filter(|(pattern, _)| pattern.matches(topic));
        Recipients {
            // Only a pointer is cloned, however many subscribers the topic has. Patterns have to be matched anyway.
            exact: self.by_topic.get(topic).cloned(),
            by_pattern: matching.map(|(_, slot)| slot.clone()).collect(),
        }
    }

    /// All subscribers, in the order of their ids.
    pub(super) fn all(&self) -> Vec<Arc<Slot>> {
        self.all.values().cloned().collect()
    }

    /// Every label that a subscriber ever had, in order.
    pub(super) fn labels(&self) -> Vec<&'static str> {
        self.departed.keys().copied().collect()
    }

    /// The account of the subscribers with one label, or of all.
    pub(super) fn counts(&self, label: Option<&str>) -> Counts {
        let departed = self.departed.iter().filter(|(other, _)| label.is_none_or(|label| **other == label));
        let mut sum = Counts::default();
        departed.for_each(|(_, counts)| sum.add(counts));
        self.labelled(label).for_each(|slot| sum.add(&slot.counts()));
        sum
    }

    /// The losses of the subscribers of each rule: of so many rules, and then of those without one.
    pub(super) fn losses_by_rule(&self, rules: usize) -> Vec<LossCounts> {
        let departed = |rule: usize| self.departed_by_rule.get(&rule).copied().unwrap_or_default();
        let mut sums: Vec<_> = (0..=rules).map(departed).collect();
        for slot in self.all.values() {
            if let Some(sum) = sums.get_mut(slot.rule()) {
                sum.add(&slot.counts().dropped);
            }
        }
        sums
    }

    /// Returns the number of subscribers with a label, or of all subscribers without one.
    pub(super) fn subscribers(&self, label: Option<&str>) -> usize {
        self.labelled(label).count()
    }

    fn labelled(&self, label: Option<&str>) -> impl Iterator<Item = &Arc<Slot>> {
        self.all.values().filter(move |slot| label.is_none_or(|label| slot.label() == label))
    }
}
