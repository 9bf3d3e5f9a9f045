//! Where the events of the server come from: from its own publishers, or from a stream that several servers share.

use std::sync::Arc;
use std::time::SystemTime;

use hubbub::config::{Config, Source};
use hubbub::hub::{HistorySettings, Policy, Rule, Rules};
use hubbub::jetstream::{JetStream, StartError};
use hubbub::metrics::{LogMetrics, Measured};
use hubbub::transport::Environment;
use hubbub::{Hub, Limits, server};

/// A source that is ready to be served.
pub(super) struct Opened {
    hub: Hub,
    stream: Option<(JetStream, Arc<LogMetrics>)>,
    history_events: usize,
}

impl Opened {
    /// Makes the Hub. With a stream it connects to the broker first: the ids are the stream's.
    pub(super) async fn of(config: &Config) -> Result<Self, StartError> {
        let stream = match config.source {
            Source::Embedded => None,
            Source::JetStream => {
                let metrics = Arc::<LogMetrics>::default();
                Some((JetStream::connect(config.jetstream.clone(), metrics.clone()).await?, metrics))
            }
        };
        let epoch = stream.as_ref().map_or_else(date_ms, |(stream, _)| stream.epoch());
        let hub = Hub::with(epoch, rules(config));
        Ok(Self { hub, stream, history_events: config.history_events })
    }

    /// The environment, with the figures of the stream if there is one.
    pub(super) fn measured<E: Environment>(&self, environment: Measured<E>) -> Measured<E> {
        match &self.stream {
            Some((_, metrics)) => environment.with_log(metrics.clone()),
            None => environment,
        }
    }

    /// What the server needs, and what has to run beside it: that ends, with the reason, only when the stream is another
    /// one.
    pub(super) fn begin(
        self,
        environment: impl Environment,
    ) -> (server::Source, impl Future<Output = String> + Send + 'static) {
        let Self { hub, stream, history_events } = self;
        let reading = stream.map(|(stream, _)| stream.into_hub(hub.clone()));
        let source = match &reading {
            Some(reading) => server::Source::log(hub, reading.log()),
            None => hub.into(),
        };
        let reading = async move {
            match reading {
                Some(reading) => reading.run(environment, history_events).await,
                None => std::future::pending().await,
            }
        };
        (source, reading)
    }
}

/// The Hub's rules for subscribers that cannot keep up.
fn rules(config: &Config) -> Rules {
    let bytes = config.sse_channel_bytes;
    let age = config.sse_channel_age;
    let key = &config.conflate_key;
    let by_topic = config.policies.iter().map(|topic| {
        let capacity = topic.frames.unwrap_or(config.sse_channel_buffer);
        let limits = Limits { capacity, bytes: topic.bytes.or(bytes), age: topic.age.or(age) };
        let key = topic.key.clone().or_else(|| key.clone());
        Rule { pattern: topic.pattern.clone(), policy: Policy { limits, overflow: topic.overflow, key } }
    });
    let limits = Limits { capacity: config.sse_channel_buffer, bytes, age };
    Rules {
        policy: Policy { limits, overflow: config.overflow, key: key.clone() },
        by_topic: by_topic.collect(),
        history: HistorySettings { events: config.history_events, bytes: config.history_bytes },
        announces_gaps: config.gap_notices,
    }
}

/// The epoch of this process's event ids: milliseconds since the Unix epoch. So a restarted Hub gives out new ids.
#[expect(clippy::disallowed_methods, reason = "the one place where the date is what is wanted: ids of another life")]
fn date_ms() -> u64 {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
}
