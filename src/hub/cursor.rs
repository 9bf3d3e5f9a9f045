//! Where a client that comes back says it was, and where its stream begins because of that.
//!
//! Pure: sequences in, a beginning out.

use crate::event::{EventId, Gap, GapReason};
use crate::loss::LossReason;

/// Where a client says it was.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cursor {
    /// The last event it has.
    After(EventId),
    /// Nowhere that anybody knows of.
    Unknown,
}

impl Cursor {
    /// What a client wrote; it may be anything.
    pub fn read(text: &str) -> Self {
        text.trim().parse().map_or(Self::Unknown, Self::After)
    }
}

/// Where a stream begins, and what is missing before.
#[derive(Debug, Default)]
pub(super) struct Beginning {
    /// The last event before the stream, where the client does not know it by itself.
    pub(super) at: Option<EventId>,
    /// What is out of reach.
    pub(super) opening: Option<Gap>,
    /// What is replayed: the first event that may be, and how many.
    pub(super) replays: Option<(EventId, u64)>,
    /// The first sequence that is wanted.
    pub(super) from: u64,
}

impl Beginning {
    /// The beginning for a cursor, in an epoch whose history has the events from `reached` on and whose last event is
    /// `last`. Without a cursor a stream begins with the next event.
    pub(super) fn of(epoch: u64, cursor: Option<Cursor>, reached: u64, last: u64) -> Self {
        let id = |sequence| Some(EventId { epoch, sequence });
        let now = Self { at: id(last), from: last + 1, ..Self::default() };
        let Some(cursor) = cursor else { return now };
        match cursor {
            Cursor::After(at) if at.epoch == epoch && at.sequence <= last => {
                let from = at.sequence + 1;
                let gap = Gap {
                    first: id(from),
                    last: id(reached - 1),
                    count: None,
                    reason: GapReason::Lost(LossReason::OutOfReach),
                };
                Self { from: from.max(reached), opening: (from < reached).then_some(gap), ..Self::default() }
            }
            // Of this life nothing has been seen, and of that one nothing is left.
            Cursor::After(at) if at.epoch != epoch => {
                let until = if reached > 1 { id(reached - 1) } else { None };
                let gap = Gap { first: None, last: until, count: None, reason: GapReason::Restarted };
                Self { from: reached, opening: Some(gap), ..Self::default() }
            }
            Cursor::After(_) | Cursor::Unknown => {
                let gap = Gap { first: None, last: None, count: None, reason: GapReason::UnknownCursor };
                Self { opening: Some(gap), ..now }
            }
        }
    }
}
