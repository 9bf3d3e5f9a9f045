//! Which waiting frame is its key's latest, and which have been superseded: what conflation needs, at a cost a push
//! that does not grow with the mailbox.
//!
//! Frames are named by their position since the mailbox began; a frame that has left is recognised by it.

use std::collections::VecDeque;

use hashbrown::HashTable;

use super::{Key, Mailbox, Queue, QueueItem};
use crate::loss::LossReason;

/// Slots a conflating mailbox may have beside those that frames wait in: places of frames that were let go.
pub(super) const VACANT_SLACK: usize = 16;

/// Waiting frames by key.
#[derive(Debug, Default)]
pub(super) struct Keys {
    /// The latest of each key. Never gone through, so its order does not matter.
    latest: HashTable<u64>,
    /// Those that a later one has superseded, in that order; some may have left since.
    superseded: VecDeque<u64>,
}

impl Keys {
    /// A frame with that key waits at `position`, or is about to: it is the latest of its key, and what was is superseded.
    #[inline]
    pub(super) fn note<T: QueueItem>(&mut self, queue: &Queue<T>, position: u64, key: Key<'_>) {
        let is_of = |other: &u64| queue.waiting_at(*other).and_then(T::key).is_some_and(|other| other == key);
        if let Some(latest) = self.latest.find_mut(key.hash, is_of) {
            self.superseded.push_back(std::mem::replace(latest, position));
            return;
        }
        let hash_of = |other: &u64| match queue.waiting_at(*other) {
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
    #[inline]
    pub(super) fn next_superseded(&mut self) -> Option<u64> {
        self.superseded.pop_front()
    }

    /// Forgets positions that have left, once they are most of what is kept.
    #[inline]
    pub(super) fn prune<T>(&mut self, queue: &Queue<T>, waiting: usize) {
        if self.superseded.len() > 2 * waiting + 16 {
            self.superseded.retain(|position| queue.waiting_at(*position).is_some());
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
    }
}

/// What only a conflating mailbox does.
impl<T: QueueItem> Mailbox<T> {
    /// From now on it is known which of those that wait are old.
    pub(super) fn remember_keys(&mut self) {
        if self.keys.is_none() {
            self.keys = Some(Box::default());
            self.note_all();
        }
    }

    /// Lets a frame go that a later one of its key has made old; `None` when there is none.
    #[inline]
    pub(super) fn let_go_superseded(&mut self) -> Option<(T, LossReason)> {
        while let Some(position) = self.keys.as_mut().and_then(|keys| keys.next_superseded()) {
            let Some(index) = self.queue.index(position) else { continue };
            let Some(old) = self.queue.let_go(index) else { continue };
            self.bytes -= old.bytes();
            self.dropped.conflated += 1;
            return Some((old, LossReason::Conflated));
        }
        None
    }

    /// The frame is about to wait behind all others; where it does not, the mailbox closes.
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

    /// Gives up vacant places once they are a third of all: what that costs is paid by the frames let go since the last
    /// time.
    fn compact(&mut self) {
        if self.queue.vacant <= self.waiting() / 2 + VACANT_SLACK / 2 {
            return;
        }
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
