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
