//! What a viewer has got, one thing after the other: what must hold of its order.

use std::fmt;

use hubbub::EventId;

use super::{Broken, ClusterLaw, Truth};
use crate::cluster::publisher::body;
use crate::cluster::seen::Got;

impl Truth<'_> {
    pub(super) fn check_viewer(&self, got: &[Got]) -> Result<(), Broken> {
        let mut at: Option<EventId> = None;
        let mut is_told_of_the_end = false;
        for one in got {
            match one {
                Got::Event(id, number) => {
                    self.check_order(at, *id, is_told_of_the_end)?;
                    self.check_event(*id, *number)?;
                    at = Some(*id);
                    is_told_of_the_end = false;
                }
                Got::Gap { .. } if one.begins_anew() => is_told_of_the_end = true,
                Got::Gap { first, last, reason } => self.check_gap(*first, *last, reason)?,
                // It names a place that the viewer has reached by what came before, or where it begins.
                Got::Place(id) => at = at.or(Some(*id)),
            }
        }
        Ok(())
    }

    fn check_order(&self, at: Option<EventId>, id: EventId, is_told_of_the_end: bool) -> Result<(), Broken> {
        let Some(at) = at else { return Ok(()) };
        if at.epoch == id.epoch && is_told_of_the_end {
            let why = format!("it is told after {at} that the stream has begun anew, and {id} comes");
            return Err(Broken::of(ClusterLaw::NoFalseAlarm, why));
        }
        let is_next = if at.epoch == id.epoch { at < id } else { self.life(at.epoch) < self.life(id.epoch) };
        if !is_next {
            return Err(Broken::of(ClusterLaw::InOrderOnce, format!("{id} comes after {at}")));
        }
        if at.epoch != id.epoch && !is_told_of_the_end {
            let why = format!("{id} comes after {at}, and no notice that the stream has begun anew");
            return Err(Broken::of(ClusterLaw::NothingLost, why));
        }
        Ok(())
    }

    fn check_event(&self, id: EventId, number: Option<u64>) -> Result<(), Broken> {
        let kept = self.past.events.get(&id);
        let expected = number.and_then(|number| usize::try_from(number).ok()).map(body);
        if kept.is_none() || kept != expected.as_ref() {
            let why = format!("{id} has the number {number:?}, and not what was kept");
            return Err(Broken::of(ClusterLaw::NothingInvented, why));
        }
        Ok(())
    }

    fn check_gap(&self, first: Option<EventId>, last: Option<EventId>, reason: &str) -> Result<(), Broken> {
        let false_alarm = |why| Err(Broken::of(ClusterLaw::NoFalseAlarm, why));
        let (Some(first), Some(last)) = (first, last) else {
            return false_alarm(format!("{reason}, of unknown events"));
        };
        let is_out_of_reach = !self.reads_older && reason == "out_of_reach";
        if is_out_of_reach || self.has_removed(first, last) {
            return Ok(());
        }
        false_alarm(format!("{reason} from {first} to {last}, and nothing of that was removed"))
    }
}

impl fmt::Display for Got {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Place(id) => write!(f, "place {id}"),
            Self::Event(id, _) => write!(f, "event {id}"),
            Self::Gap { reason, .. } => match self.gap() {
                Some([first, last]) => write!(f, "gap {} to {last} ({reason})", first.sequence),
                None => write!(f, "gap ({reason})"),
            },
        }
    }
}

impl Got {
    /// What it is about; of a gap the last event.
    pub(super) fn id(&self) -> Option<EventId> {
        match self {
            Self::Place(id) | Self::Event(id, _) => Some(*id),
            Self::Gap { last, .. } => *last,
        }
    }

    pub(super) fn epoch(&self) -> Option<u64> {
        self.id().map(|id| id.epoch)
    }

    /// Whether it says that the stream has begun anew.
    pub(in crate::rooms::cluster) fn begins_anew(&self) -> bool {
        matches!(self, Self::Gap { reason, .. } if reason == "restarted")
    }

    pub(super) fn event(&self) -> Option<EventId> {
        match self {
            Self::Event(id, _) => Some(*id),
            Self::Place(_) | Self::Gap { .. } => None,
        }
    }

    /// The first and the last event that it says are missing. Of a stream that has begun anew these are the first ones.
    pub(super) fn gap(&self) -> Option<[EventId; 2]> {
        match self {
            Self::Gap { first, last: Some(last), .. } => {
                Some([first.unwrap_or(EventId { sequence: 1, ..*last }), *last])
            }
            Self::Gap { .. } | Self::Place(_) | Self::Event(..) => None,
        }
    }
}
