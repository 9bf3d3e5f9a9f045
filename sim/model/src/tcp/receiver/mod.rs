//! The receiver of one direction: what has arrived, and when that is acknowledged (Linux 6.18, `tcp_data_queue`).
//!
//! - `ranges.rs`: what has arrived beyond a hole.
//! - `delayed.rs`: when an acknowledgement is sent.
//! - `window.rs`: what the receiver has room for. `tuning.rs`: how the kernel lets a buffer grow. `size.rs`: the size of
//!   the segments that arrive, on which both depend.

mod delayed;
mod ranges;
mod size;
mod tuning;
mod window;

use super::range::{ByteRange, SackBlocks};
use super::segment::{Acknowledgement, Segment};
use super::settings::{Congestion, ReceiveBuffer};
use delayed::{Arrival, DelayedAck};
use ranges::Ranges;
use size::SegmentSize;
use window::{Arrived, ReceiveWindow};

pub(super) use window::Kind as WindowKind;

/// The window that an end offers, by its buffer and the kind of flow control.
pub(super) fn window_kind(congestion: Congestion, buffer: ReceiveBuffer) -> WindowKind {
    match (congestion, buffer) {
        (Congestion::None, ReceiveBuffer::Bytes(bytes)) => WindowKind::Plain(bytes),
        (Congestion::None, ReceiveBuffer::Auto) => WindowKind::Plain(1 << 40),
        (Congestion::Reno | Congestion::Cubic, ReceiveBuffer::Bytes(bytes)) => WindowKind::Fixed(bytes),
        (Congestion::Reno | Congestion::Cubic, ReceiveBuffer::Auto) => WindowKind::Tuned,
    }
}

#[derive(Debug, Clone)]
pub(super) struct Receiver {
    /// RCV.NXT: everything before it has arrived.
    next: u64,
    /// Everything before it has been taken by the application.
    read: u64,
    reads_at_once: bool,
    beyond: Ranges,
    /// RCV.NXT when something was acknowledged last (`rcv_wup`).
    acknowledged: u64,
    /// The timestamp to be echoed (RFC 7323, section 4.3).
    echo: u64,
    fin: Option<u64>,
    size: SegmentSize,
    window: ReceiveWindow,
    delayed: DelayedAck,
    is_duplicate: bool,
}

impl Receiver {
    pub(super) fn new(kind: WindowKind, reads_at_once: bool) -> Self {
        let delayed = match kind {
            WindowKind::Plain(_) => DelayedAck::never_delayed(),
            WindowKind::Fixed(_) | WindowKind::Tuned => DelayedAck::new(),
        };
        Self {
            next: 0,
            read: 0,
            reads_at_once,
            beyond: Ranges::default(),
            acknowledged: 0,
            echo: 0,
            fin: None,
            size: SegmentSize::new(),
            window: ReceiveWindow::new(kind),
            delayed,
            is_duplicate: false,
        }
    }

    /// The timestamp of the handshake, to be echoed.
    pub(super) fn set_echo(&mut self, sent_at: u64) {
        self.echo = sent_at;
    }

    pub(super) fn echo(&self) -> u64 {
        self.echo
    }

