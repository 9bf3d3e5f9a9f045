//! Repetition: one plan gives one digest, whether its observations are kept or not.

use super::{Broken, Trial};

pub(super) fn of_a_run(trial: &Trial<'_>) -> Result<(), Broken> {
    let first = trial.own()?.record.digest;
    let second = trial.run(&trial.case.plan, trial.case.choice())?.digest;
    if first == second { Ok(()) } else { Err(Broken::new(format!("digest {first}, and {second} when run again"))) }
}
