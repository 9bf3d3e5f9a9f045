//! What a push did, why a frame was lost, why a stream ended: one type each, shared by every room from the mailbox to
//! the documents of a testbed.
//!
//! Pure, and at the bottom: this room knows no frames, no events and no mailboxes.
//!
//! What became of one event at each subscriber, and the losses by reason:
//!
//! ```
//! use hubbub::{Capacity, Hub, HubSettings, LossReason, Overflow, Pattern, PushOutcome, Topic};
//!
//! let capacity = Capacity::new(1).expect("1 to 1,048,576 frames");
//! let hub = Hub::new(HubSettings { epoch: 1, capacity, overflow: Overflow::DropNewest });
//! let _reader = hub.subscribe(&[Pattern::new("builds").expect("a pattern")]).open().expect("no cursor");
//! let topic = Topic::new("builds").expect("a topic");
//! let mut outcomes = Vec::new();
//! for _ in 0..2 {
//!     hub.publish_each(std::time::Duration::ZERO, &topic, "{}", |_, outcome| outcomes.push(outcome));
//! }
//! assert_eq!(outcomes[0], PushOutcome::Queued { waiting: 1 });
//! assert_eq!(outcomes[1], PushOutcome::Refused { reason: LossReason::BufferFull });
//! let lost = hub.counts().dropped.by_reason().into_iter().filter(|(_, count)| *count > 0);
//! assert_eq!(lost.collect::<Vec<_>>(), [(LossReason::BufferFull, 1)]);
//! ```

use std::fmt;

use serde::{Deserialize, Serialize};

/// What a push did: a frame was offered to one mailbox.
///
/// `Frame` is what a lost frame is called where the outcome is read: the frame itself in a mailbox, its
/// [`EventId`](crate::EventId) in the Hub, its number in a record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PushOutcome<Frame> {
    /// The offered frame waits.
    Queued {
        /// Frames waiting now, this one among them.
        waiting: usize,
    },
    /// The offered frame did not fit and is lost.
    Refused {
        /// The limit that bound.
        reason: LossReason,
    },
    /// The offered frame waits; it did not fit, and another frame was let go for it.
    Displaced {
        /// The frame that was let go.
        lost: Frame,
        /// The limit that bound, or that a later event of the same key waits.
        reason: LossReason,
    },
    /// One more frame was let go for the offered frame, whose own outcome follows.
    Shed {
        /// The frame that was let go.
        lost: Frame,
        /// The limit that bound, or that a later event of the same key waits.
        reason: LossReason,
    },
    /// The offered frame did not fit and is lost; the subscriber is cut off, and what waited for it is evicted.
    Disconnected {
        /// The limit that bound.
        reason: LossReason,
    },
    /// The offered frame waits in the history: the subscriber is behind, and gets the frame when it has caught up.
    Parked {
        /// Frames waiting now, in the mailbox and in the history, this one among them.
        waiting: usize,
    },
}

impl<Frame> PushOutcome<Frame> {
    /// Why a frame was lost by the push, the offered one or another; `None` where none was.
    pub fn loss_reason(&self) -> Option<LossReason> {
        match self {
            Self::Queued { .. } | Self::Parked { .. } => None,
            Self::Refused { reason }
            | Self::Displaced { reason, .. }
            | Self::Shed { reason, .. }
            | Self::Disconnected { reason } => Some(*reason),
        }
    }

    /// Whether a frame was lost by the push.
    pub fn is_loss(&self) -> bool {
        self.loss_reason().is_some()
    }

    /// The same outcome with another name for the lost frame.
    pub fn map<Name>(self, name: impl FnOnce(Frame) -> Name) -> PushOutcome<Name> {
        match self {
            Self::Queued { waiting } => PushOutcome::Queued { waiting },
            Self::Refused { reason } => PushOutcome::Refused { reason },
            Self::Displaced { lost, reason } => PushOutcome::Displaced { lost: name(lost), reason },
            Self::Shed { lost, reason } => PushOutcome::Shed { lost: name(lost), reason },
            Self::Disconnected { reason } => PushOutcome::Disconnected { reason },
            Self::Parked { waiting } => PushOutcome::Parked { waiting },
        }
    }
}

/// Why a frame was lost: the limit that bound, a later frame of the same key, a history that did not reach far enough,
/// or the end of its stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LossReason {
    /// The mailbox held as many frames as its capacity allows.
    BufferFull,
    /// The frame would have taken the mailbox over its limit of bytes.
    Bytes,
    /// The oldest frame in the mailbox had waited longer than its limit of age.
    Age,
    /// A later event of the same key waits, so only an outdated value is lost.
    Conflated,
    /// The frame waited in the history, which did not keep it until the subscriber had caught up.
    OutOfReach,
    /// The client left while the frame waited or was in flight, or its reader dropped the frame without a word that it
    /// was flushed.
    ClientGone,
    /// The server cut the client off while the frame waited or was in flight.
    Evicted,
}

impl LossReason {
    /// Every reason. The order is part of recorded digests: new reasons go to the end.
    pub const ALL: [Self; 7] =
        [Self::BufferFull, Self::Bytes, Self::Age, Self::Conflated, Self::OutOfReach, Self::ClientGone, Self::Evicted];