    /// Takes a segment that has arrived. `rto` is this end's own timeout.
    pub(super) fn receive(&mut self, segment: &Segment, rto: u64, now: u64) {
        // What ends before the last acknowledgement is answered, and its timestamp is not looked at (`tcp_sequence`). So the
        // answer shows that the original had arrived.
        let is_old = segment.bytes.end < self.acknowledged;
        if segment.bytes.start <= self.acknowledged && !is_old {
            self.echo = self.echo.max(segment.sent_at);
        }
        if segment.bytes.len() == 0 && !segment.is_window_probe {
            return;
        }
        debug_assert!(segment.bytes.end <= self.window.end() + 1, "a sender keeps to the window");
        if segment.has_fin {
            self.fin = Some(segment.bytes.end - 1);
        }
        let had_hole = !self.beyond.is_empty();
        let payload = segment.bytes.len() - u64::from(segment.has_fin);
        let echo = segment.acknowledgement.echo;
        self.window.echoed(echo, payload >= self.size.get(), self.readable() > 0, now);
        let unread = self.unread();
        let moves_on = self.queue(segment.bytes);
        if self.is_duplicate {
            self.delayed.arrived_twice(segment.bytes.len() > 0);
            return;
        }
        if self.size.measure(payload, segment.is_pushed) {
            self.window.measured(payload);
        }
        let beyond = (!moves_on).then(|| self.beyond.end().saturating_sub(self.next));
        let arrived = Arrived { payload, size: self.size.get(), next: self.next, unread, beyond };
        let grows_window = self.window.arrived(arrived, now);
        if self.reads_at_once {
            self.read = self.available();
            self.window.read(self.read, 0, now);
        }
        let arrival = Arrival {
            size: self.size.get(),
            is_pushed: segment.is_pushed,
            is_out_of_order: !moves_on || had_hole || !self.beyond.is_empty() || segment.has_fin,
            is_all_read: self.read >= self.available(),
            unacknowledged: self.next - self.acknowledged,
            grows_window,
            is_window_kept: self.window.is_kept(self.next, self.unread()),
        };
        self.delayed.arrived(arrival, rto, now);
    }

    /// Adds what has arrived. Returns whether the receiver moves on by it.
    fn queue(&mut self, bytes: ByteRange) -> bool {
        self.is_duplicate = bytes.end <= self.next;
        if self.is_duplicate {
            return false;
        }
        if bytes.start > self.next {
            self.beyond.insert(bytes);
            return false;
        }
        self.next = self.beyond.take_reached(bytes.end);
        true
    }

    /// The application takes bytes that have arrived. It may make the receiver tell its window.
    pub(super) fn read(&mut self, bytes: u64, now: u64) {
        let taken = bytes.min(self.readable());
        self.read += taken;
        self.window.read(self.read, self.readable(), now);
        if taken > 0 {
            let opens = self.window.opens(self.next, self.unread());
            self.delayed.read(self.readable() == 0, self.next - self.acknowledged, opens);
        }
    }

    /// Bytes of the stream that have arrived in order, from the first on. The FIN is none.
    pub(super) fn available(&self) -> u64 {
        self.fin.map_or(self.next, |fin| fin.min(self.next))
    }

    /// Bytes that have arrived in order and have not been read.
    pub(super) fn readable(&self) -> u64 {
        self.available() - self.read
    }

    /// Whether everything up to the FIN has arrived.
    pub(super) fn has_ended(&self) -> bool {
        self.fin.is_some_and(|fin| self.next > fin)
    }

    /// The first offset past the window that was offered.
    pub(super) fn window_end(&self) -> u64 {
        self.window.end()
    }

    /// When an acknowledgement is due that is held back.
    pub(super) fn acknowledges_at(&self) -> Option<u64> {
        self.delayed.due_at()
    }

    /// Whether an acknowledgement is to be sent now.
    pub(super) fn acknowledges_now(&self) -> bool {
        self.delayed.is_due_now()
    }

    /// The time has come for the acknowledgement that was held back.
    pub(super) fn acknowledge_now(&mut self) {
        self.delayed.fired();
    }

    /// The acknowledgement that the next segment carries. None is due after it.
    pub(super) fn acknowledgement(&mut self) -> Acknowledgement {
        self.delayed.sent();
        self.acknowledged = self.next;
        Acknowledgement {
            next: self.next,
            window_end: self.window.select(self.next, self.unread()),
            echo: self.echo,
            sacked: SackBlocks::of(self.beyond.newest_first()),
            is_duplicate: std::mem::take(&mut self.is_duplicate),
        }
    }

    /// The bytes that the buffer holds.
    fn unread(&self) -> u64 {
        self.readable() + self.beyond.bytes()
    }
}

#[cfg(test)]
mod tests;
