//! The account of a mailbox: what was offered, and what became of it.

use super::LossReason;

/// Frames lost, by reason.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, serde::Serialize, serde::Deserialize)]
pub struct Dropped {
    /// As many frames waited as may.
    pub buffer_full: u64,
    /// As many bytes waited as may.
    pub bytes: u64,
    /// The oldest had waited for too long.
    pub age: u64,
    /// A later event of the same key waits.
    pub conflated: u64,
    /// They were to be replayed, and were not kept for as long as that took.
    #[serde(default)]
    pub out_of_reach: u64,
    /// The client left while they waited or were in flight.
    pub client_gone: u64,
    /// The server cut the client off while they waited or were in flight.
    pub evicted: u64,
}

impl Dropped {
    /// Every reason and its number, by the name in results and metrics.
    pub fn by_reason(&self) -> [(&'static str, u64); 7] {
        [
            (LossReason::BufferFull.name(), self.buffer_full),
            (LossReason::Bytes.name(), self.bytes),
            (LossReason::Age.name(), self.age),
            (LossReason::Conflated.name(), self.conflated),
            (LossReason::OutOfReach.name(), self.out_of_reach),
            ("client_gone", self.client_gone),
            ("evicted", self.evicted),
        ]
    }

    /// All of them.
    pub fn total(&self) -> u64 {
        self.by_reason().iter().map(|(_, lost)| lost).sum()
    }

    /// Those that a limit cost: the buffer was too small in frames, in bytes or in time.
    pub fn by_limits(&self) -> u64 {
        self.buffer_full + self.bytes + self.age
    }

    /// One of the reasons a mailbox itself has.
    pub fn of(&mut self, reason: LossReason) -> &mut u64 {
        match reason {
            LossReason::BufferFull => &mut self.buffer_full,
            LossReason::Bytes => &mut self.bytes,
            LossReason::Age => &mut self.age,
            LossReason::Conflated => &mut self.conflated,
            LossReason::OutOfReach => &mut self.out_of_reach,
        }
    }

    /// Adds others to these.
    pub fn add(&mut self, other: &Self) {
        self.buffer_full += other.buffer_full;
        self.bytes += other.bytes;
        self.age += other.age;
        self.conflated += other.conflated;
        self.out_of_reach += other.out_of_reach;
        self.client_gone += other.client_gone;
        self.evicted += other.evicted;
    }
}

/// A mailbox's account. At every moment `offered = delivered + dropped.total() + waiting + in_flight`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Counts {
    /// Frames pushed while open.
    pub offered: u64,
    /// Frames flushed: a socket has accepted their last byte.
    pub delivered: u64,
    /// Frames lost.
    pub dropped: Dropped,
    /// Frames in slots, and those parked.
    pub waiting: u64,
    /// Frames handed to a transport and not flushed.
    pub in_flight: u64,
    /// Most frames in slots right after a push.
    pub high_water: u64,
}

impl Counts {
    /// Adds another account to this one; the high-water mark is the larger of the two.
    pub fn add(&mut self, other: &Self) {
        self.offered += other.offered;
        self.delivered += other.delivered;
        self.dropped.add(&other.dropped);
        self.waiting += other.waiting;
        self.in_flight += other.in_flight;
        self.high_water = self.high_water.max(other.high_water);
    }

    /// Whether no frame is unaccounted for.
    pub fn is_conserved(&self) -> bool {
        self.offered == self.delivered + self.dropped.total() + self.waiting + self.in_flight
    }
}
