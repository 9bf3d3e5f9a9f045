//! What must hold of a run. Of these laws the first five hold at any time, and the others at the end:
//!
//! 1. *In order, once*: the ids that a viewer gets ascend. After those of one life of the stream only those of a later life
//!    come.
//! 2. *Nothing invented*: every event that a viewer gets is one that the stream has kept, with its payload.
//! 3. *Nothing doubled*: an event that was published again with the same key is kept once in a life of the stream.
//! 4. *No false alarm*: a gap that a viewer is told of has a message that was removed. Where servers do not read older
//!    events again, it may also be out of their reach. A viewer is told that the stream has begun anew if its next event
//!    is of another life, and only then.
//! 5. *Goes on*: no process of a server ends by itself as long as the stream is the one that it was.
//! 6. *Nothing lost*: of all events that are in the stream at the end, a viewer has got those that came after it did. Of
//!    those that were removed it has got each, or was told of it.
//! 7. *Acknowledged is kept*: every event that was acknowledged was kept by the id that the publisher was told. Where the
//!    stream was made anew, its epoch may be another one.
//! 8. *Ready again*: every node says that it is ready, in the end.

mod sequence;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use bytes::Bytes;
use hubbub::EventId;

use super::brokers::Past;
use super::case::ClusterCase;
use super::publisher::body;
use super::seen::{Got, Sightings};

/// A law that every run keeps.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ClusterLaw {
    /// The ids that a viewer gets ascend.
    InOrderOnce,
    /// Every event that a viewer gets was kept.
    NothingInvented,
    /// A repetition is kept once.
    NothingDoubled,
    /// Viewers are told of nothing that is not missing.
    NoFalseAlarm,
    /// No process ends by itself.
    GoesOn,
    /// Every viewer gets everything, or is told.
    NothingLost,
    /// What was acknowledged was kept.
    AcknowledgedIsKept,
    /// Every node is ready in the end.
    ReadyAgain,
}

impl ClusterLaw {
    /// Its name, as it stands in messages and in the names of files.
    pub fn name(self) -> &'static str {
        match self {
            Self::InOrderOnce => "in-order-once",
            Self::NothingInvented => "nothing-invented",
            Self::NothingDoubled => "nothing-doubled",
            Self::NoFalseAlarm => "no-false-alarm",
            Self::GoesOn => "goes-on",
            Self::NothingLost => "nothing-lost",
            Self::AcknowledgedIsKept => "acknowledged-is-kept",
            Self::ReadyAgain => "ready-again",
        }
    }
}

/// A law that a run breaks, in words that name who and what.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{}: {why}", law.name())]
pub struct Broken {
    /// The law.
    pub law: ClusterLaw,
    why: String,
}

impl Broken {
    pub(super) fn of(law: ClusterLaw, why: impl fmt::Display) -> Self {
        Self { law, why: why.to_string() }
    }

    fn at(self, viewer: usize) -> Self {
        Self { why: format!("viewer {viewer}: {}", self.why), ..self }
    }
}

/// The stream, as far as judging needs it.
pub(super) struct Truth<'a> {
    past: &'a Past,
    reads_older: bool,
}

impl<'a> Truth<'a> {
    pub(super) fn of(case: &ClusterCase, past: &'a Past) -> Self {
        Self { past, reads_older: case.replay_events > 0 }
    }

    /// What holds at any time.
    pub(super) fn check(&self, seen: &Sightings) -> Result<(), Broken> {
        let mut payloads: BTreeMap<u64, BTreeSet<&Bytes>> = BTreeMap::new();
        for (id, payload) in &self.past.events {
            if !payloads.entry(id.epoch).or_default().insert(payload) {
                return Err(Broken::of(ClusterLaw::NothingDoubled, format!("{id} was kept before")));
            }
        }
        let mut viewers = seen.got.iter().enumerate();
        viewers.try_for_each(|(viewer, got)| self.check_viewer(got).map_err(|broken| broken.at(viewer)))
    }

    /// The number of the life that an epoch belongs to.
    fn life(&self, epoch: u64) -> Option<usize> {
        self.past.epochs.iter().position(|one| *one == epoch)
    }

    /// Whether anything was removed from the first event to the last.
    fn has_removed(&self, first: EventId, last: EventId) -> bool {
        let Past { removed, deleted, .. } = self.past;
        first <= last && removed.range(first..=last).chain(deleted.range(first..=last)).next().is_some()
    }

