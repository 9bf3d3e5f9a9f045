//! The environment of our own server: a recorder that listens, as the simulated world's does.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use hubbub::denial::Denial;
use hubbub::hub::Forgotten;
use hubbub::transport::{Limit, Observer, Runtime};
use hubbub::{Counts, Event, EventId, Gap, Hub, Pattern, PushOutcome, SubscriberId};

use super::clock::Clock;
use super::network::ClientAddresses;
use crate::record::Recorder;

/// The server's only process.
const PROCESS: usize = 0;

#[derive(Clone)]
pub(super) struct RecordingEnvironment {
    pub(super) clock: Clock,
    pub(super) recorder: Recorder,
    /// Where subscribers connect from.
    pub(super) clients: ClientAddresses,
    /// When each subscriber of the plan leaves for good, if it does: a stream that ends after that has been left.
    pub(super) leaves_at: Arc<[Option<Duration>]>,
}

impl Runtime for RecordingEnvironment {
    fn now(&self) -> Duration {
        self.clock.now()
    }

    /// The run's clock: a plan has no tokens.
    fn unix_time(&self) -> Duration {
        self.clock.now()
    }

    fn spawn(&self, connection: impl Future<Output = ()> + Send + 'static) {
        drop(tokio::spawn(connection));
    }
}

impl Observer for RecordingEnvironment {
    fn subscribed(&self, subscriber: SubscriberId, peer: SocketAddr, _wanted: &[Pattern]) {
        if let Some(index) = self.clients.index_of(peer.ip()) {
            self.recorder.lock().subscribed(self.now(), (PROCESS, subscriber), index);
        }
    }

    fn offered(&self, subscriber: SubscriberId, outcome: PushOutcome<EventId>) {
        // The sequence is only needed for digests and logs, and wall time repeats neither.
        self.recorder.lock().offered(self.now(), (PROCESS, subscriber), 0, outcome);
    }

    fn replays(&self, subscriber: SubscriberId, first: EventId, count: u64) {
        self.recorder.lock().replayed(self.now(), (PROCESS, subscriber), first.sequence, count);
    }

    /// The client is told, and its stream has it.
    fn misses(&self, _subscriber: SubscriberId, _gap: &Gap) {}

    fn forgot(&self, subscriber: SubscriberId, forgotten: Forgotten) {
        self.recorder.lock().forgot(self.now(), (PROCESS, subscriber), forgotten);
    }

    /// When an event leaves its mailbox is nothing that a record has.
    fn taken(&self, _subscriber: SubscriberId, _event: &Event) {}

    fn flushed(&self, subscriber: SubscriberId, event: &Event) {
        self.recorder.lock().flushed(self.now(), (PROCESS, subscriber), event.id().sequence);
    }

    fn ended(&self, subscriber: SubscriberId, counts: Counts) {
        let now = self.now();
        let mut recorder = self.recorder.lock();
        if let Some(index) = recorder.of((PROCESS, subscriber))
            && self.leaves_at[index].is_some_and(|at| at <= now)
        {
            recorder.left(now, index);
        }
        recorder.ended(now, (PROCESS, subscriber), counts);
    }

    /// The run's server has room for every client.
    fn refused(&self, _limit: Limit) {}

    /// A plan has no tokens.
    fn denied(&self, _why: Denial) {}

    fn exposition(&self, _hub: &Hub, _connections: usize) -> Option<String> {
        None
    }
}
