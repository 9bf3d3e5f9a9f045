//! What an operator has counted, and the drain rates that it leaves possible.

use hubbub::Overflow;
use serde::Serialize;

use crate::scenario::{MAX_READ_BYTES_PER_SECOND, Scenario};
use crate::transport::step_bytes;

/// An operator's counters of one burst. Their names are those of the options of `cargo sim import`.
#[derive(Debug, Clone, PartialEq)]
pub struct Counters {
    /// Name of the scenario to be made.
    pub name: String,
    /// Mean events a second outside the burst.
    pub events_per_second: f64,
    /// Events of the burst.
    pub burst_events: u64,
    /// How long the burst's events took to arrive.
    pub burst_seconds: f64,
    /// Mean bytes of a frame as the socket gets it: the event and some 30 B of framing.
    pub frame_bytes: u64,
    /// Open streams.
    pub viewers: usize,
    /// Slots of a stream's buffer.
    pub buffer: u64,
    /// What a full buffer did; a viewer that is cut off loses the same whatever its rate, so `disconnect` is refused.
    pub policy: Overflow,
    /// How long losses were counted, from the beginning of the burst.
    pub window_seconds: f64,
    /// Frames lost to full buffers in that time.
    pub dropped: u64,
    /// Whose losses these are.
    pub dropped_by: DroppedBy,
    /// Network round trip of the viewers; never counted, and of little weight where the window carries the burst.
    pub round_trip_ms: f64,
    /// What a viewer's socket holds before writes block.
    pub window_bytes: u64,
}

/// Whose losses were counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum DroppedBy {
    /// One viewer's; the others kept up.
    One,
    /// All viewers' in sum, who are taken to be alike.
    All,
}

impl DroppedBy {
    /// The name among the options and in results.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::One => "one",
            Self::All => "all",
        }
    }
}

/// A viewer that is this many times as fast as the burst loses nothing for want of speed.
const FASTER_THAN_THE_BURST: f64 = 4.0;

impl Counters {
    /// The slowest drain rate at which a viewer is not cut off for want of progress, and one that is fast enough for
    /// anything.
    pub(super) fn rates(&self, scenario: &Scenario) -> [u64; 2] {
        let deadline = scenario.settings().server.write_deadline_seconds;
        // Above the quotient: exactly at it, progress would show in the very moment of the deadline.
        let slowest = (step_bytes(self.window_bytes) as f64 / deadline) as u64 + 1;
        [slowest, self.fastest().max(slowest + 1)]
    }

    /// A drain rate that is fast enough for anything.
    pub(super) fn fastest(&self) -> u64 {
        let bytes_per_second = self.burst_per_second() * self.frame_bytes as f64 * FASTER_THAN_THE_BURST;
        // The scenario's own limit comes last, because it holds whatever the window asks for.
        (bytes_per_second.ceil() as u64).max(step_bytes(self.window_bytes)).min(MAX_READ_BYTES_PER_SECOND)
    }

    /// Events a second of the burst.
    pub(super) fn burst_per_second(&self) -> f64 {
        self.burst_events as f64 / self.burst_seconds
    }
}
