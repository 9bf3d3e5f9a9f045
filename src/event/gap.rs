//! A gap: events that a subscriber wanted and does not get, told in front of the event that follows them.

use super::EventId;
use crate::loss::LossReason;

/// Events that are missing in a stream, all at one place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Gap {
    /// No event before this one is missing; `None` if that is not known. The missing events are within `first ..=
    /// last`, and `first` itself may be an event that the subscriber did not want.
    pub first: Option<EventId>,
    /// No event between this one and the next to come is missing; `None` if that is not known.
    pub last: Option<EventId>,
    /// How many events are missing; `None` if that is not known.
    pub count: Option<u64>,
    /// Why they are missing.
    pub reason: GapReason,
}

impl Gap {
    /// This gap and a later one, with no event between them that was delivered.
    pub(crate) fn and(self, later: Self) -> Self {
        let count = self.count.zip(later.count).map(|(count, more)| count + more);
        Self { first: self.first, last: later.last, count, reason: self.reason }
    }
}

/// Why events are missing: they were lost, or the cursor of a client that comes back says too little. Of a hole with
/// several reasons, the first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
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
