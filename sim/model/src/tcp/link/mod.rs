//! One direction of the bottleneck: a drop-tail queue in bytes, a line with a rate, then the way to the end.
//!
//! What becomes of a packet, in this order:
//!
//! 1. An outage that drops loses every packet that reaches the bottleneck while it lasts.
//! 2. A packet that does not fit into the queue is lost. The queue holds what has not left the line yet; of a packet on the
//!    line it holds the bytes that are still to go.
//! 3. The line carries packets in their order. It stands still in an outage that holds.
//! 4. A packet whose last byte leaves the line in a lost time slot is lost.
//! 5. The others arrive after the propagation delay, in their order.

mod outages;
mod rate;
mod recorded;
mod slots;

use std::collections::VecDeque;
use std::sync::Arc;

pub use outages::{Outage, OutageKind, Outages};
pub use rate::Rate;
pub use recorded::{OPPORTUNITY_BYTES, Recording, RecordingError};
pub use slots::LostSlots;

/// One direction of a bottleneck, as it is planned. Cloning is cheap.
#[derive(Debug, Clone, Default)]
pub struct LinkPlan {
    /// How fast the line carries bytes, headers counted.
    pub rate: Rate,
    /// Bytes that the queue holds, headers counted; `None` for no bound.
    pub queue_bytes: Option<u64>,
    /// The time from the end of the line to the other end, in nanoseconds.
    pub delay: u64,
    /// The time slots in which the line loses what leaves it.
    pub lost_slots: LostSlots,
    /// When the link carries nothing.
    pub outages: Arc<Outages>,
}

/// What a link has done with the packets that were sent over it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct LinkCounts {
    /// Packets that were sent.
    pub sent: u64,
    /// Packets that an outage has dropped.
    pub cut: u64,
    /// Packets that the queue had no room for.
    pub overflowed: u64,
    /// Packets that left the line in a lost slot.
    pub lost: u64,
    /// The most bytes that the queue has held.
    pub most_queued: u64,
}

/// One direction of a bottleneck, with the packets that are under way. `P` is what it carries as a packet.
#[derive(Debug, Clone)]
pub struct Link<P> {
    plan: LinkPlan,
    line: rate::Line,
    slot: slots::Cursor,
    under_way: VecDeque<(u64, P)>,
    counts: LinkCounts,
}

impl<P> Link<P> {
    /// An idle link.
    pub fn new(plan: LinkPlan) -> Self {
        Self {
            line: rate::Line::new(plan.rate.clone()),
            plan,
            slot: slots::Cursor::default(),
            under_way: VecDeque::new(),
            counts: LinkCounts::default(),
        }
    }

    /// What the link has done so far.
    pub fn counts(&self) -> LinkCounts {
        self.counts
    }

    /// The bytes that wait for the line or are on it.
    pub fn queued_bytes(&self, now: u64) -> u64 {
        self.line.queued_bytes(now, &self.plan.outages)
    }

    /// Forgets the packets under way. Their line time stays taken.
    pub(super) fn clear(&mut self) {
        self.under_way.clear();
    }

    /// Sends a packet that takes `bytes` on the line. Times never decrease from one call to the next.
    pub fn send(&mut self, now: u64, packet: P, bytes: u64) {
        self.counts.sent += 1;
        if self.plan.outages.drops_at(now) {
            self.counts.cut += 1;
            return;
        }
        let queued = self.queued_bytes(now) + bytes;
        if self.plan.queue_bytes.is_some_and(|most| queued > most) {
            self.counts.overflowed += 1;
            return;
        }
        self.counts.most_queued = self.counts.most_queued.max(queued);
        let leaves_at = self.line.send(now, bytes, &self.plan.outages);
        if self.slot.is_lost(&self.plan.lost_slots, leaves_at) {
            self.counts.lost += 1;
            return;
        }
        self.under_way.push_back((leaves_at + self.plan.delay, packet));
    }

    /// The time from the end of the line to the other end, in nanoseconds.
    pub(super) fn delay(&self) -> u64 {
        self.plan.delay
    }

    /// When the next packet arrives.
    pub fn next_arrival_at(&self) -> Option<u64> {
        self.under_way.front().map(|(at, _)| *at)
    }

    /// The next packet that has arrived by `now`.
    pub fn arrived(&mut self, now: u64) -> Option<P> {
        self.under_way.pop_front_if(|(at, _)| *at <= now).map(|(_, packet)| packet)
    }
}

#[cfg(test)]
mod tests;
