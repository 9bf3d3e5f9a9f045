//! What a server under test may do that ends its run.

use std::fmt;
use std::time::Duration;

use crate::client::NotAStream;
use crate::plan::Plan;

/// A server did something that no server of events may do, or nothing at all. It prints as one line.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub struct ServerFault {
    /// The subscriber that it happened to, by its index in the plan; `None` where it concerns no single one.
    pub subscriber: Option<usize>,
    /// The name of that subscriber's class.
    pub class: Option<String>,
    /// When, in plan time.
    pub at: Duration,
    /// What happened.
    pub kind: ServerFaultKind,
}

/// What a server did.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ServerFaultKind {
    /// It took a request for a stream, and sent no head of a response by the end of the run.
    #[error("the server has sent no response to its request")]
    NeverAnswers,
    /// It answered with something that is not the stream that was asked for.
    #[error("the server {0}")]
    NotAStream(NotAStream),
    /// It closed the connection before it sent the head of a response.
    #[error("the server closes the connection without a response")]
    NoHead,
    /// It ended the stream before it sent a single byte of it.
    #[error("the server ends the stream at once")]
    EndsAtOnce,
    /// Nobody received any event, although events were published while streams were open.
    #[error("of {published} events that were published, nobody received one; this stream brought {bytes} bytes")]
    NoEvents {
        /// Events published in the run.
        published: u64,
        /// Bytes of the response that this subscriber received, with its head.
        bytes: u64,
    },
    /// A subscriber received events, and none of them has the number of a published one.
    #[error("none of the {events} events that it received has the number of a published one (\"n\")")]
    Unnumbered {
        /// Events received.
        events: u64,
    },
    /// It sent an event that had not been published.
    #[error("event {number} is received, and was not published before")]
    Invented {
        /// The number in the payload.
        number: u64,
    },
    /// It sent an event twice within one stream.
    #[error("event {number} is received twice in one stream")]
    Doubled {
        /// The number in the payload.
        number: u64,
    },
    /// It sent an event after a later one, within one stream.
    #[error("event {number} is received after event {after}")]
    Reordered {
        /// The number in the payload.
        number: u64,
        /// The number of the event before.
        after: u64,
    },
    /// It refused a publish.
    #[error("the server answers a publish with status {0}")]
    PublishRefused(u16),
    /// It did not answer a publish, or not as HTTP has it.
    #[error("the server does not answer a publish: {0}")]
    PublishUnanswered(String),
    /// A task of it panicked.
    #[error("a task of the server panicked: {0}")]
    Panicked(String),
    /// It blocked its thread: no step of virtual time was made for 10 seconds of wall time.
    #[error("the server blocks its thread: no progress within 10 s of wall time")]
    Blocked,
    /// The same run gave other results when it was repeated.
    #[error("the server is not deterministic: {0}")]
    NotDeterministic(String),
}

impl ServerFault {
    /// What happened in a run of a plan in virtual time, at a time of that.
    pub(super) fn new(plan: &Plan, now: Duration, subscriber: Option<usize>, kind: ServerFaultKind) -> Self {
        let class = subscriber.and_then(|index| plan.subscribers.get(index));
        let class = class.and_then(|subscriber| plan.classes.get(subscriber.class)).map(|class| class.name.clone());
        Self { subscriber, class, at: now / plan.time_scale, kind }
    }
}

impl ServerFault {
    /// What concerns no single subscriber, at a time of the plan.
    pub(crate) fn without_subscriber(at: Duration, kind: ServerFaultKind) -> Self {
        Self { subscriber: None, class: None, at, kind }
    }

    /// A subscriber's run differs from one time to the next, first at a time of the plan.
    pub(crate) fn of_subscriber(subscriber: usize, class: Option<String>, at: Duration, what: String) -> Self {
        Self { subscriber: Some(subscriber), class, at, kind: ServerFaultKind::NotDeterministic(what) }
    }
}

impl fmt::Display for ServerFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.subscriber, &self.class) {
            (Some(subscriber), Some(class)) => write!(f, "subscriber {subscriber} ({class}), ")?,
            (Some(subscriber), None) => write!(f, "subscriber {subscriber}, ")?,
            (None, _) => {}
        }
        write!(f, "{:.3} s: {}", self.at.as_secs_f64(), self.kind)
    }
}
