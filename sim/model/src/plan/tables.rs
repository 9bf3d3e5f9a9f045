//! To which table each event is published: one draw an event where there are several tables, none where there is one.

use super::seed::{EntityRng, RngStream};
use crate::scenario::Scenario;

/// The tables of events, one after the other.
pub(super) struct Tables {
    // A stream of its own: with one table or several, events have the same times, sizes and keys.
    rng: EntityRng,
    /// For each table the share of events that are published to it or to one before it, from 0 to 1.
    up_to: Vec<f64>,
}

impl Tables {
    pub(super) fn new(scenario: &Scenario, seed: u64) -> Self {
        let shares = scenario.settings().shares.values();
        let up_to = shares.scan(0.0, |sum, share| {
            *sum += share;
            Some(*sum)
        });
        Self { rng: EntityRng::of(seed, RngStream::Tables), up_to: up_to.collect() }
    }

    /// The index of the next event's table.
    pub(super) fn draw(&mut self) -> u8 {
        let Some(last) = self.up_to.len().checked_sub(1).filter(|last| *last > 0) else { return 0 };
        let drawn = self.rng.unit();
        // The last table takes what rounding has left of the sum of all shares.
        let table = self.up_to.iter().position(|share| drawn < *share).unwrap_or(last);
        // The check of a scenario allows 64 tables.
        u8::try_from(table).unwrap_or(0)
    }
}
