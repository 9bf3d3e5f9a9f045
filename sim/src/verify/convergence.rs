//! Whether ticks matter: a scenario at two time scales, on the same plans.

use std::ops::Range;

use hubbub::Capacity;

use super::VerifyError;
use crate::plan::{HubChoice, Plan};
use crate::pool;
use crate::runs::Progress;
use crate::scenario::{Overrides, Scenario};
use crate::theory::document::Convergence;
use crate::theory::interval::{CONFIDENCE, mean_interval};
use crate::world::{self, WorldError};

/// Its classes have no path: TCP over one is defined in ticks of one length, so a plan with a path has one time scale.
const SCENARIO: &str = "ci-build";
const SUBSCRIBERS: usize = 100;
const BUFFER: usize = 16;
const SECONDS: f64 = 30.0;

/// Runs the scenario at its time scale and at twice that. The runs of a seed have the same plan, so what differs between
/// them is the ticks' doing.
///
/// # Errors
/// The first failure of a world, or a scenario that cannot be changed as it must.
pub fn converge(seeds: Range<u64>, threads: usize, progress: &dyn Progress) -> Result<Convergence, VerifyError> {
    let overrides = Overrides { duration_seconds: Some(SECONDS), ..Overrides::default() };
    let scenario = Scenario::named(SCENARIO)?.with(overrides)?;
    let time_scales = [1, 2].map(|times| times * scenario.settings().time_scale);
    let jobs: Vec<(u64, u32)> =
        seeds.clone().flat_map(|seed| time_scales.map(|time_scale| (seed, time_scale))).collect();
    progress.begin("time scale", jobs.len() as u64);
    let work = |(seed, time_scale): &(u64, u32)| {
        let lost = lost(&scenario, *seed, *time_scale)?;
        progress.advance(1);
        Ok::<_, WorldError>(Some(lost))
    };
    let mut counts = vec![0; jobs.len()];
    pool::each(&jobs, threads, work, |index, lost| counts[index] = lost)?;
    progress.end();
    // The two runs of a seed are neighbours among the jobs. Compared in pairs, the luck that they share cancels out.
    let pairs: Vec<[u64; 2]> = counts.chunks_exact(2).map(|pair| [pair[0], pair[1]]).collect();
    let differences: Vec<f64> = pairs.iter().map(|[once, twice]| *twice as f64 - *once as f64).collect();
    // Without two replications there is no interval. `NaN` then fails both comparisons below, and nothing counts as
    // inside.
    let (difference, ci) = mean_interval(&differences, CONFIDENCE).unwrap_or((f64::NAN, [f64::NAN; 2]));
    Ok(Convergence {
        scenario: SCENARIO.to_owned(),
        subscribers: SUBSCRIBERS as u64,
        buffer: BUFFER as u64,
        seconds: SECONDS,
        time_scales: time_scales.map(u64::from),
        replications: seeds.end - seeds.start,
        lost: [0, 1].map(|scale| pairs.iter().map(|pair| pair[scale]).sum()),
        difference,
        ci,
        inside: ci[0] <= 0.0 && 0.0 <= ci[1],
    })
}

/// Frames that full mailboxes lost.
fn lost(scenario: &Scenario, seed: u64, time_scale: u32) -> Result<u64, WorldError> {
    let plan = Plan { time_scale, ..Plan::draw(scenario, SUBSCRIBERS, seed) };
    let capacity = Capacity::new(BUFFER).unwrap_or(Capacity::UNBOUNDED);
    let record = world::run(&plan, HubChoice { capacity, overflow: scenario.settings().server.policy })?;
    Ok(record.subscribers.iter().map(|subscriber| subscriber.dropped.buffer_full).sum())
}
