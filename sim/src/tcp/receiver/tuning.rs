//! How the kernel lets a receive buffer grow: dynamic right-sizing (`tcp_rcv_space_adjust`).
//!
//! 1. The receiver measures round trips by the timestamps that segments of the usual size echo, smoothed by eighths.
//! 2. Once a round trip, what the application has read in it is compared with the most that it has read in one so far. If
//!    it is more, the buffer holds twice that, 16 segments, and twice the share by which it grew.
//! 3. 6 MiB of memory is the most (`tcp_rmem`), half of it payload.

use crate::tcp::units::{MICROSECOND, MSS};

#[derive(Debug, Clone)]
pub(super) struct Tuning {
    /// Eight times the smoothed round trip, in microseconds; 0 before there is a sample.
    rtt_8: u64,
    last_echo: u64,
    /// When the present round trip began, and what had been read by then.
    began: u64,
    read_before: u64,
    /// The most bytes that were read in a round trip.
    most_read: u64,
    space: u64,
}

impl Tuning {
    /// The window at first, and the payload that the first buffer holds: both from traces.
    pub(super) const FIRST_WINDOW: u64 = 64_512;
    pub(super) const FIRST_SPACE: u64 = 80_896;
    const LARGEST_SPACE: u64 = 3 << 20;

    /// A segment of the usual size has arrived that echoes a timestamp.
    pub(super) fn arrived(&mut self, echo: u64, now: u64) {
        if echo == 0 || echo == self.last_echo {
            return;
        }
        self.last_echo = echo;
        let sample = ((now - echo) / MICROSECOND).max(1);
        self.rtt_8 = if self.rtt_8 == 0 { sample * 8 } else { self.rtt_8 - self.rtt_8 / 8 + sample };
    }

    /// The application has read up to `read`. Returns the payload that the buffer holds.
    pub(super) fn read(&mut self, read: u64, now: u64) -> u64 {
        if self.rtt_8 == 0 || (now - self.began) / MICROSECOND < self.rtt_8 / 8 {
            return self.space;
        }
        let in_round = read - self.read_before;
        if in_round > self.most_read {
            let wanted = 2 * in_round + 16 * MSS;
            let grown = wanted * (in_round - self.most_read) / self.most_read;
            self.space = self.space.max(wanted + 2 * grown).min(Self::LARGEST_SPACE);
            self.most_read = in_round;
        }
        self.began = now;
        self.read_before = read;
        self.space
    }
}

impl Default for Tuning {
    fn default() -> Self {
        // `tcp_init_buffer_space`: the initial window of the sender.
        let most_read = 10 * MSS;
        Self { rtt_8: 0, last_echo: 0, began: 0, read_before: 0, most_read, space: Self::FIRST_SPACE }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tcp::units::MILLISECOND;

    /// The space after two round trips of 100 ms in which `bytes` were read each.
    fn space_after(bytes: u64) -> u64 {
        let mut tuning = Tuning::default();
        tuning.arrived(1, 100 * MILLISECOND + 1);
        tuning.read(0, 100 * MILLISECOND);
        tuning.read(bytes, 150 * MILLISECOND);
        tuning.read(bytes, 200 * MILLISECOND);
        tuning.read(2 * bytes, 300 * MILLISECOND)
    }

    #[test]
    fn a_buffer_stays_while_no_more_is_read_in_a_round_trip() {
        assert_eq!(space_after(10 * MSS), Tuning::FIRST_SPACE);
    }

    #[test]
    fn a_buffer_holds_more_than_twice_what_was_read_in_a_round_trip() {
        let space = space_after(60_000);
        assert!(space > 2 * 60_000 && space < 20 * 60_000, "{space}");
    }

    #[test]
    fn a_buffer_has_a_largest_size() {
        assert_eq!(space_after(10 << 20), Tuning::LARGEST_SPACE);
    }
}
