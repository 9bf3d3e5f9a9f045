//! Memory: mailboxes no deeper than set, and no payload kept by anybody else.

use super::{Broken, Case};
use crate::plan::Plan;
use crate::record::Record;
use crate::transport::Transport;

/// More than the frame of an event has beside its payload: `id:`, `data:`, line ends; or an envelope without the
/// table's name, around a payload that may have become a string.
fn frame_overhead_bytes(plan: &Plan) -> u64 {
    match plan.server.transport {
        Transport::Sse => 40,
        Transport::Ws => 60 + plan.table.len() as u64,
    }
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
    let overhead = frame_overhead_bytes(plan);
    // Twice the payload: the event keeps it, and so does the frame that is encoded from it.
    sizes.iter().take(events).map(|payload| 2 * payload + overhead).sum()
}
