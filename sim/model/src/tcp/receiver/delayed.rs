//! When a receiver acknowledges (RFC 5681, section 4.2; RFC 9293, section 3.8.6.3; `__tcp_ack_snd_check`).
//!
//! At once:
//!
//! 1. what arrives out of order, twice, or while there is a hole, and a FIN;
//! 2. when more than one segment is unacknowledged, of the size that this sender uses, and the window does not shrink;
//! 3. the first 16 segments of a connection, of a sender that was silent for longer than the RTO, and after a segment that
//!    had arrived before (quick acknowledgements);
//!    A segment that lets the window grow makes their number odd (`tcp_grow_window`), so they last while it grows;
//! 4. what was pushed, when the application has read everything (`tcp_cleanup_rbuf`);
//! 5. a window that a read has doubled at least.
//!
//! Everything else after 40 ms, or with the next segment of the other direction.

use crate::tcp::units::{JIFFY, MILLISECOND};

/// `TCP_DELACK_MIN` and `TCP_ATO_MIN`.
const LONGEST_DELAY: u64 = 40 * MILLISECOND;

/// `TCP_MAX_QUICKACKS`.
const QUICK_ACKNOWLEDGEMENTS: u64 = 16;

/// A segment that has arrived, as the rules look at it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Arrival {
    /// The size of this sender's segments.
    pub(super) size: u64,
    pub(super) is_pushed: bool,
    pub(super) is_out_of_order: bool,
    pub(super) is_all_read: bool,
    /// Bytes that have arrived in order since something was acknowledged last.
    pub(super) unacknowledged: u64,
    /// Whether the window that would be told now is not smaller than the one that was.
    pub(super) is_window_kept: bool,
    /// Whether it has let the window grow.
    pub(super) grows_window: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Due {
    No,
    Now,
    At(u64),
}

#[derive(Debug, Clone)]
pub(super) struct DelayedAck {
    due: Due,
    is_never_delayed: bool,
    /// The size of the sender's segments.
    size: u64,
    quick: u64,
    last_arrival: Option<u64>,
    /// Something pushed is unacknowledged.
    is_pushed: bool,
}

impl DelayedAck {
    pub(super) fn new() -> Self {
        Self { due: Due::No, is_never_delayed: false, size: 0, quick: 0, last_arrival: None, is_pushed: false }
    }

    /// Everything is acknowledged at once.
    pub(super) fn never_delayed() -> Self {
        Self { is_never_delayed: true, ..Self::new() }
    }

    /// A segment has arrived. `rto` is this end's own timeout.
    pub(super) fn arrived(&mut self, arrival: Arrival, rto: u64, now: u64) {
        self.size = arrival.size;
        if self.last_arrival.is_none_or(|last| now - last > rto) {
            self.quick = QUICK_ACKNOWLEDGEMENTS;
        }
        if arrival.grows_window {
            self.quick |= 1;
        }
        self.last_arrival = Some(now);
        self.is_pushed |= arrival.is_pushed;
        let is_more_than_one = arrival.unacknowledged > self.size && (arrival.is_all_read || arrival.is_window_kept);
        let is_pushed_and_read = self.is_pushed && arrival.is_all_read;
        let is_quick = self.quick > 0 || self.is_never_delayed;
        if arrival.is_out_of_order || is_more_than_one || is_pushed_and_read || is_quick {
            self.due = Due::Now;
        } else if self.due == Due::No {
            // Timers of the kernel fire by jiffies.
            self.due = Due::At((now + LONGEST_DELAY).div_ceil(JIFFY) * JIFFY);
        }
    }

    /// A segment that had arrived before has arrived again. If it has bytes, the sender has lost acknowledgements or did
    /// not wait long enough, and gets quick ones (`tcp_enter_quickack_mode`). A window probe has none.
    pub(super) fn arrived_twice(&mut self, has_bytes: bool) {
        if has_bytes {
            self.quick = self.quick.max(QUICK_ACKNOWLEDGEMENTS);
        }
        self.due = Due::Now;
    }

    /// The application has read. `opens` says that the window is twice of what was told, at least.
    pub(super) fn read(&mut self, is_all_read: bool, unacknowledged: u64, opens: bool) {
        let is_held_back = matches!(self.due, Due::At(_));
        let is_wanted = unacknowledged > self.size || (self.is_pushed && is_all_read);
        if opens || self.is_never_delayed || (is_held_back && is_wanted) {
            self.due = Due::Now;
        }
    }

