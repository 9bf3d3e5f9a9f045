//! The links of all subscribers, and which of their packets is due next.
//!
//! Pure: it is handed packets and times. Times are readings of the system's monotonic clock, in nanoseconds. Each run has
//! its own time 0, from which its slots and outages count.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::net::Ipv4Addr;

use super::lateness::{Lateness, LatenessCounter};
use crate::tcp::{Link, LinkPlan};

/// An end of the links, by its device.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Side {
    /// Where servers and publishers are.
    Server,
    /// Where clients are.
    Client,
}

/// The links of one subscriber.
#[derive(Debug)]
pub(super) struct SubscriberLinks {
    pub(super) address: Ipv4Addr,
    pub(super) down: LinkPlan,
    pub(super) up: LinkPlan,
}

/// A packet that is to be given to the device of a side.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Delivery {
    pub(super) to: Side,
    pub(super) packet: Vec<u8>,
}

#[derive(Debug)]
struct Seat {
    run: usize,
    zero_ns: u64,
    down: Link<Vec<u8>>,
    up: Link<Vec<u8>>,
}

/// All links of the runs that go on side by side.
#[derive(Debug)]
pub(super) struct Links {
    before_first: Ipv4Addr,
    seats: Vec<Option<Seat>>,
    /// For each link that carries something, when its next packet is due, and to which side.
    due: BinaryHeap<Reverse<(u64, usize, Side)>>,
    lateness: Vec<LatenessCounter>,
}

impl Links {
    /// No links yet, for so many runs, and for clients whose addresses follow `before_first`.
    pub(super) fn new(before_first: Ipv4Addr, runs: usize) -> Self {
        let lateness = (0..runs).map(|_| LatenessCounter::new()).collect();
        Self { before_first, seats: Vec::new(), due: BinaryHeap::new(), lateness }
    }

    /// A run has begun, or will, when the clock reads `zero_ns`.
    pub(super) fn begin(&mut self, run: usize, zero_ns: u64, subscribers: impl IntoIterator<Item = SubscriberLinks>) {
        for links in subscribers {
            let Some(index) = self.index_of(links.address) else { continue };
            if self.seats.len() <= index {
                self.seats.resize_with(index + 1, || None);
            }
            let SubscriberLinks { down, up, .. } = links;
            self.seats[index] = Some(Seat { run, zero_ns, down: Link::new(down), up: Link::new(up) });
        }
    }

    /// A packet has come out of the device of a side. What is no packet of a subscriber is ignored.
    pub(super) fn send(&mut self, now_ns: u64, from: Side, packet: &[u8]) {
        let Some([source, destination]) = addresses(packet) else { return };
        let client = match from {
            Side::Server => destination,
            Side::Client => source,
        };
        let Some(index) = self.index_of(client) else { return };
        let Some(Some(seat)) = self.seats.get_mut(index) else { return };
        let (link, to) = match from {
            Side::Server => (&mut seat.down, Side::Client),
            Side::Client => (&mut seat.up, Side::Server),
        };
        let was_empty = link.next_arrival_at().is_none();
        link.send(now_ns.saturating_sub(seat.zero_ns), packet.to_vec(), packet.len() as u64);
        if let Some(at) = link.next_arrival_at().filter(|_| was_empty) {
            self.due.push(Reverse((seat.zero_ns + at, index, to)));
        }
    }

    /// When the next packet is due.
    pub(super) fn next_due(&self) -> Option<u64> {
        self.due.peek().map(|Reverse((at, _, _))| *at)
    }

    /// The next packet that is due by now.
    pub(super) fn next_delivery(&mut self, now_ns: u64) -> Option<Delivery> {
        loop {
            let Reverse((due_at, index, to)) = *self.due.peek()?;
            if due_at > now_ns {
                return None;
            }
            self.due.pop();
            let Some(Some(seat)) = self.seats.get_mut(index) else { continue };
            let link = match to {
                Side::Client => &mut seat.down,
                Side::Server => &mut seat.up,
            };
            let arrived = link.arrived(now_ns.saturating_sub(seat.zero_ns));
            if let Some(at) = link.next_arrival_at() {
                self.due.push(Reverse((seat.zero_ns + at, index, to)));
            }
            let Some(packet) = arrived else { continue };
            self.lateness[seat.run].late_by(now_ns - due_at);
            return Some(Delivery { to, packet });
        }
    }

    /// By how much the packets of a run were late so far.
    pub(super) fn lateness(&self, run: usize) -> Lateness {
        self.lateness[run].lateness()
    }

    fn index_of(&self, address: Ipv4Addr) -> Option<usize> {
        let offset = address.to_bits().checked_sub(self.before_first.to_bits() + 1)?;
        usize::try_from(offset).ok()
    }
}

/// Source and destination of an IPv4 packet.
fn addresses(packet: &[u8]) -> Option<[Ipv4Addr; 2]> {
    if packet.first()? >> 4 != 4 {
        return None;
    }
    let at = |from: usize| packet.get(from..from + 4).and_then(|bytes| <[u8; 4]>::try_from(bytes).ok());
    Some([at(12)?.into(), at(16)?.into()])
}

#[cfg(test)]
mod tests;
