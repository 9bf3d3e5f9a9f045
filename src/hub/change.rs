//! Changes of what a subscriber wants, while it is there.

use std::sync::Arc;

use super::slot::Slot;
use super::{Hub, lock};
use crate::topic::Pattern;

impl Hub {
    /// Adds a pattern to what a subscriber wants, from the next event on; `false` if it wants it already, or has left.
    pub(super) fn want(&self, slot: &Arc<Slot>, pattern: &Pattern) -> bool {
        // Asked without the lock of publishing: a command that changes nothing need not wait for a fan-out.
        if lock(&slot.state).interests.wants(pattern) {
            return false;
        }
        // With this lock no fan-out is under way, so every event is offered either with the new pattern or without it.
        let last = lock(&self.shared.publishing);
        let mut registry = self.registry_mut();
        // Checked again with the lock. A subscriber that has left since must not be listed: nothing would remove it
        // again.
        let is_new = registry.has(slot) && lock(&slot.state).want(pattern, *last + 1);
        if is_new {
            registry.list(slot, pattern);
        }
        is_new
    }

    /// Removes a pattern from what a subscriber wants; `false` if it does not want it. Events that wait stay.
    pub(super) fn give_up(&self, slot: &Arc<Slot>, pattern: &Pattern) -> bool {
        if !lock(&slot.state).interests.wants(pattern) {
            return false;
        }
        let last = lock(&self.shared.publishing);
        let mut registry = self.registry_mut();
        // Events up to `last` were offered for the pattern, and parked ones among them are still to be found in the
        // history.
        let was_wanted = registry.has(slot) && lock(&slot.state).give_up(pattern, *last);
        if was_wanted {
            registry.unlist(slot, pattern);
        }
        was_wanted
    }
}
