//! One subscriber's bounded queue: capacity, overflow policy, the outcome of every push, and the account of it all.
//!
//! Pure: no clock, no lock, no runtime, and no idea what a frame is. Frames at the front may be *in flight*: handed to
//! a transport and not yet flushed. They hold no slot, no policy touches them, and they leave by [`Mailbox::flushed`].

use std::collections::VecDeque;
use std::fmt;
use std::num::NonZeroUsize;
use std::str::FromStr;

/// Largest capacity that can be asked for: 2²⁰ frames, 8 MiB of slots a subscriber on a 64-bit machine.
pub const MAX_CAPACITY: usize = 1 << 20;

/// How many frames a mailbox holds at most.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Capacity(NonZeroUsize);

impl Capacity {
    /// No bound. For measuring how large a bound must be; a server that uses it has given up its memory limit.
    pub const UNBOUNDED: Self = Self(NonZeroUsize::MAX);

    /// A capacity of `frames`, if it is within 1 ..= [`MAX_CAPACITY`].
    pub const fn new(frames: usize) -> Option<Self> {
        match NonZeroUsize::new(frames) {
            Some(nonzero) if frames <= MAX_CAPACITY => Some(Self(nonzero)),
            Some(_) | None => None,
        }
    }

    /// In frames.
    pub fn frames(self) -> usize {
        self.0.get()
    }
}

/// What a full mailbox does with a new frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Overflow {
    /// Refuses it.
    #[default]
    DropNewest,
    /// Makes room by letting the oldest waiting frame go.
    DropOldest,
    /// Refuses it and closes: the subscriber is cut off.
    Disconnect,
}

impl Overflow {
    /// Every policy.
    pub const ALL: [Self; 3] = [Self::DropNewest, Self::DropOldest, Self::Disconnect];

    /// The name in configuration and reports.
    pub fn name(self) -> &'static str {
        match self {
            Self::DropNewest => "drop-newest",
            Self::DropOldest => "drop-oldest",
            Self::Disconnect => "disconnect",
        }
    }
}

impl fmt::Display for Overflow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// A text that names no policy.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is no overflow policy: must be drop-newest, drop-oldest or disconnect")]
pub struct UnknownOverflow(String);

impl FromStr for Overflow {
    type Err = UnknownOverflow;

    fn from_str(text: &str) -> Result<Self, UnknownOverflow> {
        Self::ALL.into_iter().find(|policy| policy.name() == text).ok_or_else(|| UnknownOverflow(text.to_owned()))
    }
}

/// Why a mailbox was closed; names the reason of the frames lost with it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Closed {
    /// The client left.
    ClientGone,
    /// The server cut it off: the overflow policy, or a connection without write progress.
    Evicted,
}

/// What became of a pushed frame. A frame that was lost is given back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Pushed<T> {
    /// It waits.
    Queued,
    /// The mailbox was full and refused it.
    Refused(T),
    /// It waits, and the oldest waiting frame was lost for it.
    Displaced(T),
    /// The mailbox was full, refused it and closed; everything in it was evicted.
    Disconnected(T),
    /// The mailbox was closed before: the frame was never offered and counts nowhere.
    NotOffered(T),
}

/// Frames lost, by reason.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, serde::Serialize, serde::Deserialize)]
pub struct Dropped {
    /// The mailbox was full.
    pub buffer_full: u64,
    /// The client left while they waited or were in flight.
    pub client_gone: u64,
    /// The server cut the client off while they waited or were in flight.
    pub evicted: u64,
}

impl Dropped {
    /// All of them.
    pub fn total(&self) -> u64 {
        self.buffer_full + self.client_gone + self.evicted
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
    /// Frames in slots.
    pub waiting: u64,
    /// Frames handed to a transport and not flushed.
    pub in_flight: u64,
    /// Most frames waiting right after a push.
    pub high_water: u64,
}

impl Counts {
    /// Adds another account to this one; the high-water mark is the larger of the two.
    pub fn add(&mut self, other: &Self) {
        self.offered += other.offered;
        self.delivered += other.delivered;
        self.dropped.buffer_full += other.dropped.buffer_full;
        self.dropped.client_gone += other.dropped.client_gone;
        self.dropped.evicted += other.dropped.evicted;
        self.waiting += other.waiting;
        self.in_flight += other.in_flight;
        self.high_water = self.high_water.max(other.high_water);
    }

