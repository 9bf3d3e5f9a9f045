//! The canary: a run that is judged by the wrong rule, and so must be reported. Where it is not, no law says anything.

use super::{Case, Law, Violation, audit, draw};
use crate::world;

/// Judges mailboxes of K frames as if they had been set to K − 1; `None` is a judge who sees nothing.
pub fn canary() -> Option<Violation> {
    for seed in 0..1000 {
        let case = draw::case_of(seed);
        let (record, log) = match world::run_observed(&case.plan, case.choice()) {
            Ok(run) => run,
            Err(failure) => return Some(Violation::of_failure(&failure)),
        };
        // Only a mailbox that was filled to its last slot can show that the judge's size is wrong.
        let is_filled = record.subscribers.iter().any(|subscriber| subscriber.high_water == case.frames as u64);
        if case.frames > 1 && is_filled {
            let misjudged = Case { frames: case.frames - 1, ..case };
            return audit(&misjudged, &record, &log).err().map(|broken| broken.under(Law::Account));
        }
    }
    None
}
