//! One case of a soak, judged: by which world, and what was in it.

use std::time::Duration;

use tokio::time::Instant;

use super::tally::{Sight, Spent};
use super::{Found, Soak};
use crate::laws::{self, Case, Law, Trial, Violation, World, draw};
use crate::runs::{self, RunWorld};

/// Judges the case of a seed, and returns what was in it.
pub(super) fn judge(soak: Soak<'_>, seed: u64) -> Result<Sight, Box<Found>> {
    let begun = Instant::now();
    let case = draw::case_of(seed);
    let specified = Trial::on_the_specification(&case);
    // Some laws say nothing of the specification alone: a soak of these has the full stack run every case.
    let is_about_it = soak.world == RunWorld::Specified && soak.laws.iter().any(|law| law.is_about(World::Specified));
    let judged = is_about_it.then_some(&specified);
    if let Some(violation) = judged.and_then(|trial| laws::first_broken(soak.laws, trial)) {
        return Err(Box::new(found_on_the_specification(seed, &case, violation)));
    }
    let is_simulated = judged.is_none() || runs::is_checked(seed);
    let cost = judged.and_then(cost_of);
    let specified_time = begun.elapsed();
    let begun = Instant::now();
    let simulated = is_simulated.then(|| Trial::on_the_full_stack(&case));
    if let Some(violation) = simulated.as_ref().and_then(|trial| laws::first_broken(soak.laws, trial)) {
        return Err(Box::new(Found { seed, case, violation, is_of_the_specification_alone: false }));
    }
    let cost = if judged.is_none() { simulated.as_ref().and_then(cost_of) } else { cost };
    let spent = Spent { specified: specified_time, simulated: begun.elapsed() };
    let own = judged.or(simulated.as_ref()).map(Trial::own).and_then(Result::ok).map(|run| &run.record.subscribers[..]);
    let subscribers = own.unwrap_or_default();
    // Each kind once, however many faults of it there are: cases are counted and not faults.
    let mut faults: Vec<_> = case.plan.faults.iter().map(|fault| fault.harm.kind()).collect();
    faults.sort_unstable();
    faults.dedup();
    Ok(Sight {
        events: case.plan.arrivals.len() as u64,
        frames: subscribers.iter().map(|subscriber| subscriber.offered).sum(),
        has_losses: subscribers.iter().any(|subscriber| subscriber.dropped.buffer_full > 0),
        faults,
        cost,
        is_specified: judged.is_some(),
        is_simulated,
        marks: judged.map(|trial| trial.own().map(|run| run.marks).unwrap_or_default()),
        spent,
    })
}

/// By how much neighbours delay one event of a witness at most, where the CPU is shared.
fn cost_of(trial: &Trial<'_>) -> Option<Duration> {
    trial.case.plan.server.cpu?;
    laws::what_neighbours_cost(trial, 0).ok()?.into_iter().max()
}

/// A law is broken on the specification. An incident runs on the full stack: it shows the violation where the full stack
/// breaks the law as well, or disagrees with the specification.
fn found_on_the_specification(seed: u64, case: &Case, violation: Violation) -> Found {
    let trial = Trial::on_the_full_stack(case);
    let shown = laws::first_broken(&[violation.law, Law::Agreement], &trial);
    Found {
        seed,
        case: case.clone(),
        is_of_the_specification_alone: shown.is_none(),
        violation: shown.unwrap_or(violation),
    }
}
