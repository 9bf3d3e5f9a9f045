//! One clock for all processes of a run: the system's monotonic one, counted from a zero they agree on.

use std::time::Duration;

use rustix::time::{ClockId, clock_gettime};
use tokio::time::Instant;

use crate::time::nanos;

/// Time since a run began.
#[derive(Debug, Clone, Copy)]
pub(super) struct Clock {
    zero: Instant,
    zero_ns: u64,
}

impl Clock {
    /// The clock of a run that begins after a pause.
    pub(super) fn starting_in(pause: Duration) -> Self {
        Self { zero: Instant::now() + pause, zero_ns: monotonic_ns() + nanos(pause) }
    }

    /// The clock of a run that begins, or began, when the system's monotonic clock reads `zero_ns`.
    pub(super) fn of(zero_ns: u64) -> Self {
        // An `Instant` does not give its number away. So both clocks are read one right after the other.
        let here = Instant::now();
        let now_ns = monotonic_ns();
        let until = Duration::from_nanos(zero_ns.saturating_sub(now_ns));
        let since = Duration::from_nanos(now_ns.saturating_sub(zero_ns));
        // One of the two is zero: the beginning lies either ahead or behind.
        Self { zero: here + until - since, zero_ns }
    }

    /// What other processes need to share it.
    pub(super) fn zero_ns(&self) -> u64 {
        self.zero_ns
    }

    /// Zero until the run begins.
    pub(super) fn now(&self) -> Duration {
        self.zero.elapsed()
    }

    /// A time of the run, to sleep until.
    pub(super) fn at(&self, at: Duration) -> Instant {
        self.zero + at
    }
}

/// What the system's monotonic clock reads, in nanoseconds.
pub(crate) fn monotonic_ns() -> u64 {
    let now = clock_gettime(ClockId::Monotonic);
    u64::try_from(now.tv_sec).unwrap_or(0) * 1_000_000_000 + u64::try_from(now.tv_nsec).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_who_share_a_zero_read_the_same_time() {
        let clock = Clock::starting_in(Duration::ZERO);
        let other = Clock::of(clock.zero_ns());
        let apart = |a: Duration, b: Duration| a.max(b) - a.min(b);
        assert!(apart(clock.now(), other.now()) < Duration::from_millis(50));
        assert_eq!(Clock::starting_in(Duration::from_secs(60)).now(), Duration::ZERO);
    }
}
