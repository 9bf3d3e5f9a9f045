//! What a viewer loses in the counted window at a drain rate: one run for each seed, on the same plans at every rate.
//!
//! One viewer is run whoever else watches: with the CPU out of the model viewers do not depend on each other, and those
//! that are alike lose alike.

use std::time::Duration;

use hubbub::{Capacity, PushOutcome};

use super::counters::{Counters, DroppedBy};
use crate::plan::{HubChoice, Plan, Reading};
use crate::pool;
use crate::record::{Observation, Record};
use crate::runs::RunError;
use crate::scenario::Scenario;
use crate::specified;
use crate::time::of_seconds;
use crate::world;

/// A run with all that happened in it, by one of the two worlds.
type Observed = fn(&Plan, HubChoice) -> Result<(Record, Vec<Observation>), RunError>;

pub(super) struct Drops {
    /// By seed; nothing arrives after the window.
    plans: Vec<Plan>,
    choice: HubChoice,
    opens: Duration,
    threads: usize,
    /// Viewers that the one stands for.
    viewers: u64,
}

impl Drops {
    /// `scenario` is the counters' at any drain rate.
    pub(super) fn new(counters: &Counters, scenario: &Scenario, seeds: u64, threads: usize) -> Self {
        let opens = of_seconds(super::text::BURST_AT_SECONDS);
        let closes = opens + of_seconds(counters.window_seconds);
        let plan = |seed| {
            let mut plan = Plan::draw(scenario, 1, seed);
            // Each class is a simulated host, and with one subscriber only the first class has a member.
            plan.classes.truncate(1);
            plan.arrivals.retain(|arrival| arrival.at < closes);
            // No drain: the operator's counter was read when the window closed.
            (plan.duration, plan.drain) = (closes, Duration::ZERO);
            plan
        };
        let capacity = usize::try_from(counters.buffer).ok().and_then(Capacity::new);
        let viewers = match counters.dropped_by {
            DroppedBy::One => 1,
            DroppedBy::All => counters.viewers as u64,
        };
        Self {
            plans: (0..seeds).map(plan).collect(),
            choice: HubChoice { capacity: capacity.unwrap_or(Capacity::UNBOUNDED), overflow: counters.policy },
            opens,
            threads,
            viewers,
        }
    }

    /// Frames offered in the window, summed over the seeds.
    pub(super) fn offered(&self) -> u64 {
        let in_window = |plan: &Plan| plan.arrivals.iter().filter(|arrival| arrival.at >= self.opens).count();
        self.viewers * self.plans.iter().map(in_window).sum::<usize>() as u64
    }

    /// Frames lost at a drain rate, by seed.
    pub(super) fn at(&self, bytes_per_second: u64) -> Result<Vec<u64>, RunError> {
        self.run(by_the_specification, |plan| read(plan, Reading::Rate { bytes_per_second }))
    }

    /// Frames lost at a drain rate, by seed, in runs of the real Hub and its transport.
    pub(super) fn by_the_full_stack_at(&self, bytes_per_second: u64) -> Result<Vec<u64>, RunError> {
        let full_stack: Observed = |plan, choice| Ok(world::run_observed(plan, choice)?);
        self.run(full_stack, |plan| read(plan, Reading::Rate { bytes_per_second }))
    }

    /// Frames lost to a viewer that takes nothing and is not cut off for it, by seed.
    pub(super) fn of_a_viewer_that_reads_nothing(&self) -> Result<Vec<u64>, RunError> {
        self.run(by_the_specification, |plan| {
            read(plan, Reading::Never);
            plan.server.write_deadline = plan.duration + Duration::from_secs(1);
        })
    }

    fn run(&self, observed: Observed, change: impl Fn(&mut Plan) + Sync) -> Result<Vec<u64>, RunError> {
        let mut lost = vec![0; self.plans.len()];
        let work = |plan: &Plan| {
            let mut plan = plan.clone();
            change(&mut plan);
            let (_, observations) = observed(&plan, self.choice)?;
            Ok::<_, RunError>(Some(self.viewers * self.lost(&observations)))
        };
        pool::each(&self.plans, self.threads, work, |index, of_one| lost[index] = of_one)?;
        Ok(lost)
    }

    fn lost(&self, observations: &[Observation]) -> u64 {
        let is_loss = |seen: &&Observation| {
            seen.at >= self.opens
                && matches!(seen.what.outcome(), Some(PushOutcome::Refused { .. } | PushOutcome::Displaced { .. }))
        };
        observations.iter().filter(is_loss).count() as u64
    }
}

fn by_the_specification(plan: &Plan, choice: HubChoice) -> Result<(Record, Vec<Observation>), RunError> {
    Ok(specified::run_observed(plan, choice)?)
}

fn read(plan: &mut Plan, reading: Reading) {
    plan.subscribers.iter_mut().for_each(|viewer| viewer.reading = reading.clone());
}