    /// Whether no frame is unaccounted for.
    pub fn is_conserved(&self) -> bool {
        self.offered == self.delivered + self.dropped.total() + self.waiting + self.in_flight
    }
}

/// A bounded queue of frames. See the module's text.
#[derive(Debug)]
pub struct Mailbox<T> {
    capacity: Capacity,
    overflow: Overflow,
    /// In-flight frames first, then those waiting.
    frames: VecDeque<T>,
    in_flight: usize,
    closed: Option<Closed>,
    offered: u64,
    delivered: u64,
    dropped: Dropped,
    high_water: usize,
}

impl<T> Mailbox<T> {
    /// An empty mailbox. It takes memory as frames come, never for more slots than its capacity and the frames in
    /// flight.
    pub fn new(capacity: Capacity, overflow: Overflow) -> Self {
        Self {
            capacity,
            overflow,
            frames: VecDeque::new(),
            in_flight: 0,
            closed: None,
            offered: 0,
            delivered: 0,
            dropped: Dropped::default(),
            high_water: 0,
        }
    }

    /// Frames waiting, those in flight not among them.
    pub fn waiting(&self) -> usize {
        self.frames.len() - self.in_flight
    }

    /// Why it is closed, if it is.
    pub fn closed(&self) -> Option<Closed> {
        self.closed
    }

    /// Offers a frame. Never waits.
    pub fn push(&mut self, frame: T) -> Pushed<T> {
        if self.closed.is_some() {
            return Pushed::NotOffered(frame);
        }
        self.offered += 1;
        if self.waiting() < self.capacity.frames() {
            self.enqueue(frame);
            return Pushed::Queued;
        }
        self.dropped.buffer_full += 1;
        match self.overflow {
            Overflow::DropNewest => Pushed::Refused(frame),
            Overflow::DropOldest => {
                let oldest = self.frames.remove(self.in_flight);
                self.enqueue(frame);
                oldest.map_or(Pushed::Queued, Pushed::Displaced)
            }
            Overflow::Disconnect => {
                self.close(Closed::Evicted);
                Pushed::Disconnected(frame)
            }
        }
    }

    /// Hands the oldest waiting frame to a transport: from now on it is in flight.
    pub fn take(&mut self) -> Option<&T> {
        let frame = self.frames.get(self.in_flight)?;
        self.in_flight += 1;
        Some(frame)
    }

    /// The oldest frame in flight has been flushed. `None` when there is none, as after a close.
    pub fn flushed(&mut self) -> Option<T> {
        self.in_flight = self.in_flight.checked_sub(1)?;
        self.delivered += 1;
        self.frames.pop_front()
    }

    /// Closes it; what waits or is in flight is lost for the reason given. Closing again changes nothing.
    pub fn close(&mut self, why: Closed) {
        if self.closed.is_some() {
            return;
        }
        self.closed = Some(why);
        let lost = self.frames.len() as u64;
        match why {
            Closed::ClientGone => self.dropped.client_gone += lost,
            Closed::Evicted => self.dropped.evicted += lost,
        }
        self.frames = VecDeque::new();
        self.in_flight = 0;
    }

    /// The account so far.
    pub fn counts(&self) -> Counts {
        Counts {
            offered: self.offered,
            delivered: self.delivered,
            dropped: self.dropped,
            waiting: self.waiting() as u64,
            in_flight: self.in_flight as u64,
            high_water: self.high_water as u64,
        }
    }

    fn enqueue(&mut self, frame: T) {
        if self.frames.len() == self.frames.capacity() {
            // Doubling, but never past what can be used: slots are the memory a capacity is said to cost.
            let most = self.capacity.frames().saturating_add(self.in_flight);
            let wanted = (self.frames.len() * 2).max(4).min(most);
            self.frames.reserve_exact(wanted - self.frames.len());
        }
        self.frames.push_back(frame);
        self.high_water = self.high_water.max(self.waiting());
    }
}

#[cfg(test)]
mod tests;
