//! Memory: mailboxes no deeper than set, and no payload kept by anybody else.

use std::collections::BTreeSet;

use super::{Broken, Case};
use crate::plan::{Form, Plan};
use crate::record::Record;
use crate::transport::Transport;

/// More than each frame of an event has beside its payload: `id:`, `data:`, line ends; with the name of its topic; or an
/// envelope around a payload that may have become a string. Streams that ask in different ways have frames of their own.
fn frame_overheads_bytes(plan: &Plan) -> Vec<u64> {
    let table_bytes = plan.tables().map(|table| table.len() as u64).max().unwrap_or(0);
    let of = |form: &Form| match (plan.server.transport, form) {
        (Transport::Sse, Form::Plain) => 40,
        (Transport::Sse, Form::Named) => 60 + table_bytes,
        (Transport::Sse, Form::Enveloped) => 100 + table_bytes,
        (Transport::Ws, _) => 60 + table_bytes,
    };
    let forms: BTreeSet<_> = match plan.server.transport {
        Transport::Sse => plan.all_selected().iter().map(|selected| selected.form()).collect(),
        Transport::Ws => BTreeSet::from([Form::Plain]),
    };
    forms.iter().map(of).collect()
}

pub(super) fn within(case: &Case, record: &Record) -> Result<(), Broken> {
    let deep = record.subscribers.iter().position(|subscriber| subscriber.high_water > case.frames as u64);
    if let Some(subscriber) = deep {
        let waiting = record.subscribers[subscriber].high_water;
        return Err(Broken::of(subscriber, format!("{waiting} frames wait, and at most {} may", case.frames)));
    }
    let (bytes, most) = (record.peak_pinned_bytes, most_pinned_bytes(&case.plan, case.frames));
    if bytes > most {
        Err(Broken::new(format!("{bytes} B of payloads and frames, and at most {most}")))
    } else {
        Ok(())
    }
}

/// Each distinct event is kept once with its frame, and by nobody but mailboxes, those in flight, and its publisher.
fn most_pinned_bytes(plan: &Plan, frames: usize) -> u64 {
    let kept = plan.server.recovery.map_or(0, |recovery| recovery.history_events);
    let events = (frames + 1) * plan.subscribers.len() + 1 + kept;
    let mut sizes: Vec<_> = plan.arrivals.iter().map(|arrival| u64::from(arrival.payload_bytes)).collect();
    // The largest ones: which events are in memory at the peak is not known here.
    sizes.sort_unstable_by(|a, b| b.cmp(a));
    let overheads = frame_overheads_bytes(plan);
    // The payload once more for each frame: the event keeps it, and so do the frames that are encoded from it.
    let of = |payload: &u64| payload + overheads.iter().map(|overhead| payload + overhead).sum::<u64>();
    sizes.iter().take(events).map(of).sum()
}
