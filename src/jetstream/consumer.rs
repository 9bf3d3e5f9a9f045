//! A consumer of the stream: what the broker sends to one server, in order and without acknowledgements.

use std::time::Duration;

use async_nats::jetstream::Message as OfNats;
use async_nats::jetstream::consumer::pull::{Config, Stream as Sent};
use async_nats::jetstream::consumer::{AckPolicy, DeliverPolicy, PullConsumer};
use async_nats::jetstream::stream::Stream;
use bytes::Bytes;
use futures_util::StreamExt;

use crate::server::is_event;
use crate::shared_log::{Content, Interrupted, Message, Messages};
use crate::topic::Topic;

/// Silence after which the broker says that the consumer lives.
const HEARTBEAT: Duration = Duration::from_secs(2);
/// How long one request for messages lasts.
const REQUEST_LASTS: Duration = Duration::from_secs(30);
/// How long a broker keeps a consumer that nobody asks for messages.
const KEPT: Duration = Duration::from_secs(30);

/// A consumer that gets everything after `position`, in order and without acknowledgements.
pub(super) fn consumer_after(position: u64) -> Config {
    Config {
        deliver_policy: DeliverPolicy::ByStartSequence { start_sequence: position + 1 },
        ack_policy: AckPolicy::None,
        // It belongs to this process. If it is lost, a new one begins after what the Hub has.
        memory_storage: true,
        num_replicas: 1,
        inactive_threshold: KEPT,
        ..Config::default()
    }
}

/// What the broker sends to one server.
pub struct Consumer {
    stream: Stream,
    consumer: PullConsumer,
    messages: Sent,
    /// What a subject has before the topic.
    prefix: String,
}

impl Consumer {
    /// Asks for the messages of a consumer of the stream of that name.
    pub(super) async fn begin(
        stream: &Stream,
        consumer: PullConsumer,
        name: &str,
        ahead: usize,
    ) -> Result<Self, Interrupted> {
        let messages = consumer.stream().max_messages_per_batch(ahead).heartbeat(HEARTBEAT).expires(REQUEST_LASTS);
        let messages = messages.messages().await.map_err(|why| again(&why))?;
        Ok(Self { stream: stream.clone(), consumer, messages, prefix: format!("{name}.") })
    }
}

impl Messages for Consumer {
    fn pending(&self) -> u64 {
        self.consumer.cached_info().num_pending
    }

    async fn next(&mut self) -> Result<Message, Interrupted> {
        let message = match self.messages.next().await {
            Some(message) => message.map_err(|why| again(&why))?,
            None => return Err(Interrupted::Again("the consumer has ended".to_owned())),
        };
        let info = message.info().map_err(|why| Interrupted::Again(why.to_string()))?;
        let (sequence, number, pending) = (info.stream_sequence, info.consumer_sequence, info.pending);
        Ok(Message { sequence, number, pending, content: content(&self.prefix, &message) })
    }

    async fn end(self) {
        // It would end by itself after a while.
        let _ = self.stream.delete_consumer(&self.consumer.cached_info().name).await;
    }
}

/// What is in a message. `prefix` is what a subject has before the topic.
fn content(prefix: &str, message: &OfNats) -> Content {
    let topic = message.subject.strip_prefix(prefix).and_then(|topic| Topic::of_tables(topic).ok());
    match topic.filter(|_| is_event(&message.payload)) {
        // Copied: the message is a slice of the connection's read buffer, and would keep all of it.
        Some(topic) => Content::Event { topic, payload: Bytes::copy_from_slice(&message.payload) },
        None => Content::Other { subject: message.subject.to_string() },
    }
}

/// What a new attempt may mend.
pub(super) fn again(why: &dyn std::fmt::Display) -> Interrupted {
    Interrupted::Again(why.to_string())
}
