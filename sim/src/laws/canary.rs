//! The canary: a run that is judged by the wrong rule, and so must be reported. Where it is not, no law says anything.

use super::{Case, Law, Observed, Trial, Violation, World, audit, draw};

/// Judges mailboxes of K frames as if they had been set to K − 1, in a run of that world; `None` is a judge who sees
/// nothing.
pub fn canary(world: World) -> Option<Violation> {
    // Bounded: in a world where no mailbox ever fills, the search must end and say so.
    for seed in 0..1000 {
        let case = draw::case_of(seed);
        let trial = match world {
            World::Simulated => Trial::on_the_full_stack(&case),
            World::Specified => Trial::on_the_specification(&case),
        };
        let Observed { record, log, .. } = match trial.own() {
            Ok(run) => run,
            Err(failure) => return Some(failure.under(Law::Completion)),
        };
        // Only a mailbox that was filled to its last slot can show that the judge's size is wrong.
        let is_filled = record.subscribers.iter().any(|subscriber| subscriber.high_water == case.frames as u64);
        if case.frames > 1 && is_filled {
            let misjudged = Case { frames: case.frames - 1, ..case.clone() };
            return audit(&misjudged, record, log).err().map(|broken| broken.under(Law::Account));
        }
    }
    None
}
