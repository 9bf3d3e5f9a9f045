//! Whether an operator's counters can be, and what to change where a scenario cannot be made of them.

use hubbub::Overflow;

use super::counters::Counters;
use super::text;
use crate::runs::RunError;
use crate::scenario::{Scenario, ScenarioError};

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
    /// The full stack does not lose what the specification does at the rate that was found: a fault of this program.
    #[error(
        "at {bytes_per_second} B/s the full stack loses {simulated:?} frames, and the specification {specified:?}, by seed"
    )]
    Disagreement {
        /// The rate.
        bytes_per_second: u64,
        /// By seed.
        simulated: Vec<u64>,
        /// By seed.
        specified: Vec<u64>,
    },
    /// A run failed.
    #[error(transparent)]
    Run(#[from] RunError),
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
            let allowed = "must be drop-newest or drop-oldest: whoever is cut off loses the same at any drain rate";
            return Err(wrong("--policy", self.policy, allowed));
        }
        // At the fastest rate: it passes every check of rates, so that only the counters can be refused.
        let text = text::scenario(self, self.fastest(), "");
        Scenario::parse(&self.name, &text).map_err(|cause| self.refused(&cause))
    }

    /// What a scenario's check says, with the option that is to be changed.
    pub(super) fn refused(&self, cause: &ScenarioError) -> ImportError {
        let ScenarioError::Field { field, value, allowed, .. } = cause else {
            return ImportError::Refused { option: "the scenario of these options", why: cause.to_string() };
        };
        // By how it begins: `buffers[2]` comes from the same option as `buffers`.
        let named = OPTIONS.into_iter().find(|(prefix, _)| field.starts_with(prefix)).map(|(_, option)| option);
        let option = named.unwrap_or("the scenario of these options");
        ImportError::Refused { option, why: format!("{field} = {value}: {allowed}") }
    }
}

fn wrong(option: &'static str, value: impl ToString, allowed: impl Into<String>) -> ImportError {
    ImportError::Value { option, value: value.to_string(), allowed: allowed.into() }
}
