//! How a plan's Hub treats those who cannot keep up, in either world.

use hubbub::Limits;
use hubbub::hub::{HistorySettings, Rules};

use super::HubChoice;
use super::payload::PAYLOAD_KEY;
use crate::plan::Plan;

/// The rules of the server of a plan, at one mailbox size and policy.
pub(crate) fn rules(plan: &Plan, choice: HubChoice) -> Rules {
    let mut rules = Rules::plain(Limits::frames(choice.capacity), choice.overflow);
    let Some(recovery) = plan.server.recovery else { return rules };
    rules.policy.limits =
        Limits { capacity: choice.capacity, bytes: recovery.waiting_bytes, age: recovery.waiting_age };
    rules.policy.key = PAYLOAD_KEY.parse().ok();
    rules.history = HistorySettings { events: recovery.history_events, bytes: recovery.history_bytes };
    rules.announces_gaps = true;
    rules
}
