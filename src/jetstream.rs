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

    /// The log that a server publishes to.
    pub fn log(&self) -> Arc<dyn EventLog> {
        Arc::new(Publisher::new(self))
    }

    /// Reads the stream into a Hub, which has the same [`epoch`](Self::epoch). It begins with the newest events, at most
    /// `history_events` of them, and waits for a broker that is away. It ends only when the stream is no longer the one
    /// that it was; the result says why, and the ids of the Hub are then worthless.
    pub async fn read<E: Environment>(self, hub: Hub, environment: E, history_events: usize) -> String {
        Reader::new(self, hub, environment, history_events).run().await
    }
}
