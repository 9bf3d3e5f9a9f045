//! How a client takes bytes out of its socket: exact arithmetic on arrivals, without a clock of its own.
//!
//! Nothing here depends on how bytes were cut into segments on the way.

use std::collections::VecDeque;
use std::time::Duration;

use super::clock::nanos;
use super::service::Service;
use crate::plan::{Reading, Stall, step_bytes};

pub(crate) struct Reader {
    pace: Pace,
    /// The speeds that follow, and when.
    changes: VecDeque<(Duration, Speed)>,
    /// Bytes a second of plan time, in virtual time, and what is worth telling the server of.
    time_scale: u32,
    step_bytes: u64,
    /// Bytes that have reached the client.
    arrived: u64,
    /// Bytes read before the present speed.
    read_before: u64,
    /// Bytes that the server has been told are read.
    told: u64,
    /// When it was told last, exactly.
    told_at: Duration,
}

/// How fast a reader takes bytes; the slower is the lesser.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Speed {
    Stopped,
    /// At most so many bytes a second of plan time.
    Limited(u64),
    Free,
}

/// A stretch in which a reader is no faster than that.
#[derive(Debug, Clone, Copy)]
pub(crate) struct SlowPeriod {
    pub(crate) from: Duration,
    pub(crate) until: Duration,
    pub(crate) speed: Speed,
}

enum Pace {
    Free,
    Stopped,
    Rate(Busy),
    Serving(Service),
}

/// A stretch in which a reader of limited rate always has something to read.
struct Busy {
    /// Bytes a second of plan time, and the virtual seconds of one.
    rate: (u64, u32),
    since: Duration,
    /// Bytes read before it.
    read_before: u64,
}

impl Busy {
    /// Bytes read whole in it by `now`, were there enough.
    fn room_by(&self, now: Duration) -> u64 {
        let (bytes_per_second, scale) = self.rate;
        let nanos = u128::from(nanos(now.saturating_sub(self.since)));
        let bytes = nanos * u128::from(bytes_per_second) / (1_000_000_000 * u128::from(scale));
        u64::try_from(bytes).unwrap_or(u64::MAX)
    }

    /// The first instant by which the byte before offset `end` has been read whole: the inverse of `room_by`.
    fn read_at(&self, end: u64) -> Duration {
        let (bytes_per_second, scale) = self.rate;
        let bytes = u128::from(end.saturating_sub(self.read_before));
        let nanos = (bytes * 1_000_000_000 * u128::from(scale)).div_ceil(u128::from(bytes_per_second));
        self.since + Duration::from_nanos(u64::try_from(nanos).unwrap_or(u64::MAX))
    }
}

impl Reader {
    /// `time_scale` slows a rate down; the times of `reading` and `slow_periods` are virtual already. A word to the server takes
    /// `one_way`.
    pub(crate) fn new(
        reading: &Reading,
        slow_periods: &[SlowPeriod],
        window_bytes: u64,
        time_scale: u32,
        one_way: Duration,
    ) -> Self {
        let mut changes = speeds(reading, slow_periods);
        let (_, first) = changes.pop_front().unwrap_or((Duration::ZERO, Speed::Free));
        let mut reader = Self {
            pace: Pace::Free,
            changes,
            time_scale,
            step_bytes: step_bytes(window_bytes),
            arrived: 0,
            read_before: 0,
            told: 0,
            told_at: Duration::ZERO,
        };
        reader.change_to(first, Duration::ZERO);
        if let Reading::Serves { times } = reading {
            reader.pace = Pace::Serving(Service::new(times, one_way));
        }
        reader
    }

    /// An event has begun to arrive, the first byte of which the server's socket accepted at `accepted_at`.
    pub(crate) fn begin(&mut self, now: Duration, start: u64, sequence: u64, accepted_at: Duration) {
        if let Pace::Serving(service) = &mut self.pace {
            service.begin(now, start, sequence, accepted_at);
        }
    }

