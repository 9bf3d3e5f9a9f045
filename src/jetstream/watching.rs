//! Questions to the broker about the stream: how far it goes, and whether it is still the same one.

use std::error::Error as _;
use std::ops::Range;

use async_nats::jetstream::consumer::pull;
use async_nats::jetstream::stream::{Info, InfoError, RawMessageErrorKind, Stream};
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
    /// The sequence of the first message of the stream.
    pub(super) first: u64,
    /// The last sequence of the stream.
    pub(super) last: u64,
    /// Whether the stream has nothing between what this server had at the question and the last sequence: the numbers in
    /// between are those of deleted messages, which nobody is sent.
    pub(super) rest_is_deleted: bool,
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

/// Asks how far the stream goes, and whether it has anything that this server has not. `prefix` is what a subject has before
/// the topic.
pub(super) async fn ask(stream: Stream, prefix: String, of_epoch: u64, position: u64) -> Result<Answer, Interrupted> {
    let state = state(&stream, of_epoch, position).await?.state;
    let last = state.last_sequence;
    // What is in front of the first message was removed, and that is a loss.
    let may_be_deleted = position < last && state.first_sequence <= position + 1;
    let rest_is_deleted =
        may_be_deleted && next_after(&stream, &prefix, position).await?.is_none_or(|next| next > last);
    Ok(Answer { first: state.first_sequence, last, rest_is_deleted })
}

/// Makes sure that the stream has none of the messages of these numbers, which a consumer has not sent. A broker that is
/// catching up may have sent on without those that it did not have yet: a new consumer gets them.
pub(super) async fn nothing_between(stream: &Stream, prefix: &str, numbers: Range<u64>) -> Result<(), Interrupted> {
    if numbers.is_empty() {
        return Ok(());
    }
    match next_after(stream, prefix, numbers.start - 1).await?.filter(|next| *next < numbers.end) {
        Some(next) => Err(Interrupted::Again(format!("message {next} was not sent, and a later one was"))),
        None => Ok(()),
    }
}

/// The sequence of the first message after `position` that the stream has; `None` if there is none.
///
/// The broker that leads the stream answers. A consumer may be kept by another one, which does not have the newest messages
/// yet, or is catching up. What it sends, and that it has nothing to send, says nothing about what exists.
async fn next_after(stream: &Stream, prefix: &str, position: u64) -> Result<Option<u64>, Interrupted> {
    match stream.get_first_raw_message_by_subject(format!("{prefix}>"), position + 1).await {
        Ok(message) => Ok(Some(message.sequence)),
        Err(why) => match why.kind() {
            RawMessageErrorKind::NoMessageFound => Ok(None),
            RawMessageErrorKind::JetStream(told) if told.error_code() == ErrorCode::NO_MESSAGE_FOUND => Ok(None),
            _ => Err(Interrupted::again(&why)),
        },
    }
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
