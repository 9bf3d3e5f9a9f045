//! What clients see of a server that does not say what it does: which events arrive, in which order, and which do not.
//!
//! An event counts as delivered when the server's socket has accepted its last byte. What an open stream owed its client
//! and did not bring is lost. Three laws need no account, and are checked at every event: a stream brings events in
//! order, each once, and none that was not published.

mod client;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use hubbub::{LossReason, SubscriberId};

use super::server_fault::{ServerFault, ServerFaultKind};
use crate::client::NotAStream;
use crate::plan::Plan;
use crate::record::Recorder;
use client::Client;

/// Clients of a server under test ask for one stream, so its plans have one table.
const ONLY_TABLE: u8 = 0;

/// Shared by all clients of a run and the driver.
#[derive(Clone)]
pub(super) struct Sightings {
    recorder: Recorder,
    state: Arc<Mutex<State>>,
}

struct State {
    time_scale: u32,
    /// Names of classes, and the class of each subscriber.
    classes: Vec<String>,
    class_of: Vec<usize>,
    /// The sequence of each number, in the order of publishing; 0 for what has not been published.
    sequences: Vec<u64>,
    published: u64,
    clients: Vec<Client>,
    fault: Option<ServerFault>,
    peak_bytes: u64,
}

impl Sightings {
    pub(super) fn new(plan: &Plan, recorder: Recorder) -> Self {
        let state = State {
            time_scale: plan.time_scale,
            classes: plan.classes.iter().map(|class| class.name.clone()).collect(),
            class_of: plan.subscribers.iter().map(|subscriber| subscriber.class).collect(),
            sequences: vec![0; plan.arrivals.len()],
            published: 0,
            clients: plan.subscribers.iter().map(|_| Client::new(plan.arrivals.len())).collect(),
            fault: None,
            peak_bytes: 0,
        };
        Self { recorder, state: Arc::new(Mutex::new(state)) }
    }

    /// The arrival of that number is published, as planned at a time.
    pub(super) fn published(&self, at: Duration, number: usize) {
        let sequence = self.recorder.lock().published(at, ONLY_TABLE);
        let mut state = self.lock();
        state.sequences[number] = sequence;
        state.published = sequence;
    }

    /// The server holds that many bytes of events.
    pub(super) fn holds(&self, bytes: u64) {
        let mut state = self.lock();
        state.peak_bytes = state.peak_bytes.max(bytes);
    }

    /// A client has asked for a stream.
    pub(super) fn asked(&self, now: Duration, index: usize) {
        self.lock().clients[index].asked(now);
    }

    /// A client has the head of its response.
    pub(super) fn opened(&self, now: Duration, index: usize) {
        let id = SubscriberId(index as u64 + 1);
        // One process for all: sequences here go on over the processes of a server.
        self.recorder.lock().subscribed(now, (0, id), index);
        let mut state = self.lock();
        let published = state.published;
        state.clients[index].opened(published);
    }

    /// That many bytes of a response have arrived at a client.
    pub(super) fn arrives(&self, index: usize, bytes: u64) {
        self.lock().clients[index].bytes += bytes;
    }

    /// An event has arrived whole at a client, with that number if it has one. The server's socket accepted its last byte
    /// at `accepted_at`. Returns whether the client is to read it.
    pub(super) fn event(&self, now: Duration, accepted_at: Duration, index: usize, number: Option<u64>) -> bool {
        let mut state = self.lock();
        let Some(number) = number else {
            state.clients[index].unnumbered += 1;
            return false;
        };
        let place = usize::try_from(number).unwrap_or(usize::MAX);
        let sequence = state.sequences.get(place).copied().unwrap_or(0);
        if sequence == 0 {
            state.blame(now, Some(index), ServerFaultKind::Invented { number });
            return false;
        }
        let breach = state.clients[index].event(number, sequence);
        drop(state);
        if let Some(kind) = breach {
            self.lock().blame(now, Some(index), kind);
            return false;
        }
        let mut recorder = self.recorder.lock();
        recorder.wants_from(index, sequence);
        recorder.flushed_to(accepted_at, index, 0, sequence);
        true
    }

