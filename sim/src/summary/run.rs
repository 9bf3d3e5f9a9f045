//! One record, condensed to what a cell needs of it.

use std::time::Duration;

use hdrhistogram::Histogram;
use hubbub::LossCounts;

use serde::{Deserialize, Serialize};

use super::document::RunsDone;
use super::restarts::RestartsSummary;
use crate::record::{Digest, Record, SubscriberRecord};

/// Counts of one class, or of all subscribers, in one run.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Totals {
    /// Members.
    pub subscribers: usize,
    /// Frames offered.
    pub offered: u64,
    /// Frames flushed.
    pub delivered: u64,
    /// Frames read by clients.
    pub received: u64,
    /// Frames waiting or in flight after the drain.
    pub in_flight: u64,
    /// Frames lost.
    pub dropped: LossCounts,
    /// Events published while they were wanted.
    pub wanted: u64,
    /// Frames read for a second time.
    pub doubled: u64,
    /// Time without a stream.
    pub away: Duration,
    /// Most frames that waited for one member.
    pub high_water: u64,
}

impl Totals {
    /// Adds another run's counts; the members are the same in every run.
    pub fn add(&mut self, other: &Self) {
        self.subscribers = other.subscribers;
        self.offered += other.offered;
        self.delivered += other.delivered;
        self.received += other.received;
        self.in_flight += other.in_flight;
        self.dropped.add(&other.dropped);
        self.wanted += other.wanted;
        self.doubled += other.doubled;
        self.away += other.away;
        self.high_water = self.high_water.max(other.high_water);
    }

    /// Events that were wanted and never read.
    pub fn missed(&self) -> u64 {
        self.wanted.saturating_sub(self.received - self.doubled)
    }

    fn of<'a>(subscribers: impl Iterator<Item = &'a SubscriberRecord>) -> Self {
        let mut sums = Self::default();
        for subscriber in subscribers {
            // `add` takes over the other's number of members, so each subscriber brings the number so far.
            let members = sums.subscribers + 1;
            let SubscriberRecord { offered, delivered, received, in_flight, dropped, .. } = *subscriber;
            let SubscriberRecord { wanted, doubled, away, high_water, .. } = *subscriber;
            sums.add(&Self {
                subscribers: members,
                offered,
                delivered,
                received,
                in_flight,
                dropped,
                wanted,
                doubled,
                away,
                high_water,
            });
        }
        sums
    }
}

/// The subscriber that lost the largest part of what it was offered, the first of equals.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Worst {
    /// Index in the plan.
    pub subscriber: usize,
    /// `buffer_full / offered`, above 0.
    #[serde(with = "super::stored::bits")]
    pub drop_rate: f64,
}

/// The largest high-water mark, the first of equals.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct HighWater {
    /// Index in the plan.
    pub subscriber: usize,
    /// Its class.
    pub class: usize,
    /// Frames.
    pub frames: u64,
    /// When it was first reached, in plan time.
    #[serde(with = "super::stored::bits")]
    pub at_ms: f64,
}

/// What is kept of a run until its cell is done.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct RunSummary {
    /// Its seed.
    pub seed: u64,
    /// By class.
    pub classes: Vec<Totals>,
    /// Events that a saturated server never got round to publishing.
    pub unpublished: u64,
    /// Flushes while events arrived.
    pub delivered_in_time: u64,
    /// Most bytes of events alive at once.
    pub peak_pinned_bytes: u64,
    /// Who fared worst, if anybody lost anything.
    pub worst: Option<Worst>,
    /// Who waited longest in line; `None` without subscribers.
    pub high_water: Option<HighWater>,
    /// Whether anybody had a second stream.
    pub has_come_back: bool,
    /// How those who watched came through restarts of the server; `None` where there was none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after_restarts: Option<RestartsSummary>,
    /// The run's digest.
    pub digest: Digest,
    /// Which world did it.
    pub done: RunsDone,
}

/// Latencies by class; merging them takes no order.
#[derive(Debug, Clone)]
pub struct Latencies(pub Vec<(Histogram<u64>, Histogram<u64>)>);

