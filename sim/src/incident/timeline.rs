//! A run's observations as a timeline to be drawn.

use hubbub::{LossCounts, PushOutcome};

use super::Incident;
use crate::figure::timeline::{MOST_ROWS, Timeline, TimelineRow};
use crate::plan::Fault;
use crate::record::{Observation, ObservationKind, Record};
use crate::summary::format;

/// The timeline of a run of an incident: those who lost most first, then those who waited longest in line. `name` is the
/// incident's or its scenario's.
pub fn timeline(incident: &Incident, name: &str, record: &Record, observations: &[Observation]) -> Timeline {
    let mut order: Vec<usize> = (0..record.subscribers.len()).collect();
    order.sort_by_key(|index| {
        let subscriber = &record.subscribers[*index];
        // The index last: of equals the first in the plan is shown, in every run.
        (std::cmp::Reverse((subscriber.dropped.total(), subscriber.high_water)), *index)
    });
    let subscribers = format::count(order.len() as u64);
    let more = order.len().saturating_sub(MOST_ROWS);
    order.truncate(MOST_ROWS);
    let last = observations.last().map_or(0.0, |observation| observation.at.as_secs_f64());
    let (buffer, policy, seed) = (incident.buffer, &incident.policy, incident.plan.seed);
    let slots = format::plural(buffer, "frame");
    Timeline {
        title: format!("{name}, N = {subscribers}: {}", incident.title),
        subtitle: format!("buffers of {slots}, {policy} · seed {seed} · {}", lost_in_all(record)),
        seconds: incident.plan.duration.as_secs_f64().max(last),
        capacity: buffer,
        rows: order.into_iter().map(|index| row(incident, record, observations, index)).collect(),
        more,
    }
}

/// Frames that the run lost, by reason.
fn lost_in_all(record: &Record) -> String {
    let mut sums = LossCounts::default();
    record.subscribers.iter().for_each(|subscriber| sums.add(&subscriber.dropped));
    let lost = sums.by_reason().into_iter().filter(|(_, lost)| *lost > 0);
    let lost: Vec<_> = lost.map(|(reason, lost)| format!("{} {reason}", format::count(lost))).collect();
    if lost.is_empty() { "nothing lost".to_owned() } else { format!("frames lost: {}", lost.join(", ")) }
}

fn row(incident: &Incident, record: &Record, observations: &[Observation], index: usize) -> TimelineRow {
    let account = &record.subscribers[index];
    let class = incident.plan.classes.get(account.class).map_or("", |class| class.name.as_str());
    let [lost, offered] = [account.dropped.total(), account.offered].map(format::count);
    let waiting = format::count(account.high_water);
    let mut row = TimelineRow {
        label: format!("subscriber {index}, {class}: {lost} of {offered} lost, at most {waiting} in its buffer"),
        depth: Vec::new(),
        lost: Vec::new(),
        stalls: Vec::new(),
        outages: outages(incident, index),
        sent_again: sent_again(record, index),
        ended: Vec::new(),
        faults: faults(incident, index),
    };
    if let Some(stalls) = incident.plan.subscribers.get(index).map(|plan| plan.reading.stalls()) {
        let span = |stall: &crate::plan::Stall| (stall.from.as_secs_f64(), (stall.from + stall.lasts).as_secs_f64());
        row.stalls = stalls.iter().map(span).collect();
    }
    let mut depth = 0_u64;
    for observation in observations.iter().filter(|observation| observation.subscriber == index) {
        let at = observation.at.as_secs_f64();
        match observation.what {
            ObservationKind::Pushed { outcome, .. } => match outcome {
                PushOutcome::Queued { waiting } | PushOutcome::Parked { waiting } => depth = waiting as u64,
                // A displaced frame leaves the depth as it is: one goes and one comes.
                PushOutcome::Refused { .. }
                | PushOutcome::Displaced { .. }
                | PushOutcome::Shed { .. }
                | PushOutcome::Disconnected { .. } => row.lost.push(at),
            },
            // The frame behind it is in flight now.
            ObservationKind::Flushed { .. } => depth = depth.saturating_sub(1),
            // Only at the beginning of a stream, when nothing else waits.
            ObservationKind::Replayed { count, .. } => depth = count,
            ObservationKind::Forgotten { count, .. } => {
                depth = depth.saturating_sub(count);
                row.lost.push(at);
            }
            ObservationKind::Ended { .. } => {
                depth = 0;
                row.ended.push(at);
            }
            ObservationKind::Subscribed { .. }
            | ObservationKind::Received { .. }
            | ObservationKind::Told { .. }
            | ObservationKind::Placed { .. } => continue,
        }
        row.depth.push((at, depth));
    }
    row
}

fn outages(incident: &Incident, index: usize) -> Vec<(f64, f64)> {
    let Some(subscriber) = incident.plan.subscribers.get(index) else { return Vec::new() };
    let own = subscriber.impairments.outages.iter();
    own.map(|outage| (outage.from.as_secs_f64(), (outage.from + outage.lasts).as_secs_f64())).collect()
}

fn sent_again(record: &Record, index: usize) -> Vec<f64> {
    let own = record.retransmissions.iter().filter(|(_, subscriber)| *subscriber == index);
    own.map(|(at, _)| at.as_secs_f64()).collect()
}

fn faults(incident: &Incident, index: usize) -> Vec<(f64, f64, String)> {
    let Some(subscriber) = incident.plan.subscribers.get(index) else { return Vec::new() };
    let own = incident.plan.faults.iter().filter(|fault| fault.strikes(index, subscriber.class));
    let span =
        |fault: &Fault| (fault.at.as_secs_f64(), fault.until().as_secs_f64(), fault.harm.kind().replace('-', " "));
    own.map(span).collect()
}
