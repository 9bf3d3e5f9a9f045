//! What is varied while the plan stays the same, and the rules of the Hub that follow from both.

use hubbub::hub::{HistorySettings, Rules};
use hubbub::{Capacity, Limits, Overflow};

use super::Plan;

/// The field of a payload's object that has its key.
pub(crate) const PAYLOAD_KEY: &str = "k";

/// The Hub's mailboxes, which no plan says anything about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct HubChoice {
    /// Mailbox size.
    pub capacity: Capacity,
    /// What a full mailbox does.
    pub overflow: Overflow,
}

impl Plan {
    /// The plan with a history of another size. A plan without recovery has none, and stays as it is.
    #[doc(hidden)]
    #[must_use]
    pub fn with_history(&self, HistorySettings { events, bytes }: HistorySettings) -> Self {
        let mut plan = self.clone();
        if let Some(recovery) = &mut plan.server.recovery {
            recovery.history_events = events;
            recovery.history_bytes = bytes;
        }
        plan
    }
}

impl HubChoice {
    /// The rules of the Hub that serves a plan, the same in every world.
    pub fn rules(self, plan: &Plan) -> Rules {
        let mut rules = Rules::plain(Limits::frames(self.capacity), self.overflow);
        let Some(recovery) = plan.server.recovery else { return rules };
        rules.policy.limits =
            Limits { capacity: self.capacity, bytes: recovery.waiting_bytes, age: recovery.waiting_age };
        // The constant is a valid key, so `ok` hides no error.
        rules.policy.key = PAYLOAD_KEY.parse().ok();
        rules.history = HistorySettings { events: recovery.history_events, bytes: recovery.history_bytes };
        rules.announces_gaps = true;
        rules
    }
}
