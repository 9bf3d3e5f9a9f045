//! By which way frames leave: the Hub treats all alike and only counts them apart. Also, what a subscriber wants may
//! change while it is there.

use std::sync::Arc;

use super::slot::Slot;
use super::{Hub, lock};
use crate::topic::Pattern;

/// What takes a subscriber's frames.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Channel {
    /// A stream of server-sent events.
    Sse,
    /// A WebSocket.
    WebSocket,
}

impl Channel {
    /// Every one.
    pub const ALL: [Self; 2] = [Self::Sse, Self::WebSocket];

    /// The name in metrics.
    pub fn name(self) -> &'static str {
        match self {
            Self::Sse => "sse",
            Self::WebSocket => "ws",
        }
    }
}

impl Hub {
    /// A subscriber wants one pattern more, from the next event on; `false` where it does already, or has left.
    pub(super) fn want(&self, slot: &Arc<Slot>, pattern: &Pattern) -> bool {
        // Whoever changes nothing waits for no fan-out.
        if lock(&slot.state).interests.wants(pattern) {
            return false;
        }
        // No fan-out is under way: every event is offered either for the pattern or without it.
        let last = lock(&self.shared.publishing);
        let mut registry = self.registry_mut();
        let is_new = registry.has(slot) && lock(&slot.state).want(pattern, *last + 1);
        if is_new {
            registry.list(slot, pattern);
        }
        is_new
    }

    /// A subscriber wants one pattern less; what waits for it goes on waiting. `false` where it does not want it.
    pub(super) fn give_up(&self, slot: &Arc<Slot>, pattern: &Pattern) -> bool {
        if !lock(&slot.state).interests.wants(pattern) {
            return false;
        }
        let last = lock(&self.shared.publishing);
        let mut registry = self.registry_mut();
        let was_wanted = registry.has(slot) && lock(&slot.state).give_up(pattern, *last);
        if was_wanted {
            registry.unlist(slot, pattern);
        }
        was_wanted
    }
}
