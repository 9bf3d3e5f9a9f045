//! What a server can say of itself while a run goes on, so that the run's account is exact.

use std::time::Duration;

use bytes::Bytes;
use hubbub::{Counts, EventId, Hub, PushOutcome, SubscriberId, Topic};

/// A look into a process of a server: the outcome of every push, counts, and high-water marks.
///
/// A server with a probe also reports what happens to its streams, through the observer of
/// [`Start::environment`](super::Start::environment): who has subscribed, which event a socket has accepted, and the
/// account of a stream that ends. At the end of a run the counts must agree with all that was reported.
pub trait Probe: Send + Sync {
    /// Publishes an event at a time of the world's clock, and tells `outcome` what became of it for each subscriber.
    /// Returns its id. Ids have the epoch of [`Start::epoch`](super::Start::epoch) and count from 1.
    fn publish(
        &self,
        at: Duration,
        payload: Bytes,
        outcome: &mut dyn FnMut(SubscriberId, PushOutcome<EventId>),
    ) -> EventId;

    /// The account of all subscribers of the process, past and present.
    fn counts(&self) -> Counts;

    /// The most bytes of payload that the process has held at once.
    fn peak_bytes(&self) -> u64;

    /// The process is killed: what waits is lost as `evicted`.
    fn killed(&self);
}

/// The probe of a Hub whose subscribers watch one topic.
#[derive(Debug, Clone)]
pub struct HubProbe {
    hub: Hub,
    topic: Topic,
}

impl HubProbe {
    /// A probe that publishes to a topic of a Hub.
    #[must_use]
    pub fn new(hub: Hub, topic: Topic) -> Self {
        Self { hub, topic }
    }
}

impl Probe for HubProbe {
    fn publish(
        &self,
        at: Duration,
        payload: Bytes,
        outcome: &mut dyn FnMut(SubscriberId, PushOutcome<EventId>),
    ) -> EventId {
        self.hub.publish_each(at, &self.topic, payload, outcome).id
    }

    fn counts(&self) -> Counts {
        self.hub.counts()
    }

    fn peak_bytes(&self) -> u64 {
        self.hub.pinned_bytes().peak()
    }

    fn killed(&self) {
        // Before the tasks end: a stream that is dropped counts as left by its client, and its frames as `client_gone`.
        self.hub.evict_all();
    }
}
