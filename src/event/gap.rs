//! A gap: events that a subscriber wanted and does not get, in front of those that it does get.

use super::EventId;

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
    /// Why.
    pub reason: GapReason,
}

/// Why events are missing; of a hole with several reasons, the first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum GapReason {
    /// As many frames waited as may.
    BufferFull,
    /// As many bytes waited as may.
    Bytes,
    /// What waited was too old.
    Age,
    /// The client came back too late: the history does not reach so far.
    OutOfReach,
    /// The client's cursor is of another life of the server, of which nothing is left.
    Restarted,
    /// The client's cursor is no id that this server has given out.
    UnknownCursor,
}

impl GapReason {
    /// The name in gap notices.
    pub fn name(self) -> &'static str {
        match self {
            Self::BufferFull => "buffer_full",
            Self::Bytes => "bytes",
            Self::Age => "age",
            Self::OutOfReach => "out_of_reach",
            Self::Restarted => "restarted",
            Self::UnknownCursor => "unknown_cursor",
        }
    }
}
