//! The window: what a socket has accepted and its client has not read is never more than it holds.

use std::collections::VecDeque;

use super::Broken;
use crate::plan::Plan;
use crate::record::{Observation, ObservationKind};

/// Delivered, and not read.
#[derive(Default)]
struct Unread {
    frames: VecDeque<(u64, u64)>,
    bytes: u64,
    /// Read before its flush was seen: the end of its chunk was on its way yet.
    read_early: Option<u64>,
}

pub(super) fn fits(plan: &Plan, observations: &[Observation]) -> Result<(), Broken> {
    let is_renumbered = plan.restarts().next().is_some();
    let least = plan.arrivals.iter().map(|arrival| u64::from(arrival.payload_bytes)).min().unwrap_or(0);
    // What arrives without a server gets no sequence, so then only the least payload is sure.
    // Payloads alone: what a frame has beside them also fills the window, so the law is weaker than the truth, never
    // wrong.
    let payload = |sequence: u64| match plan.arrivals.get(usize::try_from(sequence - 1).unwrap_or(usize::MAX)) {
        Some(arrival) if !is_renumbered => u64::from(arrival.payload_bytes),
        _ => least,
    };
    let mut unread: Vec<_> = plan.subscribers.iter().map(|_| Unread::default()).collect();
    for Observation { at, subscriber, what } in observations {
        let window_bytes = plan.classes[plan.subscribers[*subscriber].class].window_bytes;
        let unread = &mut unread[*subscriber];
        unread.take(*what, payload);
        // Of the oldest all but a byte may have been read.
        let held = unread.bytes - unread.frames.front().map_or(0, |(_, bytes)| *bytes);
        if held > window_bytes {
            let why = format!(
                "{held} B are delivered behind the frame that is being read, and the window holds {window_bytes} B"
            );
            return Err(Broken { at_ms: Some(at.as_secs_f64() * 1000.0), ..Broken::of(*subscriber, why) });
        }
    }
    Ok(())
}

impl Unread {
    fn take(&mut self, what: ObservationKind, payload: impl Fn(u64) -> u64) {
        match what {
            ObservationKind::Flushed { sequence } if self.read_early != Some(sequence) => {
                self.frames.push_back((sequence, payload(sequence)));
                self.bytes += payload(sequence);
            }
            ObservationKind::Received { sequence } => match self.frames.pop_front_if(|(first, _)| *first == sequence) {
                Some((_, bytes)) => self.bytes -= bytes,
                None => self.read_early = Some(sequence),
            },
            // The next connection has a window of its own.
            ObservationKind::Subscribed { .. } => *self = Self::default(),
            ObservationKind::Flushed { .. }
            | ObservationKind::Pushed { .. }
            | ObservationKind::Replayed { .. }
            | ObservationKind::Forgotten { .. }
            | ObservationKind::Told { .. }
            | ObservationKind::Placed { .. }
            | ObservationKind::Ended { .. } => {}
        }
    }
}
