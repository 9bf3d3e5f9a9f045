//! The rows on which the model of TCP is held against the kernel's.
//!
//! They were chosen with the emulator alone, before the model ran on any of them. The model was not run at all on those
//! that are held out, until everything else was done. Rows on which it has run are never held out again: a mended model
//! gets others.

use std::time::Duration;

use crate::tcp::OutageKind;

/// A path, what is published over it, and what goes wrong.
#[derive(Debug, Clone, Copy)]
pub(super) struct Row {
    pub(super) name: &'static str,
    /// The model was not run on it while it was made.
    pub(super) is_held_out: bool,
    pub(super) events: Events,
    pub(super) round_trip_ms: u64,
    pub(super) mbit: u64,
    pub(super) loss: Loss,
    pub(super) outage: Option<(u64, OutageKind)>,
    /// When the outage or the stall begins with the first seed.
    pub(super) trouble_at: Duration,
    /// The client reads nothing for so many seconds, and its receive buffer has so many bytes.
    pub(super) stall: Option<(u64, u64)>,
}

/// When events arrive.
#[derive(Debug, Clone, Copy)]
pub(super) enum Events {
    /// So many a second, for so many seconds.
    Steady { per_second: u64, seconds: u64 },
    /// Two bursts of so many events over so many milliseconds, ten seconds apart; with each seed a second later, since
    /// those of all seeds at once are more than a small machine publishes in time.
    Bursts { events: u64, over_ms: u64, background: Background },
}

/// What comes between bursts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Background {
    /// Two events a second.
    Some,
    /// Nothing: the connection is idle.
    None,
}

/// The part of time slots that are lost in each direction, in millionths.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Loss {
    /// Each slot by itself.
    Independent(u64),
    /// In runs of four slots on average.
    Bursty(u64),
}

impl Loss {
    /// The part of slots that are lost, in millionths.
    pub(super) fn millionths(self) -> u64 {
        match self {
            Self::Independent(millionths) | Self::Bursty(millionths) => millionths,
        }
    }
}

/// Events a second that a small machine publishes in time, with everything that follows from them.
const MOST_PER_SECOND: u64 = 1_000;

/// Seeds of a row that are measured at a time, at most.
const MOST_SIDE_BY_SIDE: u64 = 10;

impl Row {
    /// How many seeds are measured at a time.
    pub(super) fn side_by_side(&self) -> u64 {
        match self.events {
            Events::Steady { per_second, .. } => (MOST_PER_SECOND / per_second).clamp(1, MOST_SIDE_BY_SIDE),
            Events::Bursts { .. } => MOST_SIDE_BY_SIDE,
        }
    }

    /// Bytes that the queue of the bottleneck holds.
    pub(super) fn queue_bytes(&self) -> u64 {
        if self.mbit > 1 { 65_536 } else { 32_768 }
    }

    /// Time without packets.
    pub(super) fn outage_lasts(&self) -> Duration {
        Duration::from_secs(self.outage.map_or(0, |(seconds, _)| seconds))
    }
}

const fn steady(name: &'static str, per_second: u64, seconds: u64) -> Row {
    Row {
        name,
        is_held_out: false,
        events: Events::Steady { per_second, seconds },
        round_trip_ms: 120,
        mbit: 1,
        loss: Loss::Independent(0),
        outage: None,
        trouble_at: Duration::from_secs(6),
        stall: None,
    }
}

const fn bursts(name: &'static str, events: u64, over_ms: u64) -> Row {
    Row { events: Events::Bursts { events, over_ms, background: Background::Some }, ..steady(name, 1, 1) }
}

const fn after_idle(name: &'static str, events: u64, over_ms: u64) -> Row {
    Row { events: Events::Bursts { events, over_ms, background: Background::None }, ..steady(name, 1, 1) }
}

const fn outage(name: &'static str, seconds: u64, packets: OutageKind) -> Row {
    Row { outage: Some((seconds, packets)), ..steady(name, 60, 16 + seconds) }
}

impl Row {
    const fn lossy(self, millionths: u64) -> Self {
        Self { loss: Loss::Independent(millionths), ..self }
    }

    const fn over(self, round_trip_ms: u64, mbit: u64) -> Self {
        Self { round_trip_ms, mbit, ..self }
    }

    const fn held_out(self) -> Self {
        Self { is_held_out: true, ..self }
    }
}

