//! One thing that happened to one subscriber: what a digest is made of, and what a log keeps where one is asked for.

use std::time::Duration;

use hubbub::{LossReason, PushOutcome};
use serde::ser::SerializeMap;
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
        /// The limit for which they had been parked. A full buffer, the most frequent, is not written.
        #[serde(skip_serializing_if = "is_full")]
        reason: LossReason,
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
    /// An event was offered to it. Written as one of the kinds `queued`, `refused`, `displaced`, `shed`, `disconnected`
    /// and `parked`.
    #[serde(untagged, serialize_with = "push")]
    Pushed {
        /// The event; with [`PushOutcome::Shed`], the one whose own outcome is observed next.
        sequence: u64,
        /// What the push did.
        outcome: PushOutcome<u64>,
    },
}

impl ObservationKind {
    /// What a push did, if this was one.
    #[must_use]
    pub fn outcome(self) -> Option<PushOutcome<u64>> {
        match self {
            Self::Pushed { outcome, .. } => Some(outcome),
            Self::Subscribed { .. }
            | Self::Replayed { .. }
            | Self::Forgotten { .. }
            | Self::Placed { .. }
            | Self::Told { .. }
            | Self::Flushed { .. }
            | Self::Received { .. }
            | Self::Ended { .. } => None,
        }
    }

    /// Kind and two numbers, as they go into a digest. They are part of every recorded one.
    #[inline(always)]
    pub(super) fn numbers(self) -> [u64; 3] {
        match self {
            // Numbered in the order in which kinds were added: a changed number would change every recorded digest.
            Self::Subscribed { connection } => [1, 0, connection],
            Self::Pushed { sequence, outcome } => match outcome {
                PushOutcome::Queued { waiting } => [2, sequence, waiting as u64],
                PushOutcome::Refused { reason } => [beside(reason, 3), sequence, 0],
                PushOutcome::Displaced { lost, reason } => [beside(reason, 4), sequence, lost],
                PushOutcome::Disconnected { reason } => [beside(reason, 5), sequence, 0],
                PushOutcome::Shed { lost, reason } => [beside(reason, 9), lost, 0],
                PushOutcome::Parked { waiting } => [10, sequence, waiting as u64],
            },
            Self::Flushed { sequence } => [6, sequence, 0],
            Self::Received { sequence } => [7, sequence, 0],
            Self::Ended { client_gone, evicted } => [8, client_gone, evicted],
            Self::Replayed { first, count } => [11, first, count],
            Self::Forgotten { count, reason } => [beside(reason, 12), count, 0],
            Self::Told { after, until } => [13, after, until],
            Self::Placed { after } => [14, after, 0],
        }
    }
}

/// The kind of an observation, told apart by the reason; a full buffer is the kind alone.
fn beside(reason: LossReason, kind: u64) -> u64 {
    // A full buffer has place 0. So its kinds have the numbers that digests had before there were other reasons.
    let place = LossReason::ALL.iter().position(|other| *other == reason).unwrap_or(0);
    // Kinds are below 256, so no pair of a kind and a reason gives the number of another.
    kind + 256 * place as u64
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde hands it so")]
fn is_full(reason: &LossReason) -> bool {
    *reason == LossReason::BufferFull
}

/// As one flat object. Nearly all losses are to a full buffer: that reason is not written.
fn push<S: Serializer>(sequence: &u64, outcome: &PushOutcome<u64>, serializer: S) -> Result<S::Ok, S::Error> {
    let mut object = serializer.serialize_map(None)?;
    let (kind, sequence) = match outcome {
        PushOutcome::Queued { .. } => ("queued", Some(sequence)),
        PushOutcome::Refused { .. } => ("refused", Some(sequence)),
        PushOutcome::Displaced { .. } => ("displaced", Some(sequence)),
        PushOutcome::Shed { .. } => ("shed", None),
        PushOutcome::Disconnected { .. } => ("disconnected", Some(sequence)),
        PushOutcome::Parked { .. } => ("parked", Some(sequence)),
    };
    object.serialize_entry("kind", kind)?;
    if let Some(sequence) = sequence {
        object.serialize_entry("sequence", sequence)?;
    }
    match outcome {
        PushOutcome::Queued { waiting } | PushOutcome::Parked { waiting } => {
            object.serialize_entry("waiting", waiting)?
        }
        PushOutcome::Displaced { lost, .. } | PushOutcome::Shed { lost, .. } => object.serialize_entry("lost", lost)?,
        PushOutcome::Refused { .. } | PushOutcome::Disconnected { .. } => {}
    }
    if let Some(reason) = outcome.loss_reason().filter(|reason| !is_full(reason)) {
        object.serialize_entry("reason", &reason)?;
    }
    object.end()
}

fn as_nanos<S: Serializer>(at: &Duration, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_u64(nanos(*at))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(what: ObservationKind) -> String {
        let observation = Observation { at: Duration::from_micros(1500), subscriber: 2, what };
        serde_json::to_string(&observation).unwrap()
    }

    #[test]
    fn an_observation_is_one_flat_object() {
        for (outcome, expected) in [
            (PushOutcome::Queued { waiting: 4 }, r#""kind":"queued","sequence":7,"waiting":4"#),
            (PushOutcome::Refused { reason: LossReason::BufferFull }, r#""kind":"refused","sequence":7"#),
            (
                PushOutcome::Displaced { lost: 3, reason: LossReason::BufferFull },
                r#""kind":"displaced","sequence":7,"lost":3"#,
            ),
            (
                PushOutcome::Displaced { lost: 3, reason: LossReason::Conflated },
                r#""kind":"displaced","sequence":7,"lost":3,"reason":"conflated""#,
            ),
            (PushOutcome::Shed { lost: 3, reason: LossReason::Bytes }, r#""kind":"shed","lost":3,"reason":"bytes""#),
            (
                PushOutcome::Disconnected { reason: LossReason::Age },
                r#""kind":"disconnected","sequence":7,"reason":"age""#,
            ),
            (PushOutcome::Parked { waiting: 4 }, r#""kind":"parked","sequence":7,"waiting":4"#),
        ] {
            let expected = format!(r#"{{"at_ns":1500000,"subscriber":2,{expected}}}"#);
            assert_eq!(written(ObservationKind::Pushed { sequence: 7, outcome }), expected);
        }
        let begins = r#"{"at_ns":1500000,"subscriber":2,"kind":"subscribed","connection":1}"#;
        assert_eq!(written(ObservationKind::Subscribed { connection: 1 }), begins);
        let forgotten = |reason| written(ObservationKind::Forgotten { count: 5, reason });
        let full = r#"{"at_ns":1500000,"subscriber":2,"kind":"forgotten","count":5}"#;
        assert_eq!(forgotten(LossReason::BufferFull), full);
        assert_eq!(forgotten(LossReason::OutOfReach), full.replace('}', r#","reason":"out_of_reach"}"#));
    }
}
