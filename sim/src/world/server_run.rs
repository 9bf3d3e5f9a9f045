//! Runs of any server under test on a plan.

use std::sync::Arc;

use super::guard;
use super::server::Server;
use super::server_fault::{ServerFault, ServerFaultKind};
use super::simulated::{Done, Setup, WorldError, run_with};
use crate::plan::Plan;
use crate::record::{Observation, Record, Recorder};

/// How exact the times of a run are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Exactness {
    /// To the nanosecond: the world has waited for every task of the server between any two events.
    Nanosecond,
    /// To a tick of the world's clock, 1 ms of virtual time: what happens within one tick may have happened in another
    /// order, and at the end of the tick.
    Tick {
        /// The most tasks of its own that the server had at once. The world cannot wait for them.
        own_tasks: usize,
        /// Whether events were posted over the network, which carries requests in ticks.
        is_posted: bool,
    },
}

impl Exactness {
    fn of(own_tasks: usize, is_posted: bool) -> Self {
        if own_tasks == 0 && !is_posted { Self::Nanosecond } else { Self::Tick { own_tasks, is_posted } }
    }

    /// The exactness of two runs together.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        match (self, other) {
            (Self::Nanosecond, exactness) | (exactness, Self::Nanosecond) => exactness,
            (Self::Tick { own_tasks, is_posted }, Self::Tick { own_tasks: others, is_posted: is_other_posted }) => {
                Self::Tick { own_tasks: own_tasks.max(others), is_posted: is_posted || is_other_posted }
            }
        }
    }
}

/// What came of a run of a server under test.
#[derive(Debug)]
#[non_exhaustive]
pub struct ServerRun {
    /// The record. Without a probe it has what clients saw: high-water marks are 0, and every event that an open stream
    /// did not bring counts as lost to a full buffer.
    pub record: Record,
    /// The buffer that the server had, in frames.
    pub frames: usize,
    /// How exact the run's times are.
    pub exactness: Exactness,
    /// Whether the server has a probe, so that the record is exact and has high-water marks.
    pub is_probed: bool,
}

/// Runs a plan in virtual time with a server under test, whose buffer is to have `frames` frames. The same arguments give
/// the same run, if the server is deterministic.
///
/// # Errors
/// With a [`ServerFault`] where the server breaks a law, panics, blocks or does not answer, and when the run contradicts
/// itself.
pub fn run_server(plan: &Plan, server: &Arc<dyn Server>, frames: usize) -> Result<ServerRun, WorldError> {
    Ok(guarded(plan, server, frames, false)?.0)
}

/// Runs a plan as [`run_server`] does, and keeps every single observation.
///
/// # Errors
/// As [`run_server`].
pub fn run_server_observed(
    plan: &Plan,
    server: &Arc<dyn Server>,
    frames: usize,
) -> Result<(ServerRun, Vec<Observation>), WorldError> {
    guarded(plan, server, frames, true)
}

fn guarded(
    plan: &Plan,
    server: &Arc<dyn Server>,
    frames: usize,
    keeps: bool,
) -> Result<(ServerRun, Vec<Observation>), WorldError> {
    if plan.asks_for_tables() {
        return Err(WorldError::Tables);
    }
    let plan = plan.in_virtual_time();
    let effective = server.effective_frames(frames);
    let (moved, server) = (plan.clone(), server.clone());
    let work = move || {
        let recorder = Recorder::new(&moved);
        if keeps {
            recorder.keep_observations();
        }
        let setup = Setup { server, by_class: Vec::new(), frames: effective, second: None, spawns_by_itself: true };
        let Done { record, own_tasks, is_posted, is_probed } = run_with(&moved, &setup, recorder.clone())?;
        let exactness = Exactness::of(own_tasks, is_posted);
        Ok((ServerRun { record, frames: effective, exactness, is_probed }, recorder.take_observations()))
    };
    guard::guarded(work).unwrap_or_else(|stuck| {
        let kind = stuck.message.map_or(ServerFaultKind::Blocked, ServerFaultKind::Panicked);
        Err(Box::new(ServerFault::new(&plan, stuck.place.at, stuck.place.subscriber, kind)).into())
    })
}
