//! A log of events outside of the server, which several servers share: what a server asks of it.
//!
//! The log gives events their ids and keeps them. A server sends it what is published, and fans out what it reads from
//! it. This room knows neither which log it is nor who asks.

use std::fmt;
use std::pin::Pin;

use bytes::Bytes;

use crate::event::EventId;
use crate::topic::Topic;

/// A result that comes later.
pub type Later<T> = Pin<Box<dyn Future<Output = T> + Send>>;

/// The answer of the log to one event: its id, once the log keeps it.
pub type Acknowledgement = Later<Result<EventId, NotStored>>;

/// An event that the log is to keep.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// What the event is published to.
    pub topic: Topic,
    /// The payload.
    pub payload: Bytes,
    /// What makes a repetition safe: of several entries with one key, the log keeps the first. `None` keeps them all.
    pub key: Option<String>,
}

/// Why an event has no id.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotStored {
    /// The log is out of reach. Nothing was sent.
    #[error("not published: the log is away")]
    Away,
    /// An event before it was not acknowledged. Nothing was sent.
    #[error("not published: an event before it was not acknowledged")]
    NotSent,
    /// The log has refused the event.
    #[error("not published: {0}")]
    Refused(String),
    /// The event is larger than the log takes.
    #[error("not published: larger than the log takes: {0}")]
    TooLarge(String),
    /// No acknowledgement has come. The log may have the event, or may get it yet.
    #[error("perhaps published: no acknowledgement within {0} s. Repeat it with the same Idempotency-Key")]
    Perhaps(u64),
}

/// Where a cursor stands, seen from a server that reads the log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// The server has read up to the cursor or beyond, and a stream may begin.
    Reached,
    /// The log has never had so many events: the cursor is of another life.
    Beyond,
    /// The server has not read so far, and cannot say when it will have.
    NotYet,
}

/// A log of events, and how far this server has read it.
pub trait EventLog: fmt::Debug + Send + Sync {
    /// Sends an event. The first wait ends when the event is on its way, and the second with the acknowledgement. The log
    /// keeps events in the order in which their first waits end.
    fn append(&self, entry: Entry) -> Later<Acknowledgement>;

    /// Waits until this server has read up to a cursor, and has what comes after it as far back as it can, for a bounded
    /// time. Without a cursor it waits until the server has read what the log had when the server began. With a cursor of
    /// another life of the log it waits until the log is known to be the one that the server reads.
    fn reach(&self, cursor: Option<EventId>) -> Later<Place>;

    /// Why this server should get no new clients; `None` if it should.
    fn unready(&self) -> Option<String>;
}
