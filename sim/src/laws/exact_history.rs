//! The exact size of a history, against what the observations of bounded runs show.

use std::time::Duration;

use hubbub::hub::HistorySettings;

use super::{Broken, Case, Trial};
use crate::plan::Plan;
use crate::record::{Observation, ObservationKind};
use crate::specified;

/// How long a subscriber may have been away, in every other case; in the others, for as long as it was.
const MOST_ABSENCE: Duration = Duration::from_millis(100);

/// Whether the number of events before a restart of the server follows from the plan: a CPU publishes them later. And
/// whether everybody wants every event: of a stream for which the history has nothing at all there is no observation.
pub(super) fn applies(case: &Case) -> bool {
    let Case { plan, .. } = case;
    let leaves_out = (0..plan.classes.len()).any(|class| plan.leaves_out(class));
    plan.server.recovery.is_some() && !leaves_out && (plan.server.cpu.is_none() || plan.restarts().next().is_none())
}

/// At the exact size every stream whose subscriber was not away for too long gets all that it asks the history for. At one
/// event less, and at one byte less, one of them does not.
pub(super) fn is_smallest(trial: &Trial<'_>) -> Result<(), Broken> {
    let plan = &trial.case.plan;
    // By the number of events and not by a draw, which would change what a seed stands for.
    let longest = if plan.arrivals.len().is_multiple_of(2) { MOST_ABSENCE } else { Duration::MAX };
    let size = specified::exact_history(plan, trial.case.choice(), longest)?.size;
    let missed = |size: HistorySettings| -> Result<Option<Broken>, Broken> {
        let plan = plan.with_history(size);
        let log = trial.observed(&plan, trial.case.choice())?.log;
        Ok(out_of_reach(&plan, &log, longest))
    };
    let HistorySettings { events, bytes } = size;
    if let Some(missed) = missed(size)? {
        return Err(Broken {
            why: format!("with a history of {events} events and {bytes} B {}", missed.why),
            ..missed
        });
    }
    let one_less = [HistorySettings { events: events - 1, bytes }, HistorySettings { events, bytes: bytes - 1 }];
    // A history has at least one event, and a limit of at least one byte.
    for HistorySettings { events, bytes } in one_less.into_iter().filter(|size| size.events > 0 && size.bytes > 0) {
        if missed(HistorySettings { events, bytes })?.is_none() {
            let enough = format!("a history of {events} events and {bytes} B is enough, and is below the exact size");
            return Err(Broken::new(enough));
        }
    }
    Ok(())
}

/// The first stream that did not get all that it asked the history for, though its subscriber was away for at most
/// `longest`. It is read off what the server offered and what the client had read, and not off the history.
pub fn out_of_reach(plan: &Plan, log: &[Observation], longest: Duration) -> Option<Broken> {
    let mut streams: Vec<_> = plan.subscribers.iter().map(|_| Stream::default()).collect();
    log.iter().find_map(|Observation { at, subscriber, what }| {
        let why = streams[*subscriber].take(plan, (*at, *what), longest)?;
        Some(Broken { at_ms: Some(at.as_secs_f64() * 1000.0), ..Broken::of(*subscriber, why) })
    })
}

/// The stream of one subscriber.
#[derive(Debug, Default)]
struct Stream {
    /// The last event that its client has, or after which it began.
    cursor: Option<u64>,
    ended_at: Option<Duration>,
    was_away_too_long: bool,
    /// The first event that it may ask for.
    first: u64,
}

impl Stream {
    fn take(&mut self, plan: &Plan, (at, what): (Duration, ObservationKind), longest: Duration) -> Option<String> {
        match what {
            ObservationKind::Placed { after } => self.cursor = Some(after),
            ObservationKind::Received { sequence } => self.cursor = Some(sequence),
            ObservationKind::Ended { .. } => self.ended_at = Some(at),
            ObservationKind::Subscribed { .. } => {
                let away = self.ended_at.take().map_or(Duration::ZERO, |ended_at| at.saturating_sub(ended_at));
                self.was_away_too_long = away > longest;
                self.first = self.cursor.unwrap_or(0).max(published_by_earlier_processes(plan, at)) + 1;
            }
            ObservationKind::Replayed { first, .. } if first > self.first && !self.was_away_too_long => {
                return Some(format!("a stream needs event {}, and event {first} is the first it gets", self.first));
            }
            ObservationKind::Forgotten { count, .. } if !self.was_away_too_long => {
                return Some(format!("the history lets {count} events go that a stream is still to get"));
            }
            ObservationKind::Replayed { .. }
            | ObservationKind::Forgotten { .. }
            | ObservationKind::Told { .. }
            | ObservationKind::Flushed { .. }
            | ObservationKind::Pushed { .. } => {}
        }
        None
    }
}

/// Events that were published by processes of the server before the one that runs at a time. Without a CPU.
fn published_by_earlier_processes(plan: &Plan, now: Duration) -> u64 {
    let Some(last) = plan.restarts().filter(|restart| restart.until() <= now).last() else { return 0 };
    // An event that comes as the process ends finds it gone, and one that comes as a process begins finds it there.
    let is_down = |at: Duration| plan.restarts().any(|restart| restart.at <= at && at < restart.until());
    plan.arrivals.iter().take_while(|arrival| arrival.at < last.at).filter(|arrival| !is_down(arrival.at)).count()
        as u64
}
