//! Events from a stream of NATS JetStream, which several servers share: each publishes to it, and each reads all of it
//! into its own Hub.
//!
//! ```text
//! POST /v1/ingest ── publisher ──▶ stream ── acknowledgement ──▶ 202 with the id
//!                                    │
//!                                    └── a consumer of each server ── reader ──▶ Hub::publish_at ──▶ mailboxes
//! ```
//!
//! An id is the time at which the stream was created, in milliseconds, and the sequence of the event in the stream. So an
//! event has the same id on every server, and a client may come back to any of them. The stream is the source of truth, and
//! the history of each Hub holds the newest part of it.
//!
//! Nothing of this runs in a simulated world: the broker is a process of its own.

mod connect;
mod found;
mod message;
mod older;
mod progress;
mod publisher;
mod reader;
mod settings;
mod watching;

use std::sync::Arc;

use async_nats::Client;
use async_nats::jetstream::stream::Stream;

use crate::event_log::EventLog;
use crate::hub::Hub;
use crate::metrics::LogMetrics;
use crate::transport::Environment;

pub use connect::StartError;
use older::Older;
use progress::Shared;
use publisher::Publisher;
use reader::Reader;
pub use settings::{MAX_REPLICAS, Settings, is_address, is_stream_name};

/// A connection to the stream of a cluster. Its server has not read anything yet.
#[derive(Debug)]
pub struct JetStream {
    client: Client,
    stream: Stream,
    settings: Settings,
    shared: Arc<Shared>,
}

/// A connection to the stream and the Hub that it is read into. Nothing has been read yet.
#[derive(Debug)]
pub struct Reading {
    stream: JetStream,
    hub: Hub,
    older: Arc<Older>,
    log: Arc<dyn EventLog>,
}

impl JetStream {
    /// Connects to a broker, and finds the stream or creates it.
    ///
    /// # Errors
    /// When no broker can be reached or used, or when the stream is not one that a cluster can be built on.
    pub async fn connect(settings: Settings, metrics: Arc<LogMetrics>) -> Result<Self, StartError> {
        let shared = Arc::new(Shared::new(metrics, settings.grace));
        let client = connect::client(&settings, shared.clone()).await?;
        let stream = found::or_created(&connect::context(client.clone()), &settings).await?;
        Ok(Self { client, stream, settings, shared })
    }

    /// First half of every id: the time at which the stream was created, in milliseconds since the Unix epoch.
    pub fn epoch(&self) -> u64 {
        found::epoch(self.stream.cached_info())
    }

    /// Prepares to read the stream into a Hub, which has the same [`epoch`](Self::epoch).
    pub fn into_hub(self, hub: Hub) -> Reading {
        let older = Arc::new(Older::new(&self, hub.clone()));
        let log = Arc::new(Publisher::new(&self, older.clone()));
        Reading { stream: self, hub, older, log }
    }
}

impl Reading {
    /// The log that a server publishes to.
    pub fn log(&self) -> Arc<dyn EventLog> {
        self.log.clone()
    }

    /// Reads the stream into the Hub. It begins with the newest events, at most `history_events` of them, and waits for a
    /// broker that is away. It ends only when the stream is no longer the one that it was; the result says why, and the
    /// ids of the Hub are then worthless.
    pub async fn run<E: Environment>(self, environment: E, history_events: usize) -> String {
        let Self { stream, hub, older, .. } = self;
        let older = tokio::spawn(older.run(environment.clone()));
        let why = Reader::new(stream, hub, environment, history_events).run().await;
        older.abort();
        why
    }
}
