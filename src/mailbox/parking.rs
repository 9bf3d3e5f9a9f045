//! Parking: frames that wait elsewhere and are only counted here. They come after the frames in slots.

use super::{Mailbox, QueueItem};
use crate::loss::{LossReason, PushOutcome};

impl<T: QueueItem> Mailbox<T> {
    /// How many frames wait elsewhere.
    pub fn parked(&self) -> u64 {
        self.parked
    }

    /// Why parked frames are lost if they do not come back: the limit that made it park, or
    /// [`LossReason::OutOfReach`] if they were replayed.
    pub fn parked_for(&self) -> LossReason {
        self.parked_for
    }

    /// Counts an offered frame as waiting elsewhere.
    pub(super) fn park(&mut self, bound: LossReason) -> PushOutcome<T> {
        self.parked += 1;
        self.parked_for = bound;
        self.is_behind = true;
        self.parked_outcome()
    }

    pub(super) fn parked_outcome(&self) -> PushOutcome<T> {
        let parked = usize::try_from(self.parked).unwrap_or(usize::MAX);
        PushOutcome::Parked { waiting: self.waiting().saturating_add(parked) }
    }

    /// Offers `frames` that were published before the subscription and wait elsewhere.
    pub fn replay(&mut self, frames: u64) {
        if self.closed.is_none() && frames > 0 {
            self.offered += frames;
            self.parked += frames;
            // No limit kept these frames out. Only the history can lose them.
            self.parked_for = LossReason::OutOfReach;
            self.is_behind = true;
        }
    }

    /// Whether the next parked frame has room. Its age does not matter: a parked frame is old by its nature.
    pub fn has_room_for(&self, frame: &T) -> bool {
        let waiting = self.waiting();
        let fits = |most: usize| self.bytes + frame.bytes() <= most;
        waiting == 0 || waiting < self.limits.capacity.frames() && self.limits.bytes.is_none_or(|most| fits(most.get()))
    }

    /// Queues the next parked frame. Does nothing if none is parked, as after a close.
    pub fn unpark(&mut self, frame: T) {
        if let Some(parked) = self.parked.checked_sub(1) {
            self.parked = parked;
            // The high-water mark stays: it measures pushes, and catching up may fill a mailbox of any size.
            self.note_key(&frame);
            self.enqueue(frame);
        }
    }

    /// Counts the next `frames` parked frames as lost.
    pub fn lose_parked(&mut self, frames: u64) {
        // The history counts without the lock of this mailbox: a close may have come in between.
        let frames = frames.min(self.parked);
        self.parked -= frames;
        // Without this a mailbox whose parked frames are all lost would park for ever.
        self.is_behind &= self.parked > 0 || self.waiting() > 0;
        *self.dropped.of(self.parked_for) += frames;
    }
}
