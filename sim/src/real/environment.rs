//! The environment of our own server: a recorder that listens, as the simulated world's does.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};
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

/// Sequences are only needed for digests and logs, and wall time repeats neither.
const NO_SEQUENCE: u64 = 0;

#[derive(Clone)]
pub(super) struct RecordingEnvironment {
    clock: Clock,
    recorder: Recorder,
    /// Where subscribers connect from.
    clients: ClientAddresses,
    /// When each subscriber of the plan leaves for good, if it does: a stream that ends after that has been left.
    leaves_at: Arc<[Option<Duration>]>,
    /// What was offered to streams that have not been announced. A stream is in the Hub before it is announced, and
    /// another thread may publish in between. Locked only by who holds the recorder.
    early: Arc<Mutex<BTreeMap<SubscriberId, Vec<Offer>>>>,
}

/// When an event was offered, and what became of it.
type Offer = (Duration, PushOutcome<EventId>);

impl RecordingEnvironment {
    pub(super) fn new(
        clock: Clock,
        recorder: Recorder,
        clients: ClientAddresses,
        leaves_at: Arc<[Option<Duration>]>,
    ) -> Self {
        Self { clock, recorder, clients, leaves_at, early: Arc::default() }
    }
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
        let mut recorder = self.recorder.lock();
        let early = self.early.lock().unwrap_or_else(PoisonError::into_inner).remove(&subscriber);
        let Some(index) = self.clients.index_of(peer.ip()) else { return };
        recorder.subscribed(self.now(), (PROCESS, subscriber), index);
        for (at, outcome) in early.into_iter().flatten() {
            recorder.offered(at, (PROCESS, subscriber), NO_SEQUENCE, outcome);
        }
    }

    fn offered(&self, subscriber: SubscriberId, outcome: PushOutcome<EventId>) {
        let mut recorder = self.recorder.lock();
        if recorder.of((PROCESS, subscriber)).is_some() {
            return recorder.offered(self.now(), (PROCESS, subscriber), NO_SEQUENCE, outcome);
        }
        let mut early = self.early.lock().unwrap_or_else(PoisonError::into_inner);
        early.entry(subscriber).or_default().push((self.now(), outcome));
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
    fn taken(&self, _subscriber: SubscriberId, _events: &[Arc<Event>]) {}

    fn flushed(&self, subscriber: SubscriberId, events: &[Arc<Event>]) {
        let now = self.now();
        let mut recorder = self.recorder.lock();
        events.iter().for_each(|event| recorder.flushed(now, (PROCESS, subscriber), event.id().sequence));
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::Plan;
    use crate::scenario::Scenario;

    #[test]
    fn an_event_that_is_offered_before_its_stream_is_announced_counts() {
        let scenario = Scenario::named("ci-build").expect("a built-in scenario");
        let recorder = Recorder::new(&Plan::draw(&scenario, 2, 1));
        let clients = ClientAddresses::after([127, 64, 0, 0].into());
        let environment = RecordingEnvironment::new(Clock::of(0), recorder.clone(), clients, Arc::new([None, None]));
        environment.offered(SubscriberId(1), PushOutcome::Queued { waiting: 1 });
        environment.subscribed(SubscriberId(2), (clients.of(1), 4000).into(), &[]);
        environment.subscribed(SubscriberId(1), (clients.of(0), 4000).into(), &[]);
        environment.offered(SubscriberId(1), PushOutcome::Queued { waiting: 2 });
        let record = recorder.close(0).expect("a record that does not contradict itself");
        let offered: Vec<_> = record.subscribers.iter().map(|subscriber| subscriber.offered).collect();
        assert_eq!(offered, [2, 0]);
    }
}
