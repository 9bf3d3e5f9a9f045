//! The size of the segments that the sender uses, as the receiver estimates it (`tcp_measure_rcv_mss`).

use crate::tcp::units::MSS;

/// `TCP_MSS_DEFAULT`: the size before a segment has arrived.
const FIRST_SIZE: u64 = 536;

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

    /// A segment has arrived: a larger one counts at once, a smaller one when it comes twice. Returns whether it was a
    /// larger one.
    pub(super) fn measure(&mut self, payload: u64) -> bool {
        let is_news = payload > self.size;
        if payload >= self.size || payload == self.last {
            self.size = payload.min(MSS);
        }
        self.last = payload;
        is_news
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_larger_segment_counts_at_once_and_a_smaller_one_when_it_comes_twice() {
        let mut size = SegmentSize::new();
        assert!(!size.measure(201));
        assert!(size.measure(MSS));
        size.measure(685);
        assert_eq!(size.get(), MSS);
        size.measure(685);
        assert_eq!(size.get(), 685);
    }
}
