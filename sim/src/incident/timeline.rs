//! A run's observations as a timeline to be drawn.

use super::Incident;
use crate::figure::timeline::{MOST_ROWS, Row, Timeline};
use crate::plan::Fault;
use crate::record::{Observation, Record, What};

/// The timeline of a run of an incident: those who lost most first, then those who waited longest in line.
pub fn timeline(incident: &Incident, record: &Record, observations: &[Observation]) -> Timeline {
    let mut order: Vec<usize> = (0..record.subscribers.len()).collect();
    order.sort_by_key(|index| {
        let subscriber = &record.subscribers[*index];
        (std::cmp::Reverse((subscriber.dropped.total(), subscriber.high_water)), *index)
    });
    let more = order.len().saturating_sub(MOST_ROWS);
    order.truncate(MOST_ROWS);
    let last = observations.last().map_or(0.0, |observation| observation.at.as_secs_f64());
    let lost = incident.expected.dropped.by_limits();
    let (buffer, policy, seed) = (incident.buffer, &incident.policy, incident.plan.seed);
    Timeline {
        title: incident.title.clone(),
        subtitle: format!("{buffer} frames, {policy} · seed {seed} · {lost} frames lost to a full buffer"),
        seconds: incident.plan.duration.as_secs_f64().max(last),
        capacity: buffer,
        rows: order.into_iter().map(|index| row(incident, record, observations, index)).collect(),
        more,
    }
}

fn row(incident: &Incident, record: &Record, observations: &[Observation], index: usize) -> Row {
    let account = &record.subscribers[index];
    let class = incident.plan.classes.get(account.class).map_or("", |class| class.name.as_str());
    let (lost, offered) = (account.dropped.total(), account.offered);
    let mut row = Row {
        label: format!("subscriber {index}, {class}: {lost} of {offered} lost, at most {} waiting", account.high_water),
        depth: Vec::new(),
        lost: Vec::new(),
        stalls: Vec::new(),
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
            What::Queued { waiting, .. } => depth = waiting,
            // The frame behind it is in flight now.
            What::Flushed { .. } => depth = depth.saturating_sub(1),
            What::Parked { waiting, .. } => depth = waiting,
            What::Replayed { count, .. } => depth = count,
            What::Forgotten { count, .. } => {
                depth = depth.saturating_sub(count);
                row.lost.push(at);
            }
            What::Refused { .. } | What::Displaced { .. } | What::Shed { .. } | What::Disconnected { .. } => {
                row.lost.push(at);
            }
            What::Ended { .. } => {
                depth = 0;
                row.ended.push(at);
            }
            What::Subscribed { .. } | What::Received { .. } | What::Told { .. } | What::Placed { .. } => continue,
        }
        row.depth.push((at, depth));
    }
    row
}

fn faults(incident: &Incident, index: usize) -> Vec<(f64, f64, String)> {
    let Some(subscriber) = incident.plan.subscribers.get(index) else { return Vec::new() };
    let own = incident.plan.faults.iter().filter(|fault| fault.strikes(index, subscriber.class));
    let span =
        |fault: &Fault| (fault.at.as_secs_f64(), fault.until().as_secs_f64(), fault.harm.kind().replace('-', " "));
    own.map(span).collect()
}
