//! The window: what a socket has accepted and its client has not read is never more than it holds. Over a path the socket
//! holds its unsent bytes beside what the receiver has room for.

use std::collections::VecDeque;

use super::Broken;
use crate::plan::{FULL_PACKET_BYTES, Plan};
use crate::record::{Observation, ObservationKind};
use crate::tcp::{Congestion, ReceiveBuffer};

/// The last of the kernel's buffers may go beyond the bound of unsent bytes.
const LARGEST_KERNEL_BUFFER: u64 = 1 << 16;

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
    let held_at_most: Vec<u64> = (0..plan.subscribers.len()).map(|index| most_bytes(plan, index)).collect();
    let mut unread: Vec<_> = plan.subscribers.iter().map(|_| Unread::default()).collect();
    for Observation { at, subscriber, what } in observations {
        let window_bytes = held_at_most[*subscriber];
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

/// The most bytes that sockets and network hold for a subscriber.
fn most_bytes(plan: &Plan, index: usize) -> u64 {
    let window_bytes = plan.classes[plan.subscribers[index].class].window_bytes;
    let Some(settings) = plan.tcp_path(index).map(|path| path.settings) else { return window_bytes };
    match (settings.congestion, settings.receive_buffer) {
        (Congestion::None, ReceiveBuffer::Bytes(bytes)) => bytes,
        // The kernel's own tuning, and no bound where nothing else limits.
        (_, ReceiveBuffer::Auto) => u64::MAX,
        // What is in flight or unread fits into the receiver's window, which grows with the share of payload in its buffer.
        (Congestion::Reno | Congestion::Cubic, ReceiveBuffer::Bytes(bytes)) => {
            settings.unsent_low_water + LARGEST_KERNEL_BUFFER + 2 * bytes + FULL_PACKET_BYTES
        }
    }
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