use OutageKind::{Drops, Holds};

/// All of them, in the order in which they are shown.
pub(super) const ROWS: [Row; 32] = [
    steady("steady-100-loss-1", 100, 20).lossy(10_000),
    steady("steady-100-loss-3", 100, 20).lossy(30_000),
    steady("steady-80-loss-3-300ms", 80, 20).lossy(30_000).over(300, 1),
    bursts("burst", 300, 1_000),
    bursts("burst-loss-0.5", 300, 1_000).lossy(5_000),
    bursts("burst-loss-3", 300, 1_000).lossy(30_000),
    Row { loss: Loss::Bursty(10_000), ..bursts("burst-loss-1-bursty-300ms", 300, 1_000) }.over(300, 1),
    bursts("burst-loss-1-40ms-5mbit", 600, 1_000).lossy(10_000).over(40, 5),
    bursts("burst-loss-3-5mbit", 600, 1_000).lossy(30_000).over(120, 5),
    bursts("burst-loss-0.5-300ms-5mbit", 600, 1_000).lossy(5_000).over(300, 5),
    after_idle("after-idle-5mbit", 400, 500).over(120, 5),
    after_idle("after-idle-loss-1", 300, 1_000).lossy(10_000),
    after_idle("after-idle-loss-0.5-300ms", 200, 500).lossy(5_000).over(300, 1),
    Row { stall: Some((4, 16_384)), ..steady("stall-4s", 60, 14) },
    Row { stall: Some((3, 16_384)), ..steady("stall-3s-loss-1", 80, 14) }.lossy(10_000),
    outage("outage-1s", 1, Drops),
    outage("outage-2s", 2, Drops),
    outage("outage-2s-loss-0.5-300ms", 2, Drops).lossy(5_000).over(300, 1),
    outage("outage-3s-300ms", 3, Drops).over(300, 1),
    Row { events: Events::Steady { per_second: 200, seconds: 18 }, ..outage("outage-3s-40ms-5mbit", 3, Drops) }
        .over(40, 5),
    outage("outage-8s", 8, Drops),
    Row { events: Events::Steady { per_second: 200, seconds: 16 }, ..outage("held-2s-300ms-5mbit", 2, Holds) }
        .over(300, 5),
    outage("held-3s-loss-1", 3, Holds).lossy(10_000),
    outage("held-8s", 8, Holds),
    steady("steady-90-loss-2-200ms", 90, 20).lossy(20_000).over(200, 1).held_out(),
    Row { loss: Loss::Bursty(30_000), ..bursts("burst-loss-3-bursty", 300, 1_000) }.held_out(),
    bursts("burst-loss-1-40ms", 300, 1_000).lossy(10_000).over(40, 1).held_out(),
    bursts("burst-loss-2-300ms-5mbit", 600, 1_000).lossy(20_000).over(300, 5).held_out(),
    after_idle("after-idle-loss-1-200ms-5mbit", 400, 500).lossy(10_000).over(200, 5).held_out(),
    Row { stall: Some((3, 16_384)), ..steady("stall-3s-200ms", 80, 14) }.over(200, 1).held_out(),
    outage("outage-3s-loss-1-60ms", 3, Drops).lossy(10_000).over(60, 1).held_out(),
    outage("held-3s-300ms", 3, Holds).over(300, 1).held_out(),
];

/// A row of some seconds.
pub(super) const QUICK: Row = Row {
    trouble_at: Duration::from_secs(3),
    events: Events::Steady { per_second: 100, seconds: 3 },
    ..outage("quick", 1, Drops)
};

/// Rows that are also measured with a congestion control that no model has.
pub(super) const UNMODELLED: [&str; 4] = ["burst", "burst-loss-3", "after-idle-5mbit", "outage-2s"];

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn a_quarter_of_the_rows_is_held_out_and_names_are_single() {
        let names: BTreeSet<_> = ROWS.iter().map(|row| row.name).collect();
        assert_eq!(names.len(), ROWS.len());
        assert_eq!(ROWS.iter().filter(|row| row.is_held_out).count(), 8);
        assert!(UNMODELLED.iter().all(|name| names.contains(name)));
        let lossy = ROWS.iter().filter(|row| row.loss.millionths() > 0);
        assert!(lossy.count() >= 8);
    }
}
