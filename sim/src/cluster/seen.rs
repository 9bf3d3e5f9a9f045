//! What publisher and viewers have seen.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use hubbub::EventId;

/// What a viewer has got, in order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Got {
    /// The place that a stream is at.
    Place(EventId),
    /// An event, and the number in its payload.
    Event(EventId, Option<u64>),
    /// The word that events are missing.
    Gap { first: Option<EventId>, last: Option<EventId>, reason: String },
}

/// What all of them have seen.
#[derive(Debug, Clone, Default)]
pub(super) struct Seen(Arc<Mutex<Sightings>>);

/// What was seen so far.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Sightings {
    /// By viewer.
    pub(super) got: Vec<Vec<Got>>,
    /// The id of each event that was acknowledged, by its number.
    pub(super) acknowledged: Vec<EventId>,
    /// Answers to publishes that were no acknowledgement, by their status.
    pub(super) refused: Vec<u16>,
    /// Whether nothing more is to come, so that nodes are asked whether they are ready.
    pub(super) is_complete: bool,
    /// Whether all nodes have said that they are.
    pub(super) are_ready: bool,
}

impl Seen {
    pub(super) fn by(viewers: usize) -> Self {
        let sightings = Sightings { got: vec![Vec::new(); viewers], ..Sightings::default() };
        Self(Arc::new(Mutex::new(sightings)))
    }

    pub(super) fn lock(&self) -> MutexGuard<'_, Sightings> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
