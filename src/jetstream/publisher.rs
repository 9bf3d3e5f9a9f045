//! Publishing to the stream, until it acknowledges.

use std::sync::Arc;
use std::time::Duration;

use async_nats::Client;
use async_nats::connection::State;
use async_nats::jetstream::Context;
use async_nats::jetstream::context::{PublishAckFuture, PublishError, PublishErrorKind};
use async_nats::jetstream::message::PublishMessage;
use tokio::time::{Instant, timeout_at};

use super::JetStream;
use super::connect::publishing_context;
use super::older::Older;
use super::progress::Shared;
use crate::event::EventId;
use crate::event_log::{Acknowledgement, Entry, EventLog, Later, NotStored, Place};

/// The stream, as a server publishes to it.
#[derive(Debug, Clone)]
pub(super) struct Publisher {
    client: Client,
    context: Context,
    /// The name of the stream, before every topic.
    stream: String,
    epoch: u64,
    patience: Duration,
    shared: Arc<Shared>,
    older: Arc<Older>,
}

impl Publisher {
    pub(super) fn new(of: &JetStream, older: Arc<Older>) -> Self {
        Self {
            client: of.client.clone(),
            context: publishing_context(of.client.clone(), of.settings.ack_timeout),
            stream: of.settings.stream.clone(),
            epoch: of.epoch(),
            patience: of.settings.ack_timeout,
            shared: of.shared.clone(),
            older,
        }
    }

    async fn send(self, entry: Entry) -> Acknowledgement {
        let sent_at = Instant::now();
        let sent = self.sent(entry, sent_at + self.patience).await;
        Box::pin(async move {
            let acknowledged = match sent {
                Ok(pending) => self.acknowledged(pending, sent_at).await,
                Err(why) => Err(why),
            };
            match &acknowledged {
                Ok(_) => self.shared.metrics.acknowledged(sent_at.elapsed()),
                Err(_) => self.shared.metrics.not_acknowledged(),
            }
            acknowledged
        })
    }

    async fn sent(&self, entry: Entry, until: Instant) -> Result<PublishAckFuture, NotStored> {
        // The client would keep the event until it is connected again, and nobody would know what became of it.
        if self.client.connection_state() != State::Connected {
            return Err(NotStored::Away);
        }
        let subject = format!("{}.{}", self.stream, entry.topic.as_str());
        let message = PublishMessage::build().payload(entry.payload).expected_stream(&self.stream);
        let message = entry.key.into_iter().fold(message, PublishMessage::message_id);
        match timeout_at(until, self.context.send_publish(subject, message)).await {
            Ok(Ok(pending)) => Ok(pending),
            Ok(Err(why)) => Err(not_sent(&why)),
            // It waited for a place in the queue to the connection.
            Err(_) => Err(NotStored::Away),
        }
    }

    async fn acknowledged(&self, pending: PublishAckFuture, sent_at: Instant) -> Result<EventId, NotStored> {
        let perhaps = || NotStored::Perhaps(self.patience.as_secs());
        match timeout_at(sent_at + self.patience, pending.into_future()).await {
            Ok(Ok(stored)) => Ok(EventId { epoch: self.epoch, sequence: stored.sequence }),
            Ok(Err(why)) => Err(match why.kind() {
                // Nobody answers to the subject: there is no stream, or no broker leads it now.
                PublishErrorKind::StreamNotFound => NotStored::Away,
                PublishErrorKind::TimedOut | PublishErrorKind::BrokenPipe => perhaps(),
                _ => NotStored::Refused(one_line(&why)),
            }),
            Err(_) => Err(perhaps()),
        }
    }
}

fn not_sent(why: &PublishError) -> NotStored {
    match why.kind() {
        PublishErrorKind::MaxPayloadExceeded => NotStored::TooLarge(one_line(why)),
        _ => NotStored::Away,
    }
}

fn one_line(why: &PublishError) -> String {
    why.to_string().replace('\n', " ")
}

impl EventLog for Publisher {
    fn append(&self, entry: Entry) -> Later<Acknowledgement> {
        Box::pin(self.clone().send(entry))
    }

    fn reach(&self, cursor: Option<EventId>) -> Later<Place> {
        let Self { shared, older, .. } = self.clone();
        Box::pin(async move {
            let Some(at) = cursor else { return shared.reach(0).await };
            match shared.reach(at.sequence).await {
                Place::Reached => older.reach_back(at.sequence + 1).await,
                other @ (Place::Beyond | Place::NotYet) => other,
            }
        })
    }

    fn unready(&self) -> Option<String> {
        self.shared.unready()
    }
}
