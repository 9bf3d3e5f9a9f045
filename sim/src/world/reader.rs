//! How a client takes bytes out of its socket: exact arithmetic on arrivals, without a clock of its own.
//!
//! Nothing here depends on how bytes were cut into segments on the way.

use std::collections::VecDeque;
use std::time::Duration;

use super::clock::nanos;
use crate::plan::{Reading, Stall};

/// A reader of limited rate tells its peer of freed room in steps of one Ethernet segment, or when it has read
/// everything: the receiver's side of silly-window avoidance, RFC 1122 §4.2.3.3.
const SEGMENT_BYTES: u64 = 1460;

pub(super) struct Reader {
    pace: Pace,
    /// Bytes that have reached the client.
    arrived: u64,
    /// Bytes that the server has been told are read.
    told: u64,
}

enum Pace {
    Free,
    Stalling(VecDeque<Stall>),
    Rate {
        bytes_per_second: u64,
        step_bytes: u64,
        /// When everything that has arrived will have been read.
        idle_at: Duration,
    },
    Never,
}

impl Reader {
    /// `time_scale` slows a rate down; the stalls of `reading` are in virtual time already.
    pub(super) fn new(reading: &Reading, window_bytes: u64, time_scale: u32) -> Self {
        let pace = match reading {
            Reading::AsItArrives => Pace::Free,
            Reading::Stalls { stalls } => Pace::Stalling(stalls.iter().copied().collect()),
            Reading::Rate { bytes_per_second } => Pace::Rate {
                bytes_per_second: (bytes_per_second / u64::from(time_scale)).max(1),
                step_bytes: SEGMENT_BYTES.min(window_bytes.div_ceil(2)),
                idle_at: Duration::ZERO,
            },
            Reading::Never => Pace::Never,
        };
        Self { pace, arrived: 0, told: 0 }
    }

    /// Bytes have reached the client.
    pub(super) fn arrive(&mut self, now: Duration, bytes: u64) {
        self.arrived += bytes;
        if let Pace::Rate { bytes_per_second, idle_at, .. } = &mut self.pace {
            *idle_at = (*idle_at).max(now) + time_for(bytes, *bytes_per_second);
        }
    }

    /// How many of the bytes that arrived have been read by `now`.
    pub(super) fn read_by(&mut self, now: Duration) -> u64 {
        match &mut self.pace {
            Pace::Free => self.arrived,
            Pace::Never => 0,
            Pace::Stalling(stalls) => {
                while stalls.front().is_some_and(|stall| stall.from + stall.lasts <= now) {
                    stalls.pop_front();
                }
                if stalls.front().is_some_and(|stall| stall.from <= now) { self.told } else { self.arrived }
            }
            Pace::Rate { bytes_per_second, idle_at, .. } => {
                // Each arrival rounds `idle_at` up, but what is told has been read.
                let unread = bytes_left(idle_at.saturating_sub(now), *bytes_per_second);
                self.arrived - unread.min(self.arrived - self.told)
            }
        }
    }

    /// When the byte before offset `end` was read, if that is by `now`.
    pub(super) fn read_at(&self, end: u64, now: Duration) -> Duration {
        match &self.pace {
            Pace::Rate { bytes_per_second, idle_at, .. } => {
                idle_at.saturating_sub(time_for(self.arrived.saturating_sub(end), *bytes_per_second)).min(now)
            }
            Pace::Free | Pace::Stalling(_) | Pace::Never => now,
        }
    }

    /// Bytes to tell the server of at `now`, as read since the last call.
    pub(super) fn tell(&mut self, now: Duration) -> u64 {
        let read = self.read_by(now);
        let is_worth_it = match &self.pace {
            Pace::Rate { step_bytes, .. } => read == self.arrived || read - self.told >= *step_bytes,
            Pace::Free | Pace::Stalling(_) | Pace::Never => true,
        };
        let news = if is_worth_it { read - self.told } else { 0 };
        self.told += news;
        news
    }

    /// When there will be something to tell, without a further arrival.
    pub(super) fn tells_at(&self) -> Option<Duration> {
        if self.told == self.arrived {
            return None;
        }
        match &self.pace {
            Pace::Free | Pace::Never => None,
            Pace::Stalling(stalls) => stalls.front().map(|stall| stall.from + stall.lasts),
            Pace::Rate { bytes_per_second, step_bytes, idle_at } => {
                let after_step = self.arrived.saturating_sub(self.told + step_bytes);
                Some(idle_at.saturating_sub(time_for(after_step, *bytes_per_second)))
            }
        }
    }
}

