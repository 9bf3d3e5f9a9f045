//! Isolation: without a CPU to share, what happens to a subscriber depends on its own life alone.

use std::time::Duration;

use super::{Broken, Case, observed};
use crate::plan::Plan;
use crate::record::{Observation, ObservationKind, exact_ms};

/// Whether a witness sees the same at the same times with and without the others.
///
/// # Errors
/// With the first thing that it sees otherwise.
pub fn isolation_of(case: &Case, witness: usize) -> Result<(), Broken> {
    let lonely = Case { plan: case.plan.with_only(|index| index == witness), ..case.clone() };
    let (_, alone) = observed(&lonely)?;
    let (_, crowded) = observed(case)?;
    let crowded: Vec<_> = crowded.iter().filter(|seen| seen.subscriber == witness).collect();
    for (step, (alone, crowded)) in alone.iter().zip(&crowded).enumerate() {
        // Not the subscriber: in a plan of its own the witness has another index.
        if (alone.at, alone.what) != (crowded.at, crowded.what) {
            let (alone, crowded) = (told(alone), told(crowded));
            return Err(Broken::of(
                witness,
                format!("observation {step} is {alone} alone, and {crowded} beside others"),
            ));
        }
    }
    if crowded.len() < alone.len() {
        return Err(Broken::of(
            witness,
            format!("there are {} observations alone, and {} beside others", alone.len(), crowded.len()),
        ));
    }
    // A run ends when nothing is left to do, so neighbours make it longer: a client may still come or go, and one whose
    // stream has ended may read what its socket still holds.
    let ends =
        |seen: &&Observation| matches!(seen.what, ObservationKind::Subscribed { .. } | ObservationKind::Ended { .. });
    let has_ended = alone.iter().rfind(ends).is_some_and(|seen| matches!(seen.what, ObservationKind::Ended { .. }));
    let is_resuming = case.plan.server.recovery.is_some();
    let is_late = |seen: &&&Observation| match seen.what {
        ObservationKind::Subscribed { .. } | ObservationKind::Ended { client_gone: 0, evicted: 0 } => {
            seen.at >= case.plan.duration
        }
        // Of a gap as of an event: it may be among what is read after the end.
        ObservationKind::Received { .. } | ObservationKind::Told { .. } if has_ended => true,
        // Whoever comes back then is given what it missed.
        ObservationKind::Replayed { .. }
        | ObservationKind::Told { .. }
        | ObservationKind::Placed { .. }
        | ObservationKind::Flushed { .. }
        | ObservationKind::Ended { .. } => is_resuming && seen.at >= case.plan.duration,
        _ => false,
    };
    match crowded[alone.len()..].iter().find(|seen| !is_late(seen)) {
        Some(seen) => Err(Broken::of(witness, format!("only beside others there is {}", told(seen)))),
        None => Ok(()),
    }
}

fn told(seen: &Observation) -> String {
    format!("\"{}\" at {}", seen.what, exact_ms(seen.at))
}

/// What neighbours cost a witness where the CPU is shared: for each event it reads in both runs of one plan, how much
/// later it reads it in the crowd, the events in order.
///
/// # Errors
/// The failure of a run.
pub fn what_neighbours_cost(case: &Case, witness: usize) -> Result<Vec<Duration>, Broken> {
    let lonely = Case { plan: case.plan.with_only(|index| index == witness), ..case.clone() };
    let receipts = |plan: &Plan, index: usize| -> Result<Vec<(u64, Duration)>, Broken> {
        let (_, log) = observed(&Case { plan: plan.clone(), ..case.clone() })?;
        let own = log.into_iter().filter(|seen| seen.subscriber == index);
        let receipt = |seen: Observation| match seen.what {
            ObservationKind::Received { sequence } => Some((sequence, seen.at)),
            _ => None,
        };
        Ok(own.filter_map(receipt).collect())
    };
    let (alone, crowded) = (receipts(&lonely.plan, 0)?, receipts(&case.plan, witness)?);
    let cost = crowded.iter().filter_map(|(sequence, at)| {
        let place = alone.binary_search_by_key(sequence, |(sequence, _)| *sequence).ok()?;
        Some(at.saturating_sub(alone[place].1))
    });
    Ok(cost.collect())
}
