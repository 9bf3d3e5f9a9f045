//! The limits of a mailbox: in frames, in bytes, and by the age of the oldest frame. The first one that is reached
//! binds.

use std::num::NonZeroUsize;
use std::time::Duration;

/// Largest capacity of a mailbox: 2²⁰ frames, which take 8 MiB of slots for a subscriber on a 64-bit machine.
pub const MAX_CAPACITY: usize = 1 << 20;

/// The most frames that wait in a mailbox.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Capacity(NonZeroUsize);

impl Capacity {
    /// No bound, to measure how large a bound must be. The memory of a server that uses it has no limit.
    // Larger than `MAX_CAPACITY` on purpose: no configuration can ask for it.
    pub const UNBOUNDED: Self = Self(NonZeroUsize::MAX);

    /// A capacity of `frames`; `None` outside 1 ..= [`MAX_CAPACITY`].
    pub const fn new(frames: usize) -> Option<Self> {
        match NonZeroUsize::new(frames) {
            Some(nonzero) if frames <= MAX_CAPACITY => Some(Self(nonzero)),
            Some(_) | None => None,
        }
    }

    /// The number of frames.
    pub fn frames(self) -> usize {
        self.0.get()
    }
}

/// The limits of what waits in one mailbox.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Most frames.
    pub capacity: Capacity,
    /// Most bytes of payload. A frame that waits alone may be larger, since it could never be delivered otherwise.
    pub bytes: Option<NonZeroUsize>,
    /// Greatest age of the oldest frame, checked when the next one is offered. Without a next frame an old one does no
    /// harm, since nothing newer is kept back.
    pub age: Option<Duration>,
}

impl Limits {
    /// A limit of frames alone.
    pub const fn frames(capacity: Capacity) -> Self {
        Self { capacity, bytes: None, age: None }
    }
}
