//! Shared writes: how many frames share a write changes nothing that happens to anybody.

use super::difference::first_difference;
use super::{Broken, Case, Trial};

/// Sizes of a write besides one frame: a few, what HTTP gathers at most, and the most that a WebSocket writes at once.
const FRAMES_PER_WRITE: [usize; 3] = [4, 16, 32];

/// Whether the law says anything of a case. A CPU does less work where frames share a write. Over a path TCP sends in fuller
/// segments what is written at once. Streams that begin in one moment may get their ids in another order.
pub(super) fn applies(case: &Case) -> bool {
    let is_alone = case.plan.server.cpu.is_none() && !case.plan.depends_on_ids();
    is_alone && !case.overflow.removes_waiting() && case.plan.class_with_path().is_none()
}

/// Holds runs with several frames in a write to the run in which every frame has its own: every observation is the same,
/// at the same time. Memory may differ: a frame is encoded when it is taken, and one that shares a write is taken
/// earlier.
pub(super) fn change_nothing(trial: &Trial<'_>) -> Result<(), Broken> {
    let subscribers = trial.case.plan.subscribers.len();
    let with = |frames: usize| {
        let mut plan = trial.case.plan.clone();
        plan.server.frames_per_write = frames;
        trial.observed(&plan, trial.case.choice())
    };
    let alone = with(1)?;
    for frames in FRAMES_PER_WRITE {
        let shared = with(frames)?;
        let name = format!("with {frames} frames in a write");
        let difference = first_difference(subscribers, ("alone", &alone.log), (&name, &shared.log));
        difference.map_or(Ok(()), Err)?;
    }
    Ok(())
}
