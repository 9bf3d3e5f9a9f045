//! The time slots in which a line loses packets, drawn with the plan.
//!
//! Slots of time and not packets by number: the fate of a packet must not depend on how many were sent before it, or a
//! larger mailbox would meet other losses. A burst of losses is a run of slots, so it passes with time and not only with
//! the probes that a sender makes of it. A slot should be no longer than one full packet takes on the line: in a longer
//! one neighbouring packets are lost together.

use std::sync::Arc;

/// The lost slots of one direction, in order. Cloning is cheap.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LostSlots {
    slot_nanos: u64,
    lost: Arc<[u64]>,
}

impl LostSlots {
    /// Slots of `slot_nanos`, counted from time 0. `lost` are the numbers of those that are lost, in any order.
    ///
    /// # Panics
    ///
    /// If the slots are of no length.
    pub fn new(slot_nanos: u64, lost: impl IntoIterator<Item = u64>) -> Self {
        assert!(slot_nanos > 0, "a slot has a length");
        let mut lost: Vec<u64> = lost.into_iter().collect();
        lost.sort_unstable();
        lost.dedup();
        Self { slot_nanos, lost: lost.into() }
    }
}

/// The place in the list of lost slots. Times asked for never decrease.
#[derive(Debug, Clone, Default)]
pub(super) struct Cursor {
    next: usize,
}

impl Cursor {
    pub(super) fn is_lost(&mut self, slots: &LostSlots, at: u64) -> bool {
        if self.next >= slots.lost.len() {
            return false;
        }
        let slot = at / slots.slot_nanos;
        self.next += slots.lost[self.next..].iter().take_while(|lost| **lost < slot).count();
        slots.lost.get(self.next) == Some(&slot)
    }
}
