//! An event: its id, its topic, and a payload that is encoded once and shared by every mailbox it waits in.

mod encoded;
mod gap;
mod key;

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use bytes::Bytes;

use crate::topic::Topic;

use encoded::Encoded;
#[cfg(feature = "__transport")]
pub(crate) use encoded::WireForm;
pub use gap::{Gap, GapReason};
use key::EventKey;
pub use key::{KeyPath, KeyPathError, MAX_KEY_PATH_BYTES};

/// The id of an event, `<epoch>-<sequence>`: the life of the Hub, and the event's place in it. Ordered as published.
// The derived order compares the fields as they stand: the epoch must come first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct EventId {
    /// The life of the Hub. A client's cursor cannot tell two Hubs with the same epoch apart.
    pub epoch: u64,
    /// The event's number: 1 for the first event of an epoch, and one more for each that follows, over all topics. The
    /// numbers of a log may skip some.
    pub sequence: u64,
}

impl fmt::Display for EventId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}", self.epoch, self.sequence)
    }
}

/// The error for a text that is not `<epoch>-<sequence>`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("an event id is <epoch>-<sequence>, both decimal")]
pub struct EventIdError;

impl FromStr for EventId {
    type Err = EventIdError;

    fn from_str(text: &str) -> Result<Self, EventIdError> {
        let (epoch, sequence) = text.split_once('-').ok_or(EventIdError)?;
        // The integer parser alone would take a sign.
        let number = |digits: &str| {
            let plain = digits.bytes().all(|b| b.is_ascii_digit());
            // No digits at all, or too many, are refused by the parser.
            if plain { digits.parse().map_err(|_| EventIdError) } else { Err(EventIdError) }
        };
        Ok(Self { epoch: number(epoch)?, sequence: number(sequence)? })
    }
}

/// One published event. A mailbox slot holds an `Arc` of it, so a slot costs the same for any payload.
#[derive(Debug)]
pub struct Event {
    id: EventId,
    topic: Topic,
    payload: Bytes,
    published_at: Duration,
    key: Option<EventKey>,
    encoded: Encoded,
    pinned: Arc<PinnedBytes>,
}

impl Event {
    /// An event that no Hub has published: for tests of a program that handles events. It counts in no Hub's
    /// [`PinnedBytes`], and has no key.
    ///
    /// ```
    /// use std::time::Duration;
    ///
    /// use hubbub::{Event, EventId, Topic};
    ///
    /// let id = EventId { epoch: 1, sequence: 7 };
    /// let event = Event::new(id, Topic::new("builds").expect("a topic"), "{}", Duration::ZERO);
    /// assert_eq!((event.id().to_string().as_str(), event.payload().as_ref()), ("1-7", b"{}".as_slice()));
    /// ```
    pub fn new(id: EventId, topic: Topic, payload: impl Into<Bytes>, published_at: Duration) -> Self {
        Self::published(id, topic, payload.into(), published_at, Arc::default())
    }

    pub(crate) fn published(
        id: EventId,
        topic: Topic,
        payload: Bytes,
        published_at: Duration,
        pinned: Arc<PinnedBytes>,
    ) -> Self {
        pinned.add(payload.len());
        Self { id, topic, payload, published_at, key: None, encoded: Encoded::default(), pinned }
    }

    /// Finds the event's key; `false` if the payload has none at that path.
    pub(crate) fn find_key(&mut self, path: &KeyPath) -> bool {
        self.key = path.find(&self.payload);
        self.key.is_some()
    }

    /// The event's key and a hash of it; `None` if its policy names no key, or the payload has none.
    pub fn key(&self) -> Option<(u64, &str)> {
        self.key.as_ref().map(|key| (key.hash, &*key.text))
    }

    /// The event's id.
    pub fn id(&self) -> EventId {
        self.id
    }

    /// The topic that the event was published to.
    pub fn topic(&self) -> &Topic {
        &self.topic
    }

    /// The payload as it was published.
    pub fn payload(&self) -> &Bytes {
        &self.payload
    }

    /// When the event was published, on the publisher's clock.
    pub fn published_at(&self) -> Duration {
        self.published_at
    }
}

impl Drop for Event {
    fn drop(&mut self) {
        self.pinned.subtract(self.payload.len() + self.encoded.bytes());
    }
}

/// The bytes of payloads and encoded frames that live events keep in memory. An event counts once, also if many
/// mailboxes hold it.
#[derive(Debug, Default)]
pub struct PinnedBytes {
    now: AtomicU64,
    peak: AtomicU64,
}

impl PinnedBytes {
    /// Bytes in memory now.
    pub fn now(&self) -> u64 {
        self.now.load(Ordering::Relaxed)
    }

    /// Most bytes that were in memory at one time.
    pub fn peak(&self) -> u64 {
        self.peak.load(Ordering::Relaxed)
    }

    fn add(&self, bytes: usize) {
        // Relaxed: these are figures for an operator, and no other memory depends on their order.
        let before = self.now.fetch_add(bytes as u64, Ordering::Relaxed);
        self.peak.fetch_max(before + bytes as u64, Ordering::Relaxed);
    }

    fn subtract(&self, bytes: usize) {
        self.now.fetch_sub(bytes as u64, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_reads_back_as_it_was_written_and_nothing_else_is_one() {
        let id = EventId { epoch: 7, sequence: 42 };
        assert_eq!(id.to_string().parse(), Ok(id));
        for text in ["", "7", "7-", "-42", "7-42-1", "+7-42", "7-4 2", "99999999999999999999-1"] {
            assert_eq!(text.parse::<EventId>(), Err(EventIdError), "{text:?}");
        }
    }
}
