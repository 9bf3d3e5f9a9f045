//! Questions to the broker about the stream: how far it goes, and whether it is still the same one.

use std::error::Error as _;

use async_nats::jetstream::consumer::{PullConsumer, pull};
use async_nats::jetstream::stream::{Info, InfoError, Stream};
use async_nats::jetstream::{self, ErrorCode};

use super::found::epoch;

/// Why the stream cannot be read on.
#[derive(Debug)]
pub(super) enum Interrupted {
    /// The broker does not answer, or the consumer is gone: a new attempt may succeed.
    Again(String),
    /// The stream looks as if it had lost events. A broker that leads it since a moment may say so, and be wrong: it counts
    /// only if it lasts.
    Doubtful(String),
    /// The stream is another one. The ids of this server are then worthless.
    ForGood(String),
}

impl Interrupted {
    pub(super) fn again(why: &dyn std::fmt::Display) -> Self {
        Self::Again(why.to_string())
    }
}

/// The answer of a broker.
#[derive(Debug, Clone, Copy)]
pub(super) struct Answer {
    /// The last sequence of the stream.
    pub(super) last: u64,
    /// How many messages the consumer has sent, if these are all up to the last sequence.
    // Not the last sequence that was sent: the broker counts deleted messages as sent that it has passed over.
    pub(super) all_sent: Option<u64>,
}

/// The state of the stream, if it is the one of this epoch and has at least the events that this server has.
pub(super) async fn state(stream: &Stream, of_epoch: u64, position: u64) -> Result<Info, Interrupted> {
    let info = stream.get_info().await.map_err(|why| interrupted(&why))?;
    let name = &info.config.name;
    if epoch(&info) != of_epoch {
        return Err(Interrupted::ForGood(format!("stream {name:?} has been created anew: its ids begin again")));
    }
    let last = info.state.last_sequence;
    if last < position {
        let why = format!("stream {name:?} ends at {last}, and this server has read up to {position}");
        return Err(Interrupted::Doubtful(format!("{why}: it has lost events that it had acknowledged")));
    }
    Ok(info)
}

/// Asks how far the stream goes, and whether everything was sent to this server.
pub(super) async fn ask(
    stream: Stream,
    consumer: PullConsumer,
    of_epoch: u64,
    position: u64,
) -> Result<Answer, Interrupted> {
    let last = state(&stream, of_epoch, position).await?.state.last_sequence;
    if position >= last {
        return Ok(Answer { last, all_sent: None });
    }
    // The rest may be on its way, or may be deleted events.
    let consumer = consumer.get_info().await.map_err(|why| Interrupted::again(&why))?;
    let all_sent = (consumer.num_pending == 0).then_some(consumer.delivered.consumer_sequence);
    Ok(Answer { last, all_sent })
}

/// A consumer that gets everything after `position`, in order and without acknowledgements.
pub(super) fn consumer_after(position: u64) -> pull::Config {
    use async_nats::jetstream::consumer::{AckPolicy, DeliverPolicy};

    pull::Config {
        deliver_policy: DeliverPolicy::ByStartSequence { start_sequence: position + 1 },
        ack_policy: AckPolicy::None,
        // It belongs to this process. If it is lost, a new one begins after what the Hub has.
        memory_storage: true,
        num_replicas: 1,
        inactive_threshold: std::time::Duration::from_secs(30),
        ..pull::Config::default()
    }
}

fn interrupted(why: &InfoError) -> Interrupted {
    let told = why.source().and_then(|source| source.downcast_ref::<jetstream::Error>());
    if told.is_some_and(|told| told.error_code() == ErrorCode::STREAM_NOT_FOUND) {
        return Interrupted::Doubtful("the stream has been deleted".to_owned());
    }
    Interrupted::again(why)
}
