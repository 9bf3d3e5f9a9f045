//! The cursor of a client that comes back, and where its stream begins because of it.
//!
//! Pure: sequences in, a beginning out.

use crate::event::{EventId, Gap, GapReason};
use crate::loss::LossReason;

/// The position in the stream that a client gives when it comes back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cursor {
    /// The last event that the client has.
    After(EventId),
    /// A text that is not an event id, or several that differ.
    Unknown,
}

impl Cursor {
    /// Reads what a client sent. Any text is allowed: one that is not an event id is [`Unknown`](Self::Unknown).
    pub fn read(text: &str) -> Self {
        text.trim().parse().map_or(Self::Unknown, Self::After)
    }
}

/// Where a stream begins, and what is missing before it.
#[derive(Debug, Default)]
pub(super) struct Beginning {
    /// The last event before the stream; `None` if the client has said it itself.
    pub(super) at: Option<EventId>,
    /// The events that the client has missed and the history no longer has.
    pub(super) opening: Option<Gap>,
    /// The events that are replayed: the first that may be, and how many.
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
            // A sequence beyond `last` was never given out, whatever its epoch says: it falls through to the last arm.
            Cursor::After(at) if at.epoch == epoch && at.sequence <= last => {
                let from = at.sequence + 1;
                // `reached` is at least 1, since sequences begin there. So nothing below wraps around.
                let gap = Gap {
                    first: id(from),
                    last: id(reached - 1),
                    count: None,
                    reason: GapReason::Lost(LossReason::OutOfReach),
                };
                Self { from: from.max(reached), opening: (from < reached).then_some(gap), ..Self::default() }
            }
            // The client has seen nothing of this life of the server, and of the earlier one nothing is left.
            Cursor::After(at) if at.epoch != epoch => {
                let until = if reached > 1 { id(reached - 1) } else { None };
                let gap = Gap { first: None, last: until, count: None, reason: GapReason::Restarted };
                Self { from: reached, opening: Some(gap), ..Self::default() }
            }
            Cursor::After(_) | Cursor::Unknown => {
                // Nothing is replayed: where the client was is not known, and the whole history could be events that it
                // has.
                let gap = Gap { first: None, last: None, count: None, reason: GapReason::UnknownCursor };
                Self { opening: Some(gap), ..now }
            }
        }
    }
}
