//! Time in the specification: whole nanoseconds since the start of the run, and ticks of a millisecond.

use std::time::Duration;

/// Nanoseconds in a tick.
pub(super) const TICK: u64 = 1_000_000;

/// The first tick that is not before `nanos`.
pub(super) fn ticks(nanos: u64) -> u64 {
    // Rounded up, as tokio's timers are: nothing may happen before its exact time.
    nanos.div_ceil(TICK)
}

/// A time as the recorder takes it.
pub(super) fn at(nanos: u64) -> Duration {
    Duration::from_nanos(nanos)
}
