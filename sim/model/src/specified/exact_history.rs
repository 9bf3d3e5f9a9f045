//! The smallest history from which everybody who comes back in time finds everything.
//!
//! A run with an unbounded history says how far back the history had to reach for each stream. A history that reaches as
//! far changes nothing in that run, so the largest reach is the exact size. Only subscribers that were away for too long
//! may get less from it, and behave otherwise from then on. Where there are such, the size is searched for with runs.

use std::time::Duration;

use hubbub::hub::HistorySettings;

use super::run::Reach;
use super::{SpecifiedError, run_with_reaches};
use crate::plan::{HubChoice, Plan};

/// A history that lets nothing go.
const UNBOUNDED: HistorySettings = HistorySettings { events: usize::MAX, bytes: usize::MAX };

/// The smallest history of one run, and what made it necessary.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExactHistory {
    /// At this size every stream that counts gets all that it asks for. At one event less, or one byte less, one of them
    /// does not. Each is at least 1.
    pub size: HistorySettings,
    /// How long subscribers were away before each of their returns, in plan time and in no order, the long ones included.
    pub absences: Vec<Duration>,
    /// The stream that counts and needs the most events, if any needs one.
    pub most_events: Option<Reach>,
    /// The stream that counts and needs the most bytes, if any needs one.
    pub most_bytes: Option<Reach>,
}

/// The smallest history of a plan's run, for streams whose subscribers were away for at most `longest`. A stream that is
/// parked counts, too: it reads what it missed from the same history.
///
/// # Errors
/// When a run contradicts itself.
pub fn exact_history(plan: &Plan, choice: HubChoice, longest: Duration) -> Result<ExactHistory, SpecifiedError> {
    let search = Search { plan, choice, longest };
    let mut reaches = search.reaches(UNBOUNDED)?;
    let absences = reaches.iter().filter_map(|reach| reach.away).collect();
    let mut size = search.needed(&reaches);
    let asks_for_as_much = |reach: &Reach| reach.events >= size.events as u64 || reach.bytes >= size.bytes as u64;
    // Otherwise every run down to one event less is the unbounded one up to the first stream that finds too little.
    // Where tables are left out, a history may be too small for the cursor of a client that misses nothing: it is told of a
    // hole that it would not be told of otherwise.
    let leaves_out = (0..plan.classes.len()).any(|class| plan.leaves_out(class));
    if leaves_out || reaches.iter().any(|reach| !reach.is_within(longest) && asks_for_as_much(reach)) {
        size = search.smallest(size)?;
        reaches = search.reaches(size)?;
    }
    let most = |of: fn(&Reach) -> u64| {
        let counted = reaches.iter().filter(|reach| reach.is_within(longest) && of(reach) > 0);
        // Strictly greater: of equal ones the first is named.
        counted.copied().reduce(|first, next| if of(&next) > of(&first) { next } else { first })
    };
    let (most_events, most_bytes) = (most(|reach| reach.events), most(|reach| reach.bytes));
    Ok(ExactHistory { size, absences, most_events, most_bytes })
}

/// The runs of one plan with histories of different sizes.
struct Search<'a> {
    plan: &'a Plan,
    choice: HubChoice,
    longest: Duration,
}

impl Search<'_> {
    fn reaches(&self, size: HistorySettings) -> Result<Vec<Reach>, SpecifiedError> {
        Ok(run_with_reaches(&self.plan.with_history(size), self.choice)?.1)
    }

    /// What the streams that count asked for.
    fn needed(&self, reaches: &[Reach]) -> HistorySettings {
        let counted = reaches.iter().filter(|reach| reach.is_within(self.longest));
        let (events, bytes) =
            counted.fold((1, 1), |(events, bytes), reach| (reach.events.max(events), reach.bytes.max(bytes)));
        let whole = |number: u64| usize::try_from(number).unwrap_or(usize::MAX);
        HistorySettings { events: whole(events), bytes: whole(bytes) }
    }

    fn is_enough(&self, size: HistorySettings) -> Result<bool, SpecifiedError> {
        let reaches = self.reaches(size)?;
        Ok(reaches.iter().filter(|reach| reach.is_within(self.longest)).all(|reach| reach.is_met))
    }

    /// A size that is enough in a run with that size, while one event less and one byte less are not. Begins with `size`.
    fn smallest(&self, mut size: HistorySettings) -> Result<HistorySettings, SpecifiedError> {
        loop {
            let needed = self.needed(&self.reaches(size)?);
            if needed.events <= size.events && needed.bytes <= size.bytes {
                break;
            }
            size.events = size.events.max(needed.events);
            size.bytes = size.bytes.max(needed.bytes);
        }
        loop {
            let before = size;
            size.events = least(size.events, |events| self.is_enough(HistorySettings { events, ..size }))?;
            size.bytes = least(size.bytes, |bytes| self.is_enough(HistorySettings { bytes, ..size }))?;
            // Fewer bytes may have made fewer events enough.
            if size == before {
                return Ok(size);
            }
        }
    }
}

/// A number of at least 1 that is enough, while the next smaller one is not; `enough` is known to be.
fn least(enough: usize, is_enough: impl Fn(usize) -> Result<bool, SpecifiedError>) -> Result<usize, SpecifiedError> {
    // Looked at first, because nearly always it is too little.
    if enough == 1 || !is_enough(enough - 1)? {
        return Ok(enough);
    }
    let (mut too_little, mut enough) = (0, enough - 1);
    while enough - too_little > 1 {
        let between = too_little.midpoint(enough);
        if is_enough(between)? {
            enough = between;
        } else {
            too_little = between;
        }
    }
    Ok(enough)
}
