//! A recorded link: the times at which it could send, as Mahimahi writes them.
//!
//! Each line of a Mahimahi trace is a time in whole milliseconds at which the link can send up to 1,500 bytes: an
//! *opportunity*. A packet that is larger than what is left of one goes on at the next. Small packets that wait share one.
//! What an opportunity cannot use is lost. After its last time the trace begins again.
//!
//! Mahimahi uses all opportunities of one millisecond at once. Here they are spread evenly over the millisecond that ends
//! at their time. Else all packets of a millisecond would leave in the same time slot, and be lost together.

use std::collections::VecDeque;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::outages::Outages;
use crate::tcp::units::MILLISECOND;

/// Bytes that one delivery opportunity serves: one full packet, headers counted.
pub const OPPORTUNITY_BYTES: u64 = 1_500;

/// The delivery opportunities of a recorded link. Cloning is cheap.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Vec<u64>", into = "Vec<u64>")]
pub struct Recording {
    /// Nanoseconds, in order, none at 0 and the last at the period.
    opportunities: Arc<[u64]>,
    /// The least time between two of them, at the seam of two rounds as well.
    least_gap: u64,
}

/// A recorded link that cannot send.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum RecordingError {
    /// There is no opportunity.
    #[error("it has no delivery opportunity, and at least one is needed")]
    Empty,
    /// All opportunities are at time 0, so that the trace takes no time.
    #[error("it is of zero length: its last time must be at least 1 ms")]
    ZeroLength,
    /// The times go back.
    #[error("time {0} ms comes after a later one: times must be in order")]
    OutOfOrder(u64),
    /// A time is longer than a year.
    #[error("time {0} ms: at most a year is allowed")]
    TooLong(u64),
}

/// Longest recording, in milliseconds.
const MOST_MILLIS: u64 = 365 * 24 * 60 * 60 * 1_000;

impl Recording {
    /// A link with an opportunity at each of these milliseconds, one or more at a time. It begins again after the last.
    ///
    /// # Errors
    /// When there are none, when the last is at 0, when they are not in order, or when they last longer than a year.
    pub fn new(millis: &[u64]) -> Result<Self, RecordingError> {
        let period = *millis.last().ok_or(RecordingError::Empty)?;
        if let Some(pair) = millis.windows(2).find(|pair| pair[0] > pair[1]) {
            return Err(RecordingError::OutOfOrder(pair[1]));
        }
        if period == 0 {
            return Err(RecordingError::ZeroLength);
        }
        if period > MOST_MILLIS {
            return Err(RecordingError::TooLong(period));
        }
        // The end of one round is the beginning of the next: what is at 0 belongs to the last millisecond.
        let at_zero = millis.partition_point(|at| *at == 0);
        let in_order = [&millis[at_zero..], &vec![period; at_zero]].concat();
        let spread = in_order.chunk_by(|one, next| one == next).flat_map(|same| {
            let count = same.len() as u64;
            (0..count).map(move |index| same[0] * MILLISECOND - (count - 1 - index) * MILLISECOND / count)
        });
        let opportunities: Arc<[u64]> = spread.collect();
        // In bounds: there is one at least.
        let first = opportunities[0];
        let least_gap =
            opportunities.windows(2).map(|pair| pair[1] - pair[0]).min().map_or(first, |gap| gap.min(first));
        Ok(Self { opportunities, least_gap })
    }

    /// How long the link takes until it begins again, in nanoseconds.
    pub fn period(&self) -> u64 {
        // A recording has at least one opportunity.
        self.opportunities.last().copied().unwrap_or(1)
    }

    /// Opportunities of one round.
    pub fn opportunities(&self) -> u64 {
        self.opportunities.len() as u64
    }

    /// The least time between two opportunities that follow one another, in nanoseconds.
    pub fn least_gap(&self) -> u64 {
        self.least_gap
    }

    /// Mean rate in bits a second, headers counted.
    pub fn mean_bits_per_second(&self) -> u64 {
        let bits = u128::from(self.opportunities() * OPPORTUNITY_BYTES * 8);
        (bits * 1_000_000_000 / u128::from(self.period())) as u64
    }

    /// The time of an opportunity, counted from the beginning of the first round.
    fn at(&self, index: u64) -> u64 {
        let count = self.opportunities();
        index / count * self.period() + self.opportunities[(index % count) as usize]
    }

    /// The index of the first opportunity after a time.
    fn first_after(&self, at: u64) -> u64 {
        let round = at / self.period();
        let within = at % self.period();
        round * self.opportunities() + self.opportunities.partition_point(|one| *one <= within) as u64
    }
}

impl TryFrom<Vec<u64>> for Recording {
    type Error = RecordingError;

    fn try_from(millis: Vec<u64>) -> Result<Self, RecordingError> {
        Self::new(&millis)
    }
}

impl From<Recording> for Vec<u64> {
    fn from(recording: Recording) -> Self {
        recording.opportunities.iter().map(|at| at.div_ceil(MILLISECOND)).collect()
    }
}

/// Which opportunities what waits has taken.
#[derive(Debug, Clone, Default)]
pub(super) struct Served {
    /// The last opportunity that has taken bytes, its time, and how many more it takes.
    last: Option<(u64, u64, u64)>,
    /// Bytes that leave at each opportunity to come.
    leaving: VecDeque<(u64, u64)>,
}

