//! The server's environment in the simulated world: the model's clock, counted tasks, and a recorder that listens.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use hubbub::denial::Denial;
use hubbub::hub::Forgotten;
use hubbub::transport::{Limit, Observer, Runtime};
use hubbub::{Counts, Event, EventId, Gap, Hub, Pattern, PushOutcome, SubscriberId};

use super::barrier::Barrier;
use super::clock::ModelClock;
use super::network::Network;
use crate::record::Recorder;

/// The clock, the tasks and the observer of a server under test, as this project's transport asks for them.
#[derive(Clone)]
pub struct ServerEnvironment {
    pub(super) clock: Arc<ModelClock>,
    pub(super) barrier: Arc<Barrier>,
    pub(super) network: Arc<Network>,
    pub(super) recorder: Recorder,
    /// Number of the server's process that it surrounds.
    pub(super) process: usize,
    /// Whether the recorder keeps lives.
    pub(super) keeps_lives: bool,
}

impl std::fmt::Debug for ServerEnvironment {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ServerEnvironment").field("process", &self.process).finish_non_exhaustive()
    }
}

impl Runtime for ServerEnvironment {
    fn now(&self) -> Duration {
        self.clock.now()
    }

    /// The simulated world begins in 1970.
    fn unix_time(&self) -> Duration {
        self.clock.now()
    }

    fn spawn(&self, connection: impl Future<Output = ()> + Send + 'static) {
        drop(tokio::spawn(self.barrier.count(self.process, connection)));
    }
}

impl Observer for ServerEnvironment {
    fn subscribed(&self, subscriber: SubscriberId, peer: SocketAddr, _wanted: &[Pattern]) {
        if let Some(index) = self.network.subscriber(peer) {
            self.recorder.lock().subscribed(self.clock.now(), (self.process, subscriber), index);
            self.network.stream_begins((self.process, subscriber), peer);
        }
    }

    /// The driver records offers: it publishes, and knows which event it was.
    fn offered(&self, _subscriber: SubscriberId, _outcome: PushOutcome<EventId>) {}

    fn replays(&self, subscriber: SubscriberId, first: EventId, count: u64) {
        let id = (self.process, subscriber);
        self.recorder.lock().replayed(self.clock.now(), id, first.sequence, count);
    }

    /// The client is told, and its stream has it.
    fn misses(&self, _subscriber: SubscriberId, _gap: &Gap) {}

    fn forgot(&self, subscriber: SubscriberId, forgotten: Forgotten) {
        self.recorder.lock().forgot(self.clock.now(), (self.process, subscriber), forgotten);
    }

    fn taken(&self, subscriber: SubscriberId, events: &[Arc<Event>]) {
        let id = (self.process, subscriber);
        for event in events {
            self.network.takes_frame(id);
            if self.keeps_lives {
                // Nothing is encoded for it that is not: the body asks for the same form.
                let encoded_bytes = hubbub::frame::sse::event(event).len();
                self.recorder.lock().taken(self.clock.now(), id, event.id().sequence, encoded_bytes);
            }
        }
    }

    fn flushed(&self, subscriber: SubscriberId, events: &[Arc<Event>]) {
        let (now, id) = (self.clock.now(), (self.process, subscriber));
        let mut recorder = self.recorder.lock();
        events.iter().for_each(|event| recorder.flushed(now, id, event.id().sequence));
    }

    fn ended(&self, subscriber: SubscriberId, counts: Counts) {
        self.recorder.lock().ended(self.clock.now(), (self.process, subscriber), counts);
        self.network.stream_ends((self.process, subscriber));
    }

    /// No limit keeps a client of a plan out.
    fn refused(&self, _limit: Limit) {}

    /// A plan has no tokens.
    fn denied(&self, _why: Denial) {}

    fn exposition(&self, _hub: &Hub, _connections: usize) -> Option<String> {
        None
    }
}
