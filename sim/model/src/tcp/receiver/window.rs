//! The receive window: what is offered to the sender (`__tcp_select_window`, `tcp_grow_window`).
//!
//! A buffer counts memory and not payload: a packet of 685 B takes as much as a full one. So the window is the buffer times
//! the share of payload in the largest packets that came lately; half of it at first.
//!
//! 1. It begins with half of the buffer in whole segments, 64 KiB at most.
//! 2. Each full packet lets it grow by two segments, up to what the buffer holds. In a buffer that the kernel lets grow that
//!    is what it holds beside the packet, which the application cannot have read yet. There a smaller packet lets the window
//!    grow by two segments of the sender's size, unless it has less than 128 B.
//! 3. What has arrived and was not read is taken off. Where less than half of the buffer is free, and that is less than
//!    a segment or a sixteenth, nothing is offered: no silly windows (RFC 9293, section 3.8.6.2.2).
//! 4. What was offered is never taken back: the end of the window does not move to the left. Where buffers can grow the
//!    window is told in units of 1,024 B, rounded up (RFC 7323, section 2.2, with the scale that 32 MiB ask for).
//! 5. A read is told at once where it doubles the window at least.

use super::tuning::Tuning;
use crate::tcp::units::MSS;

/// The memory of a packet that the kernel has received, by traces: data, headers, and its own book-keeping.
const PACKET_MEMORY: u64 = 2_520;

/// The unit in which the window of a buffer that grows is told.
const WINDOW_UNIT: u64 = 1_024;

/// The window in the SYN of a buffer that grows: 44 segments, below 64 KiB.
const FIRST_TUNED_WINDOW: u64 = 44 * ADVERTISED_MSS;

/// A packet with less payload does not let the window grow.
const LEAST_TO_GROW: u64 = 128;

/// The segment size that the SYN carries, without the room for timestamps.
const ADVERTISED_MSS: u64 = MSS + 12;

/// How the window is bounded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::tcp) enum Kind {
    /// So many bytes, to the byte: what has been read is offered again at once.
    Plain(u64),
    /// A buffer of a fixed size, as `SO_RCVBUF` asks for it.
    Fixed(u64),
    /// A buffer that the kernel lets grow.
    Tuned,
}

#[derive(Debug, Clone)]
pub(super) struct ReceiveWindow {
    kind: Kind,
    /// How large the window may be by now (`rcv_ssthresh`).
    limit: u64,
    /// The payload that the buffer holds (`window_clamp`).
    space: u64,
    end: u64,
    /// The window that was told last (`rcv_wnd`).
    offered: u64,
    tuning: Tuning,
}

/// A segment that has arrived, as the window looks at it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Arrived {
    pub(super) payload: u64,
    /// The size of the sender's segments.
    pub(super) size: u64,
    /// How far the stream is complete.
    pub(super) next: u64,
    /// The bytes in the buffer beside those of this segment.
    pub(super) unread: u64,
    /// How far beyond a hole the stream goes, if this segment is there.
    pub(super) beyond: Option<u64>,
}

impl ReceiveWindow {
    pub(super) fn new(kind: Kind) -> Self {
        let (limit, space) = match kind {
            Kind::Plain(bytes) => (bytes, bytes),
            Kind::Fixed(bytes) => ((bytes / ADVERTISED_MSS).max(1) * ADVERTISED_MSS, bytes),
            Kind::Tuned => (Tuning::default().space(), Tuning::default().space()),
        };
        let end = if kind == Kind::Tuned { FIRST_TUNED_WINDOW } else { limit };
        Self { kind, limit, space, end, offered: end, tuning: Tuning::default() }
    }

    /// The first offset past what was offered.
    pub(super) fn end(&self) -> u64 {
        self.end
    }

    /// A segment has arrived that echoes a timestamp.
    pub(super) fn echoed(&mut self, echo: u64, is_usual: bool, has_unread: bool, now: u64) {
        if self.kind == Kind::Tuned {
            self.tuning.echoed(echo, is_usual, has_unread, now);
        }
    }

    /// Segments have become larger: so is the share of payload in the buffer.
    pub(super) fn measured(&mut self, payload: u64) {
        match self.kind {
            Kind::Plain(_) => {}
            Kind::Fixed(bytes) => self.space = 2 * bytes * payload.min(MSS) / PACKET_MEMORY,
            Kind::Tuned => {
                // `tcp_set_window_clamp`
                let before = self.tuning.measured(payload);
                self.space = self.tuning.space();
                if self.space < before {
                    self.limit = self.limit.min(self.space);
                } else if self.space > before {
                    self.limit = self.limit.max(self.offered.min(self.space));
                }
            }
        }
    }

    /// A segment has arrived. Returns whether the window may be larger now.
    pub(super) fn arrived(&mut self, arrived: Arrived, now: u64) -> bool {
        let before = self.limit;
        match self.kind {
            Kind::Plain(_) => return false,
            Kind::Fixed(_) => {
                self.limit += if arrived.payload >= MSS { 2 * MSS } else { 0 };
                self.limit = self.limit.min(self.space);
            }
            Kind::Tuned => {
                match arrived.beyond {
                    Some(distance) => self.tuning.arrived_beyond(distance),
                    None => self.tuning.moved_on(arrived.next, self.offered, now),
                }
                self.space = self.tuning.space();
                self.grow(arrived);
            }
        }
        self.limit > before
    }