impl Served {
    pub(super) fn queued_bytes(&self, now: u64) -> u64 {
        self.leaving.iter().filter(|(at, _)| *at > now).map(|(_, bytes)| bytes).sum()
    }

    /// Takes opportunities for a packet, and returns the time of the last.
    pub(super) fn send(&mut self, recording: &Recording, now: u64, bytes: u64, outages: &Outages) -> u64 {
        while self.leaving.pop_front_if(|(at, _)| *at <= now).is_some() {}
        if bytes == 0 {
            return self.last.map_or(now, |(_, at, _)| at.max(now));
        }
        // An opportunity is over for a packet that comes at its time.
        let shared = self.last.filter(|(_, at, left)| *at > now && *left > 0);
        let mut next = match self.last {
            Some((index, at, _)) if at > now => index + 1,
            Some(_) | None => recording.first_after(now),
        };
        let (mut index, mut at, mut left) = shared.unwrap_or((next, now, 0));
        let mut remaining = bytes;
        while remaining > 0 {
            if left == 0 {
                (index, at) = open_opportunity(recording, next, outages);
                next = index + 1;
                left = OPPORTUNITY_BYTES;
            }
            let taken = remaining.min(left);
            remaining -= taken;
            left -= taken;
            self.leaving.push_back((at, taken));
        }
        self.last = Some((index, at, left));
        at
    }
}

/// The first opportunity from an index on at which the line does not stand still.
fn open_opportunity(recording: &Recording, index: u64, outages: &Outages) -> (u64, u64) {
    let mut index = index;
    loop {
        let at = recording.at(index);
        match outages.held_until(at) {
            // The end itself is open, so an opportunity there is not passed over.
            Some(until) => index = recording.first_after(until - 1),
            None => return (index, at),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::outages::{Outage, OutageKind};
    use super::*;

    fn leaves(millis: &[u64], sent: &[(u64, u64)], outages: &Outages) -> Vec<u64> {
        let recording = Recording::new(millis).unwrap();
        let mut served = Served::default();
        let mut send = |(at, bytes)| served.send(&recording, at * MILLISECOND, bytes, outages) / MILLISECOND;
        sent.iter().map(|packet| send(*packet)).collect()
    }

    #[test]
    fn each_opportunity_sends_one_full_packet_and_the_trace_begins_again_after_its_last_time() {
        let sent = [(0, 1_500); 5];
        assert_eq!(leaves(&[3, 10], &sent, &Outages::default()), [3, 10, 13, 20, 23]);
    }

    #[test]
    fn a_packet_that_is_partly_sent_goes_on_at_the_next_opportunity_and_small_ones_share_one() {
        let sent = [(0, 1_000), (0, 1_000), (0, 900), (0, 200)];
        assert_eq!(leaves(&[3, 10], &sent, &Outages::default()), [3, 10, 10, 13]);
    }

    #[test]
    fn what_an_opportunity_cannot_use_is_lost() {
        // The second comes when the first opportunity has passed, and finds only the one after it.
        assert_eq!(leaves(&[3, 10], &[(0, 100), (3, 100), (9, 100)], &Outages::default()), [3, 10, 10]);
    }

    #[test]
    fn opportunities_within_an_outage_that_holds_send_nothing() {
        let hold = Outage { from: 8 * MILLISECOND, until: 13 * MILLISECOND, kind: OutageKind::Holds };
        assert_eq!(leaves(&[3, 10], &[(0, 1_500), (0, 1_500)], &Outages::new([hold])), [3, 13]);
    }

    #[test]
    fn what_waits_is_counted_until_the_opportunity_that_sends_it() {
        let recording = Recording::new(&[3, 10]).unwrap();
        let mut served = Served::default();
        for _ in 0..2 {
            served.send(&recording, 0, 1_000, &Outages::default());
        }
        let queued = [0, 3, 10].map(|at| served.queued_bytes(at * MILLISECOND));
        assert_eq!(queued, [2_000, 500, 0]);
    }

    #[test]
    fn opportunities_of_one_millisecond_are_spread_over_it() {
        let recording = Recording::new(&[1, 1, 4, 4, 4, 4]).unwrap();
        let micros: Vec<u64> = (0..7).map(|index| recording.at(index) / 1_000).collect();
        assert_eq!(micros, [500, 1_000, 3_250, 3_500, 3_750, 4_000, 4_500]);
        assert_eq!(recording.least_gap(), 250_000);
        assert_eq!(recording.mean_bits_per_second(), 18_000_000);
    }

    #[test]
    fn a_stored_recording_is_its_milliseconds() {
        let recording = Recording::new(&[1, 1, 4, 4, 4]).unwrap();
        let text = serde_json::to_string(&recording).unwrap();
        assert_eq!(text, "[1,1,4,4,4]");
        assert_eq!(serde_json::from_str::<Recording>(&text).unwrap(), recording);
        let at_zero = Recording::new(&[0, 2]).unwrap();
        assert_eq!(at_zero, Recording::new(&[2, 2]).unwrap());
    }

    #[test]
    fn a_recording_that_cannot_send_is_refused() {
        assert_eq!(Recording::new(&[]), Err(RecordingError::Empty));
        assert_eq!(Recording::new(&[0, 0]), Err(RecordingError::ZeroLength));
        assert_eq!(Recording::new(&[5, 3]), Err(RecordingError::OutOfOrder(3)));
        assert!(Recording::new(&[u64::MAX]).is_err());
        assert!(serde_json::from_str::<Recording>("[]").is_err());
    }
}
