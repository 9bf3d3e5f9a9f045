//! How a subscription begins: with the next event, or after a cursor with what the history still has.

use super::cursor::{Beginning, Cursor};
use super::slot::Slot;
use super::{Channel, Hub, Subscription, lock};
use crate::event::EventId;
use crate::topic::Pattern;

impl Hub {
    /// Subscribes from a cursor on. The events published since come first, as far as the history reaches back; those
    /// that it no longer has are told by [`Subscription::opening`].
    ///
    /// A Hub with a history gives a client what it missed. A Hub of [`Hub::new`] keeps nothing and tells no gap: the
    /// same client loses the same events in silence.
    ///
    /// ```
    /// use std::{future::poll_fn, time::Duration};
    ///
    /// use hubbub::hub::{Cursor, HistorySettings, Rules};
    /// use hubbub::{Capacity, Hub, HubSettings, Limits, Overflow, Pattern, Topic};
    ///
    /// let capacity = Capacity::new(64).expect("1 to 1,048,576 frames");
    /// let overflow = Overflow::DropNewest;
    /// let history = HistorySettings { events: 100, bytes: 1 << 20 };
    /// let rules = Rules { history, announces_gaps: true, ..Rules::plain(Limits::frames(capacity), overflow) };
    /// let remembers = Hub::with(7, rules);
    /// let forgets = Hub::new(HubSettings { epoch: 7, capacity, overflow });
    /// let topic = Topic::new("builds").expect("a topic");
    /// for hub in [&remembers, &forgets] {
    ///     (0..3).for_each(|_| drop(hub.publish(Duration::ZERO, &topic, "{}".into())));
    /// }
    /// // The last `id:` that the client has read, as a browser sends it in `Last-Event-ID`.
    /// let builds = [Pattern::new("builds").expect("a pattern")];
    /// let back = remembers.resume(&builds, Cursor::read("7-1"));
    /// let next = || futures_executor::block_on(poll_fn(|cx| back.poll_take(cx))).expect("the mailbox is open");
    /// assert_eq!([next(), next()].map(|taken| taken.event.id().sequence), [2, 3]);
    /// let back = forgets.resume(&builds, Cursor::read("7-1"));
    /// assert!(back.opening().is_none() && back.counts().offered == 0);
    /// ```
    pub fn resume(&self, patterns: &[Pattern], cursor: Cursor) -> Subscription {
        self.begin(self.slot(patterns, None, Channel::Sse), Some(cursor))
    }

    /// Registers a slot, at the seam between the events of the history and those that will be offered.
    pub(super) fn begin(&self, mut slot: Slot, cursor: Option<Cursor>) -> Subscription {
        let mut registry = self.registry_mut();
        let mut beginning = Beginning::default();
        let announces = self.shared.rules.announces_gaps;
        // Otherwise nothing would be read from the beginning, and the history's lock need not be taken.
        if announces || cursor.is_some() {
            // The registry is locked: later events will find the subscriber there, and earlier ones are in the history.
            let history = lock(&self.shared.history);
            let last = history.last();
            beginning = Beginning::of(self.epoch(), cursor, history.reaches_back_to(), last);
            let count = history.count(slot.interests(), beginning.from, last);
            drop(history);
            slot.begin_after(beginning.from, last, count);
            let first = EventId { epoch: self.epoch(), sequence: beginning.from };
            beginning.replays = (count > 0).then_some((first, count));
        }
        let slot = registry.add(slot);
        drop(registry);
        // Worked out nevertheless: a cursor needs the beginning for its replay.
        if !announces {
            beginning.at = None;
            beginning.opening = None;
        }
        Subscription::new(self.clone(), slot, beginning)
    }
}