impl RunSummary {
    /// Condenses a record of the full stack; its latencies apart, since they are large and soon merged.
    pub fn of(seed: u64, record: Record) -> (Self, Latencies) {
        Self::done_by(RunsDone::SIMULATED, seed, record)
    }

    /// Condenses the record of a run that was done as `done` says.
    pub fn done_by(done: RunsDone, seed: u64, record: Record) -> (Self, Latencies) {
        let members = |class| record.subscribers.iter().filter(move |subscriber| subscriber.class == class);
        let summary = Self {
            seed,
            classes: (0..record.classes.len()).map(|class| Totals::of(members(class))).collect(),
            unpublished: record.unpublished,
            delivered_in_time: record.delivered_in_time,
            peak_pinned_bytes: record.peak_pinned_bytes,
            worst: worst(&record.subscribers),
            high_water: high_water(&record.subscribers),
            has_come_back: record.subscribers.iter().any(|subscriber| subscriber.connections > 1),
            after_restarts: record.after_restarts.as_ref().map(RestartsSummary::of),
            digest: record.digest,
            done,
        };
        let latencies = record.classes.into_iter().map(|class| (class.flush_us, class.receipt_us));
        (summary, Latencies(latencies.collect()))
    }

    /// All classes together.
    pub fn all(&self) -> Totals {
        let mut sums = Totals::default();
        self.classes.iter().for_each(|class| sums.add(class));
        // `add` is for runs of the same members. Classes have different ones, so their numbers are added here.
        sums.subscribers = self.classes.iter().map(|class| class.subscribers).sum();
        sums
    }

    /// Whether it would have gone the same with mailboxes of that size, whatever the policy: none of its own was ever
    /// fuller, no limit in bytes or age bound either, and nobody came back to be given what it missed.
    pub fn fits(&self, buffer: u64) -> bool {
        self.high_water.is_none_or(|highest| highest.frames <= buffer) && !self.has_drops() && !self.has_come_back
    }

    /// Whether a full mailbox lost anything.
    pub fn has_drops(&self) -> bool {
        self.classes.iter().any(|class| class.dropped.by_limits() > 0)
    }
}

impl Latencies {
    /// Takes another run's latencies in.
    pub fn merge(&mut self, other: Self) {
        if self.0.is_empty() {
            self.0 = other.0;
            return;
        }
        for ((flush, receipt), (more_flush, more_receipt)) in self.0.iter_mut().zip(other.0) {
            // These histograms grow with what they are given, so adding cannot fail.
            let _ = (flush.add(more_flush), receipt.add(more_receipt));
        }
    }
}

fn worst(subscribers: &[SubscriberRecord]) -> Option<Worst> {
    let mut worst: Option<Worst> = None;
    for (index, subscriber) in subscribers.iter().enumerate() {
        let drop_rate = subscriber.dropped.by_limits() as f64 / subscriber.offered.max(1) as f64;
        // Strictly above: of equals the first is named, and without a loss nobody is.
        if drop_rate > worst.map_or(0.0, |worst| worst.drop_rate) {
            worst = Some(Worst { subscriber: index, drop_rate });
        }
    }
    worst
}

