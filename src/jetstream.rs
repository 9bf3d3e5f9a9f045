//! Events from a stream of NATS JetStream, which several servers share: each publishes to it, and each reads all of it
//! into its own Hub.
//!
//! This module is the client of NATS. How a stream is read into a Hub is the module [`shared_log`](crate::shared_log)'s
//! business. The epoch of the ids is the time at which the stream was created, in milliseconds.
//!
//! Nothing of this runs in a simulated world: the broker is a process of its own.

mod connect;
mod consumer;
mod found;
mod nats_stream;
mod settings;
mod version;

use std::sync::Arc;

use crate::hub::{HistorySettings, Hub};
use crate::metrics::LogMetrics;
use crate::shared_log::{ReadState, SharedLog};

pub use connect::StartError;
pub use consumer::Consumer;
pub use nats_stream::NatsStream;
pub use settings::{MAX_REPLICAS, Settings, is_address, is_stream_name};

/// A connection to the stream of a cluster. Its server has not read anything yet.
#[derive(Debug)]
pub struct JetStream {
    stream: NatsStream,
    state: Arc<ReadState>,
    replay: HistorySettings,
    /// A known fault of the broker's version.
    fault: Option<String>,
}

impl JetStream {
    /// Connects to a broker, and finds the stream or creates it.
    ///
    /// # Errors
    /// When no broker can be reached or used, or when the stream is not one that a cluster can be built on.
    pub async fn connect(settings: Settings, metrics: Arc<LogMetrics>) -> Result<Self, StartError> {
        let state = Arc::new(ReadState::new(metrics, settings.grace));
        let client = connect::client(&settings, state.clone()).await?;
        let stream = found::or_created(&connect::context(client.clone()), &settings).await?;
        let fault = version::fault(&client.server_info().version, settings.replicas);
        Ok(Self { stream: NatsStream::new(client, stream, &settings), state, replay: settings.replay, fault })
    }

    /// First half of every id: the time at which the stream was created, in milliseconds since the Unix epoch.
    pub fn epoch(&self) -> u64 {
        self.stream.epoch()
    }

    /// Prepares to read the stream into a Hub, which has the same [`epoch`](Self::epoch).
    pub fn into_hub(self, hub: Hub) -> SharedLog<NatsStream> {
        if let Some(line) = self.fault {
            tracing::warn!("{line}");
        }
        SharedLog::new(self.stream, self.state, hub, self.replay)
    }
}
