//! Whether the broker's clock and this server's agree, and whether the stream is of a time that has not come yet.
//!
//! No delivery depends on a clock. Tokens expire by this server's, and the stream's age limit is kept by those of the
//! brokers, so a wrong one is told: once when it is noticed, and once when it is right again.
//!
//! A message that one answer about the stream has, and the answer before it has not, was stored after the earlier one was
//! asked for, and before the later one was received. So the time at which the broker stored it says from both sides by how
//! much the two clocks differ. It takes no question beyond those that are asked anyway.

use std::time::Duration;

use super::stream::Times;
use crate::transport::event_stream::date;

/// How far the clocks may differ until that is told. A leader that was replaced a moment ago says too little of what there
/// is, and a difference then seems larger than it is by up to the three seconds for which it is believed.
const MOST_DIFFERENCE_MS: i64 = 5000;

/// What depends on clocks, for a line.
const CONSEQUENCES: &str = "Events are delivered all the same. One of the clocks is wrong: if it is this server's, tokens \
                            expire too early or too late; if it is a broker's, events leave the stream so";

/// An answer about the stream, as far as clocks matter, with times of this server's clock.
#[derive(Debug, Clone, Copy)]
pub(super) struct Look {
    pub(super) asked_at: Duration,
    pub(super) received_at: Duration,
    /// The last sequence that the stream has.
    pub(super) last: u64,
    /// What the broker says, on its clock.
    pub(super) times: Times,
}

/// What is to be told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Line {
    Wrong(String),
    RightAgain(String),
}

/// The two clocks, as far as looks have shown.
#[derive(Debug, Default)]
pub(super) struct Clocks {
    /// The last sequence of the look before, and when that was asked for.
    before: Option<(u64, Duration)>,
    /// How far the broker's clock is ahead of this server's at least, and below zero how far it is behind at least.
    difference_ms: i64,
    told: Standing,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
enum Standing {
    #[default]
    Right,
    /// The broker's clock is ahead of this server's.
    Ahead,
    /// The broker's clock is behind this server's.
    Behind,
    /// The stream was created at a time that this server's clock has not reached.
    CreatedLater,
    /// The newest message was stored at a time that this server's clock has not reached, and it may be an old one.
    StoredLater,
}

impl Clocks {
    /// How far the broker's clock is ahead of this server's at least, and below zero how far it is behind at least.
    pub(super) fn difference_ms(&self) -> i64 {
        self.difference_ms
    }

    /// Takes notice of an answer about the stream of that name; what is to be told now.
    pub(super) fn take(&mut self, stream: &str, look: Look) -> Option<Line> {
        self.measure(look);
        let standing = self.standing(look);
        if standing == self.told {
            return None;
        }
        self.told = standing;
        Some(self.line(stream, look))
    }

    fn measure(&mut self, Look { asked_at, received_at, last, times }: Look) {
        if let Some((last_before, asked_before)) = self.before
            && let Some(stored_at) = times.newest_at.filter(|_| last > last_before)
        {
            let at_least = ms(stored_at) - ms(received_at);
            let at_most = ms(stored_at) - ms(asked_before);
            self.difference_ms = if at_least > 0 { at_least } else { at_most.min(0) };
        }
        self.before = Some((last, asked_at));
    }

    fn standing(&self, Look { received_at, times, .. }: Look) -> Standing {
        let is_ahead = |at: Duration| ms(at) - ms(received_at) > MOST_DIFFERENCE_MS;
        if self.difference_ms > MOST_DIFFERENCE_MS {
            Standing::Ahead
        } else if self.difference_ms < -MOST_DIFFERENCE_MS {
            Standing::Behind
        } else if times.created_at.is_some_and(is_ahead) {
            Standing::CreatedLater
        } else if times.newest_at.is_some_and(is_ahead) {
            Standing::StoredLater
        } else {
            Standing::Right
        }
    }

    fn line(&self, stream: &str, Look { received_at, times, .. }: Look) -> Line {
        let seconds = self.difference_ms.unsigned_abs() / 1000;
        let now = date(received_at);
        let [created_at, stored_at] =
            [times.created_at, times.newest_at].map(|at| at.map(|at| date(at).to_string()).unwrap_or_default());
        let differs = |how: &str| {
            let newest =
                format!("the newest message of stream {stream:?} was stored at {stored_at}, and here it is {now}");
            Line::Wrong(format!("the broker's clock is {seconds} s {how} this server's: {newest}. {CONSEQUENCES}"))
        };
        let is_later = |what: &str| {
            Line::Wrong(format!("stream {stream:?} is from the future: {what}, and here it is {now}. {CONSEQUENCES}"))
        };
        match self.told {
            Standing::Right => {
                Line::RightAgain(format!("the clocks of stream {stream:?} and of this server agree again"))
            }
            Standing::Ahead => differs("ahead of"),
            Standing::Behind => differs("behind"),
            Standing::CreatedLater => is_later(&format!("it was created at {created_at}")),
            Standing::StoredLater => is_later(&format!("its newest message was stored at {stored_at}")),
        }
    }
}

fn ms(time: Duration) -> i64 {
    i64::try_from(time.as_millis()).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests;