fn high_water(subscribers: &[SubscriberRecord]) -> Option<HighWater> {
    // Not `max_by_key`, which keeps the last of equals.
    let (index, highest) = subscribers
        .iter()
        .enumerate()
        .reduce(|first, next| if next.1.high_water > first.1.high_water { next } else { first })?;
    Some(HighWater {
        subscriber: index,
        class: highest.class,
        frames: highest.high_water,
        at_ms: highest.high_water_at.as_secs_f64() * 1000.0,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::summary::fixture;

    fn of(factor: u64) -> (RunSummary, Latencies) {
        RunSummary::of(7, fixture::record(factor))
    }

    #[test]
    fn a_run_is_condensed_by_class_and_nothing_is_lost_on_the_way() {
        let (run, latencies) = of(1);
        let sums = |subscribers,
                    offered,
                    delivered,
                    received,
                    in_flight,
                    [buffer_full, client_gone, evicted]: [u64; 3]| {
            let dropped = LossCounts { buffer_full, client_gone, evicted, ..LossCounts::default() };
            let high_water = 9;
            Totals { subscribers, offered, delivered, received, in_flight, dropped, high_water, ..Totals::default() }
        };
        assert_eq!(run.classes, [sums(2, 200, 178, 174, 6, [10, 2, 4]), sums(1, 100, 64, 62, 3, [30, 1, 2])]);
        assert_eq!(run.all(), sums(3, 300, 242, 236, 9, [40, 3, 6]));
        assert_eq!((run.seed, run.unpublished, run.delivered_in_time, run.peak_pinned_bytes), (7, 4, 200, 3000));
        assert_eq!((latencies.0.len(), run.digest), (2, Digest(1)));
    }

    #[test]
    fn sums_over_runs_keep_the_number_of_members() {
        let (mut sums, (other, _)) = (of(1).0.all(), of(10));
        sums.add(&other.all());
        assert_eq!((sums.subscribers, sums.offered, sums.delivered, sums.received), (3, 3300, 2662, 2596));
        assert_eq!(
            sums.dropped,
            LossCounts { buffer_full: 440, client_gone: 33, evicted: 66, ..LossCounts::default() }
        );
        assert_eq!(sums.in_flight, 99);
    }

    #[test]
    fn who_fared_worst_lost_the_largest_part_and_who_waited_longest_was_there_first() {
        let (run, _) = of(1);
        assert_eq!(run.worst, Some(Worst { subscriber: 2, drop_rate: 0.3 }));
        let highest = HighWater { subscriber: 1, class: 0, frames: 9, at_ms: 1509.0 };
        assert_eq!(run.high_water, Some(highest), "the second of 5, 9 and 9");
    }

    #[test]
    fn the_worst_is_the_first_of_equals_and_nobody_where_nothing_was_lost() {
        let mut record = fixture::record(1);
        record.subscribers[0].dropped.buffer_full = 30;
        assert_eq!(RunSummary::of(7, record).0.worst, Some(Worst { subscriber: 0, drop_rate: 0.3 }));
        let mut record = fixture::record(1);
        record.subscribers.iter_mut().for_each(|subscriber| subscriber.dropped.buffer_full = 0);
        let (run, _) = RunSummary::of(7, record);
        assert_eq!((run.worst, run.has_drops()), (None, false));
    }

    #[test]
    fn one_who_was_offered_nothing_is_not_the_worst() {
        let mut record = fixture::record(1);
        record.subscribers[0] = SubscriberRecord::default();
        assert_eq!(RunSummary::of(7, record).0.worst.map(|worst| worst.subscriber), Some(2));
    }

    #[test]
    fn a_run_fits_into_a_mailbox_that_was_never_fuller_unless_it_lost_something_or_somebody_came_back() {
        let fits = |record: Record| {
            let (run, _) = RunSummary::of(7, record);
            ([8, 9, 10].map(|buffer| run.fits(buffer)), run.has_drops())
        };
        assert_eq!(fits(fixture::record(1)), ([false; 3], true));
        let clean = |connections| {
            let mut record = fixture::record(1);
            for subscriber in &mut record.subscribers {
                (subscriber.dropped, subscriber.connections) = (LossCounts::default(), connections);
            }
            record
        };
        assert_eq!(fits(clean(1)), ([false, true, true], false));
        assert_eq!(fits(clean(2)), ([false; 3], false));
        let mut record = fixture::record(1);
        record.subscribers.clear();
        let (nobody, _) = RunSummary::of(7, record);
        assert!(nobody.fits(0) && nobody.high_water.is_none());
    }

    #[test]
    fn latencies_of_runs_are_pooled_class_by_class() {
        let mut pooled = Latencies(Vec::new());
        [1, 1, 10].into_iter().for_each(|factor| pooled.merge(of(factor).1));
        let counts: Vec<_> = pooled.0.iter().map(|(flush, receipt)| (flush.len(), receipt.len())).collect();
        assert_eq!(counts, [(3, 3), (3, 3)]);
        let near = |value: u64, expected: u64| value.abs_diff(expected) * 1000 <= expected;
        assert!(near(pooled.0[0].0.max(), 10_000) && near(pooled.0[1].1.max(), 80_000));
        assert!(near(pooled.0[1].0.min(), 4000));
    }
}
