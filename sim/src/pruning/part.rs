//! A run with what became of every frame, and one subscriber's part of it.

use hubbub::{Capacity, Overflow};

use crate::plan::{HubChoice, Plan};
use crate::record::{Life, Lives, Moment, NEVER, Record, SubscriberRecord};
use crate::world::{self, WorldError};

/// A run with what became of every frame.
pub(super) struct RunWithLives {
    pub(super) record: Record,
    pub(super) lives: Lives,
}

impl RunWithLives {
    pub(super) fn of(plan: &Plan, capacity: Capacity, overflow: Overflow) -> Result<Self, WorldError> {
        let (record, lives) = world::run_with_lives(plan, HubChoice { capacity, overflow })?;
        Ok(Self { record, lives })
    }

    pub(super) fn part(&self, index: usize) -> Part<'_> {
        Part { record: &self.record.subscribers[index], life: &self.lives.of[index], lives: &self.lives }
    }
}

/// One subscriber's part of a run.
pub(super) struct Part<'a> {
    pub(super) record: &'a SubscriberRecord,
    pub(super) life: &'a Life,
    pub(super) lives: &'a Lives,
}

impl Part<'_> {
    /// The moment of a frame, if it ever came.
    pub(super) fn moment(&self, place: u32) -> Option<Moment> {
        (place != NEVER).then(|| self.lives.moments[place as usize])
    }
}
