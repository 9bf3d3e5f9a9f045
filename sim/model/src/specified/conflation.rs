//! Conflation: frames that a later one of their key has made old give their places away, first the one that was made old
//! first.

use std::collections::BTreeMap;

use hubbub::{EventId, LossReason, PushOutcome};

use super::mailbox::{Mailbox, displaced};
use super::marks::Mark;
use super::memory::{Memory, Place};

impl Mailbox {
    pub(super) fn conflate(
        &mut self,
        memory: &mut Memory,
        event: Place,
        mut reason: LossReason,
        observe: &mut impl FnMut(PushOutcome<EventId>),
    ) -> PushOutcome<EventId> {
        let mut lost = None;
        self.mark_keys(memory, event);
        while let Some(old) = self.first_made_old(memory, event) {
            if let Some(old) = self.waiting.remove(old) {
                self.lose(memory, old, LossReason::Conflated, &mut lost, observe);
            }
            // Asked after every single one, as in the Hub: several may have to go, and no more than have to.
            match self.bound(memory, event) {
                Some(next) => reason = next,
                None => {
                    self.queue(memory, event);
                    return displaced(memory, lost, self.waiting.len());
                }
            }
        }
        // What was let go for nothing is observed as well.
        if let Some((lost, reason)) = lost {
            self.marks.add(Mark::ConflationInVain);
            let lost = memory.get(lost).id;
            observe(PushOutcome::Shed { lost, reason });
        }
        self.cut_off(memory, reason)
    }

    /// Where the frame waits that was made old first: the one before the first frame whose key has been
    /// seen before in its table.
    fn first_made_old(&self, memory: &Memory, event: Place) -> Option<usize> {
        // Searched anew every time. The Hub remembers positions, so a fault in its bookkeeping shows as a disagreement.
        let mut seen = BTreeMap::new();
        // With the new event, which does not wait yet: it makes the frame before it of its key old.
        for (index, place) in self.waiting.iter().chain([&event]).enumerate() {
            // A frame without a key is never old: nothing says what it is about.
            let Some(entity) = memory.get(*place).entity() else { continue };
            if let Some(old) = seen.insert(entity, index) {
                return Some(old);
            }
        }
        None
    }
}
