//! What a server asks of the client of a stream.

use std::fmt;
use std::time::Duration;

use bytes::Bytes;

use crate::event_log::{Entry, Later, NotStored};
use crate::topic::Topic;

/// The answer of a stream to an event that was sent: the sequence, once the stream keeps it.
pub type Stored = Later<Result<u64, NotStored>>;

/// An event on its way to a stream. The first wait ends when it has been sent, and [`Stored`] is the second.
pub type Appended = Later<Result<Stored, NotStored>>;

/// A stream of events outside of the servers, as its client sees it. Its messages have ascending sequences, from 1 on.
/// Brokers may keep it, and one of them leads.
///
/// A clone is the same client.
pub trait Stream: Clone + fmt::Debug + Send + Sync + 'static {
    /// What a consumer sends.
    type Messages: Messages;

    /// The name of the stream, for operators.
    fn name(&self) -> &str;

    /// How far the stream goes, by the broker that leads it. It takes a bounded time.
    fn state(&self) -> impl Future<Output = Result<State, Interrupted>> + Send;

    /// The sequence of the first message after `position` that the stream has; `None` if there is none.
    ///
    /// The broker that leads the stream answers, in a bounded time. A consumer may be kept by another one, which does not
    /// have the newest messages yet, or is catching up. What that one sends says nothing about what exists.
    fn next_after(&self, position: u64) -> impl Future<Output = Result<Option<u64>, Interrupted>> + Send;

    /// A consumer that gets everything after `position` in order, and at most `ahead` messages before they are asked for.
    fn consume(&self, position: u64, ahead: usize) -> impl Future<Output = Result<Self::Messages, Interrupted>> + Send;

    /// Sends an event, which the stream keeps in the order in which the first waits end. Both waits take a bounded time
    /// together.
    fn append(&self, entry: Entry) -> Appended;
}

/// What a consumer sends.
pub trait Messages: Send + 'static {
    /// Messages that there were for it when it was made.
    fn pending(&self) -> u64;

    /// Waits for the next message. Nothing is lost where the wait is given up.
    fn next(&mut self) -> impl Future<Output = Result<Message, Interrupted>> + Send;

    /// Ends the consumer. Without it a broker keeps it for a while.
    fn end(self) -> impl Future<Output = ()> + Send;
}

/// A message of a stream.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    /// Its sequence in the stream.
    pub sequence: u64,
    /// Its number among the messages of its consumer, from 1 on. A number that is left out is a message that was lost on the
    /// way.
    pub number: u64,
    /// Messages that the broker of the consumer has after it.
    pub pending: u64,
    /// What is in it.
    pub content: Content,
}

/// What is in a message of a stream.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Content {
    /// An event.
    Event {
        /// What it was published to.
        topic: Topic,
        /// Its payload.
        payload: Bytes,
    },
    /// What some other program has published, and under which name.
    Other {
        /// The name, for operators.
        subject: String,
    },
}

/// How far a stream goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct State {
    /// The stream's life: another one after it was deleted and made anew.
    pub epoch: u64,
    /// The sequence of its first message. Messages before it were removed, by limits or by a purge. Of a stream without
    /// messages it is one more than the last sequence.
    pub first: u64,
    /// The last sequence that the stream has given out.
    pub last: u64,
    /// Time since the broker that says so has heard from a majority of the brokers that keep the stream: zero where it is the
    /// only one, and `None` where it does not lead. A broker that is cut off from the others takes itself for the leader for
    /// a while, and does not know what another leader has kept meanwhile.
    pub confirmed_ago: Option<Duration>,
    /// What the broker says of times, on its own clock.
    pub times: Times,
}

/// Times of a stream on the clock of its broker, since the Unix epoch. Operators are told where they cannot be right; nothing
/// else depends on them.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Times {
    /// When the stream was created; `None` where it tells no times.
    pub created_at: Option<Duration>,
    /// When its last message was stored; `None` where there is none, or it tells no times.
    pub newest_at: Option<Duration>,
}

/// Why a stream cannot be read on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Interrupted {
    /// The broker does not answer, or the consumer is gone: a new attempt may succeed.
    Again(String),
    /// The stream looks as if it had lost events. A broker that leads it since a moment may say so, and be wrong: it counts
    /// only if it lasts.
    Doubtful(String),
    /// The stream is another one. The ids of this server are then worthless.
    ForGood(String),
}
