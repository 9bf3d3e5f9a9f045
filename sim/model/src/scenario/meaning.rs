//! What a class amounts to: how many bytes a second it takes, on the mean, of those that it is offered.

use super::{Class, FRAME_OVERHEAD_BYTES, NetworkPath, Reads, RoundTrip, Scenario, load};

/// What a member of a class takes, on the mean.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Drain {
    /// Bytes a second that the window carries over the round trip; without a limit where the client's kernel tunes it.
    pub window_bytes_per_second: f64,
    /// Payload that the line carries in a second, if it has a rate. Headers and the part that is lost are taken off.
    pub line_bytes_per_second: Option<f64>,
    /// Part of the time in which the path carries anything, 0 to 1, on the mean.
    pub carrying_part: f64,
    /// Bytes a second while it reads, if it has a limit of its own; 0 for one that never reads.
    pub limit_bytes_per_second: Option<f64>,
    /// Part of the time in which it reads, 0 to 1, on the mean.
    pub reading_part: f64,
}

impl Drain {
    /// Bytes a second over a long time.
    #[must_use]
    pub fn mean_bytes_per_second(&self) -> f64 {
        let limits = [self.limit_bytes_per_second, self.line_bytes_per_second];
        let limit = limits.into_iter().flatten().fold(self.window_bytes_per_second, f64::min);
        limit * self.reading_part * self.carrying_part
    }
}

impl Scenario {
    /// What the members of a class take.
    #[must_use]
    pub fn drain(&self, class: &Class) -> Drain {
        let tick_ms = 1.0 / f64::from(self.settings().time_scale);
        let round_trip_ms = match class.round_trip_ms {
            RoundTrip::Ms(ms) => ms,
            RoundTrip::Minimum => 2.0 * tick_ms,
        };
        let reading_part = class.reads.stalls().map_or(1.0, |[after, stall]| {
            let [reads, stalls] = [after, stall].map(|[least, most]| f64::midpoint(least, most));
            reads / (reads + stalls)
        });
        let path = class.path();
        let window_bytes = match &path {
            Some(path) if path.tunes_window => f64::INFINITY,
            Some(_) | None => class.window_bytes as f64,
        };
        Drain {
            line_bytes_per_second: path.as_ref().and_then(NetworkPath::payload_bytes_per_second),
            carrying_part: path.as_ref().map_or(1.0, NetworkPath::carrying_part),
            // Two ticks on top of the round trip: data and the word of freed room each wait for one.
            window_bytes_per_second: window_bytes * 1e3 / (round_trip_ms + 2.0 * tick_ms),
            limit_bytes_per_second: match class.reads {
                Reads::Never => Some(0.0),
                reads => reads.bytes_per_second().map(|bytes| bytes as f64),
            },
            reading_part,
        }
    }

    /// Events a second where they come thickest, in any one second.
    #[must_use]
    pub fn peak_per_second(&self) -> f64 {
        load::peak_per_second(self.settings(), self.trace())
    }

    /// Bytes that a frame has on the wire besides its payload, about.
    #[must_use]
    pub fn frame_overhead_bytes() -> f64 {
        FRAME_OVERHEAD_BYTES
    }
}
