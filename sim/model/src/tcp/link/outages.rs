//! When a link carries nothing: packets are dropped, or held back until the outage is over.

use serde::{Deserialize, Serialize};

/// What an outage does with packets.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum OutageKind {
    /// It drops what reaches the bottleneck.
    Drops,
    /// The line stands still. What reaches the bottleneck waits in the queue.
    Holds,
}

/// A time in which a link carries nothing, in nanoseconds, `until` not included.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Outage {
    /// When it begins.
    pub from: u64,
    /// When the link carries packets again.
    pub until: u64,
    /// What it does with packets.
    pub kind: OutageKind,
}

/// The outages of one link. Those of one kind may overlap.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Outages {
    /// In order, without overlaps.
    drops: Vec<(u64, u64)>,
    holds: Vec<(u64, u64)>,
}

impl Outages {
    /// The outages of a list in any order.
    pub fn new(outages: impl IntoIterator<Item = Outage>) -> Self {
        let (drops, holds): (Vec<_>, Vec<_>) = outages.into_iter().partition(|outage| outage.kind == OutageKind::Drops);
        Self { drops: merged(drops), holds: merged(holds) }
    }

    /// Whether a packet is dropped that reaches the bottleneck at that time.
    pub(super) fn drops_at(&self, at: u64) -> bool {
        let next = self.drops.partition_point(|(_, until)| *until <= at);
        self.drops.get(next).is_some_and(|(from, _)| *from <= at)
    }

    /// The end of the outage in which the line stands still at that time, if there is one.
    pub(super) fn held_until(&self, at: u64) -> Option<u64> {
        let next = self.holds.partition_point(|(_, until)| *until <= at);
        self.holds.get(next).filter(|(from, _)| *from <= at).map(|(_, until)| *until)
    }

    /// When the link carries packets next, from `at` on.
    pub(in crate::tcp) fn over_at(&self, at: u64) -> u64 {
        let mut at = at;
        while let Some((_, until)) =
            self.drops.iter().chain(&self.holds).find(|(from, until)| (*from..*until).contains(&at))
        {
            at = *until;
        }
        at
    }

    /// How much of the time between two moments the line does not stand still.
    pub(super) fn open_time(&self, from: u64, until: u64) -> u64 {
        let held = self.holds.iter().map(|hold| hold.1.min(until).saturating_sub(hold.0.max(from)));
        until.saturating_sub(from) - held.sum::<u64>()
    }

    /// When the line has been open for `span` since `start`.
    pub(super) fn after_open_time(&self, start: u64, span: u64) -> u64 {
        let mut end = start + span;
        for (from, until) in self.holds.iter().filter(|hold| hold.1 > start) {
            // Without a span, a packet still has to wait for the end of an outage that has begun.
            if *from >= end && *from > start {
                break;
            }
            end += until - start.max(*from);
        }
        end
    }
}

/// The times of a list in order, those that overlap or touch made one.
fn merged(outages: Vec<Outage>) -> Vec<(u64, u64)> {
    let mut times: Vec<(u64, u64)> = outages.iter().map(|outage| (outage.from, outage.until)).collect();
    times.retain(|(from, until)| from < until);
    times.sort_unstable();
    let mut merged: Vec<(u64, u64)> = Vec::new();
    for (from, until) in times {
        match merged.last_mut() {
            Some(last) if from <= last.1 => last.1 = last.1.max(until),
            Some(_) | None => merged.push((from, until)),
        }
    }
    merged
}
