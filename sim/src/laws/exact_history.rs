//! The exact size of a history, against what the observations of bounded runs show.

use std::time::Duration;

use hubbub::hub::HistorySettings;

use super::{Broken, Case, Observed, Trial};
use crate::plan::Plan;
use crate::record::{Observation, ObservationKind, Record, WantedEvents};
use crate::specified;

/// How long a subscriber may have been away, in every other case; in the others, for as long as it was.
const MOST_ABSENCE: Duration = Duration::from_millis(100);

/// Whether the number of events before a restart of the server follows from the plan: a CPU publishes them later.
pub(super) fn applies(case: &Case) -> bool {
    let Case { plan, .. } = case;
    plan.server.recovery.is_some() && (plan.server.cpu.is_none() || plan.restarts().next().is_none())
}

/// At the exact size every stream whose subscriber was not away for too long gets all that it asks the history for. At one
/// event less, and at one byte less, one of them does not.
pub(super) fn is_smallest(trial: &Trial<'_>) -> Result<(), Broken> {
    let plan = &trial.case.plan;
    // By the number of events and not by a draw, which would change what a seed stands for.
    let longest = if plan.arrivals.len().is_multiple_of(2) { MOST_ABSENCE } else { Duration::MAX };
    let size = specified::exact_history(plan, trial.case.choice(), longest)?.size;
    let judged = |size: HistorySettings| -> Result<Judged, Broken> {
        let plan = plan.with_history(size);
        let Observed { record, log, .. } = trial.observed(&plan, trial.case.choice())?;
        Ok(judge(&plan, &record, &log, longest))
    };
    let HistorySettings { events, bytes } = size;
    if let Judged::Missed(missed) = judged(size)? {
        return Err(Broken {
            why: format!("with a history of {events} events and {bytes} B {}", missed.why),
            ..missed
        });
    }
    let one_less = [HistorySettings { events: events - 1, bytes }, HistorySettings { events, bytes: bytes - 1 }];
    // A history has at least one event, and a limit of at least one byte.
    for HistorySettings { events, bytes } in one_less.into_iter().filter(|size| size.events > 0 && size.bytes > 0) {
        match judged(HistorySettings { events, bytes })? {
            Judged::Enough => {
                let enough =
                    format!("a history of {events} events and {bytes} B is enough, and is below the exact size");
                return Err(Broken::new(enough));
            }
            Judged::Missed(_) | Judged::Unseen => {}
        }
    }
    Ok(())
}

/// What a run shows of a history.
#[derive(Debug)]
enum Judged {
    /// Every stream that counts got all that it asked for.
    Enough,
    /// One did not.
    Missed(Broken),
    /// None is seen that did not. One of them has ended before anything showed what the history had for it: nothing was
    /// replayed or offered to it, and its client has read nothing. That happens where tables are left out, because the newest
    /// event, which is always kept, may be of another table.
    Unseen,
}

/// The first stream that did not get all that it asked the history for, though its subscriber was away for at most
/// `longest`. It is read off what the server offered and what the client had read, and not off the history.
pub fn out_of_reach(plan: &Plan, record: &Record, log: &[Observation], longest: Duration) -> Option<Broken> {
    match judge(plan, record, log, longest) {
        Judged::Missed(broken) => Some(broken),
        Judged::Enough | Judged::Unseen => None,
    }
}

fn judge(plan: &Plan, record: &Record, log: &[Observation], longest: Duration) -> Judged {
    // Where everybody wants all events, the newest is always replayed, and nothing is left to be asked about.
    let published = record.tables.len() as u64;
    let stream = |subscriber| Stream::of(record.wanted_events(plan, subscriber), published);
    let mut streams: Vec<_> = (0..plan.subscribers.len()).map(stream).collect();
    for Observation { at, subscriber, what } in log {
        if let Some(why) = streams[*subscriber].take(plan, (*at, *what), longest) {
            return Judged::Missed(Broken { at_ms: Some(at.as_secs_f64() * 1000.0), ..Broken::of(*subscriber, why) });
        }
    }
    // Everything is published. What a stream that is still there was not offered, it asked the history for.
    let left = |(subscriber, stream): (usize, &Stream<'_>)| Some(Broken::of(subscriber, stream.left()?));
    match streams.iter().enumerate().find_map(left) {
        Some(broken) => Judged::Missed(broken),
        None if streams.iter().any(|stream| stream.is_unseen) => Judged::Unseen,
        None => Judged::Enough,
    }
}

/// The stream of one subscriber.
#[derive(Debug)]
struct Stream<'a> {
    wanted: WantedEvents<'a>,
    /// Events published in the whole run; 0 where everybody wants all of them.
    published: u64,
    /// The last event that its client has, or after which it began.
    cursor: Option<u64>,
    ended_at: Option<Duration>,
    was_away_too_long: bool,
    /// The first event that it may ask for, until something shows what the history had.
    asks_from: Option<u64>,
    /// Whether one has ended before anything showed that.
    is_unseen: bool,
}

impl<'a> Stream<'a> {
    fn of(wanted: WantedEvents<'a>, published: u64) -> Self {
        Self {
            wanted,
            published,
            cursor: None,
            ended_at: None,
            was_away_too_long: false,
            asks_from: None,
            is_unseen: false,
        }
    }

    fn take(&mut self, plan: &Plan, (at, what): (Duration, ObservationKind), longest: Duration) -> Option<String> {
        match what {
            ObservationKind::Placed { after } => self.cursor = Some(after),
            ObservationKind::Received { sequence } => self.cursor = Some(sequence),
            ObservationKind::Ended { .. } => {
                self.ended_at = Some(at);
                self.is_unseen |= self.left().is_some();
                self.asks_from = None;
            }
            ObservationKind::Subscribed { .. } => {
                let away = self.ended_at.take().map_or(Duration::ZERO, |ended_at| at.saturating_sub(ended_at));
                self.was_away_too_long = away > longest;
                self.is_unseen |= self.left().is_some();
                // Without a cursor it begins with the next event.
                let first = |cursor: u64| cursor.max(published_by_earlier_processes(plan, at)) + 1;
                self.asks_from = self.cursor.filter(|_| !self.was_away_too_long).map(first);
            }
            // The first that is offered to it shows that the history had none before. Nothing was, so what its client is told
            // first is what the history has not.
            ObservationKind::Replayed { first: next, .. } | ObservationKind::Pushed { sequence: next, .. } => {
                return self.gets_none_before(next);
            }
            ObservationKind::Told { until, .. } => return self.gets_none_before(until + 1),
            ObservationKind::Forgotten { count, .. } if !self.was_away_too_long => {
                return Some(format!("the history lets {count} events go that a stream is still to get"));
            }
            ObservationKind::Forgotten { .. } | ObservationKind::Flushed { .. } => {}
        }
        None
    }

    /// What the stream does not get, if it begins with `next` and asks for anything before.
    fn gets_none_before(&mut self, next: u64) -> Option<String> {
        let first = self.wanted.next_after(self.asks_from.take()? - 1);
        (first < next).then(|| format!("a stream needs event {first}, and event {next} is the first that it may get"))
    }

    /// What the stream may have asked for, if nothing has shown that it got it.
    fn left(&self) -> Option<String> {
        let first = self.wanted.next_after(self.asks_from? - 1);
        (first <= self.published).then(|| format!("a stream needs event {first}, and gets none"))
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
