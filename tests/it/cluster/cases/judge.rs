//! The laws of the simulated world (`sim/src/cluster/judge.rs`), for what was acknowledged.

use std::collections::BTreeSet;

use super::file::ViewerSees;
use super::seen::{Got, Id, Sightings};
use super::world::Truth;

/// What a viewer has got is in order, once, and as it was published; gaps have a reason, and are told where they must be.
pub(super) fn check_viewer(truth: &Truth, seen: &Sightings, got: &[Got]) -> Result<(), String> {
    let mut at: Option<Id> = None;
    let mut is_told_of_the_end = false;
    for one in got {
        match one {
            Got::Event(id, number) => {
                if let Some(at) = at {
                    check_order(truth, at, *id, is_told_of_the_end)?;
                }
                check_event(truth, seen, *id, *number)?;
                at = Some(*id);
                is_told_of_the_end = false;
            }
            Got::Gap { .. } if one.begins_anew() => is_told_of_the_end = true,
            Got::Gap { first: Some(first), last: Some(last), reason } => {
                let has_removed = |ids: &BTreeSet<Id>| ids.range(first..=last).next().is_some();
                if !has_removed(&truth.removed) && !has_removed(&truth.deleted) {
                    return Err(format!("no-false-alarm: {reason} from {first} to {last}"));
                }
            }
            Got::Gap { reason, .. } => return Err(format!("no-false-alarm: {reason}, of unknown events")),
            Got::Place(id) => at = at.or(Some(*id)),
        }
    }
    Ok(())
}

fn check_order(truth: &Truth, at: Id, id: Id, is_told_of_the_end: bool) -> Result<(), String> {
    let life = |id: Id| truth.epochs.iter().position(|epoch| *epoch == id.epoch);
    let is_same = at.epoch == id.epoch;
    let is_next = if is_same { at < id } else { life(at) < life(id) };
    if !is_next {
        return Err(format!("in-order-once: {id} comes after {at}"));
    }
    if is_same == is_told_of_the_end {
        return Err(format!("{id} comes after {at}, told that the stream has begun anew: {is_told_of_the_end}"));
    }
    Ok(())
}

fn check_event(truth: &Truth, seen: &Sightings, id: Id, number: usize) -> Result<(), String> {
    // Before its acknowledgement has come, nothing is known of it.
    let Some(acknowledged) = seen.acknowledged.get(number) else { return Ok(()) };
    // Where the stream was made anew, it may have been kept in both lives.
    if *acknowledged != id && truth.epochs.len() < 2 {
        return Err(format!(
            "nothing-invented: event {number} has come as {id} and was acknowledged as {acknowledged}"
        ));
    }
    Ok(())
}

/// The first acknowledged event that a viewer has neither got nor was told of.
pub(super) fn missing(truth: &Truth, seen: &Sightings, got: &[Got]) -> Option<String> {
    let begins_after = match got.first()? {
        Got::Place(id) => *id,
        Got::Event(id, _) => Id { sequence: id.sequence - 1, ..*id },
        Got::Gap { .. } => return Some("its stream has begun with a gap".to_owned()),
    };
    let received: BTreeSet<usize> = got.iter().filter_map(number).collect();
    let mut all = seen.acknowledged.iter().enumerate();
    all.find(|(number, id)| {
        let is_before = id.epoch == begins_after.epoch && **id <= begins_after;
        !is_before && !received.contains(number) && !truth.deleted.contains(id) && !is_told(truth, got, **id)
    })
    .map(|(number, id)| format!("nothing-lost: event {number}, {id}, has not come, and no notice that allows for it"))
}

fn is_told(truth: &Truth, got: &[Got], missing: Id) -> bool {
    let is_of_an_earlier_life = truth.epochs.last() != Some(&missing.epoch);
    got.iter().any(|one| match one {
        Got::Gap { .. } if one.begins_anew() && is_of_an_earlier_life => true,
        Got::Gap { first, last: Some(last), .. } => {
            let first = first.unwrap_or(Id { sequence: 1, ..*last });
            let may_be_told = one.begins_anew() || truth.removed.contains(&missing);
            may_be_told && (first..=*last).contains(&missing)
        }
        Got::Gap { .. } | Got::Place(_) | Got::Event(..) => false,
    })
}

fn number(got: &Got) -> Option<usize> {
    match got {
        Got::Event(_, number) => Some(*number),
        Got::Place(_) | Got::Gap { .. } => None,
    }
}

/// Whether a viewer has seen what it sees in the simulated world, too.
pub(super) fn check_as_simulated(expected: &ViewerSees, got: &[Got]) -> Result<(), String> {
    let received = got.iter().filter_map(number).count();
    if expected.received.is_some_and(|expected| expected != received) {
        return Err(format!("received {received}, and {:?} in the simulated world", expected.received));
    }
    let reason = |got: &Got| match got {
        Got::Gap { reason, .. } => Some(reason.clone()),
        Got::Place(_) | Got::Event(..) => None,
    };
    let gaps: Vec<_> = got.iter().filter_map(reason).collect();
    match &expected.gaps {
        Some(expected) if *expected != gaps => {
            Err(format!("told of {gaps:?}, and of {expected:?} in the simulated world"))
        }
        Some(_) | None => Ok(()),
    }
}
