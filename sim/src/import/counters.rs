//! What an operator has counted, and whether it can be.

use hubbub::Overflow;
use serde::Serialize;

use super::text;
use crate::scenario::{MAX_READ_BYTES_PER_SECOND, Scenario, ScenarioError};
use crate::transport::step_bytes;
use crate::world::WorldError;

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

/// Why there is no scenario.
#[derive(Debug, thiserror::Error)]
pub enum ImportError {
    /// A counter has a value that cannot be.
    #[error("{option} = {value}: {allowed}")]
    Value {
        /// The option that gives it.
        option: &'static str,
        /// The value as given.
        value: String,
        /// What is allowed.
        allowed: String,
    },
    /// A value that no scenario may have.
    #[error("{option}: {why}")]
    Refused {
        /// The option that gives it.
        option: &'static str,
        /// What the scenario's check says.
        why: String,
    },
    /// The losses cannot be explained by how fast viewers read.
    #[error("--dropped = {dropped}: {why}")]
    Unexplained {
        /// The count.
        dropped: u64,
        /// What it contradicts.
        why: String,
    },
    /// A run failed.
    #[error(transparent)]
    World(#[from] WorldError),
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

/// Which option a field of the scenario comes from: by how it begins.
const OPTIONS: [(&str, &str); 10] = [
    ("name", "--name"),
    ("arrivals.events", "--burst-events"),
    ("arrivals.per_second", "--burst-events over --burst-seconds"),
    ("arrivals.background_per_second", "--events-per-second"),
    ("payload.bytes", "--frame-bytes"),
    ("subscribers", "--viewers"),
    ("buffers", "--buffer"),
    ("class[0].round_trip_ms", "--round-trip-ms"),
    ("class[0].window_bytes", "--window-bytes"),
    ("duration_seconds", "--burst-seconds or --window-seconds"),
];

/// A viewer that is this many times as fast as the burst loses nothing for want of speed.
const FASTER_THAN_THE_BURST: f64 = 4.0;

impl Counters {
    /// Checks every value, runs nothing.
    ///
    /// # Errors
    /// The first that cannot be.
    pub fn check(&self) -> Result<(), ImportError> {
        self.checked().map(drop)
    }

    /// Checks every value, and returns the scenario at the fastest drain rate.
    pub(super) fn checked(&self) -> Result<Scenario, ImportError> {
        let seconds = [("--burst-seconds", self.burst_seconds), ("--window-seconds", self.window_seconds)];
        for (option, value) in seconds.into_iter().chain([("--round-trip-ms", self.round_trip_ms)]) {
            if !(value.is_finite() && value > 0.0) {
                return Err(wrong(option, value, "must be a number above 0"));
            }
        }
        if !self.events_per_second.is_finite() {
            return Err(wrong("--events-per-second", self.events_per_second, "must be a number"));
        }
        let framing_bytes = text::framing_bytes(self);
        if self.frame_bytes <= framing_bytes {
            let allowed = format!("must be more than the {framing_bytes} B of a frame that are its framing");
            return Err(wrong("--frame-bytes", self.frame_bytes, allowed));
        }
        if self.policy == Overflow::Disconnect {
            let allowed =
                "must be drop-newest or drop-oldest: a client that is cut off loses the same at any drain rate";
            return Err(wrong("--policy", self.policy, allowed));
        }
        let text = text::scenario(self, self.fastest(), "");
        Scenario::parse(&self.name, &text).map_err(|cause| self.refused(&cause))
    }

    /// The slowest drain rate at which a viewer is not cut off for want of progress, and one that is fast enough for
    /// anything.
    pub(super) fn rates(&self, scenario: &Scenario) -> [u64; 2] {
        let deadline = scenario.settings().server.write_deadline_seconds;
        let slowest = (step_bytes(self.window_bytes) as f64 / deadline) as u64 + 1;
        [slowest, self.fastest().max(slowest + 1)]
    }

    fn fastest(&self) -> u64 {
        let bytes_per_second = self.burst_per_second() * self.frame_bytes as f64 * FASTER_THAN_THE_BURST;
        (bytes_per_second.ceil() as u64).max(step_bytes(self.window_bytes)).min(MAX_READ_BYTES_PER_SECOND)
    }

    /// Events a second of the burst.
    pub(super) fn burst_per_second(&self) -> f64 {
        self.burst_events as f64 / self.burst_seconds
    }

    /// What a scenario's check says, with the option that is to be changed.
    pub(super) fn refused(&self, cause: &ScenarioError) -> ImportError {
        let ScenarioError::Field { field, value, allowed, .. } = cause else {
            return ImportError::Refused { option: "the scenario of these options", why: cause.to_string() };
        };
        let named = OPTIONS.into_iter().find(|(prefix, _)| field.starts_with(prefix)).map(|(_, option)| option);
        let option = named.unwrap_or("the scenario of these options");
        ImportError::Refused { option, why: format!("{field} = {value}: {allowed}") }
    }
}

fn wrong(option: &'static str, value: impl ToString, allowed: impl Into<String>) -> ImportError {
    ImportError::Value { option, value: value.to_string(), allowed: allowed.into() }
}
