//! What publisher and viewers have seen, and the addresses of the servers that they go to.

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard};

use serde_json::Value;

/// The id of an event: epoch and sequence.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Id {
    pub(super) epoch: u64,
    pub(super) sequence: u64,
}

impl Id {
    pub(super) fn parse(text: &str) -> Self {
        let (epoch, sequence) = text.split_once('-').unwrap_or_else(|| panic!("no id: {text}"));
        Self { epoch: epoch.parse().unwrap(), sequence: sequence.parse().unwrap() }
    }
}

impl fmt::Display for Id {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}", self.epoch, self.sequence)
    }
}

/// What a viewer has got.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Got {
    /// The place at which a stream begins.
    Place(Id),
    /// An event, and the number in its payload.
    Event(Id, usize),
    /// The word that events are missing.
    Gap { first: Option<Id>, last: Option<Id>, reason: String },
}

impl Got {
    /// A gap, by its notice.
    pub(super) fn gap(notice: &Value) -> Self {
        let id = |name: &str| notice[name].as_str().map(Id::parse);
        Self::Gap { first: id("first"), last: id("last"), reason: notice["reason"].as_str().unwrap().to_owned() }
    }

    pub(super) fn begins_anew(&self) -> bool {
        matches!(self, Self::Gap { reason, .. } if reason == "restarted")
    }
}

/// What all of them have seen so far.
#[derive(Debug, Clone, Default)]
pub(super) struct Sightings {
    /// By viewer, in order.
    pub(super) got: Vec<Vec<Got>>,
    /// By event, the id that the publisher was told.
    pub(super) acknowledged: Vec<Id>,
    /// By server, where it listens; `None` while it is down.
    pub(super) addresses: Vec<Option<String>>,
}

/// What all tasks of a run share.
#[derive(Debug, Clone, Default)]
pub(super) struct Seen(Arc<Mutex<Sightings>>);

impl Seen {
    pub(super) fn lock(&self) -> MutexGuard<'_, Sightings> {
        self.0.lock().unwrap()
    }

    /// The server of an attempt: another one for each.
    pub(super) fn address(&self, attempt: usize) -> Option<String> {
        let addresses = &self.lock().addresses;
        addresses[attempt % addresses.len()].clone()
    }
}
