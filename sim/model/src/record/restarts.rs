//! What restarts of the server do to those who watch: how late events are after one, and when the last client is back.

use std::time::Duration;

use hdrhistogram::Histogram;

use super::histogram::{count_us, histogram};
use crate::plan::Plan;
use crate::time::nanos;

/// The events that are looked at: those published in so long a time after the next process has begun.
pub const AFTER_A_RESTART: Duration = Duration::from_secs(10);

/// How those who watched have come through the restarts of a run. It is no part of the digest.
#[derive(Debug, Clone, PartialEq)]
pub struct AfterRestarts {
    /// Publish to receipt, in microseconds of plan time: of every event that was published within [`AFTER_A_RESTART`], for
    /// every client that has read it, however late.
    pub receipt_us: Histogram<u64>,
    /// Those of them that a client has read from a stream which had begun before the event: none that it missed and was
    /// given afterwards.
    pub live_us: Histogram<u64>,
    /// The longest that a client whose stream a restart had ended has taken until it read something again; from the end of
    /// the process, in plan time.
    pub last_back_after: Option<Duration>,
    /// Clients whose stream a restart had ended, and that had read nothing since when the run was over.
    pub not_back: u64,
}

/// What is noted while a run goes on; times are virtual.
#[derive(Debug)]
pub(super) struct Restarts {
    time_scale: u32,
    /// When a process ends, and when the next begins.
    times: Vec<[Duration; 2]>,
    watchers: Vec<Watcher>,
    noted: AfterRestarts,
}

#[derive(Debug, Clone, Copy, Default)]
struct Watcher {
    /// Number of events that had been published when the stream of this subscriber began.
    joined_after: u64,
    has_stream: bool,
    /// When a restart cut it off; `None` once it has read something of a later stream.
    cut_at: Option<Duration>,
}

impl Restarts {
    /// `None` for a plan without one.
    pub(super) fn of(plan: &Plan) -> Option<Box<Self>> {
        let times: Vec<_> = plan.restarts().map(|fault| [fault.at, fault.until()]).collect();
        let noted = AfterRestarts { receipt_us: histogram(), live_us: histogram(), last_back_after: None, not_back: 0 };
        let watchers = vec![Watcher::default(); plan.subscribers.len()];
        (!times.is_empty()).then(|| Box::new(Self { time_scale: plan.time_scale, times, watchers, noted }))
    }

    /// A subscriber has a stream, before which so many events had been published.
    pub(super) fn subscribed(&mut self, index: usize, published: u64) {
        self.watchers[index].joined_after = published;
        self.watchers[index].has_stream = true;
    }

    /// The stream of a subscriber has ended.
    pub(super) fn ended(&mut self, now: Duration, index: usize) {
        let watcher = &mut self.watchers[index];
        watcher.has_stream = false;
        if self.times.iter().any(|[end, begin]| (*end..*begin).contains(&now)) {
            watcher.cut_at.get_or_insert(now);
        }
    }

    /// A client has left for good: nobody waits for it.
    pub(super) fn left(&mut self, index: usize) {
        self.watchers[index].cut_at = None;
    }

    /// A client has read something of its stream.
    pub(super) fn read(&mut self, now: Duration, index: usize) {
        let watcher = &mut self.watchers[index];
        // Without a stream it reads what had been under way when the last one ended.
        if watcher.has_stream
            && let Some(cut_at) = watcher.cut_at.take()
        {
            let away = now.saturating_sub(cut_at) / self.time_scale;
            self.noted.last_back_after = self.noted.last_back_after.max(Some(away));
        }
    }

    /// A client has read the event of that sequence, published at a time in nanoseconds, that many microseconds later.
    pub(super) fn received(&mut self, index: usize, sequence: u64, published_at: u64, latency_us: u64) {
        let window = nanos(AFTER_A_RESTART * self.time_scale);
        // The last that began before: in a short life of a process, the next one's events are not of this one.
        let begun = self.times.iter().rev().map(|[_, begin]| nanos(*begin)).find(|begin| *begin <= published_at);
        if begun.is_none_or(|begun| published_at - begun >= window) {
            return;
        }
        count_us(&mut self.noted.receipt_us, latency_us);
        if sequence > self.watchers[index].joined_after {
            count_us(&mut self.noted.live_us, latency_us);
        }
    }

    /// The end of the run.
    pub(super) fn finish(&self) -> AfterRestarts {
        let not_back = self.watchers.iter().filter(|watcher| watcher.cut_at.is_some()).count() as u64;
        AfterRestarts { not_back, ..self.noted.clone() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    /// A restart from 20 s to 22 s, watched by so many.
    fn restarts(watchers: usize) -> Restarts {
        let noted = AfterRestarts { receipt_us: histogram(), live_us: histogram(), last_back_after: None, not_back: 0 };
        let watchers = vec![Watcher::default(); watchers];
        Restarts { time_scale: 1, times: vec![[20 * SECOND, 22 * SECOND]], watchers, noted }
    }

    #[test]
    fn events_of_the_first_ten_seconds_count_and_those_that_a_client_was_given_afterwards_are_not_live() {
        let mut restarts = restarts(1);
        restarts.subscribed(0, 6);
        let at = |seconds: u32| nanos(seconds * SECOND);
        for (sequence, published_at) in [(4, at(19)), (5, at(22)), (6, at(23)), (7, at(31)), (8, at(32))] {
            restarts.received(0, sequence, published_at, sequence * 1000);
        }
        let after = restarts.finish();
        assert_eq!((after.receipt_us.len(), after.live_us.len()), (3, 1), "of 5, 6 and 7, the last alone is live");
        assert!(after.live_us.max().abs_diff(7000) <= 7);
    }

    #[test]
    fn a_client_is_back_when_it_reads_of_a_stream_that_has_begun_since_and_not_of_the_old_one() {
        let mut restarts = restarts(4);
        (0..4).for_each(|index| restarts.subscribed(index, 0));
        // The third has lost its stream before, for another reason.
        restarts.ended(19 * SECOND, 2);
        [0, 1, 3].into_iter().for_each(|index| restarts.ended(20 * SECOND, index));
        restarts.read(21 * SECOND, 0);
        assert_eq!(restarts.finish().last_back_after, None, "that was under way");
        (0..3).for_each(|index| restarts.subscribed(index, 0));
        restarts.read(25 * SECOND, 0);
        restarts.read(90 * SECOND, 2);
        restarts.left(3);
        let after = restarts.finish();
        assert_eq!((after.last_back_after, after.not_back), (Some(5 * SECOND), 1), "the second has read nothing");
    }
}
