//! How a client takes bytes out of its socket: exact arithmetic on arrivals, without a clock of its own.
//!
//! Nothing here depends on how bytes were cut into segments on the way.

use std::collections::VecDeque;
use std::time::Duration;

use super::service::Service;
use super::speed::{SlowPeriod, Speed, speeds};
use crate::plan::Reading;
use crate::time::nanos;
use crate::transport::step_bytes;

/// When a client has read which of the bytes that have arrived, in virtual time and exactly.
pub struct Reader {
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

enum Pace {
    Free,
    Stopped,
    Rate(Busy),
    // Boxed, because it is rare and would make every reader twice as large.
    Serving(Box<Service>),
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
        let nanos = nanos(now.saturating_sub(self.since));
        // Asked several times for every delivery, and a division of 128 bits takes ten times as long. It is needed: at
        // 125 MB/s, nanoseconds times rate overflow 64 bits after two and a half minutes.
        if let Some(product) = nanos.checked_mul(bytes_per_second) {
            return product / (1_000_000_000 * u64::from(scale));
        }
        let bytes = u128::from(nanos) * u128::from(bytes_per_second) / (1_000_000_000 * u128::from(scale));
        u64::try_from(bytes).unwrap_or(u64::MAX)
    }

    /// The first instant by which the byte before offset `end` has been read whole: the inverse of `room_by`.
    fn read_at(&self, end: u64) -> Duration {
        let (bytes_per_second, scale) = self.rate;
        let bytes = end.saturating_sub(self.read_before);
        let nanos = match bytes.checked_mul(1_000_000_000 * u64::from(scale)) {
            Some(product) => product.div_ceil(bytes_per_second),
            None => {
                let product = u128::from(bytes) * 1_000_000_000 * u128::from(scale);
                u64::try_from(product.div_ceil(u128::from(bytes_per_second))).unwrap_or(u64::MAX)
            }
        };
        self.since + Duration::from_nanos(nanos)
    }
}

impl Reader {
    /// A reader at its start. Its rates are divided by `time_scale`; the times of `reading` and `slow_periods` are virtual
    /// already. An acknowledgement takes `one_way` to reach the server.
    pub fn new(
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
            reader.pace = Pace::Serving(Box::new(Service::new(times, one_way)));
        }
        reader
    }

    /// An event has begun to arrive. The server's socket accepted its first byte at `accepted_at`.
    pub fn begin(&mut self, now: Duration, start: u64, sequence: u64, accepted_at: Duration) {
        if let Pace::Serving(service) = &mut self.pace {
            service.begin(now, start, sequence, accepted_at);
        }
    }

    /// Bytes have reached the client.
    #[inline]
    pub fn arrive(&mut self, now: Duration, bytes: u64) {
        // Also where the pace has no use for it: a change of speed counts what had arrived by then.
        let read = self.read_by(now);
        if let Pace::Rate(busy) = &mut self.pace
            && read == self.arrived
        {
            // Everything before has been read, so the reader was idle: its rate counts from now, and saves nothing up.
            busy.since = now;
            busy.read_before = self.arrived;
        }
        self.arrived += bytes;
    }

    /// Bytes that have reached the client.
    pub fn arrived(&self) -> u64 {
        self.arrived
    }

    /// Returns the number of arrived bytes that the client has read by `now`.
    #[inline]
    pub fn read_by(&mut self, now: Duration) -> u64 {
        // Asked first: most readers never change their speed, and this is called several times for every delivery.
        if self.changes.front().is_some_and(|(at, _)| *at <= now) {
            self.change_by(now);
        }
        self.read_at_this_pace(now)
    }

    fn change_by(&mut self, now: Duration) {
        while let Some((at, speed)) = self.changes.pop_front_if(|(at, _)| *at <= now) {
            self.read_before = self.read_at_this_pace(at);
            self.change_to(speed, at);
        }
    }

    #[inline]
    fn read_at_this_pace(&self, now: Duration) -> u64 {
        match &self.pace {
            Pace::Free => self.arrived,
            Pace::Stopped => self.read_before,
            Pace::Rate(busy) => busy.read_before + busy.room_by(now).min(self.arrived - busy.read_before),
            // Never less than was told: the first bytes of a frame may have arrived before its id was known.
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
    #[inline]
    pub fn read_at(&self, end: u64, now: Duration) -> Duration {
        match &self.pace {
            // Not after `now`: the exact time is rounded up, to a nanosecond that may not have begun.
            Pace::Rate(busy) => busy.read_at(end).min(now),
            Pace::Free | Pace::Stopped | Pace::Serving(_) => now,
        }
    }

    /// Bytes to tell the server of by `now`, as read since the last call; to be called until there are none.
    #[inline]
    pub fn tell(&mut self, now: Duration) -> u64 {
        self.told_at = now;
        // Nothing has arrived of which the server does not know that it is read.
        if self.told == self.arrived {
            return 0;
        }
        let mut read = self.read_by(now);
        if read == self.told
            && let Pace::Serving(service) = &mut self.pace
            && let Some(at) = service.end_by(now)
        {
            self.told_at = at;
            read = self.read_by(now);
        }
        // A receiver announces room in steps, as TCP does: a word for every byte would be an event for every byte.
        let is_worth_it = match &self.pace {
            Pace::Rate(_) => read == self.arrived || read - self.told >= self.step_bytes,
            Pace::Free | Pace::Stopped | Pace::Serving(_) => true,
        };
        let news = if is_worth_it { read - self.told } else { 0 };
        self.told += news;
        news
    }

    /// When the word of what was last told was sent: inside the tick, where a reader is as exact as that.
    pub fn told_at(&self) -> Duration {
        self.told_at
    }

    /// When there may be something to tell, without a further arrival.
    #[inline]
    pub fn tells_at(&self) -> Option<Duration> {
        if self.told == self.arrived {
            return None;
        }
        let changes_at = self.changes.front().map(|(at, _)| *at);
        let told_at = match &self.pace {
            Pace::Free | Pace::Stopped => None,
            // At the next step, or at the last byte that is there. Anything before that would not be told.
            Pace::Rate(busy) => Some(busy.read_at(self.arrived.min(self.told + self.step_bytes))),
            Pace::Serving(service) => service.tells_at(),
        };
        changes_at.into_iter().chain(told_at).min()
    }
}

#[cfg(test)]
mod tests;
