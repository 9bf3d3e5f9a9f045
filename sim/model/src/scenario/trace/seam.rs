//! The seam of a trace that is wrapped round: how long it pauses between its last event and its first.

use std::time::Duration;

use crate::scenario::busiest;

/// The longest stretch that is compared is this part of the span. Over longer ones, the seam is nothing special: a trace
/// that is wrapped round repeats itself.
const LONGEST_PART: u32 = 4;
/// Each further stretch is half as long, down to this part of the span.
const SHORTEST_PART: u32 = 4096;

/// The pause after the last of the sorted times, which begin at 0 and end at `span`, before the first comes again.
pub(super) fn pause(times: &[Duration], span: Duration) -> Duration {
    let gaps = times.len().saturating_sub(1).max(1) as u128;
    // At least a nanosecond: without a pause the last event and the first would come at one time.
    let mean_gap = Duration::from_nanos(u64::try_from(span.as_nanos() / gaps).unwrap_or(u64::MAX).max(1));
    let parts =
        std::iter::successors(Some(LONGEST_PART), |part| Some(part * 2)).take_while(|part| *part <= SHORTEST_PART);
    parts.map(|part| pause_for(times, span, span / part)).fold(mean_gap, Duration::max)
}

/// The least pause with which no stretch of that length holds more events across the seam than the busiest one inside.
fn pause_for(times: &[Duration], span: Duration, length: Duration) -> Duration {
    let most = usize::try_from(busiest(times, length)).unwrap_or(usize::MAX);
    let too_many = times.iter().rev().zip(1usize..).map_while(|(from, events)| {
        let before = span - *from;
        // After `events` events at the end of the trace, the first one too many at its beginning.
        (before < length && events <= most).then(|| Some(length - before).zip(times.get(most - events)))
    });
    too_many.flatten().map(|(left, first)| left.saturating_sub(*first)).max().unwrap_or_default()
}
