//! Which waiting frame is its key's latest, and which have been superseded: what conflation needs, at a cost a push
//! that does not grow with the mailbox.
//!
//! Frames are named by their position since the mailbox began; a frame that has left is recognised by it.

use std::collections::VecDeque;

use hashbrown::HashTable;

use super::{Key, Letter};

/// Waiting frames by key.
#[derive(Debug, Default)]
pub(super) struct Keys {
    /// The latest of each key. Never gone through, so its order does not matter.
    latest: HashTable<u64>,
    /// Those that a later one has superseded, in that order; some may have left since.
    superseded: VecDeque<u64>,
    /// Frames let go in the middle of the queue, whose places are still there.
    pub(super) vacant: usize,
}

/// Finds a frame by its position.
pub(super) trait At<T> {
    /// `None` where it has left, or never waited.
    fn waiting_at(&self, position: u64) -> Option<&T>;
}

impl Keys {
    /// A frame with that key waits at `position`, or is about to: it is the latest of its key, and what was is superseded.
    pub(super) fn note<T: Letter>(&mut self, frames: &impl At<T>, position: u64, key: Key<'_>) {
        let is_of = |other: &u64| frames.waiting_at(*other).and_then(T::key).is_some_and(|other| other == key);
        if let Some(latest) = self.latest.find_mut(key.hash, is_of) {
            self.superseded.push_back(std::mem::replace(latest, position));
            return;
        }
        let hash_of = |other: &u64| match frames.waiting_at(*other) {
            Some(frame) if *other != position => frame.key().map_or(0, |key| key.hash),
            Some(_) | None => key.hash,
        };
        self.latest.insert_unique(key.hash, position, hash_of);
    }

    /// The frame at `position` is about to leave.
    pub(super) fn remove(&mut self, position: u64, key: Key<'_>) {
        if let Ok(found) = self.latest.find_entry(key.hash, |other| *other == position) {
            found.remove();
        }
    }

    /// The next position that was superseded; whether anything still waits there is for the caller to see.
    pub(super) fn next_superseded(&mut self) -> Option<u64> {
        self.superseded.pop_front()
    }

    /// Forgets positions that have left, once they are most of what is kept.
    pub(super) fn prune<T>(&mut self, frames: &impl At<T>, waiting: usize) {
        if self.superseded.len() > 2 * waiting + 16 {
            self.superseded.retain(|position| frames.waiting_at(*position).is_some());
        }
    }

    /// How many positions are remembered, of either kind.
    #[cfg(test)]
    pub(super) fn remembered(&self) -> (usize, usize) {
        (self.latest.len(), self.superseded.len())
    }

    /// Forgets everything.
    pub(super) fn clear(&mut self) {
        self.latest.clear();
        self.superseded.clear();
        self.vacant = 0;
    }
}
