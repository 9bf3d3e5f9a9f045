//! Publishing: an event gets its id, enters the history, and is offered to everybody who wants it.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use bytes::Bytes;

use super::slot::Offered;
use super::{Hub, Publication, SubscriberId, lock};
use crate::event::{Event, EventId};
use crate::loss::PushOutcome;
use crate::topic::Topic;

impl Hub {
    /// Publishes an event, and returns what happened in sum. `now` is the time on the publisher's clock, kept in the
    /// event.
    ///
    /// The payload is anything that becomes [`Bytes`] without a copy, such as a `String` or a `Vec<u8>`. A slice of a
    /// larger `Bytes` keeps all of it in memory while the event waits.
    ///
    /// ```
    /// use std::time::Duration;
    ///
    /// use hubbub::{Capacity, Hub, HubSettings, Overflow, Pattern, Topic};
    ///
    /// let capacity = Capacity::new(1).expect("1 to 1,048,576 frames");
    /// let hub = Hub::new(HubSettings { epoch: 1, capacity, overflow: Overflow::DropOldest });
    /// let topic = Topic::new("builds").expect("a topic");
    /// let _builds = hub.subscribe(&[Pattern::from(&topic)]).open();
    /// assert_eq!(hub.publish(Duration::ZERO, &topic, format!("{{\"build\":{}}}", 7)).offered, 1);
    /// assert_eq!(hub.publish(Duration::ZERO, &topic, b"{}".as_slice()).dropped, 1);
    /// ```
    pub fn publish(&self, now: Duration, topic: &Topic, payload: impl Into<Bytes>) -> Publication {
        self.publish_each(now, topic, payload, |_, _| {})
    }

    /// Publishes an event, and tells `each` what happened at every subscriber. Subscribers with the same pattern come
    /// in the order of their ids.
    ///
    /// `each` runs while the fan-out is under way. It may subscribe and leave; it must not publish, and must not change
    /// what a subscription wants: both would wait for this fan-out for ever.
    pub fn publish_each(
        &self,
        now: Duration,
        topic: &Topic,
        payload: impl Into<Bytes>,
        mut each: impl FnMut(SubscriberId, PushOutcome<EventId>),
    ) -> Publication {
        let payload = payload.into();
        // Held to the end of the fan-out: two publishers at once could reach two mailboxes in different orders.
        let mut last = lock(&self.shared.publishing);
        *last += 1;
        self.fan_out(*last, now, topic, payload, &mut each)
    }

    /// Publishes an event that has its place in a log already: `sequence` is the second half of its id. Numbers that are
    /// left out are no gap for anybody. `None` if the Hub has that event or a later one, as when a log sends it again.
    ///
    /// ```
    /// use std::time::Duration;
    ///
    /// use hubbub::{Capacity, Hub, HubSettings, Overflow, Topic};
    ///
    /// let capacity = Capacity::new(4).expect("1 to 1,048,576 frames");
    /// let hub = Hub::new(HubSettings { epoch: 7, capacity, overflow: Overflow::DropNewest });
    /// let topic = Topic::new("builds").expect("a topic");
    /// let ninth = hub.publish_at(9, Duration::ZERO, &topic, "{}").expect("a new event");
    /// assert_eq!(ninth.id.to_string(), "7-9");
    /// assert!(hub.publish_at(9, Duration::ZERO, &topic, "{}").is_none());
    /// ```
    pub fn publish_at(
        &self,
        sequence: u64,
        now: Duration,
        topic: &Topic,
        payload: impl Into<Bytes>,
    ) -> Option<Publication> {
        self.publish_each_at(sequence, now, topic, payload, |_, _| {})
    }

    /// Publishes an event as [`publish_at`](Self::publish_at) does, and tells `each` what happened at every subscriber, as
    /// [`publish_each`](Self::publish_each) does.
    pub fn publish_each_at(
        &self,
        sequence: u64,
        now: Duration,
        topic: &Topic,
        payload: impl Into<Bytes>,
        mut each: impl FnMut(SubscriberId, PushOutcome<EventId>),
    ) -> Option<Publication> {
        let payload = payload.into();
        let mut last = lock(&self.shared.publishing);
        if sequence <= *last {
            return None;
        }
        *last = sequence;
        Some(self.fan_out(sequence, now, topic, payload, &mut each))
    }

    /// Says that the log has no event up to `sequence` that the Hub does not have. The next event comes after it, and
    /// nobody misses anything.
    pub fn advance_to(&self, sequence: u64) {
        let mut last = lock(&self.shared.publishing);
        if sequence > *last {
            *last = sequence;
            lock(&self.shared.history).advance_to(sequence);
        }
    }

    /// Says that the Hub does not have the events up to `sequence` and will never get them. It cuts every subscriber off
    /// and empties the history. So each one comes back with its cursor, and is told what it misses.
    pub fn lose_until(&self, sequence: u64) {
        let mut last = lock(&self.shared.publishing);
        if sequence > *last {
            *last = sequence;
            lock(&self.shared.history).lose_until(sequence);
            self.evict_all();
        }
    }

    /// The id of the last event; its sequence is 0 before the first one.
    pub fn last_id(&self) -> EventId {
        EventId { epoch: self.shared.epoch, sequence: lock(&self.shared.history).last() }
    }

    /// Offers an event to its audience. The caller holds the lock of publishing.
    fn fan_out(
        &self,
        sequence: u64,
        now: Duration,
        topic: &Topic,
        payload: Bytes,
        each: &mut impl FnMut(SubscriberId, PushOutcome<EventId>),
    ) -> Publication {
        let id = EventId { epoch: self.shared.epoch, sequence };
        let event = Arc::new(self.event(id, topic, payload, now));
        // Before the audience is read: a subscriber that comes in between finds the event in the history.
        // Its lock is released at once: subscribers that catch up need it during the fan-out.
        lock(&self.shared.history).push(&event);
        // A snapshot: subscribers that come or leave from here on do not wait for the fan-out.
        let audience = self.registry().audience(topic);
        let mut publication = Publication { id, offered: 0, dropped: 0 };
        for slot in audience.iter() {
            // No offer: the subscriber has left since the snapshot, or is listed for two patterns that match.
            let Some(Offered { outcome, shed }) = slot.offer(&event) else { continue };
            publication.offered += 1;
            publication.dropped += usize::from(outcome.is_loss());
            // In the order of the losses: what was shed was lost before the frame that the outcome names.
            shed.into_iter().for_each(|outcome| each(slot.id(), outcome));
            each(slot.id(), outcome);
        }
        publication
    }

    pub(super) fn event(&self, id: EventId, topic: &Topic, payload: Bytes, now: Duration) -> Event {
        let mut event = Event::published(id, topic.clone(), payload, now, self.shared.pinned.clone());
        let policy = self.shared.rules.of(topic);
        if let Some(path) = &policy.key
            && !event.find_key(path)
        {
            // Relaxed, here and where it is read: the count orders nothing.
            self.shared.without_key.fetch_add(1, Ordering::Relaxed);
        }
        event
    }
}
