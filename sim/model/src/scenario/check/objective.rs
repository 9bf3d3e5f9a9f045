//! Checks of what is good enough.

use super::Found;
use super::range::{positive, whole, within};
use crate::scenario::error::Wrong;
use crate::scenario::limits::{MAX_OBJECTIVE_BYTES, MAX_OBJECTIVE_MS};
use crate::scenario::objective::ObjectiveSettings;
use crate::scenario::{ScenarioError, Settings};

impl ObjectiveSettings {
    /// Checks limits that are given without a scenario; `source` is what the error calls them.
    ///
    /// # Errors
    /// With the first value that a scenario could not have.
    pub fn checked(self, source: &str) -> Result<Self, ScenarioError> {
        match limits(&self).into_iter().next() {
            Some(wrong) => Err(wrong.in_file(source)),
            None => Ok(self),
        }
    }
}

pub(super) fn objective(found: &mut Found, settings: &Settings) {
    found.0.extend(limits(&settings.objective));
    for (index, class) in settings.classes.iter().enumerate() {
        let table = format!("class[{index}].objective");
        found.0.extend(rates(&table, class.objective.missed, class.objective.age_p99_ms));
    }
}

/// What is wrong with the limits for all subscribers.
fn limits(objective: &ObjectiveSettings) -> Vec<Wrong> {
    let field = "objective.memory_bytes_per_subscriber";
    let memory = objective.memory_bytes_per_subscriber.map(|bytes| whole(field, bytes, 1..=MAX_OBJECTIVE_BYTES));
    let mut wrong = rates("objective", objective.missed, objective.age_p99_ms);
    wrong.extend(memory.and_then(Result::err));
    wrong
}

fn rates(table: &str, missed: Option<f64>, age_p99_ms: Option<f64>) -> Vec<Wrong> {
    let missed = missed.map(|part| within(&format!("{table}.missed"), part, 0.0..=1.0));
    let age = age_p99_ms.map(|ms| positive(&format!("{table}.age_p99_ms"), ms, MAX_OBJECTIVE_MS));
    [missed, age].into_iter().flatten().filter_map(Result::err).collect()
}
