//! Where two runs of one plan differ first.

use std::time::Duration;

use super::Broken;
use crate::record::{Observation, exact_ms};

/// The first observation that differs between two runs of one plan, in time; of several at one time, that of the first
/// subscriber. Each run has a word that the sentence names it by.
pub(super) fn first_difference(
    subscribers: usize,
    (one, one_log): (&str, &[Observation]),
    (other, other_log): (&str, &[Observation]),
) -> Option<Broken> {
    // Subscriber by subscriber, as the digest: at one moment the two logs may have different ones in another order.
    let of = |log: &[Observation], index: usize| -> Vec<Observation> {
        log.iter().filter(|observation| observation.subscriber == index).copied().collect()
    };
    let differences = (0..subscribers).filter_map(|index| {
        let (one, other) = (of(one_log, index), of(other_log, index));
        let longest = one.len().max(other.len());
        let place = (0..longest).find(|place| one.get(*place) != other.get(*place))?;
        Some((index, one.get(place).copied(), other.get(place).copied()))
    });
    // An observation that is missing counts as later than any, so the one that is there gives the time.
    let at = |one: &Option<Observation>| one.map_or(Duration::MAX, |observation| observation.at);
    let (index, first, second) = differences.min_by_key(|(_, one, other)| at(one).min(at(other)))?;
    let told = |seen: Option<Observation>| {
        seen.map_or("nothing".to_owned(), |seen| format!("\"{}\" at {}", seen.what, exact_ms(seen.at)))
    };
    let why = format!("{} {one}, {} {other}", told(first), told(second));
    let at_ms = first.or(second).map(|observation| observation.at.as_secs_f64() * 1000.0);
    Some(Broken { at_ms, ..Broken::of(index, why) })
}