    /// What is still to come, in words; `None` once all is there.
    pub(super) fn missing(&self, case: &ClusterCase, seen: &Sightings) -> Option<Broken> {
        let acknowledged = seen.acknowledged.len();
        let events = case.publish_at.len();
        if acknowledged < events {
            let why = format!("event {acknowledged} of {events} is not acknowledged");
            return Some(Broken::of(ClusterLaw::ReadyAgain, why));
        }
        let mut viewers = seen.got.iter().enumerate();
        let lost = |why| Broken::of(ClusterLaw::NothingLost, why);
        viewers.find_map(|(viewer, got)| self.missing_at(got).map(|missing| lost(missing).at(viewer)))
    }

    fn missing_at(&self, got: &[Got]) -> Option<String> {
        let begins_after = match got.first() {
            Some(Got::Place(id)) => *id,
            Some(Got::Event(id, _)) => EventId { sequence: id.sequence - 1, ..*id },
            Some(Got::Gap { .. }) => return Some("its stream has begun with a gap".to_owned()),
            None => return Some("it has got no stream".to_owned()),
        };
        let (Some(first_life), Some(last_life)) =
            (self.life(begins_after.epoch), self.past.epochs.len().checked_sub(1))
        else {
            return Some(format!("its stream has begun at {begins_after}, which is of no life of the stream"));
        };
        (first_life..=last_life).find_map(|life| {
            let epoch = self.past.epochs[life];
            let after = if life == first_life { begins_after } else { EventId { epoch, sequence: 0 } };
            self.missing_of_life(got, after, life == last_life)
        })
    }

    /// The first event of a life that is missing in what a viewer has got. What is missing of an earlier life than the last
    /// is told by the notice that the stream has begun anew.
    fn missing_of_life(&self, got: &[Got], after: EventId, is_last: bool) -> Option<String> {
        let epoch = after.epoch;
        let events: BTreeSet<EventId> = got.iter().filter_map(Got::event).collect();
        let gaps: Vec<[EventId; 2]> = got.iter().filter_map(Got::gap).collect();
        let is_told = |id: &EventId| gaps.iter().any(|[first, last]| (first..=last).contains(&id));
        let mut ended = got.iter().rev().take_while(|one| one.epoch() != Some(epoch));
        let is_told_of_the_end = !is_last && ended.any(|one| one.begins_anew());
        let all = after..=EventId { epoch, sequence: u64::MAX };
        let missing = self.past.events.range(all).map(|(id, _)| *id).find(|id| {
            let is_needed = *id > after && !events.contains(id) && !self.past.deleted.contains(id);
            is_needed && !is_told_of_the_end && !(self.may_be_told(got, *id) && is_told(id))
        })?;
        // What came around its place says more than all that came.
        let is_near = |id: EventId| id.epoch == epoch && id.sequence.abs_diff(missing.sequence) <= 3;
        let near = got.iter().filter(|one| one.id().is_none_or(is_near));
        let near: Vec<_> = near.map(ToString::to_string).collect();
        let near = near.join(", ");
        Some(format!("{missing} has not come, and no notice that allows for it; near it came: {near}"))
    }

    /// Whether a notice is an excuse for an event. For one that is still in the stream it is none, unless it is out of
    /// reach, or the viewer has come from another life.
    fn may_be_told(&self, got: &[Got], id: EventId) -> bool {
        let comes_from_another_life = got.iter().any(|one| one.begins_anew() && one.epoch() == Some(id.epoch));
        self.past.removed.contains(&id) || !self.reads_older || comes_from_another_life
    }

    /// Every acknowledged event was kept by its id.
    pub(super) fn check_acknowledged(&self, seen: &Sightings) -> Result<(), Broken> {
        for (number, id) in seen.acknowledged.iter().enumerate() {
            // A server that has not noticed that the stream was made anew answers with the earlier epoch.
            let mut ids = self.past.epochs.iter().map(|epoch| EventId { epoch: *epoch, ..*id });
            let is_kept = |id: EventId| self.past.events.get(&id) == Some(&body(number));
            let is_anew = self.past.epochs.len() > 1;
            let is_kept_by_any = is_kept(*id) || (is_anew && ids.any(is_kept));
            if !is_kept_by_any {
                let why = format!("event {number} has not been kept as {id}");
                return Err(Broken::of(ClusterLaw::AcknowledgedIsKept, why));
            }
        }
        Ok(())
    }
}