/// Time to read `bytes`, rounded up.
fn time_for(bytes: u64, bytes_per_second: u64) -> Duration {
    let nanos = (u128::from(bytes) * 1_000_000_000).div_ceil(u128::from(bytes_per_second));
    Duration::from_nanos(u64::try_from(nanos).unwrap_or(u64::MAX))
}

/// Bytes not yet read with `left` to go, the one that is being read among them: the fewest that take [`time_for`] so
/// long. Of the time for some bytes it is those bytes, though that time is rounded up.
fn bytes_left(left: Duration, bytes_per_second: u64) -> u64 {
    let Some(before) = nanos(left).checked_sub(1) else { return 0 };
    let bytes = u128::from(before) * u128::from(bytes_per_second) / 1_000_000_000 + 1;
    u64::try_from(bytes).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn ms(millis: u64) -> Duration {
        Duration::from_millis(millis)
    }

    #[test]
    fn a_free_reader_tells_of_every_byte_at_once_and_one_that_never_reads_of_none() {
        let mut free = Reader::new(&Reading::AsItArrives, 100, 1);
        let mut never = Reader::new(&Reading::Never, 100, 1);
        free.arrive(ms(5), 70);
        never.arrive(ms(5), 70);
        assert_eq!((free.tell(ms(5)), free.tell(ms(6)), free.tells_at()), (70, 0, None));
        assert_eq!((never.tell(ms(5)), never.tells_at()), (0, None));
    }

    #[test]
    fn a_stalled_reader_takes_nothing_until_the_stall_ends_and_then_everything() {
        let stalls = vec![Stall { from: ms(10), lasts: ms(30) }];
        let mut reader = Reader::new(&Reading::Stalls { stalls }, 100, 1);
        reader.arrive(ms(9), 10);
        assert_eq!(reader.tell(ms(9)), 10);
        reader.arrive(ms(10), 10);
        assert_eq!((reader.tell(ms(10)), reader.tells_at()), (0, Some(ms(40))));
        reader.arrive(ms(39), 10);
        assert_eq!((reader.tell(ms(39)), reader.tell(ms(40))), (0, 20));
    }

    #[test]
    fn a_rate_is_kept_to_the_byte_however_the_bytes_were_cut() {
        let reading = Reading::Rate { bytes_per_second: 1000 };
        let (mut whole, mut cut) = (Reader::new(&reading, 1 << 20, 1), Reader::new(&reading, 1 << 20, 1));
        whole.arrive(ms(0), 500);
        [200, 299, 1].into_iter().for_each(|bytes| cut.arrive(ms(0), bytes));
        for at in [0, 1, 7, 100, 499, 500, 501] {
            assert_eq!((whole.read_by(ms(at)), cut.read_by(ms(at))), (at.min(500), at.min(500)));
        }
        assert_eq!((whole.read_at(123, ms(500)), whole.tells_at()), (ms(123), Some(ms(500))));
    }

    #[test]
    fn a_rate_that_no_nanosecond_divides_takes_nothing_back_and_rests_when_all_is_read() {
        for bytes_per_second in [3, 7, 11_000, 48_000, 120_001, 999_999_937] {
            let mut reader = Reader::new(&Reading::Rate { bytes_per_second }, 1 << 20, 1);
            let (mut now, mut told) = (ms(0), 0);
            for bytes in (1..200).chain([1460, 1461, 5000]) {
                reader.arrive(now, bytes);
                told += reader.tell(now);
                while let Some(at) = reader.tells_at() {
                    now = now.max(at);
                    let news = reader.tell(now);
                    assert!(news > 0, "{bytes_per_second} B/s: nothing to tell at {now:?}");
                    told += news;
                }
            }
            assert_eq!((told, reader.tells_at()), ((1..200).sum::<u64>() + 1460 + 1461 + 5000, None));
        }
    }

    #[test]
    fn a_slow_reader_tells_in_segments_and_when_it_has_read_everything() {
        let mut reader = Reader::new(&Reading::Rate { bytes_per_second: 1_000_000 }, 1 << 20, 1);
        reader.arrive(ms(0), 2000);
        assert_eq!(reader.tells_at(), Some(Duration::from_micros(1460)));
        assert_eq!((reader.tell(ms(1)), reader.tell(Duration::from_micros(1460))), (0, 1460));
        assert_eq!((reader.tells_at(), reader.tell(ms(2))), (Some(ms(2)), 540));
        assert_eq!(reader.tells_at(), None);
    }

    #[test]
    fn a_time_scale_slows_a_rate_down() {
        let mut reader = Reader::new(&Reading::Rate { bytes_per_second: 1000 }, 1 << 20, 10);
        reader.arrive(ms(0), 10);
        assert_eq!((reader.read_by(ms(50)), reader.read_by(ms(100))), (5, 10));
    }
}
