//! One direction of the bottleneck: a drop-tail queue in bytes, a line of so many bits a second, then the way to the end.
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
mod slots;

use std::collections::VecDeque;
use std::sync::Arc;

pub use outages::{Outage, OutageKind, Outages};
pub use slots::LostSlots;

use super::units::SECOND;

/// One direction of a bottleneck, as it is planned. Cloning is cheap.
#[derive(Debug, Clone, Default)]
pub struct LinkPlan {
    /// Bits a second, headers counted; `None` for a line that takes no time.
    pub bits_per_second: Option<u64>,
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
    /// When the line has sent everything that was given to it.
    busy_until: u64,
    slot: slots::Cursor,
    under_way: VecDeque<(u64, P)>,
    counts: LinkCounts,
}

impl<P> Link<P> {
    /// An idle link.
    pub fn new(plan: LinkPlan) -> Self {
        Self {
            plan,
            busy_until: 0,
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
        let Some(rate) = self.plan.bits_per_second else { return 0 };
        let line_time = self.plan.outages.open_time(now, self.busy_until);
        (u128::from(line_time) * u128::from(rate) / u128::from(8 * SECOND)) as u64
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
        let line_time = self.plan.bits_per_second.map_or(0, |rate| line_time(bytes, rate));
        // Rounded up, so that no second carries more than its bits.
        self.busy_until = self.plan.outages.after_open_time(now.max(self.busy_until), line_time);
        if self.slot.is_lost(&self.plan.lost_slots, self.busy_until) {
            self.counts.lost += 1;
            return;
        }
        self.under_way.push_back((self.busy_until + self.plan.delay, packet));
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

fn line_time(bytes: u64, bits_per_second: u64) -> u64 {
    (u128::from(bytes) * u128::from(8 * SECOND)).div_ceil(u128::from(bits_per_second)) as u64
}

#[cfg(test)]
mod tests;
