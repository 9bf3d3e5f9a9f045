//! How fast a line carries bytes, and what is on it.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::outages::Outages;
use super::recorded::{OPPORTUNITY_BYTES, Recording, Served};
use crate::tcp::units::{MILLISECOND, SECOND};

/// How fast a line carries bytes, headers counted.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Rate {
    /// Bytes take no time on the line.
    #[default]
    Unbounded,
    /// Bits a second, at least 1.
    BitsPerSecond(u64),
    /// The delivery opportunities of a recorded link.
    Recorded(Recording),
}

impl Rate {
    /// The longest time slot in which a line may count its losses: what a full packet takes. In a longer one, packets
    /// that follow one another are lost together. A line without a rate has slots of 1 ms.
    pub fn longest_slot(&self) -> Duration {
        let nanos = match self {
            Self::Unbounded => MILLISECOND,
            Self::BitsPerSecond(bits) => OPPORTUNITY_BYTES * 8 * SECOND / (*bits).max(1),
            Self::Recorded(recording) => recording.least_gap(),
        };
        // A line that is faster than one packet a nanosecond has slots of one nanosecond.
        Duration::from_nanos(nanos.max(1))
    }
}

/// A line with what has been given to it.
#[derive(Debug, Clone)]
pub(super) struct Line {
    rate: Rate,
    /// When the line has sent everything that was given to it.
    busy_until: u64,
    /// What a recorded link does with it. Nothing on other lines.
    served: Served,
}

impl Line {
    pub(super) fn new(rate: Rate) -> Self {
        Self { rate, busy_until: 0, served: Served::default() }
    }

    /// The bytes that wait for the line or are on it.
    pub(super) fn queued_bytes(&self, now: u64, outages: &Outages) -> u64 {
        match &self.rate {
            Rate::Unbounded => 0,
            Rate::BitsPerSecond(rate) => {
                let line_time = outages.open_time(now, self.busy_until);
                (u128::from(line_time) * u128::from(*rate) / u128::from(8 * SECOND)) as u64
            }
            Rate::Recorded(_) => self.served.queued_bytes(now),
        }
    }

    /// Puts a packet behind what the line has to send. Returns when its last byte leaves the line.
    pub(super) fn send(&mut self, now: u64, bytes: u64, outages: &Outages) -> u64 {
        let line_time = match &self.rate {
            Rate::Unbounded => 0,
            Rate::BitsPerSecond(rate) => line_time(bytes, *rate),
            Rate::Recorded(recording) => {
                self.busy_until = self.served.send(recording, now, bytes, outages);
                return self.busy_until;
            }
        };
        self.busy_until = outages.after_open_time(now.max(self.busy_until), line_time);
        self.busy_until
    }
}

/// Rounded up, so that no second carries more than its bits.
fn line_time(bytes: u64, bits_per_second: u64) -> u64 {
    (u128::from(bytes) * u128::from(8 * SECOND)).div_ceil(u128::from(bits_per_second)) as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_never_carries_more_than_its_rate() {
        // 1 B takes 2.67 ns at 3 Gbit/s, and is given 3.
        assert_eq!(line_time(1, 3_000_000_000), 3);
        assert_eq!(line_time(1_250, 1_000_000), 10 * MILLISECOND);
    }
}
