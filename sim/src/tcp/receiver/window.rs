//! The receive window: what is offered to the sender (`__tcp_select_window`, `tcp_grow_window`).
//!
//! A buffer counts memory and not payload: a packet of 685 B takes as much as a full one. So the window is the buffer times
//! the share of payload in the largest packets that came lately; half of it at first.
//!
//! 1. It begins with half of the buffer in whole segments, 64 KiB at most.
//! 2. Each full packet lets it grow by two segments, up to what the buffer holds.
//! 3. What has arrived and was not read is taken off. Where less than half of the buffer is free, and that is less than
//!    a segment or a sixteenth, nothing is offered: no silly windows (RFC 9293, section 3.8.6.2.2).
//! 4. What was offered is never taken back: the end of the window does not move to the left.
//! 5. A read is told at once where it doubles the window at least.

use super::tuning::Tuning;
use crate::tcp::units::MSS;

/// The memory of a packet that the kernel has received, by traces: data, headers, and its own book-keeping.
const PACKET_MEMORY: u64 = 2_520;

/// The segment size that the SYN carries, without the room for timestamps.
const ADVERTISED_MSS: u64 = MSS + 12;

/// How the window is bounded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::rooms::tcp) enum Kind {
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
    tuning: Tuning,
}

impl ReceiveWindow {
    pub(super) fn new(kind: Kind) -> Self {
        let (limit, space) = match kind {
            Kind::Plain(bytes) => (bytes, bytes),
            Kind::Fixed(bytes) => ((bytes / ADVERTISED_MSS).max(1) * ADVERTISED_MSS, bytes),
            Kind::Tuned => (Tuning::FIRST_WINDOW, Tuning::FIRST_SPACE),
        };
        Self { kind, limit, space, end: limit, tuning: Tuning::default() }
    }

    /// The first offset past what was offered.
    pub(super) fn end(&self) -> u64 {
        self.end
    }

    /// Segments have become larger: so is the share of payload in the buffer.
    pub(super) fn measured(&mut self, payload: u64) {
        if let Kind::Fixed(bytes) = self.kind {
            self.space = 2 * bytes * payload.min(MSS) / PACKET_MEMORY;
        }
    }

    /// A segment has arrived. `size` is that of the sender's segments, `read` how far the application has read, and `echo`
    /// the timestamp that came with it. Returns whether the window may be larger now.
    pub(super) fn arrived(&mut self, payload: u64, size: u64, read: u64, echo: u64, now: u64) -> bool {
        let before = self.limit;
        match self.kind {
            Kind::Plain(_) => return false,
            Kind::Tuned if payload >= size => self.tuning.arrived(echo, now),
            Kind::Fixed(_) | Kind::Tuned => {}
        }
        if payload >= MSS {
            self.limit += 2 * MSS;
        }
        self.read(read, now);
        self.limit = self.limit.min(self.space);
        self.limit > before
    }

    /// The application has read up to `read`.
    pub(super) fn read(&mut self, read: u64, now: u64) {
        if self.kind == Kind::Tuned {
            self.space = self.space.max(self.tuning.read(read, now));
        }
    }

    /// What could be offered with `unread` bytes in the buffer.
    fn free(&self, unread: u64) -> u64 {
        let free = self.space.saturating_sub(unread);
        let is_silly = free < self.space / 2 && (free < self.space / 16 || free < MSS);
        match self.kind {
            Kind::Plain(_) => free,
            Kind::Fixed(_) | Kind::Tuned if is_silly => 0,
            Kind::Fixed(_) | Kind::Tuned => free.min(self.limit),
        }
    }

    /// The end of the window that is offered now.
    pub(super) fn select(&mut self, next: u64, unread: u64) -> u64 {
        self.end = self.end.max(next + self.free(unread));
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

    #[test]
    fn a_buffer_of_16_kib_begins_with_eleven_segments() {
        assert_eq!(ReceiveWindow::new(Kind::Fixed(16_384)).end(), 11 * 1_460);
    }

    #[test]
    fn small_packets_make_the_window_of_a_fixed_buffer_small() {
        let mut window = ReceiveWindow::new(Kind::Fixed(16_384));
        window.measured(685);
        window.arrived(685, 685, 0, 0, 0);
        assert_eq!(window.free(0), 32_768 * 685 / PACKET_MEMORY);
        window.measured(MSS);
        window.arrived(MSS, MSS, 0, 0, 0);
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
        window.arrived(MSS, MSS, 0, 0, 0);
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
