//! What must hold of a run. Of these laws the first four hold at any time, and the others at the end:
//!
//! 1. *In order, once*: the ids that a viewer gets ascend.
//! 2. *Nothing invented*: every event that a viewer gets is one that the stream has kept, with its payload.
//! 3. *Nothing doubled*: an event that was published again with the same key is kept once.
//! 4. *No false alarm*: a gap that a viewer is told of has a message that was removed. Where servers do not read older
//!    events again, it may also be out of their reach.
//! 5. *Nothing lost*: of all events that are in the stream at the end, a viewer has got those that came after it did. Of
//!    those that were purged it has got each, or was told of it.
//! 6. *Acknowledged is kept*: every event that was acknowledged was kept by the id that the publisher was told.
//! 7. *Ready again*: every node says that it is ready, in the end.

use std::collections::{BTreeMap, BTreeSet};

use bytes::Bytes;
use hubbub::EventId;

use super::brokers::{Brokers, EPOCH};
use super::case::ClusterCase;
use super::publisher::body;
use super::seen::{Got, Sightings};

/// A law that a run breaks, in words that name who and what.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Broken(pub(super) String);

/// The stream, as far as judging needs it.
pub(super) struct Truth {
    ever: BTreeMap<u64, Bytes>,
    purged: BTreeSet<u64>,
    deleted: BTreeSet<u64>,
    reads_older: bool,
}

impl Truth {
    pub(super) fn of(case: &ClusterCase, brokers: &Brokers) -> Self {
        Self {
            ever: brokers.ever.clone(),
            purged: brokers.purged.iter().copied().collect(),
            deleted: brokers.deleted.iter().copied().collect(),
            reads_older: case.replay_events > 0,
        }
    }

    /// What holds at any time.
    pub(super) fn check(&self, seen: &Sightings) -> Result<(), Broken> {
        let payloads: BTreeSet<&Bytes> = self.ever.values().collect();
        if payloads.len() < self.ever.len() {
            return Err(Broken("nothing doubled: the stream has kept an event twice".to_owned()));
        }
        for (viewer, got) in seen.got.iter().enumerate() {
            self.check_viewer(got).map_err(|why| Broken(format!("viewer {viewer}: {why}")))?;
        }
        Ok(())
    }

    fn check_viewer(&self, got: &[Got]) -> Result<(), String> {
        let mut last = 0;
        for one in got {
            match one {
                Got::Event(id, number) => {
                    let EventId { epoch, sequence } = *id;
                    if epoch != EPOCH || sequence <= last {
                        return Err(format!("in order, once: {id} comes after {EPOCH}-{last}"));
                    }
                    last = sequence;
                    let kept = self.ever.get(&sequence);
                    let expected = number.and_then(|number| usize::try_from(number).ok()).map(body);
                    if kept.is_none() || kept != expected.as_ref() {
                        return Err(format!("nothing invented: {id} has the number {number:?}, and not what was kept"));
                    }
                }
                Got::Gap { first, last, reason } => self.check_gap(*first, *last, reason)?,
                Got::Place(_) => {}
            }
        }
        Ok(())
    }

    fn check_gap(&self, first: Option<EventId>, last: Option<EventId>, reason: &str) -> Result<(), String> {
        let is_out_of_reach = !self.reads_older && reason == "out_of_reach";
        let (Some(first), Some(last)) = (first, last) else {
            let is_known = is_out_of_reach || !(self.purged.is_empty() && self.deleted.is_empty());
            return if is_known { Ok(()) } else { Err(format!("no false alarm: {reason}, of unknown events")) };
        };
        let mut removed = self.purged.iter().chain(&self.deleted);
        if is_out_of_reach || removed.any(|one| (first.sequence..=last.sequence).contains(one)) {
            return Ok(());
        }
        Err(format!("no false alarm: {reason} from {first} to {last}, and nothing of that was removed"))
    }

    /// What is still to come, in words; `None` once all is there.
    pub(super) fn missing(&self, case: &ClusterCase, seen: &Sightings) -> Option<String> {
        let (acknowledged, events) = (seen.acknowledged.len(), case.publish_at.len());
        if acknowledged < events {
            return Some(format!("event {acknowledged} of {events} is not acknowledged"));
        }
        let mut viewers = seen.got.iter().enumerate();
        viewers.find_map(|(viewer, got)| self.missing_at(got).map(|missing| format!("viewer {viewer}: {missing}")))
    }

    fn missing_at(&self, got: &[Got]) -> Option<String> {
        let begins_at = match got.first() {
            Some(Got::Place(id)) => id.sequence,
            Some(Got::Event(id, _)) => id.sequence - 1,
            Some(Got::Gap { .. }) => 0,
            None => return Some("it has got no stream".to_owned()),
        };
        let events: BTreeSet<u64> = got.iter().filter_map(Got::event).collect();
        let gaps: Vec<[u64; 2]> = got.iter().filter_map(Got::gap).collect();
        let is_told = |sequence: u64| gaps.iter().any(|[first, last]| (*first..=*last).contains(&sequence));
        let missing = self.ever.keys().copied().find(|sequence| {
            let is_needed = *sequence > begins_at && !events.contains(sequence) && !self.deleted.contains(sequence);
            // A gap that covers an event which is still in the stream is no excuse, unless it is out of reach.
            let may_be_told = self.purged.contains(sequence) || !self.reads_older;
            is_needed && !(may_be_told && is_told(*sequence))
        })?;
        // What came around its place says more than all that came.
        let near = got.iter().filter(|one| one.sequence().is_some_and(|sequence| sequence.abs_diff(missing) <= 3));
        let near: Vec<_> = near.map(ToString::to_string).collect();
        let near = near.join(", ");
        Some(format!("nothing lost: {missing} has not come, and no notice that allows for it; near it came: {near}"))
    }

    /// Every acknowledged event was kept by its id.
    pub(super) fn check_acknowledged(&self, seen: &Sightings) -> Result<(), Broken> {
        for (number, id) in seen.acknowledged.iter().enumerate() {
            if id.epoch != EPOCH || self.ever.get(&id.sequence) != Some(&body(number)) {
                return Err(Broken(format!("acknowledged is kept: event {number} has not been kept as {id}")));
            }
        }
        Ok(())
    }
}

impl std::fmt::Display for Got {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Place(id) => write!(f, "place {}", id.sequence),
            Self::Event(id, _) => write!(f, "event {}", id.sequence),
            Self::Gap { reason, .. } => match self.gap() {
                Some([first, last]) => write!(f, "gap {first} to {last} ({reason})"),
                None => write!(f, "gap ({reason})"),
            },
        }
    }
}

impl Got {
    /// The sequence that it is about; of a gap the last one.
    fn sequence(&self) -> Option<u64> {
        match self {
            Self::Place(id) | Self::Event(id, _) => Some(id.sequence),
            Self::Gap { last, .. } => last.map(|id| id.sequence),
        }
    }

    fn event(&self) -> Option<u64> {
        match self {
            Self::Event(id, _) => Some(id.sequence),
            Self::Place(_) | Self::Gap { .. } => None,
        }
    }

    fn gap(&self) -> Option<[u64; 2]> {
        match self {
            Self::Gap { first, last, .. } => {
                Some([first.map_or(0, |id| id.sequence), last.map_or(u64::MAX, |id| id.sequence)])
            }
            Self::Place(_) | Self::Event(..) => None,
        }
    }
}
