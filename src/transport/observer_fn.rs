//! Observers that are easy to write: a closure, and one that many connections share.

use std::net::SocketAddr;
use std::sync::Arc;

use super::environment::{Limit, Observer};
use crate::denial::Denial;
use crate::event::{Event, EventId, Gap};
use crate::hub::{Forgotten, Hub, SubscriberId};
use crate::loss::PushOutcome;
use crate::mailbox::Counts;
use crate::topic::Pattern;

/// One call of an [`Observer`], as the closure of [`observer_fn`] gets it.
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub enum Observation<'a> {
    /// A stream has subscribed.
    Subscribed {
        /// The new subscriber.
        subscriber: SubscriberId,
        /// The address of its client.
        peer: SocketAddr,
        /// The patterns that it wants. Over a WebSocket its client may change them later.
        wanted: &'a [Pattern],
    },
    /// A publish has offered its event to a subscriber. This runs during the fan-out, so it must not publish.
    Offered {
        /// The subscriber.
        subscriber: SubscriberId,
        /// What became of the event, and which one was lost if one was.
        outcome: PushOutcome<EventId>,
    },
    /// A stream begins with events that were published before.
    Replays {
        /// The subscriber.
        subscriber: SubscriberId,
        /// The first event that is replayed.
        first: EventId,
        /// The number of replayed events.
        count: u64,
    },
    /// A stream begins with a gap: its client has come back, and the history has not all that it missed.
    Misses {
        /// The subscriber.
        subscriber: SubscriberId,
        /// What it misses.
        gap: &'a Gap,
    },
    /// Events that waited in the history for a subscriber are lost, because the history has not kept them.
    Forgot {
        /// The subscriber.
        subscriber: SubscriberId,
        /// The events that are lost.
        forgotten: Forgotten,
    },
    /// An event has left its mailbox for the socket.
    Taken {
        /// The subscriber.
        subscriber: SubscriberId,
        /// The event.
        event: &'a Event,
    },
    /// A socket has accepted the last byte of an event.
    Flushed {
        /// The subscriber.
        subscriber: SubscriberId,
        /// The event.
        event: &'a Event,
    },
    /// A stream has ended.
    Ended {
        /// The subscriber.
        subscriber: SubscriberId,
        /// Its final account.
        counts: Counts,
    },
    /// A client was turned away because of a limit.
    Refused {
        /// The limit.
        limit: Limit,
    },
    /// A request was not allowed.
    Denied {
        /// The reason.
        why: Denial,
    },
}

/// The observer that [`observer_fn`] makes of a closure.
#[derive(Debug, Clone, Copy)]
pub struct ObserverFn<F> {
    observe: F,
}

/// Makes an observer of a closure that is told everything and looks at what it wants.
///
/// It measures nothing: its [`exposition`](Observer::exposition) is `None`. An observer that wraps another one
/// implements [`Observer`] itself, and then does not compile if it forgets to pass a hook on.
///
/// ```
/// use std::sync::atomic::{AtomicU64, Ordering};
///
/// use hubbub::transport::{Observation, Observer, observer_fn};
/// # use hubbub::{Capacity, Hub, HubSettings, Overflow, Pattern, Topic};
///
/// let losses = AtomicU64::new(0);
/// let observer = observer_fn(|observation| {
///     if let Observation::Offered { outcome, .. } = observation
///         && outcome.is_loss()
///     {
///         losses.fetch_add(1, Ordering::Relaxed);
///     }
/// });
/// # let capacity = Capacity::new(1).expect("1 to 1,048,576 frames");
/// # let hub = Hub::new(HubSettings { epoch: 1, capacity, overflow: Overflow::DropOldest });
/// # let _reader = hub.subscribe(&[Pattern::new("builds").expect("a pattern")]).open();
/// # let topic = Topic::new("builds").expect("a topic");
/// for _ in 0..3 {
///     // A publisher in the same process passes on what the Hub says.
///     hub.publish_each(std::time::Duration::ZERO, &topic, "{}", |id, outcome| observer.offered(id, outcome));
/// }
/// assert_eq!(losses.load(Ordering::Relaxed), 2, "a mailbox of one frame");
/// ```
pub fn observer_fn<F: Fn(Observation<'_>)>(observe: F) -> ObserverFn<F> {
    ObserverFn { observe }
}

impl<F: Fn(Observation<'_>)> Observer for ObserverFn<F> {
    fn subscribed(&self, subscriber: SubscriberId, peer: SocketAddr, wanted: &[Pattern]) {
        (self.observe)(Observation::Subscribed { subscriber, peer, wanted });
    }

    fn offered(&self, subscriber: SubscriberId, outcome: PushOutcome<EventId>) {
        (self.observe)(Observation::Offered { subscriber, outcome });
    }

    fn replays(&self, subscriber: SubscriberId, first: EventId, count: u64) {
        (self.observe)(Observation::Replays { subscriber, first, count });
    }

    fn misses(&self, subscriber: SubscriberId, gap: &Gap) {
        (self.observe)(Observation::Misses { subscriber, gap });
    }

    fn forgot(&self, subscriber: SubscriberId, forgotten: Forgotten) {
        (self.observe)(Observation::Forgot { subscriber, forgotten });
    }

    fn taken(&self, subscriber: SubscriberId, events: &[Arc<Event>]) {
        events.iter().for_each(|event| (self.observe)(Observation::Taken { subscriber, event }));
    }

    fn flushed(&self, subscriber: SubscriberId, events: &[Arc<Event>]) {
        events.iter().for_each(|event| (self.observe)(Observation::Flushed { subscriber, event }));
    }

    fn ended(&self, subscriber: SubscriberId, counts: Counts) {
        (self.observe)(Observation::Ended { subscriber, counts });
    }

    fn refused(&self, limit: Limit) {
        (self.observe)(Observation::Refused { limit });
    }

    fn denied(&self, why: Denial) {
        (self.observe)(Observation::Denied { why });
    }

    fn exposition(&self, _hub: &Hub, _connections: usize) -> Option<String> {
        None
    }
}

impl<O: Observer + ?Sized> Observer for Arc<O> {
    fn subscribed(&self, subscriber: SubscriberId, peer: SocketAddr, wanted: &[Pattern]) {
        (**self).subscribed(subscriber, peer, wanted);
    }

    fn offered(&self, subscriber: SubscriberId, outcome: PushOutcome<EventId>) {
        (**self).offered(subscriber, outcome);
    }

    fn replays(&self, subscriber: SubscriberId, first: EventId, count: u64) {
        (**self).replays(subscriber, first, count);
    }

    fn misses(&self, subscriber: SubscriberId, gap: &Gap) {
        (**self).misses(subscriber, gap);
    }

    fn forgot(&self, subscriber: SubscriberId, forgotten: Forgotten) {
        (**self).forgot(subscriber, forgotten);
    }

    fn taken(&self, subscriber: SubscriberId, events: &[Arc<Event>]) {
        (**self).taken(subscriber, events);
    }

    fn flushed(&self, subscriber: SubscriberId, events: &[Arc<Event>]) {
        (**self).flushed(subscriber, events);
    }

    fn ended(&self, subscriber: SubscriberId, counts: Counts) {
        (**self).ended(subscriber, counts);
    }

    fn refused(&self, limit: Limit) {
        (**self).refused(limit);
    }

    fn denied(&self, why: Denial) {
        (**self).denied(why);
    }

    fn exposition(&self, hub: &Hub, connections: usize) -> Option<String> {
        (**self).exposition(hub, connections)
    }
}
