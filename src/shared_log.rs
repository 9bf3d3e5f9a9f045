//! A stream of events that several servers share, and that is read into the Hub of each: all that does not depend on which
//! stream it is.
//!
//! ```text
//! POST /v1/ingest ── publisher ──▶ stream ── acknowledgement ──▶ 202 with the id
//!                                    │
//!                                    └── a consumer of each server ── reader ──▶ Hub::publish_at ──▶ mailboxes
//! ```
//!
//! An id is the epoch of the stream and the sequence of the event in it. So an event has the same id on every server, and a
//! client may come back to any of them. The stream is the source of truth, and the history of each Hub holds the newest part
//! of it.
//!
//! A client of a stream implements [`Stream`]. The module `jetstream` has the one of NATS. The testbed has a model of a
//! stream, with brokers that fail, under this same code.

mod clocks;
mod older;
mod progress;
mod publisher;
mod reader;
mod stream;
mod watching;

use std::sync::Arc;

use crate::event_log::EventLog;
use crate::hub::{HistorySettings, Hub};
use crate::transport::Environment;

use older::Older;
pub use progress::ReadState;
use publisher::Publisher;
use reader::Reader;
pub use stream::{Appended, Content, Interrupted, Message, Messages, State, Stored, Stream, Times};

/// A stream, and the Hub that it is read into. Nothing has been read yet.
#[derive(Debug)]
pub struct SharedLog<S> {
    stream: S,
    state: Arc<ReadState>,
    hub: Hub,
    older: Arc<Older<S>>,
}

impl<S: Stream> SharedLog<S> {
    /// Prepares to read a stream into a Hub that has the stream's epoch. `replay` is how much is read again for clients whose
    /// cursor is older than the history of the Hub.
    pub fn new(stream: S, state: Arc<ReadState>, hub: Hub, replay: HistorySettings) -> Self {
        let older = Arc::new(Older::new(stream.clone(), state.clone(), hub.clone(), replay));
        Self { stream, state, hub, older }
    }

    /// The log that a server publishes to.
    pub fn log(&self) -> Arc<dyn EventLog> {
        let epoch = self.hub.last_id().epoch;
        Arc::new(Publisher::new(self.stream.clone(), epoch, self.state.clone(), self.older.clone()))
    }

    /// Reads the stream into the Hub. It begins with the newest events, at most `history_events` of them, and waits for a
    /// stream that is away. It ends only when the stream is no longer the one that it was; the result says why, and the ids
    /// of the Hub are then worthless.
    pub async fn run<E: Environment>(self, environment: E, history_events: usize) -> String {
        let Self { stream, state, hub, older } = self;
        let older = tokio::spawn(older.run(environment.clone()));
        let why = Reader::new(stream, state, hub, environment, history_events).run().await;
        older.abort();
        why
    }
}
