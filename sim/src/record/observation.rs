//! One thing that happened to one subscriber: what a digest is made of, and what a log keeps where one is asked for.

use std::time::Duration;

use serde::{Serialize, Serializer};

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
    pub what: What,
}

/// What can happen to a subscriber. An event is named by its sequence, from 1 on in the order of publication.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case", tag = "kind")]
pub enum What {
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
    /// An event was offered to a full mailbox, and is lost.
    Refused {
        /// The event.
        sequence: u64,
    },
    /// An event was offered to a full mailbox, and waits in the place of its oldest.
    Displaced {
        /// The event.
        sequence: u64,
        /// The event that is lost.
        lost: u64,
    },
    /// An event was offered to a full mailbox, and is lost with everything that waited: the subscriber is cut off.
    Disconnected {
        /// The event.
        sequence: u64,
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

impl What {
    /// Kind and two numbers, as they go into a digest. They are part of every recorded one.
    pub(super) fn numbers(self) -> [u64; 3] {
        match self {
            Self::Subscribed { connection } => [1, 0, connection],
            Self::Queued { sequence, waiting } => [2, sequence, waiting],
            Self::Refused { sequence } => [3, sequence, 0],
            Self::Displaced { sequence, lost } => [4, sequence, lost],
            Self::Disconnected { sequence } => [5, sequence, 0],
            Self::Flushed { sequence } => [6, sequence, 0],
            Self::Received { sequence } => [7, sequence, 0],
            Self::Ended { client_gone, evicted } => [8, client_gone, evicted],
        }
    }
}

fn as_nanos<S: Serializer>(at: &Duration, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_u64(super::nanos(*at))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_observation_is_one_flat_object() {
        let what = What::Displaced { sequence: 7, lost: 3 };
        let observation = Observation { at: Duration::from_micros(1500), subscriber: 2, what };
        let text = serde_json::to_string(&observation).unwrap();
        assert_eq!(text, r#"{"at_ns":1500000,"subscriber":2,"kind":"displaced","sequence":7,"lost":3}"#);
    }
}
