//! The server's clock: exact to the nanosecond inside a tick.
//!
//! turmoil moves a host's time in ticks of 1 ms, at whose end everything due in it happens at once. The driver works
//! through a tick in the order of the exact times instead, and this clock shows the time it has got to. Outside the
//! driver's work it shows the host's own time.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use tokio::time::Instant;

use crate::time::nanos;

/// One tick of turmoil's.
pub(super) const TICK: Duration = Duration::from_millis(1);

#[derive(Debug, Default)]
pub(super) struct ModelClock {
    /// Nanoseconds + 1 while the driver works through a tick, 0 else.
    exact: AtomicU64,
    zero: OnceLock<Instant>,
}

impl ModelClock {
    /// The run begins now. To be called on the server's host.
    pub(super) fn start(&self) -> Instant {
        // Server and driver both call it, on one host: the first call sets the zero for both.
        *self.zero.get_or_init(Instant::now)
    }

    /// The time on the host.
    pub(super) fn host_now(&self) -> Duration {
        self.zero.get().map_or(Duration::ZERO, Instant::elapsed)
    }

    /// The exact time.
    pub(super) fn now(&self) -> Duration {
        match self.exact.load(Ordering::Relaxed) {
            0 => self.host_now(),
            plus_one => Duration::from_nanos(plus_one - 1),
        }
    }

    /// The driver has got to `exact`.
    pub(super) fn set(&self, exact: Duration) {
        // Plus one: zero stands for "not at work", and a run begins at time zero.
        self.exact.store(nanos(exact) + 1, Ordering::Relaxed);
    }

    /// The driver has worked through the tick.
    pub(super) fn clear(&self) {
        self.exact.store(0, Ordering::Relaxed);
    }
}

/// The first tick not before `at`.
pub(super) fn tick_not_before(at: Duration) -> Duration {
    // Rounded up: nothing may happen before its exact time.
    Duration::from_millis(nanos(at).div_ceil(1_000_000))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_is_rounded_up_to_its_tick_and_a_tick_is_its_own() {
        assert_eq!(tick_not_before(Duration::ZERO), Duration::ZERO);
        assert_eq!(tick_not_before(Duration::from_nanos(1)), TICK);
        assert_eq!(tick_not_before(TICK), TICK);
        assert_eq!(tick_not_before(Duration::from_micros(1001)), 2 * TICK);
    }
}
