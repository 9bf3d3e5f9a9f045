//! What a message of the stream is.

use async_nats::jetstream::Message;

use crate::server::is_event;
use crate::topic::Topic;

/// The topic of a message that is an event; `None` for what some other program has published. `prefix` is what a subject has
/// before the topic.
pub(super) fn topic(prefix: &str, message: &Message) -> Option<Topic> {
    let topic = Topic::of_tables(message.subject.strip_prefix(prefix)?).ok()?;
    is_event(&message.payload).then_some(topic)
}

/// The payload of a message. It is copied: the message is a slice of the connection's read buffer, and would keep all of it.
pub(super) fn payload(message: &Message) -> bytes::Bytes {
    bytes::Bytes::copy_from_slice(&message.payload)
}
