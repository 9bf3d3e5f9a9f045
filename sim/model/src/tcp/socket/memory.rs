//! The memory of a send buffer, and how the kernel lets it grow (`sk_sndbuf`, `tcp_sndbuf_expand`).
//!
//! 1. A buffer counts its bytes and the kernel's book-keeping, so many small packets use up the memory before the bytes do.
//! 2. There is room for twice the congestion window at the start, each segment with what a full one takes.
//! 3. It grows to twice the congestion window of the day when an acknowledgement comes while the application waits and the
//!    window is not filled (`tcp_should_expand_sndbuf`). A sender that fills its window does not need more.

/// The memory of a buffer beside its bytes: descriptor, room for headers, list of pieces (`SKB_TRUESIZE`), by traces.
pub(super) const BUFFER_OVERHEAD: u64 = 832;

/// The memory that the kernel reckons for a segment (`tcp_sndbuf_expand`): 1,460 B with headers and book-keeping, as a power
/// of two, and a descriptor.
const SEGMENT_MEMORY: u64 = 2_048 + 256;

/// `TCP_INIT_CWND`.
const LEAST_SEGMENTS: u64 = 10;

/// The largest of `tcp_wmem`.
const MOST: u64 = 4 << 20;

#[derive(Debug, Clone, Copy)]
pub(super) struct SendMemory {
    limit: u64,
}

impl SendMemory {
    pub(super) fn new() -> Self {
        Self { limit: wanted(LEAST_SEGMENTS) }
    }

    /// Whether another buffer may begin with so much in use.
    pub(super) fn has_room(self, used: u64) -> bool {
        used < self.limit
    }

    /// Whether so much is free that a waiting application is told: half of what is in use (`sk_stream_min_wspace`).
    pub(super) fn is_worth_waking(self, used: u64) -> bool {
        self.limit.saturating_sub(used) >= used / 2 && self.has_room(used)
    }

    /// Makes room for twice a congestion window of `cwnd` segments. It never shrinks.
    pub(super) fn expand(&mut self, cwnd: u64) {
        self.limit = self.limit.max(wanted(cwnd.max(LEAST_SEGMENTS)));
    }
}

fn wanted(segments: u64) -> u64 {
    segments.saturating_mul(2 * SEGMENT_MEMORY).min(MOST)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_send_buffer_holds_twenty_full_segments() {
        assert_eq!(SendMemory::new().limit, 46_080);
    }

    #[test]
    fn it_grows_with_the_congestion_window_up_to_a_bound_and_never_shrinks() {
        let mut memory = SendMemory::new();
        let mut after = |cwnd| {
            memory.expand(cwnd);
            memory.limit
        };
        assert_eq!([5, 40, 20, 10_000].map(&mut after), [46_080, 184_320, 184_320, MOST]);
    }
}
