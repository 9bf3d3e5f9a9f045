//! What a connection holds: bytes in the window, bytes to be sent, and where a delivery stands with the CPU.

use std::io::IoSlice;
use std::task::Waker;
use std::time::Duration;

use turmoil::net::tcp::OwnedWriteHalf;

use crate::world::accept_times::AcceptTimes;
use crate::world::merged::MergedChannel;

#[derive(Default)]
pub(super) struct State {
    /// Accepted from the server, not read by the client.
    pub(super) in_window: u64,
    /// Accepted from the server in all.
    pub(super) accepted: u64,
    /// Accepted, and on its way from `delivered` on. Without a path all of it is taken at once.
    pub(super) outbox: Vec<u8>,
    /// Bytes of the outbox that have come over a path.
    pub(super) delivered: usize,
    /// Where there is a second stage; what it holds is not in the window yet.
    pub(super) merged: Option<MergedChannel>,
    /// Accepted, and kept until the CPU has done the work of the delivery under way.
    pub(super) held: Vec<u8>,
    /// Frames taken by the server since the CPU was last asked for.
    pub(super) frames: u32,
    pub(super) has_asked_the_cpu: bool,
    pub(super) is_queued: bool,
    pub(super) server_closed: bool,
    pub(super) loss: PacketLoss,
    /// The server's task, where it waits for the client to say something or to leave.
    pub(super) reader: Option<Waker>,
    /// The server's task, where it waits for room or for the CPU.
    pub(super) writer: Option<Waker>,
    pub(super) turn: Turn,
    pub(super) socket: Option<OwnedWriteHalf>,
    pub(super) times: AcceptTimes,
}

/// Whether bytes of this connection have been lost for good, after which none arrive.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub(super) enum PacketLoss {
    #[default]
    None,
    /// The client has died, and nothing has been sent to it since.
    ToCome,
    /// The server waits for an acknowledgement.
    Unnoticed,
    /// It has waited long enough.
    TimedOut,
}

/// The state of the current delivery at the CPU. Until the CPU has done its work, its bytes are accepted but held here and
/// not flushed. A wait for the server's own CPU must not look like a socket that the client blocks.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub(super) enum Turn {
    #[default]
    NotAsked,
    Waiting,
    Granted {
        at: Duration,
    },
}

/// What became of the bytes of a write.
pub(super) struct Accepted {
    /// Bytes taken.
    pub(super) taken: usize,
    /// Of those, the bytes that no second stage has thrown away.
    pub(super) kept: usize,
}

impl State {
    /// The bytes that the window has room for.
    pub(super) fn room(&self, window_bytes: u64) -> u64 {
        window_bytes.saturating_sub(self.in_window)
    }

    /// Takes what there is room for, to be held or to be sent.
    pub(super) fn accept(&mut self, parts: &[IoSlice<'_>], room: u64, window_bytes: u64, is_held: bool) -> Accepted {
        if self.merged.is_some() {
            return self.accept_all(parts, window_bytes, is_held);
        }
        let room = usize::try_from(room).unwrap_or(usize::MAX);
        let accepts = if is_held { &mut self.held } else { &mut self.outbox };
        let mut accepted = 0;
        for part in parts {
            let taken = part.len().min(room - accepted);
            accepts.extend_from_slice(&part[..taken]);
            accepted += taken;
        }
        self.in_window += accepted as u64;
        self.accepted += accepted as u64;
        Accepted { taken: accepted, kept: accepted }
    }

    /// Takes all bytes, as a second stage does, to be held or to be merged.
    fn accept_all(&mut self, parts: &[IoSlice<'_>], window_bytes: u64, is_held: bool) -> Accepted {
        // Whatever room the window has: a second stage hides that from the connection.
        let taken = parts.iter().map(|part| part.len()).sum();
        if is_held {
            parts.iter().for_each(|part| self.held.extend_from_slice(part));
            return Accepted { taken, kept: taken };
        }
        let thrown_away = self.merge(parts.iter().flat_map(|part| part.iter().copied()).collect(), window_bytes);
        Accepted { taken, kept: taken - thrown_away }
    }

    /// Gives a frame to the second stage; returns how many bytes are thrown away.
    pub(super) fn merge(&mut self, frame: Vec<u8>, window_bytes: u64) -> usize {
        let Some(merged) = &mut self.merged else { return 0 };
        let bytes = frame.len();
        // What does not fit is lost without a word, so the connection is told that all of it was taken.
        let is_kept = merged.push(frame);
        self.write_merged(window_bytes);
        if is_kept { 0 } else { bytes }
    }

    /// The second stage writes what there is room for; `true` where it has written anything.
    pub(super) fn write_merged(&mut self, window_bytes: u64) -> bool {
        let room = usize::try_from(self.room(window_bytes)).unwrap_or(usize::MAX);
        let Some(merged) = &mut self.merged else { return false };
        let written = merged.write(room, &mut self.outbox) as u64;
        self.in_window += written;
        self.accepted += written;
        written > 0
    }
}
