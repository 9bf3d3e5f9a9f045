//! A gap: events that a subscriber wanted and does not get, in front of those that it does get.

use super::EventId;
use crate::loss::LossReason;

/// One contiguous hole in what a stream brings.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Gap {
    /// No event before this one is missing, if that is known. Where events of several topics were lost elsewhere than in
    /// a mailbox, it may be another's: those missing are within `first ..= last`.
    pub first: Option<EventId>,
    /// No event between this one and the next to come is missing. `None` where that is not known either.
    pub last: Option<EventId>,
    /// How many are missing, if it is known.
    pub count: Option<u64>,
    /// Why they are missing.
    pub reason: GapReason,
}

/// Why events are missing: they were lost, or the cursor of a client that comes back says too little. Of a hole with
/// several reasons, the first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum GapReason {
    /// Frames of the subscriber were lost, or the history no longer reaches back to the cursor.
    Lost(LossReason),
    /// The client's cursor is of another life of the server, of which nothing is left.
    Restarted,
    /// The client's cursor was never given out by this server.
    UnknownCursor,
}

impl GapReason {
    /// The name in gap notices.
    pub fn name(self) -> &'static str {
        match self {
            Self::Lost(reason) => reason.name(),
            Self::Restarted => "restarted",
            Self::UnknownCursor => "unknown_cursor",
        }
    }
}