    /// A client has read the event of that number.
    pub(super) fn received(&self, at: Duration, index: usize, number: u64) {
        let place = usize::try_from(number).unwrap_or(usize::MAX);
        let sequence = self.lock().sequences.get(place).copied().unwrap_or(0);
        if sequence > 0 {
            self.recorder.lock().received(at, index, 0, sequence);
        }
    }

    /// The server has ended a client's stream, by itself or with its process.
    pub(super) fn closed(&self, now: Duration, index: usize, by_plan: bool) {
        let mut state = self.lock();
        let published = state.published;
        let client = &mut state.clients[index];
        let kind = client.ended_early().filter(|_| !by_plan);
        let was_open = client.closed(published, LossReason::Evicted);
        if let Some(kind) = kind {
            state.blame(now, Some(index), kind);
        }
        drop(state);
        if was_open {
            let id = SubscriberId(index as u64 + 1);
            self.recorder.lock().ended(now, (0, id), hubbub::Counts::default());
        }
    }

    /// A client has left for good, or died.
    pub(super) fn left(&self, now: Duration, index: usize) {
        let mut state = self.lock();
        let published = state.published;
        state.clients[index].closed(published, LossReason::ClientGone);
        drop(state);
        self.recorder.lock().left(now, index);
    }

    /// A client was not given what it had asked for.
    pub(super) fn refused(&self, now: Duration, index: usize, why: &NotAStream) {
        self.lock().blame(now, Some(index), ServerFaultKind::NotAStream(why.clone()));
    }

    /// Something is wrong that ends the run.
    pub(super) fn blame(&self, now: Duration, subscriber: Option<usize>, kind: ServerFaultKind) {
        self.lock().blame(now, subscriber, kind);
    }

    /// What ends the run, if something does.
    pub(super) fn fault(&self) -> Option<ServerFault> {
        self.lock().fault.clone()
    }

    pub(super) fn peak_bytes(&self) -> u64 {
        self.lock().peak_bytes
    }

    /// The run is over. What open streams did not bring is lost, unless the client's socket is full: then it may still wait
    /// in the server.
    pub(super) fn finish(&self, now: Duration, is_blocked: impl Fn(usize) -> bool) {
        let mut state = self.lock();
        let state = &mut *state;
        let published = state.published;
        for (index, client) in state.clients.iter_mut().enumerate() {
            client.finish(published, is_blocked(index));
        }
        state.find_silence(now);
        let mut recorder = self.recorder.lock();
        for (index, client) in state.clients.iter().enumerate() {
            for (reason, count) in &client.lost {
                recorder.inferred(index, *reason, *count);
            }
            recorder.still_waits(index, client.waits);
            if let Some(first) = client.first_lost {
                recorder.first_inferred(index, first);
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// Keeps the first fault.
    fn blame(&mut self, now: Duration, subscriber: Option<usize>, kind: ServerFaultKind) {
        let class = subscriber.and_then(|index| self.class_of.get(index)).map(|class| self.classes[*class].clone());
        let at = now / self.time_scale;
        self.fault.get_or_insert(ServerFault { subscriber, class, at, kind });
    }

    /// Looks for clients that waited in vain.
    fn find_silence(&mut self, now: Duration) {
        let unanswered =
            self.clients.iter().enumerate().find_map(|(index, client)| Some((index, client.waits_since()?)));
        if let Some((index, since)) = unanswered {
            return self.blame(since, Some(index), ServerFaultKind::NeverAnswers);
        }
        let is_owed = |client: &Client| client.lost.iter().any(|(_, count)| *count > 0);
        let odd = self.clients.iter().position(|client| client.events == 0 && client.unnumbered > 0 && is_owed(client));
        if let Some(index) = odd {
            let events = self.clients[index].unnumbered;
            return self.blame(now, Some(index), ServerFaultKind::Unnumbered { events });
        }
        if self.clients.iter().all(|client| client.events == 0)
            && let Some(index) = self.clients.iter().position(is_owed)
        {
            let bytes = self.clients[index].bytes;
            self.blame(now, Some(index), ServerFaultKind::NoEvents { published: self.published, bytes });
        }
    }
}
