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

    /// Counts an event that was taken; whether it was replayed.
    pub(super) fn takes(&self, subscriber: SubscriberId) -> bool {
        self.of(subscriber, |left| count_down(&mut left.to_take)).unwrap_or(false)
    }

    /// Counts an event that was flushed; whether it was replayed.
    pub(super) fn flushes(&self, subscriber: SubscriberId) -> bool {
        self.of(subscriber, |left| count_down(&mut left.to_flush)).unwrap_or(false)
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

fn count_down(left: &mut u64) -> bool {
    let was_left = *left > 0;
    *left -= u64::from(was_left);
    was_left
}

#[cfg(test)]
mod tests {
    use super::*;

    const ONE: SubscriberId = SubscriberId(1);
    const OTHER: SubscriberId = SubscriberId(2);

    #[test]
    fn as_many_events_as_are_replayed_count_as_such_taken_and_flushed_each() {
        let replays = Replays::default();
        assert!(!replays.takes(ONE) && !replays.flushes(ONE));
        replays.begin(ONE, 3);
        assert!(!replays.takes(OTHER), "another stream");
        let taken: Vec<_> = (0..4).map(|_| replays.takes(ONE)).collect();
        let flushed: Vec<_> = (0..4).map(|_| replays.flushes(ONE)).collect();
        assert_eq!(taken, vec![true, true, true, false]);
        assert_eq!(flushed, vec![true, true, true, false]);
        assert_eq!(replays.streams.load(Ordering::Relaxed), 0);
    }

    #[test]
    fn those_that_the_history_forgot_do_not_come_and_nothing_is_kept_of_a_stream_that_ends() {
        let replays = Replays::default();
        for subscriber in [ONE, OTHER] {
            replays.begin(subscriber, 3);
        }
        replays.forgot(ONE, 2);
        assert!(replays.takes(ONE) && !replays.takes(ONE) && replays.flushes(ONE) && !replays.flushes(ONE));
        replays.forgot(OTHER, 9);
        assert_eq!(replays.streams.load(Ordering::Relaxed), 0);
        replays.begin(ONE, 1);
        replays.ended(ONE);
        assert!(!replays.takes(ONE) && replays.left.lock().unwrap().is_empty());
    }
}
