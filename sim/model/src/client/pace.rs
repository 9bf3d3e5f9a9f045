//! How much a client may take out of its socket, and when: the plan's reader, kept to by a client that has a real
//! socket in front of it. A byte that it may not take yet stays in the kernel, where it fills the window.

use std::collections::VecDeque;
use std::time::Duration;

use super::speed::{SlowPeriod, Speed, speeds};
use crate::plan::Reading;

/// A reader of limited rate takes what it may in pieces of about this long.
const PIECE: Duration = Duration::from_millis(5);

/// … but not in smaller ones.
const LEAST_PIECE_BYTES: u64 = 128;

/// Tells a client that reads from a real socket when it may take how many bytes.
pub struct ReadPacer {
    speed: Speed,
    changes: VecDeque<(Duration, Speed)>,
    /// A stretch in which a reader of limited rate always has something to read: since when, and what it took in it.
    busy: Option<(Duration, u64)>,
}

/// What a client may do now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum May {
    /// Take at most this many bytes, until the speed changes.
    Take(u64),
    /// Take nothing until this time; `None` means never again.
    WaitUntil(Option<Duration>),
}

impl ReadPacer {
    /// A pacer for a reader that is as planned, and slower during some periods.
    #[must_use]
    pub fn new(reading: &Reading, slow_periods: &[SlowPeriod]) -> Self {
        Self { speed: Speed::Free, changes: speeds(reading, slow_periods), busy: None }
    }

    /// What may be taken at `now`.
    pub fn may(&mut self, now: Duration) -> May {
        while let Some((at, speed)) = self.changes.pop_front_if(|(at, _)| *at <= now) {
            self.speed = speed;
            // A new stretch: what was taken before the change was taken at another rate.
            self.busy = self.busy.map(|_| (at, 0));
        }
        match self.speed {
            Speed::Free => May::Take(u64::MAX),
            Speed::Stopped => May::WaitUntil(self.changes_at()),
            Speed::Limited(rate) => self.limited(rate, now),
        }
    }

    fn limited(&self, rate: u64, now: Duration) -> May {
        let piece = bytes_in(rate, PIECE).max(LEAST_PIECE_BYTES);
        // A reader that finds bytes after a pause has not had time to read any of them.
        let Some((since, taken)) = self.busy else { return May::Take(0) };
        let room = bytes_in(rate, now.saturating_sub(since)).saturating_sub(taken);
        if room >= piece {
            return May::Take(room);
        }
        // Rounded up: woken a nanosecond early, the reader would find less than a piece and wait again.
        let due = since + Duration::from_nanos((taken + piece).saturating_mul(1_000_000_000).div_ceil(rate));
        May::WaitUntil(Some(self.changes_at().map_or(due, |at| at.min(due))))
    }

    /// There is something in the socket.
    pub fn found(&mut self, now: Duration) {
        self.busy.get_or_insert((now, 0));
    }

    /// Bytes were taken. `is_empty` says that the socket has no more.
    pub fn took(&mut self, bytes: u64, is_empty: bool) {
        // An empty socket ends the stretch: from then on the reader is idle.
        self.busy = self.busy.filter(|_| !is_empty).map(|(since, taken)| (since, taken + bytes));
    }

    /// When the speed changes next.
    pub fn changes_at(&self) -> Option<Duration> {
        self.changes.front().map(|(at, _)| *at)
    }
}

