//! What a stream says over either protocol, and where in the response it says it.

use hubbub::EventId;

use super::notice::Notice;
use super::stream_id::StreamId;

/// The name of an event that has none.
pub(super) const UNNAMED: &str = "message";

/// What a stream says. Offsets count the bytes of the response from its head on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StreamItem<'a> {
    /// An event of this project's server has begun to arrive; its first byte is the one at offset `start`.
    Begins {
        /// Offset of the event's first byte, in bytes from the head of the response on.
        start: u64,
        /// The event's id.
        id: EventId,
    },
    /// An event has arrived whole, with the byte before offset `end`.
    Event {
        /// Offset behind the last byte of this item, in bytes from the head of the response on.
        end: u64,
        /// Number, name, id and size of the event.
        event: StreamEvent<'a>,
    },
    /// A gap notice has arrived whole: events are missing.
    Gap {
        /// Offset behind the last byte of this item, in bytes from the head of the response on.
        end: u64,
        /// The notice: which events are missing, and why.
        notice: Notice,
    },
    /// An id without an event has arrived: the place that the stream is at.
    Place {
        /// Offset behind the last byte of this item, in bytes from the head of the response on.
        end: u64,
        /// The id of the place, as the server sent it.
        id: StreamId,
    },
}

/// An event that has arrived whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StreamEvent<'a> {
    /// The number in its payload, if that has one.
    pub number: Option<u64>,
    /// Bytes of its data. Line ends between lines of data count.
    pub bytes: u64,
    /// Its name, `message` where the stream gives none.
    pub name: &'a str,
    /// The id that the event itself carries.
    pub id: Option<StreamId>,
}

impl StreamItem<'_> {
    /// The event, if it is one that has arrived whole.
    pub fn event(&self) -> Option<StreamEvent<'_>> {
        match self {
            Self::Event { event, .. } => Some(*event),
            Self::Begins { .. } | Self::Gap { .. } | Self::Place { .. } => None,
        }
    }
}
