//! The stream itself: its messages, and what became of all events that it has ever kept.

use std::collections::{BTreeMap, BTreeSet};

use bytes::Bytes;
use hubbub::EventId;
use hubbub::shared_log::Content;

/// One life of the stream, from when it is made until it is deleted.
#[derive(Debug, Clone)]
pub(super) struct Life {
    /// The time at which it was made. It is the epoch of all ids.
    pub(super) epoch: u64,
    /// The last sequence that was given out.
    pub(super) last: u64,
    pub(super) messages: BTreeMap<u64, Content>,
    /// The sequences of events, by the keys that they were published with.
    pub(super) keys: BTreeMap<String, u64>,
}

impl Life {
    pub(super) fn new(epoch: u64) -> Self {
        Self { epoch, last: 0, messages: BTreeMap::new(), keys: BTreeMap::new() }
    }

    pub(super) fn id(&self, sequence: u64) -> EventId {
        EventId { epoch: self.epoch, sequence }
    }

    /// The sequence of the first message. Of a stream without messages it is one more than the last.
    pub(super) fn first(&self) -> u64 {
        self.messages.keys().next().copied().unwrap_or(self.last + 1)
    }

    /// The first message after a position.
    pub(super) fn next_after(&self, position: u64) -> Option<u64> {
        self.messages.range(position + 1..).next().map(|(sequence, _)| *sequence)
    }
}

/// What the stream has ever had, for the judge.
#[derive(Debug, Clone, Default)]
pub(in crate::rooms::cluster) struct Past {
    /// The epochs of the stream's lives, in the order in which it was made.
    pub(in crate::rooms::cluster) epochs: Vec<u64>,
    /// The payload of every event that was ever kept.
    pub(in crate::rooms::cluster) events: BTreeMap<EventId, Bytes>,
    /// What a limit or a purge has removed. Servers have to tell of it.
    pub(in crate::rooms::cluster) removed: BTreeSet<EventId>,
    /// What was deleted, which is no gap.
    pub(in crate::rooms::cluster) deleted: BTreeSet<EventId>,
}