fn bytes_in(rate: u64, time: Duration) -> u64 {
    u64::try_from(u128::from(rate) * time.as_nanos() / 1_000_000_000).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::Stall;

    const fn ms(millis: u64) -> Duration {
        Duration::from_millis(millis)
    }

    #[test]
    fn a_stalled_reader_waits_for_the_end_of_its_stall_and_one_that_never_reads_for_nothing() {
        let stalls = vec![Stall { from: ms(10), lasts: ms(30) }];
        let mut pace = ReadPacer::new(&Reading::Stalls { stalls }, &[]);
        assert_eq!(pace.may(ms(9)), May::Take(u64::MAX));
        assert_eq!(pace.changes_at(), Some(ms(10)));
        assert_eq!(pace.may(ms(10)), May::WaitUntil(Some(ms(40))));
        assert_eq!(pace.may(ms(40)), May::Take(u64::MAX));
        assert_eq!(ReadPacer::new(&Reading::Never, &[]).may(ms(1)), May::WaitUntil(None));
    }

    #[test]
    fn a_limited_reader_takes_its_rate_over_a_busy_stretch_and_saves_nothing_up_for_the_next() {
        let mut pace = ReadPacer::new(&Reading::Rate { bytes_per_second: 100_000 }, &[]);
        assert_eq!(pace.may(ms(0)), May::Take(0), "it may look whether there is something");
        pace.found(ms(100));
        assert_eq!(pace.may(ms(100)), May::WaitUntil(Some(ms(105))));
        assert_eq!(pace.may(ms(105)), May::Take(500));
        pace.took(500, false);
        assert_eq!(pace.may(ms(106)), May::WaitUntil(Some(ms(110))));
        assert_eq!(pace.may(ms(120)), May::Take(1500));
        pace.took(20, true);
        assert_eq!(pace.may(ms(500)), May::Take(0));
        pace.found(ms(600));
        assert_eq!(pace.may(ms(600)), May::WaitUntil(Some(ms(605))));
    }

    #[test]
    fn a_limited_reader_that_stalls_takes_nothing_meanwhile_and_makes_up_for_nothing_after() {
        let stalls = vec![Stall { from: ms(100), lasts: ms(300) }, Stall { from: ms(450), lasts: ms(100) }];
        let mut pace = ReadPacer::new(&Reading::RateWithStalls { bytes_per_second: 100_000, stalls }, &[]);
        pace.found(ms(0));
        assert_eq!(pace.may(ms(50)), May::Take(5000));
        pace.took(5000, false);
        assert_eq!(pace.may(ms(100)), May::WaitUntil(Some(ms(400))));
        assert_eq!(pace.may(ms(399)), May::WaitUntil(Some(ms(400))));
        assert_eq!(pace.may(ms(400)), May::WaitUntil(Some(ms(405))));
        assert_eq!(pace.may(ms(420)), May::Take(2000));
    }

    proptest::proptest! {
        /// The reader of the simulated world has this property too, to the byte.
        #[test]
        fn a_limited_reader_with_stalls_never_takes_more_than_its_rate_times_the_time_it_reads(
            bytes_per_second in 1000u64..3_000_000,
            gaps in proptest::collection::vec((1u64..60, 1u64..60), 1..6),
            steps in proptest::collection::vec(100u64..4000, 200),
        ) {
            let mut at = Duration::ZERO;
            let mut stalls = Vec::new();
            for (after, lasts) in gaps {
                stalls.push(Stall { from: at + ms(after), lasts: ms(lasts) });
                at += ms(after + lasts);
            }
            let mut pace = ReadPacer::new(&Reading::RateWithStalls { bytes_per_second, stalls: stalls.clone() }, &[]);
            let mut now = Duration::ZERO;
            let mut taken = 0;
            pace.found(now);
            for step in steps {
                now += Duration::from_micros(step);
                let is_stalled = stalls.iter().any(|stall| (stall.from..stall.from + stall.lasts).contains(&now));
                if let May::Take(most) = pace.may(now) {
                    proptest::prop_assert!(!is_stalled, "takes {most} in a stall, at {now:?}");
                    pace.took(most, false);
                    taken += most;
                }
                let stalled: Duration =
                    stalls.iter().map(|stall| stall.lasts.min(now.saturating_sub(stall.from))).sum();
                let most = bytes_in(bytes_per_second, now - stalled);
                proptest::prop_assert!(taken <= most, "{taken} of {most} at {now:?}");
            }
        }
    }
}