    /// The name in accounts, metrics and gap notices.
    pub fn name(self) -> &'static str {
        match self {
            Self::BufferFull => "buffer_full",
            Self::Bytes => "bytes",
            Self::Age => "age",
            Self::Conflated => "conflated",
            Self::OutOfReach => "out_of_reach",
            Self::ClientGone => "client_gone",
            Self::Evicted => "evicted",
        }
    }
}

impl fmt::Display for LossReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// Why a stream ended, and its mailbox was closed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CloseReason {
    /// The client left.
    ClientGone,
    /// The server cut the client off: by the overflow policy, the write deadline, or its own end.
    Evicted,
}

impl From<CloseReason> for LossReason {
    /// The reason of the frames that are lost with the stream.
    fn from(why: CloseReason) -> Self {
        match why {
            CloseReason::ClientGone => Self::ClientGone,
            CloseReason::Evicted => Self::Evicted,
        }
    }
}

/// Frames lost, by reason. Written without the reasons that most results have no losses for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct LossCounts {
    /// Lost as [`LossReason::BufferFull`]; of a server that names no reasons, everything that is missing.
    pub buffer_full: u64,
    /// Lost as [`LossReason::Bytes`]; left out where it is 0.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub bytes: u64,
    /// Lost as [`LossReason::Age`]; left out where it is 0.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub age: u64,
    /// Lost as [`LossReason::Conflated`]; left out where it is 0.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub conflated: u64,
    /// Lost as [`LossReason::OutOfReach`]; left out where it is 0.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub out_of_reach: u64,
    /// Lost as [`LossReason::ClientGone`].
    pub client_gone: u64,
    /// Lost as [`LossReason::Evicted`].
    pub evicted: u64,
}

impl LossCounts {
    /// Every reason and its number, in the order of [`LossReason::ALL`].
    pub fn by_reason(&self) -> [(LossReason, u64); 7] {
        // Read through `of`, so that a reason is mapped to its field in one place.
        let mut counts = *self;
        LossReason::ALL.map(|reason| (reason, *counts.of(reason)))
    }

    /// The frames lost for any reason.
    pub fn total(&self) -> u64 {
        self.by_reason().iter().map(|(_, lost)| lost).sum()
    }

    /// The frames that a limit cost: the buffer was too small in frames, in bytes or in time.
    pub fn by_limits(&self) -> u64 {
        self.buffer_full + self.bytes + self.age
    }

    /// The number of one reason, to be changed.
    pub fn of(&mut self, reason: LossReason) -> &mut u64 {
        match reason {
            LossReason::BufferFull => &mut self.buffer_full,
            LossReason::Bytes => &mut self.bytes,
            LossReason::Age => &mut self.age,
            LossReason::Conflated => &mut self.conflated,
            LossReason::OutOfReach => &mut self.out_of_reach,
            LossReason::ClientGone => &mut self.client_gone,
            LossReason::Evicted => &mut self.evicted,
        }
    }

    /// Adds the numbers of others to these.
    pub fn add(&mut self, other: &Self) {
        for (reason, lost) in other.by_reason() {
            *self.of(reason) += lost;
        }
    }
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde hands it so")]
fn is_zero(number: &u64) -> bool {
    *number == 0
}

#[cfg(test)]
mod tests {
    use super::*;

    const NAMES: [&str; 7] = ["buffer_full", "bytes", "age", "conflated", "out_of_reach", "client_gone", "evicted"];

    #[test]
    fn a_reason_has_one_name_wherever_it_is_shown_or_written() {
        assert_eq!(LossReason::ALL.map(LossReason::name), NAMES);
        assert_eq!(LossReason::ALL.map(|reason| serde_json::to_value(reason).unwrap()), NAMES);
    }

    #[test]
    fn every_reason_is_counted_by_itself() {
        let mut counts = LossCounts::default();
        for (place, reason) in LossReason::ALL.into_iter().enumerate() {
            *counts.of(reason) += 1 << place;
        }
        let numbers = counts.by_reason().map(|(_, lost)| lost);
        assert_eq!(numbers, [1, 2, 4, 8, 16, 32, 64]);
        assert_eq!(counts.total(), 127);
        assert_eq!(counts.by_limits(), 7, "frames, bytes and age");
        let before = counts;
        counts.add(&before);
        assert_eq!(counts.by_reason().map(|(_, lost)| lost), numbers.map(|lost| 2 * lost));
    }

    #[test]
    fn a_reason_that_cost_nothing_is_left_out_unless_every_result_has_it() {
        let written = |counts: LossCounts| serde_json::to_string(&counts).unwrap();
        assert_eq!(written(LossCounts::default()), r#"{"buffer_full":0,"client_gone":0,"evicted":0}"#);
        let mut counts = LossCounts::default();
        LossReason::ALL.into_iter().for_each(|reason| *counts.of(reason) = 1);
        let all: Vec<_> = NAMES.iter().map(|name| format!("\"{name}\":1")).collect();
        assert_eq!(written(counts), format!("{{{}}}", all.join(",")));
        assert_eq!(serde_json::from_str::<LossCounts>(&written(counts)).unwrap(), counts);
    }
}
