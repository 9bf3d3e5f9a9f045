//! The size of the segments that the sender uses, as the receiver estimates it (`tcp_measure_rcv_mss`).

use crate::tcp::units::MSS;

/// `TCP_MSS_DEFAULT`: the size before a segment has arrived.
const FIRST_SIZE: u64 = 536;

/// A smaller segment counts from this payload on: `TCP_MSS_DEFAULT` without the 12 bytes of the timestamps.
const LEAST_SMALLER: u64 = FIRST_SIZE - 12;

/// A smaller segment without the PSH flag counts from this payload on: `TCP_MIN_MSS` without the 12 bytes of the timestamps.
/// It ends no write of the application, so it is as large as the sender's segments are.
const LEAST_SMALLER_NOT_PUSHED: u64 = 88 - 12;

#[derive(Debug, Clone, Copy)]
pub(super) struct SegmentSize {
    size: u64,
    last: u64,
}

impl SegmentSize {
    pub(super) fn new() -> Self {
        Self { size: FIRST_SIZE, last: 0 }
    }

    pub(super) fn get(self) -> u64 {
        self.size
    }

    /// A segment has arrived: a larger one counts at once, a smaller one when it comes twice in a row, and one that is
    /// small because the application wrote no more not at all. Returns whether it was a larger one.
    pub(super) fn measure(&mut self, payload: u64, is_pushed: bool) -> bool {
        let last = std::mem::take(&mut self.last);
        if payload >= self.size {
            let is_news = payload > self.size;
            self.size = payload.min(MSS);
            return is_news;
        }
        let least = if is_pushed { LEAST_SMALLER } else { LEAST_SMALLER_NOT_PUSHED };
        if payload >= least {
            self.last = payload;
            self.size = if payload == last { payload } else { self.size };
        }
        false
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_larger_segment_counts_at_once_and_a_smaller_one_when_it_comes_twice() {
        let mut size = SegmentSize::new();
        assert!(!size.measure(201, true));
        assert!(size.measure(MSS, false));
        size.measure(685, true);
        assert_eq!(size.get(), MSS);
        size.measure(685, true);
        assert_eq!(size.get(), 685);
    }

    #[test]
    fn however_many_pings_come_they_say_nothing_about_the_size() {
        let mut size = SegmentSize::new();
        (0..3).for_each(|_| assert!(!size.measure(2, true) && !size.measure(100, true)));
        assert_eq!(size.get(), FIRST_SIZE);
        (0..2).for_each(|_| assert!(!size.measure(100, false)));
        assert_eq!(size.get(), 100, "not pushed, so it is as large as the sender's segments are");
    }
}
