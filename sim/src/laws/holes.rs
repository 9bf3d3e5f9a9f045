//! Holes: a client that has read an event has read, or been told to be missing, every event before it that it wanted,
//! and each of them once. What conflation has made old counts as neither: a later event of its key takes its place.

use std::collections::BTreeSet;

use super::{Broken, Trial};
use crate::plan::Plan;
use crate::record::{Observation, ObservationKind, Record, WantedEvents};
use hubbub::{LossReason, PushOutcome};

/// What a client knows.
#[derive(Debug)]
struct Client<'a> {
    wanted: WantedEvents<'a>,
    /// Everything up to here has been read, been told of, or been before its time; `None` until it has read of a place:
    /// who is cut off before it has read a single byte knows of nothing that it could miss.
    settled: Option<u64>,
    /// What it has been told is missing after that, on this stream: from after the one to the other.
    told: Vec<(u64, u64)>,
    /// Events that a later one of their key has replaced.
    replaced: BTreeSet<u64>,
}

pub(super) fn are_told(trial: &Trial<'_>) -> Result<(), Broken> {
    // The last event of a plan with a probe is read by everybody who is there, and settles all before.
    let (case, run) = trial.probed()?;
    holes(&case.plan, &run.record, &run.log)
}

/// Checks a run of a plan with recovery.
pub(super) fn holes(plan: &Plan, record: &Record, observations: &[Observation]) -> Result<(), Broken> {
    let client = |subscriber: usize| Client::of(record.wanted_events(plan, subscriber));
    let mut clients: Vec<_> = (0..plan.subscribers.len()).map(client).collect();
    for Observation { at, subscriber, what } in observations {
        clients[*subscriber]
            .take(*what)
            .map_err(|why| Broken { at_ms: Some(at.as_secs_f64() * 1000.0), ..Broken::of(*subscriber, why) })?;
    }
    Ok(())
}

impl<'a> Client<'a> {
    fn of(wanted: WantedEvents<'a>) -> Self {
        Self { wanted, settled: None, told: Vec::new(), replaced: BTreeSet::new() }
    }

    fn take(&mut self, what: ObservationKind) -> Result<(), String> {
        match what {
            // What was told and not passed by an event is open again: the cursor has stayed before it.
            ObservationKind::Subscribed { .. } => self.told.clear(),
            ObservationKind::Placed { after } => self.placed(after)?,
            ObservationKind::Pushed {
                outcome:
                    PushOutcome::Displaced { lost, reason: LossReason::Conflated }
                    | PushOutcome::Shed { lost, reason: LossReason::Conflated },
                ..
            } => {
                self.replaced.insert(lost);
            }
            ObservationKind::Told { after, until } => self.told(after, until)?,
            ObservationKind::Received { sequence } => self.received(sequence)?,
            ObservationKind::Pushed { .. }
            | ObservationKind::Replayed { .. }
            | ObservationKind::Forgotten { .. }
            | ObservationKind::Flushed { .. }
            | ObservationKind::Ended { .. } => {}
        }
        Ok(())
    }

    /// Without a cursor it begins anew. With one it is not placed elsewhere: that would move the cursor past what it asks
    /// for.
    fn placed(&mut self, after: u64) -> Result<(), String> {
        match self.settled.replace(after) {
            Some(settled) => {
                Err(format!("the client comes back after event {settled}, and its stream begins after event {after}"))
            }
            None => Ok(()),
        }
    }

    fn told(&mut self, after: u64, until: u64) -> Result<(), String> {
        let Some(settled) = self.settled else {
            return Err("a gap is reported before the stream has said where it begins".into());
        };
        if after < settled {
            return Err(format!(
                "event {} is reported as missing, and the client has all events up to {settled}",
                after + 1
            ));
        }
        if let Some((_, before)) = self.told.last().filter(|(_, before)| after < *before) {
            return Err(format!(
                "event {} is reported as missing, and so it was before, in a gap up to event {before}",
                after + 1
            ));
        }
        self.told.push((after, until));
        Ok(())
    }

    fn received(&mut self, sequence: u64) -> Result<(), String> {
        let Some(settled) = self.settled else {
            return Err(format!("event {sequence} is read before the stream has said where it begins"));
        };
        if sequence <= settled {
            return Err(format!("event {sequence} is read, and the client has all events up to {settled}"));
        }
        let is_told = |missing: u64| self.told.iter().any(|(after, until)| (after + 1..=*until).contains(&missing));
        if is_told(sequence) {
            return Err(format!("event {sequence} is read, and was reported as missing"));
        }
        let is_silent = |missing: &u64| !is_told(*missing) && !self.replaced.contains(missing);
        let silent = (settled + 1..sequence).filter(|missing| self.wanted.has(*missing)).find(is_silent);
        if let Some(silent) = silent {
            return Err(format!(
                "event {sequence} is read, and event {silent} was neither read before it nor reported as missing"
            ));
        }
        self.settled = Some(sequence);
        self.told.clear();
        // The cursor has passed the older ones. They cannot be asked about again.
        self.replaced = self.replaced.split_off(&(sequence + 1));
        Ok(())
    }
}
