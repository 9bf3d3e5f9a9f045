//! Conversions of times that several rooms need.

use std::time::Duration;

/// Whole nanoseconds. Anything longer than 584 years counts as that, and no run is.
pub fn nanos(time: Duration) -> u64 {
    u64::try_from(time.as_nanos()).unwrap_or(u64::MAX)
}

/// A number of seconds, rounded to the nanosecond; for numbers that a check keeps within a few centuries.
pub fn of_seconds(seconds: f64) -> Duration {
    Duration::from_nanos((seconds * 1e9).round() as u64)
}
