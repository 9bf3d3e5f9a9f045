//! Agreement: the full stack and the specification leave the same record of a case.

use super::difference::first_difference;
use super::{Broken, Trial};
use crate::specified;

/// Holds the full stack to the specification: every observation, every account, both histograms of each class, and the
/// memory of events.
pub(super) fn of_both_worlds(trial: &Trial<'_>) -> Result<(), Broken> {
    let plan = &trial.case.plan;
    let (specified, specified_log) =
        specified::run_observed(plan, trial.case.choice()).map_err(|failure| Broken::new(failure.to_string()))?;
    let simulated = trial.own()?;
    let (simulated_log, specified_log) = (("simulated", &simulated.log[..]), ("specified", &specified_log[..]));
    if let Some(first) = first_difference(plan.subscribers.len(), simulated_log, specified_log) {
        return Err(first);
    }
    match simulated.record.difference(&specified) {
        Some(why) => Err(Broken::new(why)),
        None => Ok(()),
    }
}
