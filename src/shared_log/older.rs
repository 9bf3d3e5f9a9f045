//! Events from before a server's history. They are read from the stream once for all clients that wait for them, are put
//! in front of the history, and are forgotten when nobody reads them any more.
//!
//! It has a task and a consumer of its own, so what is new does not wait for what is old.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::{Notify, watch};
use tokio::time::{Instant, sleep, timeout};

use super::progress::ReadState;
use super::stream::{Content, Interrupted, Messages, Stream};
use super::watching::{nothing_between, state};
use crate::event::Event;
use crate::event_log::Place;
use crate::hub::{HistorySettings, Hub};
use crate::transport::Environment;

/// Longest time that a client waits for older events.
const MOST_WAIT: Duration = Duration::from_secs(5);
/// Time that older events are kept after a client has asked for some.
const KEEP: Duration = Duration::from_secs(30);
/// Pause after a read that has failed.
const PAUSE: Duration = Duration::from_millis(500);
/// Longest wait for a message that there is. It may have been lost on the way.
const SILENCE: Duration = Duration::from_secs(5);
/// Most messages that the broker sends ahead. What is new takes the same connection.
const MOST_AHEAD: usize = 200;

/// What reads older events, and who waits for them.
#[derive(Debug)]
pub(super) struct Older<S> {
    stream: S,
    shared: Arc<ReadState>,
    hub: Hub,
    /// How much may be read.
    most: HistorySettings,
    wanted: Mutex<Wanted>,
    is_wanted: Notify,
    /// The number of the last read that has ended.
    done: watch::Sender<u64>,
}

#[derive(Debug)]
struct Wanted {
    /// The oldest sequence that a client waits for.
    from: Option<u64>,
    /// The number of the last read that has begun.
    read: u64,
    /// When a client has asked last.
    asked_at: Instant,
}

impl<S: Stream> Older<S> {
    pub(super) fn new(stream: S, shared: Arc<ReadState>, hub: Hub, replay: HistorySettings) -> Self {
        Self {
            stream,
            shared,
            // What is put in front of nothing would be followed by nothing.
            most: if hub.has_history() { replay } else { HistorySettings::NONE },
            hub,
            wanted: Mutex::new(Wanted { from: None, read: 0, asked_at: Instant::now() }),
            is_wanted: Notify::new(),
            done: watch::Sender::default(),
        }
    }

    /// Waits until the history reaches back to `from`, or as far as it can. One read is for all clients that wait when it
    /// begins.
    pub(super) async fn reach_back(&self, from: u64) -> Place {
        if self.most.events == 0 {
            return Place::Reached;
        }
        let mut done = self.done.subscribe();
        let read = {
            let mut wanted = self.wanted();
            if self.hub.reaches_back_to() <= from {
                if self.hub.keeps_older() {
                    wanted.asked_at = Instant::now();
                }
                return Place::Reached;
            }
            wanted.asked_at = Instant::now();
            wanted.from = Some(wanted.from.map_or(from, |other| other.min(from)));
            wanted.read + 1
        };
        self.is_wanted.notify_one();
        match timeout(MOST_WAIT, done.wait_for(|done| *done >= read)).await {
            Ok(Ok(_)) => Place::Reached,
            Ok(Err(_)) | Err(_) => Place::NotYet,
        }
    }

    /// Reads what clients wait for, and forgets it later. It does not end.
    pub(super) async fn run<E: Environment>(self: Arc<Self>, environment: E) {
        loop {
            tokio::select! {
                biased;
                () = self.is_wanted.notified() => self.read_wanted(&environment).await,
                () = sleep(PAUSE), if self.hub.keeps_older() => {
                    let is_kept = self.wanted().asked_at.elapsed() < KEEP;
                    if !is_kept {
                        // As long as somebody reads it, it is asked again.
                        let _ = self.hub.forget_older();
                    }
                }
            }
        }
    }

    async fn read_wanted<E: Environment>(&self, environment: &E) {
        let (from, number) = {
            let mut wanted = self.wanted();
            let Some(from) = wanted.from.take() else { return };
            wanted.read += 1;
            (from, wanted.read)
        };
        let oldest = self.hub.history_state().oldest;
        // When it was published is not known on this server's clock. It was no later than what follows.
        let at = oldest.unwrap_or_else(|| environment.now());
        while let Err(why) = self.read(from, at).await {
            let (Interrupted::Again(why) | Interrupted::Doubtful(why) | Interrupted::ForGood(why)) = why;
            tracing::warn!("older events cannot be read from the stream: {why}");
            // Those who wait come back later, and ask again.
            if self.done.receiver_count() == 0 {
                break;
            }
            sleep(PAUSE).await;
        }
        self.done.send_replace(number);
    }

