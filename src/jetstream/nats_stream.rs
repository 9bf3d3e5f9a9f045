//! The stream of NATS: questions to the broker that leads it, consumers, and publishing until the acknowledgement.

use std::error::Error as _;
use std::time::Duration;

use async_nats::Client;
use async_nats::connection::State as Connected;
use async_nats::jetstream::context::{PublishAckFuture, PublishError, PublishErrorKind};
use async_nats::jetstream::message::PublishMessage;
use async_nats::jetstream::stream::{ClusterInfo, InfoError, PeerInfo, RawMessageErrorKind, Stream as OfNats};
use async_nats::jetstream::{self, Context, ErrorCode};
use tokio::time::{Instant, timeout_at};

use super::Settings;
use super::connect::publishing_context;
use super::consumer::{Consumer, again, consumer_after};
use super::found::{epoch, times};
use crate::event_log::{Entry, NotStored};
use crate::shared_log::{Appended, Interrupted, State, Stream};

/// A stream of NATS JetStream, as its client sees it.
#[derive(Debug, Clone)]
pub struct NatsStream {
    client: Client,
    stream: OfNats,
    publishing: Context,
    name: String,
    /// Longest time until an acknowledgement.
    patience: Duration,
}

impl NatsStream {
    pub(super) fn new(client: Client, stream: OfNats, settings: &Settings) -> Self {
        let publishing = publishing_context(client.clone(), settings.ack_timeout);
        Self { client, stream, publishing, name: settings.stream.clone(), patience: settings.ack_timeout }
    }

    /// The stream's life: the time at which it was created, in milliseconds since the Unix epoch.
    pub(super) fn epoch(&self) -> u64 {
        epoch(self.stream.cached_info())
    }

    async fn sent(&self, entry: Entry, until: Instant) -> Result<PublishAckFuture, NotStored> {
        // The client would keep the event until it is connected again, and nobody would know what became of it.
        if self.client.connection_state() != Connected::Connected {
            return Err(NotStored::Away);
        }
        let subject = format!("{}.{}", self.name, entry.topic.as_str());
        let message = PublishMessage::build().payload(entry.payload).expected_stream(&self.name);
        let message = entry.key.into_iter().fold(message, PublishMessage::message_id);
        match timeout_at(until, self.publishing.send_publish(subject, message)).await {
            Ok(Ok(pending)) => Ok(pending),
            Ok(Err(why)) => Err(not_sent(&why)),
            // It waited for a place in the queue to the connection.
            Err(_) => Err(NotStored::Away),
        }
    }

    async fn acknowledged(self, pending: PublishAckFuture, until: Instant) -> Result<u64, NotStored> {
        let perhaps = || NotStored::Perhaps(self.patience.as_secs());
        match timeout_at(until, pending.into_future()).await {
            Ok(Ok(stored)) => Ok(stored.sequence),
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

impl Stream for NatsStream {
    type Messages = Consumer;

    fn name(&self) -> &str {
        &self.name
    }

    async fn state(&self) -> Result<State, Interrupted> {
        let info = self.stream.get_info().await.map_err(|why| interrupted(&why))?;
        Ok(State {
            epoch: epoch(&info),
            first: info.state.first_sequence,
            last: info.state.last_sequence,
            confirmed_ago: info.cluster.as_ref().map_or(Some(Duration::ZERO), confirmed_ago),
            times: times(&info),
        })
    }

    async fn next_after(&self, position: u64) -> Result<Option<u64>, Interrupted> {
        match self.stream.get_first_raw_message_by_subject(format!("{}.>", self.name), position + 1).await {
            Ok(message) => Ok(Some(message.sequence)),
            Err(why) => match why.kind() {
                RawMessageErrorKind::NoMessageFound => Ok(None),
                RawMessageErrorKind::JetStream(told) if told.error_code() == ErrorCode::NO_MESSAGE_FOUND => Ok(None),
                _ => Err(again(&why)),
            },
        }
    }

    async fn consume(&self, position: u64, ahead: usize) -> Result<Consumer, Interrupted> {
        let consumer = self.stream.create_consumer(consumer_after(position)).await;
        Consumer::begin(&self.stream, consumer.map_err(|why| again(&why))?, &self.name, ahead).await
    }

    fn append(&self, entry: Entry) -> Appended {
        let stream = self.clone();
        Box::pin(async move {
            let until = Instant::now() + stream.patience;
            let pending = stream.sent(entry, until).await?;
            Ok(Box::pin(stream.acknowledged(pending, until)) as _)
        })
    }
}

/// Time since the leader has heard from so many others that they are a majority together with it; `None` where nobody leads.
fn confirmed_ago(cluster: &ClusterInfo) -> Option<Duration> {
    // NATS 2.9 answers for a stream without a leader, too: any broker that keeps it does, with what that one has.
    cluster.leader.as_ref()?;
    // A broker that was never heard from has no time, and is offline.
    let of = |peer: &PeerInfo| if peer.offline && peer.active.is_zero() { Duration::MAX } else { peer.active };
    let mut heard: Vec<_> = cluster.replicas.iter().map(of).collect();
    heard.sort_unstable();
    // Of three brokers one other, of five two.
    let needed = heard.len().div_ceil(2);
    Some(needed.checked_sub(1).map_or(Duration::ZERO, |last| heard[last]))
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

fn interrupted(why: &InfoError) -> Interrupted {
    let told = why.source().and_then(|source| source.downcast_ref::<jetstream::Error>());
    if told.is_some_and(|told| told.error_code() == ErrorCode::STREAM_NOT_FOUND) {
        return Interrupted::Doubtful("the stream has been deleted".to_owned());
    }
    again(why)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_leader_is_confirmed_by_the_last_of_the_others_that_it_needs_for_a_majority() {
        let ago = |leader: Option<&str>, others: &[(u64, bool)]| {
            let peer = |(seconds, offline): &(u64, bool)| {
                let active = seconds * 1_000_000_000;
                serde_json::json!({"name": "b", "current": true, "active": active, "offline": offline})
            };
            let replicas: Vec<_> = others.iter().map(peer).collect();
            let info = serde_json::json!({"leader": leader, "replicas": replicas});
            confirmed_ago(&serde_json::from_value(info).unwrap())
        };
        let seconds = |seconds| Some(Duration::from_secs(seconds));
        assert_eq!(ago(Some("a"), &[]), seconds(0));
        assert_eq!(ago(Some("a"), &[(9, true), (1, false)]), seconds(1));
        assert_eq!(ago(Some("a"), &[(9, true), (8, false)]), seconds(8));
        assert_eq!(ago(Some("a"), &[(0, true), (0, true)]), Some(Duration::MAX), "none was ever heard from");
        assert_eq!(ago(Some("a"), &[(1, false), (7, true), (5, true), (6, true)]), seconds(5));
        assert_eq!(ago(None, &[(1, false), (1, false)]), None, "nobody leads");
    }
}