    /// Bytes have reached the client.
    pub(crate) fn arrive(&mut self, now: Duration, bytes: u64) {
        if self.read_by(now) == self.arrived
            && let Pace::Rate(busy) = &mut self.pace
        {
            (busy.since, busy.read_before) = (now, self.arrived);
        }
        self.arrived += bytes;
    }

    /// Bytes that have reached the client.
    pub(crate) fn arrived(&self) -> u64 {
        self.arrived
    }

    /// How many of the bytes that arrived have been read by `now`.
    pub(crate) fn read_by(&mut self, now: Duration) -> u64 {
        while let Some((at, speed)) = self.changes.pop_front_if(|(at, _)| *at <= now) {
            self.read_before = self.read_at_this_pace(at);
            self.change_to(speed, at);
        }
        self.read_at_this_pace(now)
    }

    fn read_at_this_pace(&self, now: Duration) -> u64 {
        match &self.pace {
            Pace::Free => self.arrived,
            Pace::Stopped => self.read_before,
            Pace::Rate(busy) => busy.read_before + busy.room_by(now).min(self.arrived - busy.read_before),
            Pace::Serving(service) => service.read_up_to().unwrap_or(self.arrived).max(self.told),
        }
    }

    fn change_to(&mut self, speed: Speed, at: Duration) {
        self.pace = match speed {
            Speed::Free => Pace::Free,
            Speed::Stopped => Pace::Stopped,
            Speed::Limited(bytes_per_second) => {
                Pace::Rate(Busy { rate: (bytes_per_second, self.time_scale), since: at, read_before: self.read_before })
            }
        };
    }

    /// When the byte before offset `end` was read, if that is by `now`. A byte read before the last change of speed
    /// counts as read at the change.
    pub(crate) fn read_at(&self, end: u64, now: Duration) -> Duration {
        match &self.pace {
            Pace::Rate(busy) => busy.read_at(end).min(now),
            Pace::Free | Pace::Stopped | Pace::Serving(_) => now,
        }
    }

    /// Bytes to tell the server of by `now`, as read since the last call; to be called until there are none.
    pub(crate) fn tell(&mut self, now: Duration) -> u64 {
        self.told_at = now;
        if self.read_by(now) == self.told
            && let Pace::Serving(service) = &mut self.pace
            && let Some(at) = service.end_by(now)
        {
            self.told_at = at;
        }
        let read = self.read_by(now);
        let is_worth_it = match &self.pace {
            Pace::Rate(_) => read == self.arrived || read - self.told >= self.step_bytes,
            Pace::Free | Pace::Stopped | Pace::Serving(_) => true,
        };
        let news = if is_worth_it { read - self.told } else { 0 };
        self.told += news;
        news
    }

    /// When the word of what was last told was sent: inside the tick, where a reader is as exact as that.
    pub(crate) fn told_at(&self) -> Duration {
        self.told_at
    }

    /// When there may be something to tell, without a further arrival.
    pub(crate) fn tells_at(&self) -> Option<Duration> {
        if self.told == self.arrived {
            return None;
        }
        let changes_at = self.changes.front().map(|(at, _)| *at);
        let told_at = match &self.pace {
            Pace::Free | Pace::Stopped => None,
            Pace::Rate(busy) => Some(busy.read_at(self.arrived.min(self.told + self.step_bytes))),
            Pace::Serving(service) => service.tells_at(),
        };
        changes_at.into_iter().chain(told_at).min()
    }
}