    pub(super) fn is_due_now(&self) -> bool {
        self.due == Due::Now
    }

    pub(super) fn due_at(&self) -> Option<u64> {
        match self.due {
            Due::At(at) => Some(at),
            Due::No | Due::Now => None,
        }
    }

    pub(super) fn fired(&mut self) {
        self.due = Due::Now;
    }

    /// An acknowledgement is sent.
    pub(super) fn sent(&mut self) {
        self.due = Due::No;
        self.is_pushed = false;
        self.quick = self.quick.saturating_sub(1);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tcp::units::MSS;

    const SEGMENT: Arrival = Arrival {
        size: MSS,
        is_pushed: false,
        is_out_of_order: false,
        is_all_read: true,
        unacknowledged: MSS,
        is_window_kept: true,
        grows_window: false,
    };

    /// A receiver that has used up its quick acknowledgements.
    fn steady() -> DelayedAck {
        let mut ack = DelayedAck::new();
        for nth in 0..QUICK_ACKNOWLEDGEMENTS {
            ack.arrived(SEGMENT, 300 * MILLISECOND, nth * MILLISECOND);
            assert!(ack.is_due_now(), "the first ones are acknowledged at once");
            ack.sent();
        }
        ack
    }

    #[test]
    fn every_second_full_segment_is_acknowledged_and_a_single_one_after_40_ms() {
        // RFC 5681, section 4.2.
        let mut ack = steady();
        ack.arrived(SEGMENT, 300 * MILLISECOND, 20 * MILLISECOND);
        assert_eq!(ack.due_at(), Some(60 * MILLISECOND));
        ack.arrived(Arrival { unacknowledged: 2 * MSS, ..SEGMENT }, 300 * MILLISECOND, 22 * MILLISECOND);
        assert!(ack.is_due_now());
    }

    #[test]
    fn what_is_out_of_order_is_acknowledged_at_once() {
        // RFC 5681, section 4.2, last paragraphs.
        let mut ack = steady();
        ack.arrived(
            Arrival { is_out_of_order: true, unacknowledged: 0, ..SEGMENT },
            300 * MILLISECOND,
            20 * MILLISECOND,
        );
        assert!(ack.is_due_now());
    }

    #[test]
    fn what_was_pushed_is_acknowledged_when_it_has_been_read() {
        let mut ack = steady();
        let pushed = Arrival { is_pushed: true, is_all_read: false, unacknowledged: 700, ..SEGMENT };
        ack.arrived(pushed, 300 * MILLISECOND, 20 * MILLISECOND);
        assert!(!ack.is_due_now());
        ack.read(true, 700, false);
        assert!(ack.is_due_now());
    }

    #[test]
    fn a_sender_that_was_silent_for_a_timeout_is_acknowledged_quickly_again() {
        let mut ack = steady();
        ack.arrived(SEGMENT, 300 * MILLISECOND, 316 * MILLISECOND);
        assert!(ack.is_due_now());
    }

    #[test]
    fn while_the_window_grows_every_segment_is_acknowledged() {
        // Measured: six full segments after a pause are acknowledged one by one, and then every second one.
        let mut ack = steady();
        for nth in 0..6 {
            ack.arrived(Arrival { grows_window: true, ..SEGMENT }, 300 * MILLISECOND, (20 + nth) * MILLISECOND);
            assert!(ack.is_due_now());
            ack.sent();
        }
        ack.arrived(SEGMENT, 300 * MILLISECOND, 27 * MILLISECOND);
        assert!(!ack.is_due_now());
    }

    #[test]
    fn after_bytes_that_arrive_twice_segments_are_acknowledged_quickly_and_after_a_window_probe_they_are_not() {
        let is_next_quick = |has_bytes| {
            let mut ack = steady();
            ack.arrived_twice(has_bytes);
            assert!(ack.is_due_now());
            ack.sent();
            ack.arrived(SEGMENT, 300 * MILLISECOND, 20 * MILLISECOND);
            ack.is_due_now()
        };
        assert_eq!([true, false].map(is_next_quick), [true, false]);
    }

    #[test]
    fn a_window_that_a_read_has_doubled_is_told() {
        let mut ack = steady();
        ack.read(false, 0, true);
        assert!(ack.is_due_now());
    }
}
