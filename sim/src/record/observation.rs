//! One thing that happened to one subscriber: what a digest is made of, and what a log keeps where one is asked for.

use std::time::Duration;

use hubbub::LossReason;
use serde::{Serialize, Serializer};

use crate::time::nanos;

/// Something that happened to a subscriber.
///
/// A log has them in the order in which the world learnt of them. For one subscriber that is the order of `at`, but for
/// receipts of a reader with a limited rate: these are known at the end of a tick, and carry their exact time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Observation {
    /// When, in plan time; written in nanoseconds.
    #[serde(rename = "at_ns", serialize_with = "as_nanos")]
    pub at: Duration,
    /// To whom: the index in the plan.
    pub subscriber: usize,
    /// What.
    #[serde(flatten)]
    pub what: ObservationKind,
}

/// What can happen to a subscriber. An event is named by its sequence, from 1 on in the order of publication.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case", tag = "kind")]
pub enum ObservationKind {
    /// A stream of its begins.
    Subscribed {
        /// 1 for its first, one more for each that follows.
        connection: u64,
    },
    /// An event was offered, and waits.
    Queued {
        /// The event.
        sequence: u64,
        /// Frames waiting then, this one among them.
        waiting: u64,
    },
    /// An event was offered, did not fit, and is lost.
    Refused {
        /// The event.
        sequence: u64,
        /// The limit that bound.
        #[serde(flatten)]
        reason: ObservedLoss,
    },
    /// An event was offered, did not fit, and waits in the place of another.
    Displaced {
        /// The event.
        sequence: u64,
        /// The event that is lost.
        lost: u64,
        /// Why.
        #[serde(flatten)]
        reason: ObservedLoss,
    },
    /// One more is lost for the event whose offer is observed next.
    Shed {
        /// The event that is lost.
        lost: u64,
        /// Why.
        #[serde(flatten)]
        reason: ObservedLoss,
    },
    /// An event was offered, did not fit, and is lost with everything that waited: the subscriber is cut off.
    Disconnected {
        /// The event.
        sequence: u64,
        /// The limit that bound.
        #[serde(flatten)]
        reason: ObservedLoss,
    },
    /// An event was offered to a subscriber who is behind, and waits in the history.
    Parked {
        /// The event.
        sequence: u64,
        /// Frames waiting then, in slots and in the history, this one among them.
        waiting: u64,
    },
    /// Events that were published before a stream began are offered to it, and wait in the history.
    Replayed {
        /// The first of them.
        first: u64,
        /// How many, one after the other.
        count: u64,
    },
    /// The history has not kept what waited there: the oldest of it are lost.
    Forgotten {
        /// How many.
        count: u64,
        /// The limit for which they had been parked.
        #[serde(flatten)]
        reason: ObservedLoss,
    },
    /// The client has read where its stream begins.
    Placed {
        /// The last event before.
        after: u64,
    },
    /// The client has read that events are missing: those after the one up to the other.
    Told {
        /// The last before them.
        after: u64,
        /// The last of them.
        until: u64,
    },
    /// The socket has accepted an event.
    Flushed {
        /// The event.
        sequence: u64,
    },
    /// The client has read an event.
    Received {
        /// The event.
        sequence: u64,
    },
    /// The stream has ended, and with it went what waited or was in flight.
    Ended {
        /// Frames lost because the client had left.
        client_gone: u64,
        /// Frames lost because the server had cut the client off.
        evicted: u64,
    },
}

impl ObservationKind {
    /// Kind and two numbers, as they go into a digest. They are part of every recorded one.
    pub(super) fn numbers(self) -> [u64; 3] {
        match self {
            Self::Subscribed { connection } => [1, 0, connection],
            Self::Queued { sequence, waiting } => [2, sequence, waiting],
            Self::Refused { sequence, reason } => [reason.beside(3), sequence, 0],
            Self::Displaced { sequence, lost, reason } => [reason.beside(4), sequence, lost],
            Self::Disconnected { sequence, reason } => [reason.beside(5), sequence, 0],
            Self::Flushed { sequence } => [6, sequence, 0],
            Self::Received { sequence } => [7, sequence, 0],
            Self::Ended { client_gone, evicted } => [8, client_gone, evicted],
            Self::Shed { lost, reason } => [reason.beside(9), lost, 0],
            Self::Parked { sequence, waiting } => [10, sequence, waiting],
            Self::Replayed { first, count } => [11, first, count],
            Self::Forgotten { count, reason } => [reason.beside(12), count, 0],
            Self::Told { after, until } => [13, after, until],
            Self::Placed { after } => [14, after, 0],
        }
    }
}

/// Why a frame was lost to a mailbox. A full buffer is what nearly all are lost to, and is not written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct ObservedLoss {
    /// The reason.
    #[serde(rename = "reason", serialize_with = "by_name", skip_serializing_if = "is_full")]
    pub reason: LossReason,
}

impl From<LossReason> for ObservedLoss {
    fn from(reason: LossReason) -> Self {
        Self { reason }
    }
}

impl ObservedLoss {
    /// The kind of an observation, told apart by the reason; a full buffer is the kind alone.
    fn beside(self, kind: u64) -> u64 {
        let place = LossReason::ALL.iter().position(|reason| *reason == self.reason).unwrap_or(0);
        kind + 256 * place as u64
    }
}

fn is_full(reason: &LossReason) -> bool {
    *reason == LossReason::BufferFull
}

fn by_name<S: Serializer>(reason: &LossReason, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(reason.name())
}

fn as_nanos<S: Serializer>(at: &Duration, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_u64(nanos(*at))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_observation_is_one_flat_object() {
        let text = |reason: LossReason| {
            let what = ObservationKind::Displaced { sequence: 7, lost: 3, reason: reason.into() };
            let observation = Observation { at: Duration::from_micros(1500), subscriber: 2, what };
            serde_json::to_string(&observation).unwrap()
        };
        let full = r#"{"at_ns":1500000,"subscriber":2,"kind":"displaced","sequence":7,"lost":3}"#;
        assert_eq!(text(LossReason::BufferFull), full);
        assert_eq!(text(LossReason::Conflated), full.replace('}', r#","reason":"conflated"}"#));
    }
}
