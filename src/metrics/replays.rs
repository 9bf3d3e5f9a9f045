//! Replayed events. Their age says how long a client was away, and nothing of the server, so the histograms leave it
//! out. This room knows which streams still have replayed events to come.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};

use crate::hub::SubscriberId;

#[derive(Debug, Default)]
pub(super) struct Replays {
    /// How many streams have replayed events to come. Read at every frame without the lock, and nearly always 0.
    streams: AtomicUsize,
    left: Mutex<BTreeMap<SubscriberId, Left>>,
}

/// How many of a stream's replayed events are not yet taken, and not yet flushed.
#[derive(Debug, Clone, Copy)]
struct Left {
    to_take: u64,
    to_flush: u64,
}

impl Replays {
    /// Begins a stream with `count` replayed events.
    pub(super) fn begin(&self, subscriber: SubscriberId, count: u64) {
        self.with(|left| {
            left.insert(subscriber, Left { to_take: count, to_flush: count });
        });
    }

    /// Notes that the next `count` replayed events do not come: the history no longer has them.
    pub(super) fn forgot(&self, subscriber: SubscriberId, count: u64) {
        self.of(subscriber, |left| {
            left.to_take = left.to_take.saturating_sub(count);
            left.to_flush = left.to_flush.saturating_sub(count);
        });
    }

    /// Counts events that were taken. Returns how many of them were replayed: those come first.
    pub(super) fn takes(&self, subscriber: SubscriberId, events: usize) -> usize {
        self.of(subscriber, |left| count_down(&mut left.to_take, events)).unwrap_or(0)
    }

    /// Counts events that were flushed. Returns how many of them were replayed: those come first.
    pub(super) fn flushes(&self, subscriber: SubscriberId, events: usize) -> usize {
        self.of(subscriber, |left| count_down(&mut left.to_flush, events)).unwrap_or(0)
    }

    /// Forgets a stream that has ended.
    pub(super) fn ended(&self, subscriber: SubscriberId) {
        self.of(subscriber, |left| *left = Left { to_take: 0, to_flush: 0 });
    }

    fn of<T>(&self, subscriber: SubscriberId, change: impl FnOnce(&mut Left) -> T) -> Option<T> {
        if self.streams.load(Ordering::Relaxed) == 0 {
            return None;
        }
        self.with(|all| {
            let left = all.get_mut(&subscriber)?;
            let changed = change(left);
            // An event is taken before it is flushed, so nothing is left to take either.
            if left.to_flush == 0 {
                all.remove(&subscriber);
            }
            Some(changed)
        })
    }

    fn with<T>(&self, change: impl FnOnce(&mut BTreeMap<SubscriberId, Left>) -> T) -> T {
        let mut left = self.left.lock().unwrap_or_else(PoisonError::into_inner);
        let changed = change(&mut left);
        // Under the lock, so that the number never falls behind the map.
        self.streams.store(left.len(), Ordering::Relaxed);
        changed
    }
}

/// Takes up to `events` off what is left. Returns how many.
fn count_down(left: &mut u64, events: usize) -> usize {
    let counted = usize::try_from(*left).map_or(events, |left| left.min(events));
    *left -= counted as u64;
    counted
}

#[cfg(test)]
mod tests {
    use super::*;

    const ONE: SubscriberId = SubscriberId(1);
    const OTHER: SubscriberId = SubscriberId(2);

    #[test]
    fn as_many_events_as_are_replayed_count_as_such_taken_and_flushed_each() {
        let replays = Replays::default();
        assert_eq!([replays.takes(ONE, 1), replays.flushes(ONE, 1)], [0, 0]);
        replays.begin(ONE, 3);
        assert_eq!(replays.takes(OTHER, 1), 0, "another stream");
        assert_eq!([1, 4, 1].map(|events| replays.takes(ONE, events)), [1, 2, 0]);
        assert_eq!([2, 2, 1].map(|events| replays.flushes(ONE, events)), [2, 1, 0]);
        assert_eq!(replays.streams.load(Ordering::Relaxed), 0);
    }

    #[test]
    fn those_that_the_history_forgot_do_not_come_and_nothing_is_kept_of_a_stream_that_ends() {
        let replays = Replays::default();
        for subscriber in [ONE, OTHER] {
            replays.begin(subscriber, 3);
        }
        replays.forgot(ONE, 2);
        assert_eq!([replays.takes(ONE, 2), replays.flushes(ONE, 2)], [1, 1]);
        replays.forgot(OTHER, 9);
        assert_eq!(replays.streams.load(Ordering::Relaxed), 0);
        replays.begin(ONE, 1);
        replays.ended(ONE);
        assert!(replays.takes(ONE, 1) == 0 && replays.left.lock().unwrap().is_empty());
    }
}
