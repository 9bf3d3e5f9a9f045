//! How fast a reader takes bytes, and when that changes: the plan's way of reading, and the faults that slow it down.

use std::collections::VecDeque;
use std::time::Duration;

use crate::plan::{Reading, Stall};

/// How fast a reader takes bytes. A slower speed is less than a faster one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Speed {
    /// Nothing is read.
    Stopped,
    /// At most this many bytes a second of plan time.
    Limited(u64),
    /// Bytes are read when they arrive.
    Free,
}

/// A time during which a reader is at most this fast.
#[derive(Debug, Clone, Copy)]
pub struct SlowPeriod {
    /// When the slow period begins, as time since the run began.
    pub from: Duration,
    /// When the slow period ends, as time since the run began.
    pub until: Duration,
    /// The fastest that the reader is during the slow period.
    pub speed: Speed,
}

/// The changes of speed from the start on: each time, and the speed from then on. At any time it is the slowest of the
/// planned reading and all slow periods.
pub(crate) fn speeds(reading: &Reading, slow_periods: &[SlowPeriod]) -> VecDeque<(Duration, Speed)> {
    let (usual, stalls) = match reading {
        // A reader that serves frames has its own times, which slow periods do not change.
        Reading::Serves { .. } => return VecDeque::new(),
        Reading::AsItArrives => (Speed::Free, [].as_slice()),
        Reading::Stalls { stalls } => (Speed::Free, stalls.as_slice()),
        Reading::Rate { bytes_per_second } => (Speed::Limited(*bytes_per_second), [].as_slice()),
        Reading::RateWithStalls { bytes_per_second, stalls } => (Speed::Limited(*bytes_per_second), stalls.as_slice()),
        Reading::Never => (Speed::Stopped, [].as_slice()),
    };
    let stall = |stall: &Stall| SlowPeriod { from: stall.from, until: stall.from + stall.lasts, speed: Speed::Stopped };
    let slow: Vec<_> = stalls.iter().map(stall).chain(slow_periods.iter().copied()).collect();
    let mut times: Vec<_> = slow.iter().flat_map(|slow_period| [slow_period.from, slow_period.until]).collect();
    times.push(Duration::ZERO);
    times.sort_unstable();
    // Two periods may begin or end at the same time.
    times.dedup();
    let speed = |at: Duration| {
        let now = slow.iter().filter(|slow_period| (slow_period.from..slow_period.until).contains(&at));
        now.map(|slow_period| slow_period.speed).chain([usual]).min().unwrap_or(usual)
    };
    let mut changes: VecDeque<_> = times.into_iter().map(|at| (at, speed(at))).collect();
    let mut last = None;
    // A change to the same speed would still begin a new stretch of reading, and round its bytes down once more.
    changes.retain(|(_, speed)| last.replace(*speed) != Some(*speed));
    changes
}