    /// Reads the events from `wanted` up to the history, as many of the newest as there is room for.
    async fn read(&self, wanted: u64, at: Duration) -> Result<(), Interrupted> {
        let reached = self.hub.reaches_back_to();
        let room = self.most.events.saturating_sub(self.hub.older_events());
        // Only whether it is the same stream: how far it must go is the reader's question.
        let first = state(&self.stream, self.hub.last_id().epoch, 0).await?.first;
        let from = wanted.max(first).max(reached.saturating_sub(room as u64));
        if from >= reached {
            return Ok(());
        }
        let mut messages = self.stream.consume(from - 1, MOST_AHEAD).await?;
        let read = self.collect(&mut messages, Found { from, events: VecDeque::new(), bytes: 0 }, at).await;
        messages.end().await;
        read
    }

    /// Collects what a consumer sends, until it is next to the history.
    async fn collect(&self, messages: &mut S::Messages, mut found: Found, at: Duration) -> Result<(), Interrupted> {
        let mut left = messages.pending();
        let mut expected = 1;
        let mut next = found.from;
        while left > 0 {
            let Ok(message) = timeout(SILENCE, messages.next()).await else {
                return Err(Interrupted::Again("the consumer sends nothing".to_owned()));
            };
            let message = message?;
            if message.number != expected {
                return Err(Interrupted::Again("a message of the consumer is missing".to_owned()));
            }
            expected += 1;
            left = message.pending;
            let sequence = message.sequence;
            nothing_between(&self.stream, next..sequence).await?;
            next = sequence + 1;
            // The history may have gone on meanwhile. Then it begins after this event, which is still to be had.
            if sequence >= self.hub.reaches_back_to() {
                self.leave_out_removed(&mut found).await?;
                if self.put_in_front(sequence, &mut found) {
                    return Ok(());
                }
            }
            if let Content::Event { topic, payload } = message.content {
                found.push(self.hub.older_event(sequence, &topic, payload, at), self.most.bytes);
            }
        }
        nothing_between(&self.stream, next..self.hub.reaches_back_to()).await?;
        self.leave_out_removed(&mut found).await?;
        // Nothing comes after what was found, so nothing is missing behind it.
        self.put_in_front(u64::MAX, &mut found);
        Ok(())
    }

    /// Leaves out what the stream has removed meanwhile: what is gone of it would pass for deleted messages. A stream that is
    /// full removes a message for each that it takes, so to begin again would have no end.
    async fn leave_out_removed(&self, found: &mut Found) -> Result<(), Interrupted> {
        // Of a leader that has less than this server it is not known what it has yet to remove.
        let last = self.hub.last_id();
        let first = state(&self.stream, last.epoch, last.sequence).await?.first;
        found.begin_at(first);
        Ok(())
    }

    fn put_in_front(&self, until: u64, found: &mut Found) -> bool {
        // The stream may have removed all of it, and the history begins no later than before.
        if found.from >= self.hub.reaches_back_to() {
            return true;
        }
        let events = found.events.make_contiguous();
        let is_done = self.hub.put_in_front(found.from, until, events, self.most);
        if is_done {
            self.shared.metrics.reread(events.len() as u64);
        }
        is_done
    }

    fn wanted(&self) -> MutexGuard<'_, Wanted> {
        self.wanted.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// All events from a sequence on, as far as they were read.
struct Found {
    from: u64,
    events: VecDeque<Arc<Event>>,
    bytes: usize,
}

impl Found {
    /// Adds an event. The oldest are left out where there would be more bytes.
    fn push(&mut self, event: Arc<Event>, most_bytes: usize) {
        self.bytes += event.payload().len();
        self.events.push_back(event);
        while self.bytes > most_bytes
            && let Some(oldest) = self.events.pop_front()
        {
            self.bytes -= oldest.payload().len();
            self.from = oldest.id().sequence + 1;
        }
    }

    /// Leaves out the events before a sequence.
    fn begin_at(&mut self, first: u64) {
        while let Some(oldest) = self.events.pop_front_if(|oldest| oldest.id().sequence < first) {
            self.bytes -= oldest.payload().len();
        }
        self.from = self.from.max(first);
    }
}
