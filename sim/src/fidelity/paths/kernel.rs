//! What the kernel's TCP did on a row: measured once, and kept.

use std::hash::Hasher;
use std::time::Duration;

use hubbub::{Capacity, Overflow};
use serde::{Deserialize, Serialize};
use siphasher::sip128::{Hasher128, SipHasher13};

use super::plan::plan;
use super::rows::Row;
use crate::emulated::{self, EmulatedError, EmulatedOutcome, EmulatedRun, Lateness};
use crate::plan::HubChoice;
use crate::record::Record;
use crate::runs::Progress;

/// A mailbox in which everything has room that waits.
pub(super) const LARGE: usize = 4_096;

/// The mailbox in which frames are lost.
pub(super) const SMALL: usize = 64;

/// A row of the kernel's.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct KernelRow {
    pub(super) row: String,
    /// Digest of the plans: what was measured on other plans is measured again.
    pub(super) plans: String,
    /// The kernel's release.
    pub(super) kernel: String,
    /// As read back from the server's sockets.
    pub(super) congestion: Vec<String>,
    pub(super) seeds: Vec<MeasuredSeed>,
}

/// One seed at both mailboxes.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct MeasuredSeed {
    pub(super) seed: u64,
    /// Most frames that waited, in a mailbox of [`LARGE`].
    pub(super) high_water: u64,
    /// Frames that a mailbox of [`SMALL`] refused.
    pub(super) lost: u64,
    /// Of the run with the large mailbox, and of that with the small one.
    pub(super) lateness: [Lateness; 2],
    /// The most that a publish began after its planned time, of both runs.
    pub(super) publish_lag_ms: [f64; 2],
}

impl KernelRow {
    /// The largest 99th percentile of the lateness of any run.
    pub(super) fn lateness_p99_ms(&self) -> f64 {
        self.seeds.iter().flat_map(|seed| &seed.lateness).map(|lateness| lateness.p99_ms).fold(0.0, f64::max)
    }
}

pub(super) fn choice(frames: usize) -> HubChoice {
    HubChoice { capacity: Capacity::new(frames).unwrap_or(Capacity::UNBOUNDED), overflow: Overflow::DropNewest }
}

/// The most that one subscriber waited, and what it lost.
pub(super) fn figures(record: &Record) -> (u64, u64) {
    record.subscribers.first().map_or((0, 0), |one| (one.high_water, one.dropped.buffer_full))
}

/// The digest of a row's plans.
pub(super) fn digest(row: &Row, seeds: u64) -> String {
    let mut hasher = SipHasher13::new();
    for seed in 0..seeds {
        // A plan has no map and no number that is not finite, so it can always be written.
        hasher.write(serde_json::to_string(&plan(row, seed)).unwrap_or_default().as_bytes());
    }
    format!("{:032x}", hasher.finish128().as_u128())
}

/// Measures a row, seeds side by side; the small mailboxes after the large ones.
///
/// Runs that were late are repeated a few times. The last ones count, and the caller looks whether they are evidence.
pub(super) fn measure(
    row: &Row,
    seeds: u64,
    congestion: Option<&str>,
    progress: &dyn Progress,
    is_wanted: &dyn Fn() -> bool,
) -> Result<KernelRow, EmulatedError> {
    let duration = plan(row, 0).duration;
    let name = congestion.map_or(row.name.to_owned(), |congestion| format!("{} {congestion}", row.name));
    let groups = seeds.div_ceil(row.side_by_side());
    progress.begin(&name, 2 * groups * duration.as_secs());
    let run = |frames| -> Result<Vec<EmulatedOutcome>, EmulatedError> {
        let of = |seed| {
            let congestion = congestion.map(str::to_owned);
            EmulatedRun { plan: plan(row, seed), choice: choice(frames), congestion }
        };
        let runs: Vec<_> = (0..seeds).map(of).collect();
        let mut outcomes = Vec::new();
        for group in runs.chunks(usize::try_from(row.side_by_side()).unwrap_or(1)) {
            let told = std::cell::Cell::new(0);
            outcomes.extend(emulated::run_as_evidence(group, &|at: Duration| {
                let now = at.min(duration).as_secs();
                progress.advance(now.saturating_sub(told.replace(now)));
                is_wanted()
            })?);
        }
        Ok(outcomes)
    };
    let large = run(LARGE)?;
    let small = run(SMALL)?;
    progress.end();
    let mut congestion: Vec<String> = large.iter().chain(&small).flat_map(|run| run.congestion.clone()).collect();
    congestion.sort_unstable();
    congestion.dedup();
    let pairs = large.iter().zip(&small).zip(0..);
    Ok(KernelRow {
        row: row.name.to_owned(),
        plans: digest(row, seeds),
        kernel: crate::load::machine().kernel,
        congestion,
        seeds: pairs.map(|((large, small), seed)| measured(large, small, seed)).collect(),
    })
}

fn measured(large: &EmulatedOutcome, small: &EmulatedOutcome, seed: u64) -> MeasuredSeed {
    let lag = |run: &EmulatedOutcome| run.publish_lag.as_secs_f64() * 1_000.0;
    MeasuredSeed {
        seed,
        high_water: figures(&large.record).0,
        lost: figures(&small.record).1,
        lateness: [large.lateness, small.lateness],
        publish_lag_ms: [lag(large), lag(small)],
    }
}
