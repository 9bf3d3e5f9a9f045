//! Which waiting frame is the latest of its key, and which ones are superseded. Conflation needs both, at a cost for
//! each push that does not grow with the mailbox.
//!
//! A frame is named by its position since the mailbox began. So a position of a frame that has left is recognised.

use std::collections::VecDeque;

use hashbrown::HashTable;

use super::{Key, Mailbox, Queue, QueueItem};
use crate::loss::LossReason;

/// Vacant places that a conflating mailbox may have in addition to half its waiting frames. It keeps a small mailbox
/// from being compacted at nearly every push.
pub(super) const VACANT_SLACK: usize = 16;

/// Waiting frames by key.
#[derive(Debug, Default)]
pub(super) struct Keys {
    /// The position of the latest frame of each key. Never iterated, so the order of the table does not matter.
    latest: HashTable<u64>,
    /// Positions that a later frame has superseded, in that order. Some of these frames may have left since.
    superseded: VecDeque<u64>,
}

impl Keys {
    /// Notes that a frame with that key waits at `position`, or is about to. It is the latest of its key now, and the
    /// one before is superseded.
    #[inline]
    pub(super) fn note<T: QueueItem>(&mut self, queue: &Queue<T>, position: u64, key: Key<'_>) {
        // A frame that has left is no longer at its position, so a stale entry never matches.
        let is_of = |other: &u64| queue.waiting_at(*other).and_then(T::key).is_some_and(|other| other == key);
        if let Some(latest) = self.latest.find_mut(key.hash, is_of) {
            self.superseded.push_back(std::mem::replace(latest, position));
            return;
        }
        // The table rehashes when it grows. The new frame is not in the queue yet, so its hash is the one at hand.
        let hash_of = |other: &u64| match queue.waiting_at(*other) {
            Some(frame) if *other != position => frame.key().map_or(0, |key| key.hash),
            Some(_) | None => key.hash,
        };
        self.latest.insert_unique(key.hash, position, hash_of);
    }

    /// Forgets the frame at `position`, which is about to leave.
    pub(super) fn remove(&mut self, position: u64, key: Key<'_>) {
        if let Ok(found) = self.latest.find_entry(key.hash, |other| *other == position) {
            found.remove();
        }
    }

    /// Takes the next superseded position. The caller has to check that a frame still waits there.
    #[inline]
    pub(super) fn next_superseded(&mut self) -> Option<u64> {
        self.superseded.pop_front()
    }

    /// Forgets the superseded positions of frames that have left, once they are the greater part.
    #[inline]
    pub(super) fn prune<T>(&mut self, queue: &Queue<T>, waiting: usize) {
        // Only then: the search costs as much as the stale positions that it removes.
        if self.superseded.len() > 2 * waiting + 16 {
            self.superseded.retain(|position| queue.waiting_at(*position).is_some());
        }
    }

    /// How many positions are remembered: latest ones, and superseded ones.
    #[cfg(test)]
    pub(super) fn remembered(&self) -> (usize, usize) {
        (self.latest.len(), self.superseded.len())
    }

    /// Forgets all positions.
    pub(super) fn clear(&mut self) {
        self.latest.clear();
        self.superseded.clear();
    }
}

/// The steps of conflation.
impl<T: QueueItem> Mailbox<T> {
    /// Begins to remember keys, those of the waiting frames included.
    pub(super) fn remember_keys(&mut self) {
        if self.keys.is_none() {
            self.keys = Some(Box::default());
            self.note_all();
        }
    }

    /// Lets a frame go that a later one of its key has superseded; `None` when there is none.
    #[inline]
    pub(super) fn let_go_superseded(&mut self) -> Option<(T, LossReason)> {
        while let Some(position) = self.keys.as_mut().and_then(|keys| keys.next_superseded()) {
            // It may have been taken, flushed or let go since it was superseded.
            let Some(index) = self.queue.index(position) else { continue };
            let Some(old) = self.queue.let_go(index) else { continue };
            self.bytes -= old.bytes();
            self.dropped.conflated += 1;
            return Some((old, LossReason::Conflated));
        }
        None
    }

    /// Notes the key of a frame that is about to wait behind all others. If it does not, the mailbox closes, and what
    /// is noted does not matter.
    #[inline]
    pub(super) fn note_key(&mut self, frame: &T) {
        self.compact();
        let Some(keys) = &mut self.keys else { return };
        if let Some(key) = frame.key() {
            keys.note(&self.queue, self.queue.first + self.queue.frames.len() as u64, key);
        }
        keys.prune(&self.queue, self.queue.frames.len());
    }

    pub(super) fn forget_key_of_oldest(&mut self) {
        let Some(keys) = &mut self.keys else { return };
        let position = self.queue.first + self.queue.in_flight as u64;
        if let Some(key) = self.queue.waiting_at(position).and_then(T::key) {
            keys.remove(position, key);
        }
    }

    /// Removes the vacant places once they are a third of all. The cost is proportional to the frames let go since the
    /// last time, so it is constant for each of them.
    fn compact(&mut self) {
        if self.queue.vacant <= self.waiting() / 2 + VACANT_SLACK / 2 {
            return;
        }
        // All positions behind a vacant place change, so the keys are noted anew.
        self.keys.iter_mut().for_each(|keys| keys.clear());
        self.queue.frames.retain(Option::is_some);
        self.queue.vacant = 0;
        self.note_all();
    }

    fn note_all(&mut self) {
        let Some(keys) = &mut self.keys else { return };
        let Queue { frames, in_flight, first, .. } = &self.queue;
        for position in (*first + *in_flight as u64)..(*first + frames.len() as u64) {
            if let Some(key) = self.queue.waiting_at(position).and_then(T::key) {
                keys.note(&self.queue, position, key);
            }
        }
    }
}
