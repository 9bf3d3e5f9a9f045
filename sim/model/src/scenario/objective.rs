//! What is good enough, as a scenario or the command line says it.

use serde::Deserialize;

use super::Scenario;

/// Limits for all subscribers together. What is `None` has no limit.
///
/// `hubbub_sim::Objective` says what each figure means.
#[derive(Debug, Clone, Copy, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ObjectiveSettings {
    /// Largest part of the wanted events that is never read, 0 to 1.
    pub missed: Option<f64>,
    /// Largest age on receipt that 99 % of the events may have, in milliseconds.
    pub age_p99_ms: Option<f64>,
    /// Most bytes of memory that a subscriber may cost.
    pub memory_bytes_per_subscriber: Option<u64>,
}

/// Limits for one class alone. Memory has none: all classes share the payloads, and have buffers of one size.
#[derive(Debug, Clone, Copy, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ClassObjective {
    /// As in [`ObjectiveSettings`], for members of the class.
    pub missed: Option<f64>,
    /// As in [`ObjectiveSettings`], for members of the class.
    pub age_p99_ms: Option<f64>,
}

impl ObjectiveSettings {
    /// Whether there is no limit.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// These limits, and those of `other` where these have none.
    #[must_use]
    pub fn or(self, other: Self) -> Self {
        Self {
            missed: self.missed.or(other.missed),
            age_p99_ms: self.age_p99_ms.or(other.age_p99_ms),
            memory_bytes_per_subscriber: self.memory_bytes_per_subscriber.or(other.memory_bytes_per_subscriber),
        }
    }
}

impl ClassObjective {
    /// Whether there is no limit.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

impl Scenario {
    /// Whether the scenario says what is good enough, for all subscribers or for a class.
    #[must_use]
    pub fn has_objective(&self) -> bool {
        let settings = self.settings();
        !settings.objective.is_empty() || settings.classes.iter().any(|class| !class.objective.is_empty())
    }
}
