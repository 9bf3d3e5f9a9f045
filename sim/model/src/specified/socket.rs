//! The server's socket of one connection: a window that counts bytes, the CPU's turn, and what is lost on the way.
//!
//! A byte is in the window from the server's write until the word that the client has read it reaches the server.

use std::collections::VecDeque;

/// Where a write stands with the server's CPU.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Turn {
    /// The CPU has not been asked.
    NotAsked,
    /// The bytes are held until the CPU has done the work.
    Waiting,
    /// The CPU has done the work, at that time.
    Granted(u64),
}

/// Whether bytes of the connection have been lost, after which none arrive any more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Loss {
    None,
    /// The client has died, and nothing has been sent to it since.
    ToCome,
    /// The server waits for an acknowledgement that will not come.
    Unnoticed,
    /// It has waited for the user timeout.
    TimedOut,
}

// In this order in memory: what every write touches stands first.
#[derive(Debug)]
#[repr(C)]
pub(super) struct Socket {
    pub(super) is_outgoing: bool,
    pub(super) loss: Loss,
    /// Whether the server's task waits for room or for the CPU.
    pub(super) writer_waits: bool,
    /// TCP says what has room, and not the window.
    pub(super) is_over_path: bool,
    pub(super) turn: Turn,
    window_bytes: u64,
    in_window: u64,
    /// Bytes accepted from the start on.
    accepted: u64,
    /// Accepted, and held until the CPU's turn has come.
    held: u64,
    /// Accepted, to be sent at the end of the tick.
    outbox: u64,
    /// Which bytes were accepted when, for a client that asks: the offset of the end, and the time.
    times: Option<VecDeque<(u64, u64)>>,
}

impl Socket {
    pub(super) fn new(window_bytes: u64, keeps_times: bool, is_over_path: bool) -> Self {
        Self {
            is_over_path,
            window_bytes,
            in_window: 0,
            accepted: 0,
            held: 0,
            outbox: 0,
            is_outgoing: false,
            turn: Turn::NotAsked,
            loss: Loss::None,
            writer_waits: false,
            times: keeps_times.then(VecDeque::new),
        }
    }

    pub(super) fn in_window(&self) -> u64 {
        self.in_window
    }

    /// Whether the window has no room for a single byte.
    pub(super) fn is_full(&self) -> bool {
        self.in_window == self.window_bytes && !self.is_over_path
    }

    /// Whether the client asks when its bytes were accepted.
    pub(super) fn keeps_times(&self) -> bool {
        self.times.is_some()
    }

    /// Accepts as many of the bytes as the window has room for.
    #[inline]
    pub(super) fn accept(&mut self, bytes: u64, now: u64, is_held: bool) -> u64 {
        let accepted = bytes.min(self.window_bytes.saturating_sub(self.in_window));
        self.take(accepted, now, is_held);
        accepted
    }

    /// Takes bytes for which there is room.
    #[inline]
    pub(super) fn take(&mut self, accepted: u64, now: u64, is_held: bool) {
        self.in_window += accepted;
        self.accepted += accepted;
        if is_held {
            self.held += accepted;
        } else {
            self.outbox += accepted;
        }
        if let Some(times) = self.times.as_mut().filter(|_| accepted > 0) {
            times.push_back((self.accepted, now));
        }
    }

    /// The client has read bytes; whether the server's task waited for that.
    #[inline]
    pub(super) fn release(&mut self, bytes: u64) -> bool {
        // At most what is there: after the server has closed, reads of what came before still arrive.
        self.in_window -= bytes.min(self.in_window);
        if self.is_over_path {
            return false;
        }
        // This wakes a task that waits for the CPU, too, and in vain: the full stack keeps one waker for both waits.
        std::mem::take(&mut self.writer_waits)
    }

    /// The CPU has done its work; whether the server's task waited for that.
    pub(super) fn grant(&mut self, at: u64) -> bool {
        self.outbox += std::mem::take(&mut self.held);
        self.turn = Turn::Granted(at);
        std::mem::take(&mut self.writer_waits)
    }

    pub(super) fn take_outbox(&mut self) -> u64 {
        self.is_outgoing = false;
        std::mem::take(&mut self.outbox)
    }

    /// The server has closed its end: what the client has not read holds nothing up any more.
    pub(super) fn close(&mut self) {
        self.in_window = 0;
    }

    /// When the byte at that offset was accepted; offsets asked for never decrease.
    pub(super) fn accepted_at(&mut self, offset: u64) -> Option<u64> {
        let times = self.times.as_mut()?;
        while times.front().is_some_and(|(end, _)| *end <= offset) {
            times.pop_front();
        }
        times.front().map(|(_, at)| *at)
    }

    /// The client has died, with so many bytes arrived. Whether the server waits for an answer already.
    pub(super) fn cut(&mut self, arrived: u64) -> bool {
        // A full window counts, too: TCP probes it, and a dead client does not answer.
        let waits = self.accepted > arrived || self.writer_waits;
        let is_first = matches!(self.loss, Loss::None | Loss::ToCome);
        if is_first {
            self.loss = if waits { Loss::Unnoticed } else { Loss::ToCome };
        }
        is_first && waits
    }

    /// Bytes have been lost; whether they are the first.
    pub(super) fn lose(&mut self) -> bool {
        let is_first = matches!(self.loss, Loss::None | Loss::ToCome);
        if is_first {
            self.loss = Loss::Unnoticed;
        }
        is_first
    }
}