    /// Lets a tuned window grow (`tcp_grow_window`).
    fn grow(&mut self, arrived: Arrived) {
        let taken = self.tuning.taken_by(arrived.payload);
        let room = self.tuning.room_beside(arrived.payload).saturating_sub(arrived.unread + self.limit);
        if arrived.payload >= LEAST_TO_GROW {
            let segment = if taken <= arrived.payload { MSS } else { arrived.size };
            self.limit += room.min(2 * segment.max(arrived.payload));
        }
    }

    /// The application has read up to `read`, and has so many bytes left to read.
    pub(super) fn read(&mut self, read: u64, left: u64, now: u64) {
        if self.kind == Kind::Tuned {
            self.tuning.read(read, left, now);
            self.space = self.tuning.space();
        }
    }

    /// What could be offered with `unread` bytes in the buffer.
    fn free(&self, unread: u64) -> u64 {
        let free = self.space.saturating_sub(unread);
        let is_silly = free < self.space / 2 && (free < self.space / 16 || free < MSS);
        match self.kind {
            Kind::Plain(_) => free,
            Kind::Fixed(_) | Kind::Tuned if is_silly => 0,
            Kind::Fixed(_) => free.min(self.limit),
            Kind::Tuned => free.min(self.limit).next_multiple_of(WINDOW_UNIT),
        }
    }

    /// The end of the window that is offered now.
    pub(super) fn select(&mut self, next: u64, unread: u64) -> u64 {
        let kept = self.end.saturating_sub(next);
        let kept = if self.kind == Kind::Tuned { kept.next_multiple_of(WINDOW_UNIT) } else { kept };
        self.offered = self.free(unread).max(kept);
        self.end = next + self.offered;
        self.end
    }

    /// Whether the window would be offered as large as it was.
    pub(super) fn is_kept(&self, next: u64, unread: u64) -> bool {
        next + self.free(unread) >= self.end
    }

    /// Whether a read has opened the window far enough to be told.
    pub(super) fn opens(&self, next: u64, unread: u64) -> bool {
        let offered = self.end.saturating_sub(next);
        let free = self.free(unread);
        2 * offered <= self.space && free > 0 && free >= 2 * offered
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn segment(payload: u64) -> Arrived {
        Arrived { payload, size: payload, next: payload, unread: 0, beyond: None }
    }

    #[test]
    fn a_buffer_of_16_kib_begins_with_eleven_segments() {
        assert_eq!(ReceiveWindow::new(Kind::Fixed(16_384)).end(), 11 * 1_460);
    }

    #[test]
    fn a_tuned_window_grows_as_the_kernel_s_did_in_a_trace() {
        // Events one by one, then a backlog in full packets. The window was 64,512 B until the first of those.
        let mut window = ReceiveWindow::new(Kind::Tuned);
        let mut told = |payloads: &[u64]| -> Vec<u64> {
            let mut size = 536;
            let tell = |payload: &u64| {
                if *payload > size {
                    window.measured(*payload);
                }
                size = size.max(*payload);
                let next = window.end() - window.offered + payload;
                window.arrived(Arrived { payload: *payload, size, next, unread: 0, beyond: None }, 0);
                window.select(next, 0);
                window.offered
            };
            payloads.iter().map(tell).collect()
        };
        assert_eq!(told(&[193, 735, 736, 736]), [64_512; 4]);
        assert_eq!(told(&[MSS; 7]), [67_584, 70_656, 73_728, 76_800, 79_872, 80_896, 80_896]);
        assert_eq!(told(&[408]), [81_920]);
    }

    #[test]
    fn small_packets_make_the_window_of_a_fixed_buffer_small() {
        let mut window = ReceiveWindow::new(Kind::Fixed(16_384));
        window.measured(685);
        window.arrived(segment(685), 0);
        assert_eq!(window.free(0), 32_768 * 685 / PACKET_MEMORY);
        window.measured(MSS);
        window.arrived(segment(MSS), 0);
        assert!(window.free(0) < 32_768 * MSS / PACKET_MEMORY, "it grows by two segments a packet");
    }

    #[test]
    fn what_was_offered_is_never_taken_back() {
        let mut window = ReceiveWindow::new(Kind::Fixed(16_384));
        assert_eq!(window.select(0, 16_000), 16_060);
    }

    #[test]
    fn a_window_below_a_segment_is_none_and_a_read_is_told_that_doubles_it() {
        // RFC 9293, section 3.8.6.2.2.
        let mut window = ReceiveWindow::new(Kind::Fixed(16_384));
        window.measured(MSS);
        window.arrived(segment(MSS), 0);
        window.select(0, 0);
        let end = window.end();
        assert_eq!(window.free(window.space - MSS + 1), 0);
        assert!(!window.opens(end, window.space - MSS + 1));
        assert!(window.opens(end, window.space - MSS));
    }

    #[test]
    fn a_plain_window_offers_what_has_been_read_to_the_byte() {
        let mut window = ReceiveWindow::new(Kind::Plain(4_096));
        assert_eq!(window.select(4_096, 4_096), 4_096);
        assert_eq!(window.select(4_096, 4_095), 4_097);
    }
}
