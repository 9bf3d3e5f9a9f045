//! Agreement: the full stack and the specification leave the same record of a case.

use std::time::Duration;

use super::{Broken, Trial};
use crate::record::{Observation, exact_ms};
use crate::specified;

/// Holds the full stack to the specification: every observation, every account, both histograms of each class, and the
/// memory of events.
pub(super) fn of_both_worlds(trial: &Trial<'_>) -> Result<(), Broken> {
    let plan = &trial.case.plan;
    let (specified, specified_log) =
        specified::run_observed(plan, trial.case.choice()).map_err(|failure| Broken::new(failure.to_string()))?;
    let simulated = trial.own()?;
    if let Some(first) = first_difference(plan.subscribers.len(), &simulated.log, &specified_log) {
        return Err(first);
    }
    match simulated.record.difference(&specified) {
        Some(why) => Err(Broken::new(why)),
        None => Ok(()),
    }
}

/// The first observation that differs, in time; of several at one time, that of the first subscriber.
fn first_difference(subscribers: usize, simulated: &[Observation], specified: &[Observation]) -> Option<Broken> {
    // Subscriber by subscriber, as the digest: at one moment the two logs may have different ones in another order.
    let of = |log: &[Observation], index: usize| -> Vec<Observation> {
        log.iter().filter(|observation| observation.subscriber == index).copied().collect()
    };
    let differences = (0..subscribers).filter_map(|index| {
        let simulated = of(simulated, index);
        let specified = of(specified, index);
        let longest = simulated.len().max(specified.len());
        let place = (0..longest).find(|place| simulated.get(*place) != specified.get(*place))?;
        Some((index, simulated.get(place).copied(), specified.get(place).copied()))
    });
    // An observation that is missing counts as later than any, so the one that is there gives the time.
    let at = |one: &Option<Observation>| one.map_or(Duration::MAX, |observation| observation.at);
    let (index, simulated, specified) = differences.min_by_key(|(_, one, other)| at(one).min(at(other)))?;
    let told = |one: Option<Observation>| {
        one.map_or("nothing".to_owned(), |one| format!("\"{}\" at {}", one.what, exact_ms(one.at)))
    };
    let why = format!("{} simulated, {} specified", told(simulated), told(specified));
    let at_ms = simulated.or(specified).map(|observation| observation.at.as_secs_f64() * 1000.0);
    Some(Broken { at_ms, ..Broken::of(index, why) })
}
