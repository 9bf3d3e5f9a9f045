//! Isolation: without a CPU to share, what happens to a subscriber depends on its own life alone.

use std::time::Duration;

use super::{Broken, Trial};
use crate::record::{Observation, ObservationKind, exact_ms};

/// Whether a witness sees the same at the same times with and without the others.
///
/// # Errors
/// With the first thing that it sees otherwise.
pub fn isolation_of(trial: &Trial<'_>, witness: usize) -> Result<(), Broken> {
    let case = trial.case;
    let alone = alone(trial, witness)?;
    let crowded: Vec<_> = trial.own()?.log.iter().filter(|seen| seen.subscriber == witness).collect();
    // `zip` ends with the shorter of the two. What either has beyond that is looked at below.
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
    // A run ends when nothing is left to do, so neighbours make it longer, or shorter by what the driver is told of them: a
    // client may still come or go, and one whose stream has ended may read what its socket still holds.
    let (common, alone): (_, Vec<_>) = (alone.len().min(crowded.len()), alone.iter().collect());
    let ends =
        |seen: &&Observation| matches!(seen.what, ObservationKind::Subscribed { .. } | ObservationKind::Ended { .. });
    let has_ended = alone[..common]
        .iter()
        .copied()
        .rfind(ends)
        .is_some_and(|seen| matches!(seen.what, ObservationKind::Ended { .. }));
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
    for (where_it_is, rest) in [("alone", &alone[common..]), ("beside others", &crowded[common..])] {
        if let Some(seen) = rest.iter().find(|seen| !is_late(seen)) {
            return Err(Broken::of(witness, format!("only {where_it_is} there is {}", told(seen))));
        }
    }
    Ok(())
}

fn told(seen: &Observation) -> String {
    format!("\"{}\" at {}", seen.what, exact_ms(seen.at))
}

/// What neighbours cost a witness where the CPU is shared: for each event it reads in both runs of one plan, how much
/// later it reads it in the crowd, the events in order.
///
/// # Errors
/// The failure of a run.
pub fn what_neighbours_cost(trial: &Trial<'_>, witness: usize) -> Result<Vec<Duration>, Broken> {
    let alone: Vec<_> = receipts(&alone(trial, witness)?, 0).collect();
    let cost = receipts(&trial.own()?.log, witness).filter_map(|(sequence, at)| {
        // Ids reach a subscriber in order, so its receipts are sorted by sequence.
        let place = alone.binary_search_by_key(&sequence, |(sequence, _)| *sequence).ok()?;
        Some(at.saturating_sub(alone[place].1))
    });
    Ok(cost.collect())
}

/// What a subscriber sees without all others.
fn alone(trial: &Trial<'_>, witness: usize) -> Result<Vec<Observation>, Broken> {
    let plan = trial.case.plan.with_only(|index| index == witness);
    Ok(trial.observed(&plan, trial.case.choice())?.log)
}

/// The sequences that a subscriber reads, and when.
fn receipts(log: &[Observation], index: usize) -> impl Iterator<Item = (u64, Duration)> {
    let own = log.iter().filter(move |seen| seen.subscriber == index);
    own.filter_map(|seen| match seen.what {
        ObservationKind::Received { sequence } => Some((sequence, seen.at)),
        _ => None,
    })
}
