//! Settings as text, of which the fingerprint of a scenario is made.

use std::fmt;

use super::{DEFAULT_CURRENT_BUFFER, DEFAULT_TABLE, Settings};

// By hand: a scenario without an objective, or without several tables, must have the fingerprint that it had before there
// were any.
impl fmt::Debug for Settings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            name,
            question,
            table,
            shares,
            duration_seconds,
            drain_seconds,
            subscribers,
            buffers,
            current_buffer,
            seeds,
            time_scale,
            sensitivity,
            server,
            arrivals,
            payload,
            keys,
            objective,
            classes,
            faults,
        } = self;
        let mut text = f.debug_struct("Settings");
        text.field("name", name)
            .field("question", question)
            .field("table", &table.as_deref().unwrap_or(DEFAULT_TABLE))
            .field("duration_seconds", duration_seconds)
            .field("drain_seconds", drain_seconds)
            .field("subscribers", subscribers)
            .field("buffers", buffers)
            .field("current_buffer", &current_buffer.unwrap_or(DEFAULT_CURRENT_BUFFER))
            .field("seeds", seeds)
            .field("time_scale", time_scale)
            .field("sensitivity", sensitivity)
            .field("server", server)
            .field("arrivals", arrivals)
            .field("payload", payload)
            .field("keys", keys);
        if !objective.is_empty() {
            text.field("objective", objective);
        }
        if !shares.is_empty() {
            text.field("tables", shares);
        }
        text.field("classes", classes).field("faults", faults).finish()
    }
}

#[cfg(test)]
mod tests {
    use crate::scenario::Scenario;

    fn small(tables: &str, class: &str) -> Scenario {
        let text = include_str!("../small.toml").replace("[arrivals]", &format!("{tables}\n[arrivals]"));
        Scenario::parse("small.toml", &format!("{text}{class}\n")).unwrap()
    }

    #[test]
    fn a_scenario_without_an_objective_has_the_fingerprint_that_it_had_before_there_were_any() {
        let without = small("", "");
        let text = format!("{:?}", without.settings());
        assert!(!text.contains("objective"), "{text}");
        // As stored by a program that knew no objectives.
        assert_eq!(without.fingerprint(), 13_805_771_794_285_227_935);
        assert_eq!(
            small("[objective]", "[class.objective]").fingerprint(),
            without.fingerprint(),
            "nothing is limited"
        );
        let of_all = small("[objective]\nmissed = 0.1", "").fingerprint();
        let of_class = small("", "[class.objective]\nmissed = 0.1").fingerprint();
        assert!(of_all != without.fingerprint() && of_class != without.fingerprint() && of_all != of_class);
    }
}
