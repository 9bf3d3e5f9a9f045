//! What a Hub looks like at one moment: its subscribers one by one, its losses by rule, and its history.

use std::sync::Arc;
use std::time::Duration;

use super::history::HistoryState;
use super::slot::Slot;
use super::{Hub, SubscriberId, lock};
use crate::loss::LossCounts;
use crate::mailbox::Counts;
use crate::topic::Pattern;

/// One subscriber at one moment; [`Hub::overview`] makes it.
///
/// ```
/// use std::time::Duration;
///
/// use hubbub::{Capacity, Hub, HubSettings, Overflow, Pattern, Topic};
///
/// let capacity = Capacity::new(4).expect("1 to 1,048,576 frames");
/// let hub = Hub::new(HubSettings { epoch: 1, capacity, overflow: Overflow::DropOldest });
/// let _builds = hub.subscribe(&[Pattern::new("builds").expect("a pattern")]).open().expect("no cursor");
/// hub.publish(Duration::from_secs(7), &Topic::new("builds").expect("a topic"), "{}");
/// let seen = &hub.overview()[0];
/// assert_eq!((seen.counts.waiting, seen.oldest), (1, Some(Duration::from_secs(7))));
/// assert_eq!(seen.wanted(), [Pattern::new("builds").expect("a pattern")]);
/// ```
#[derive(Debug)]
#[non_exhaustive]
pub struct SubscriberState {
    /// The subscriber's id.
    pub id: SubscriberId,
    /// The label that it is counted under.
    pub label: &'static str,
    /// Its account.
    pub counts: Counts,
    /// When the oldest event in its mailbox was published, on the publisher's clock; `None` if none waits in a slot.
    pub oldest: Option<Duration>,
    slot: Arc<Slot>,
}

impl SubscriberState {
    /// The patterns that the subscriber wants now.
    pub fn wanted(&self) -> Vec<Pattern> {
        self.slot.wanted()
    }
}

impl Hub {
    /// Every subscriber, in the order of ids. It takes the lock of each mailbox for a moment.
    pub fn overview(&self) -> Vec<SubscriberState> {
        // The registry is released first: a publisher waits for it.
        let slots = self.registry().all();
        let seen = slots.into_iter().map(|slot| {
            let (counts, oldest) = {
                let state = lock(&slot.state);
                (state.mailbox.counts(), state.mailbox.oldest().map(|event| event.published_at()))
            };
            SubscriberState { id: slot.id(), label: slot.label(), counts, oldest, slot }
        });
        seen.collect()
    }

    /// The losses of the subscribers of each rule, and at the end those without a rule. Subscribers that have left are
    /// included. A subscriber belongs to the rule that it has its policy from.
    pub fn losses_by_rule(&self) -> Vec<(Option<Pattern>, LossCounts)> {
        let rules = self.shared.rules.by_topic.iter().map(|rule| Some(rule.pattern.clone()));
        rules.chain([None]).zip(self.registry().losses_by_rule(self.shared.rules.by_topic.len())).collect()
    }

    /// How much the history has now.
    pub fn history_state(&self) -> HistoryState {
        lock(&self.shared.history).state()
    }
}
