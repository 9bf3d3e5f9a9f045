//! What may wait: in frames, in bytes, and by the age of the oldest. Whichever is reached first binds.

use std::num::NonZeroUsize;
use std::time::Duration;

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

/// What may wait in one mailbox.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Frames.
    pub capacity: Capacity,
    /// Bytes of payload; a frame alone may be larger, or it could never be delivered.
    pub bytes: Option<NonZeroUsize>,
    /// Age of the oldest that waits, looked at when the next is offered: without a next one nothing newer is kept back.
    pub age: Option<Duration>,
}

impl Limits {
    /// Only frames.
    pub const fn frames(capacity: Capacity) -> Self {
        Self { capacity, bytes: None, age: None }
    }
}

/// Why a mailbox let a frame go: the limit that bound, a later frame of the same key, or that it could not be had back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum LossReason {
    /// As many frames waited as may.
    BufferFull,
    /// It would have been more bytes than may wait.
    Bytes,
    /// The oldest had waited for too long.
    Age,
    /// A later event of its key waits: nothing but an old value is lost.
    Conflated,
    /// It was to be replayed, and was not kept for as long as that took.
    OutOfReach,
}

impl LossReason {
    /// Every one.
    pub const ALL: [Self; 5] = [Self::BufferFull, Self::Bytes, Self::Age, Self::Conflated, Self::OutOfReach];

    /// The name in accounts, metrics and gap notices.
    pub fn name(self) -> &'static str {
        match self {
            Self::BufferFull => "buffer_full",
            Self::Bytes => "bytes",
            Self::Age => "age",
            Self::Conflated => "conflated",
            Self::OutOfReach => "out_of_reach",
        }
    }
}