/// When the speed changes, and to what, from the start on: the slowest of the reading and the spells of the time.
pub(crate) fn speeds(reading: &Reading, slow_periods: &[SlowPeriod]) -> VecDeque<(Duration, Speed)> {
    let (usual, stalls) = match reading {
        // One that serves has a pace of its own, which no spell changes.
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
    times.dedup();
    let speed = |at: Duration| {
        let now = slow.iter().filter(|slow_period| (slow_period.from..slow_period.until).contains(&at));
        now.map(|slow_period| slow_period.speed).chain([usual]).min().unwrap_or(usual)
    };
    let mut changes: VecDeque<_> = times.into_iter().map(|at| (at, speed(at))).collect();
    let mut last = None;
    changes.retain(|(_, speed)| last.replace(*speed) != Some(*speed));
    changes
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const fn ms(millis: u64) -> Duration {
        Duration::from_millis(millis)
    }

    #[test]
    fn a_free_reader_tells_of_every_byte_at_once_and_one_that_never_reads_of_none() {
        let mut free = Reader::new(&Reading::AsItArrives, &[], 100, 1, ms(1));
        let mut never = Reader::new(&Reading::Never, &[], 100, 1, ms(1));
        free.arrive(ms(5), 70);
        never.arrive(ms(5), 70);
        assert_eq!((free.tell(ms(5)), free.tell(ms(6)), free.tells_at()), (70, 0, None));
        assert_eq!((never.tell(ms(5)), never.tells_at()), (0, None));
    }

    #[test]
    fn a_stalled_reader_takes_nothing_until_the_stall_ends_and_then_everything() {
        let stalls = vec![Stall { from: ms(10), lasts: ms(30) }];
        let mut reader = Reader::new(&Reading::Stalls { stalls }, &[], 100, 1, ms(1));
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
        let (mut whole, mut cut) =
            (Reader::new(&reading, &[], 1 << 20, 1, ms(1)), Reader::new(&reading, &[], 1 << 20, 1, ms(1)));
        whole.arrive(ms(0), 500);
        [200, 299, 1].into_iter().for_each(|bytes| cut.arrive(ms(0), bytes));
        for at in [0, 1, 7, 100, 499, 500, 501] {
            assert_eq!((whole.read_by(ms(at)), cut.read_by(ms(at))), (at.min(500), at.min(500)));
        }
        assert_eq!((whole.read_at(123, ms(500)), whole.tells_at()), (ms(123), Some(ms(500))));
    }

    #[test]
    fn a_slow_reader_tells_in_segments_and_when_it_has_read_everything() {
        let mut reader = Reader::new(&Reading::Rate { bytes_per_second: 1_000_000 }, &[], 1 << 20, 1, ms(1));
        reader.arrive(ms(0), 2000);
        assert_eq!(reader.tells_at(), Some(Duration::from_micros(1460)));
        assert_eq!((reader.tell(ms(1)), reader.tell(Duration::from_micros(1460))), (0, 1460));
        assert_eq!((reader.tells_at(), reader.tell(ms(2))), (Some(ms(2)), 540));
        assert_eq!(reader.tells_at(), None);
    }

    #[test]
    fn a_time_scale_slows_a_rate_down() {
        let mut reader = Reader::new(&Reading::Rate { bytes_per_second: 1000 }, &[], 1 << 20, 10, ms(1));
        reader.arrive(ms(0), 10);
        assert_eq!((reader.read_by(ms(50)), reader.read_by(ms(100))), (5, 10));
    }

    #[test]
    fn a_spell_slows_a_reader_down_while_it_lasts_and_never_makes_it_faster() {
        let trickle = SlowPeriod { from: ms(10), until: ms(40), speed: Speed::Limited(1000) };
        let stall = SlowPeriod { from: ms(20), until: ms(30), speed: Speed::Stopped };
        let mut free = Reader::new(&Reading::AsItArrives, &[trickle, stall], 1 << 20, 1, ms(1));
        free.arrive(ms(5), 100);
        assert_eq!(free.tell(ms(5)), 100);
        free.arrive(ms(10), 100);
        let read = [15, 20, 25, 30, 35, 39, 40].map(|at| free.read_by(ms(at)) - 100);
        assert_eq!(read, [5, 10, 10, 10, 15, 19, 100]);
        let mut slow = Reader::new(&Reading::Rate { bytes_per_second: 500 }, &[trickle], 1 << 20, 1, ms(1));
        slow.arrive(ms(0), 100);
        assert_eq!([10, 20, 40, 50].map(|at| slow.read_by(ms(at))), [5, 10, 20, 25]);
    }

    #[test]
    fn a_reader_that_serves_holds_a_frame_until_its_service_ends_and_takes_its_rest_at_once() {
        let mut reader = Reader::new(&Reading::Serves { times: vec![ms(50)] }, &[], 200, 1, ms(1));
        let us = Duration::from_micros;
        reader.arrive(ms(5), 70);
        assert_eq!((reader.tell(ms(5)), reader.tell(ms(5)), reader.tells_at()), (70, 0, None), "a head, and no frame");
        reader.begin(ms(12), 74, 1, us(10_300));
        reader.arrive(ms(12), 130);
        assert_eq!((reader.tell(ms(12)), reader.tell(ms(12)), reader.tells_at()), (4, 0, Some(us(59_300))));
        assert_eq!((reader.tell(ms(60)), reader.told_at(), reader.read_by(ms(60))), (126, us(59_300), 200));
        reader.arrive(ms(62), 23);
        assert_eq!((reader.tell(ms(62)), reader.told_at(), reader.tell(ms(62))), (23, ms(62), 0));
    }

    proptest! {
        #[test]
        fn whatever_the_rate_it_tells_what_it_read_reads_what_arrived_and_is_never_due_in_vain(
            bytes_per_second in 1u64..3_000_000,
            scale in 1u32..20,
            window_bytes in 1u64..70_000,
            arrivals in prop::collection::vec((0u64..40, 1u64..3000), 1..20),
        ) {
            let mut reader = Reader::new(&Reading::Rate { bytes_per_second }, &[], window_bytes, scale, ms(1));
            let mut now = Duration::ZERO;
            for (pause, bytes) in arrivals {
                now += ms(pause);
                reader.arrive(now, bytes);
                reader.tell(now);
                prop_assert!(reader.told <= reader.read_by(now) && reader.read_by(now) <= reader.arrived);
            }
            while let Some(due) = reader.tells_at() {
                prop_assert!(due >= now || reader.tell(now) > 0);
                now = now.max(due);
                prop_assert!(reader.tells_at().is_none() || reader.tell(now) > 0, "due at {due:?} in vain");
            }
            prop_assert_eq!(reader.told, reader.arrived);
            prop_assert_eq!(reader.read_at(reader.arrived, now), now);
        }

        #[test]
        fn a_reader_with_a_rate_and_stalls_takes_its_rate_times_the_time_it_reads_and_nothing_in_a_stall(
            bytes_per_second in 1u64..3_000_000,
            gaps in prop::collection::vec((1u64..60, 1u64..60), 1..6),
        ) {
            let mut at = Duration::ZERO;
            let mut stalls = Vec::new();
            for (after, lasts) in gaps {
                stalls.push(Stall { from: at + ms(after), lasts: ms(lasts) });
                at += ms(after + lasts);
            }
            let reading = Reading::RateWithStalls { bytes_per_second, stalls: stalls.clone() };
            let mut reader = Reader::new(&reading, &[], 1 << 20, 1, ms(1));
            // More than it can take.
            reader.arrive(Duration::ZERO, 1 << 40);
            let stalled = |now: Duration| -> Duration {
                stalls.iter().map(|stall| stall.lasts.min(now.saturating_sub(stall.from))).sum()
            };
            for now in (0..700).map(ms) {
                let most = (now - stalled(now)).as_secs_f64() * bytes_per_second as f64;
                let read = reader.read_by(now) as f64;
                // Part of a byte is lost at each of the six stalls.
                prop_assert!(read <= most + 1e-6 && read >= most - 7.0, "{read} of {most} at {now:?}");
            }
        }
    }
}
