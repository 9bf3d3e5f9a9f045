//! One connection as both its ends see it: a window that counts bytes, and the way the server's bytes take.
//!
//! A byte is in the window from the server's write until the client has read it, so the window stands for everything a
//! socket holds: send buffer, wire and receive buffer. Both ends live in one process and share this.

use std::io::{self, IoSlice};
use std::pin::Pin;
use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use tokio::io::AsyncWrite;
use turmoil::net::tcp::OwnedWriteHalf;

use super::accept_times::AcceptTimes;
use super::cpu::Connection;
use super::merged::MergedChannel;

/// What a client says of its path before it sends anything.
#[derive(Debug, Clone, Copy)]
pub(super) struct Path {
    pub(super) subscriber: usize,
    pub(super) class: usize,
    pub(super) window_bytes: u64,
    /// Whether the client asks when its bytes were accepted.
    pub(super) keeps_times: bool,
}

pub(super) struct Wire {
    path: OnceLock<Path>,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    /// Accepted from the server, not read by the client.
    in_window: u64,
    /// Accepted from the server in all.
    accepted: u64,
    /// Accepted, and not yet on its way.
    outbox: Vec<u8>,
    /// Where there is a second stage; what it holds is not in the window yet.
    merged: Option<MergedChannel>,
    /// Accepted, and kept until the CPU has done the work of the delivery under way.
    held: Vec<u8>,
    is_queued: bool,
    server_closed: bool,
    loss: Loss,
    /// The server's task, where it waits for the client to say something or to leave.
    reader: Option<Waker>,
    /// The server's task, where it waits for room or for the CPU.
    writer: Option<Waker>,
    turn: Turn,
    socket: Option<OwnedWriteHalf>,
    times: AcceptTimes,
}

/// Whether bytes of this connection have been lost for good, after which none arrive.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
enum Loss {
    #[default]
    None,
    /// The client has died, and nothing has been sent to it since.
    ToCome,
    /// The server waits for an acknowledgement.
    Unnoticed,
    /// It has waited long enough.
    TimedOut,
}

/// Where the delivery under way stands with the CPU. Its bytes are accepted meanwhile but stay here, and it is not
/// flushed: waiting for the server's own CPU is no fault of the client's, and must not look like a blocked socket.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
enum Turn {
    #[default]
    NotAsked,
    Waiting,
    Granted {
        at: Duration,
    },
}

/// What became of the bytes of a write.
struct Accepted {
    /// Bytes taken.
    taken: usize,
    /// Of those, the bytes that no second stage has thrown away.
    kept: usize,
}

/// What became of a write, and what is to be done about it.
pub(super) struct Written {
    /// Bytes taken.
    pub(super) taken: usize,
    /// Of those, the bytes that no second stage has thrown away.
    pub(super) kept: usize,
    /// The delivery needs the CPU, and is the first to say so.
    pub(super) wants_cpu: bool,
    /// There are bytes to be sent where there were none.
    pub(super) has_outgoing: bool,
}

impl State {
    fn room(&self, window_bytes: u64) -> usize {
        usize::try_from(window_bytes.saturating_sub(self.in_window)).unwrap_or(usize::MAX)
    }

    /// Takes what there is room for, to be held or to be sent.
    fn accept(&mut self, parts: &[IoSlice<'_>], window_bytes: u64, is_held: bool) -> Accepted {
        if self.merged.is_some() {
            return self.accept_all(parts, window_bytes, is_held);
        }
        let room = self.room(window_bytes);
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

    /// As a second stage does: whole, to be held or to be merged.
    fn accept_all(&mut self, parts: &[IoSlice<'_>], window_bytes: u64, is_held: bool) -> Accepted {
        let taken = parts.iter().map(|part| part.len()).sum();
        if is_held {
            parts.iter().for_each(|part| self.held.extend_from_slice(part));
            return Accepted { taken, kept: taken };
        }
        let thrown_away = self.merge(parts.iter().flat_map(|part| part.iter().copied()).collect(), window_bytes);
        Accepted { taken, kept: taken - thrown_away }
    }

    /// Gives a frame to the second stage; returns how many bytes are thrown away.
    fn merge(&mut self, frame: Vec<u8>, window_bytes: u64) -> usize {
        let Some(merged) = &mut self.merged else { return 0 };
        let bytes = frame.len();
        let is_kept = merged.push(frame);
        self.write_merged(window_bytes);
        if is_kept { 0 } else { bytes }
    }

    /// The second stage writes what there is room for; `true` where it has written anything.
    fn write_merged(&mut self, window_bytes: u64) -> bool {
        let room = self.room(window_bytes);
        let Some(merged) = &mut self.merged else { return false };
        let written = merged.write(room, &mut self.outbox) as u64;
        self.in_window += written;
        self.accepted += written;
        written > 0
    }
}

impl Wire {
    /// With a second stage of so many frames, where there is one.
    pub(super) fn new(socket: OwnedWriteHalf, merged_frames: Option<usize>) -> Self {
        let merged = merged_frames.map(MergedChannel::new);
        Self { path: OnceLock::new(), state: Mutex::new(State { socket: Some(socket), merged, ..State::default() }) }
    }

    fn window_bytes(&self) -> u64 {
        self.path().map_or(u64::MAX, |path| path.window_bytes)
    }

    /// The client's word on its path; the first counts.
    pub(super) fn set_path(&self, path: Path) {
        let _ = self.path.set(path);
    }

    pub(super) fn path(&self) -> Option<&Path> {
        self.path.get()
    }

    /// The client has read that many bytes; returns how many of them still mattered to the server, and whether a second
    /// stage has something to be sent now.
    pub(super) fn release(&self, bytes: u64) -> (u64, bool) {
        let window_bytes = self.window_bytes();
        let mut state = self.lock();
        let released = bytes.min(state.in_window);
        state.in_window -= released;
        let is_news = state.write_merged(window_bytes) && !std::mem::replace(&mut state.is_queued, true);
        wake(state);
        (released, is_news)
    }

    /// When the server's socket accepted the byte at that offset, if that is kept; offsets asked for never decrease.
    pub(super) fn accepted_at(&self, offset: u64) -> Option<Duration> {
        self.path().filter(|path| path.keeps_times).and_then(|_| self.lock().times.of(offset))
    }

    /// The CPU has done the work of the delivery under way, at that time; returns how many bytes a second stage throws
    /// away.
    pub(super) fn grant(&self, at: Duration) -> usize {
        let window_bytes = self.window_bytes();
        let mut state = self.lock();
        let mut held = std::mem::take(&mut state.held);
        let thrown_away = if state.merged.is_some() {
            state.merge(held, window_bytes)
        } else {
            state.outbox.append(&mut held);
            // Its room is used again.
            state.held = held;
            0
        };
        state.turn = Turn::Granted { at };
        wake(state);
        thrown_away
    }

    /// The client has died, with so many bytes arrived: whatever is sent to it from now on is lost. `true` where the
    /// server waits for an answer already, of bytes under way or of its probes of a full window.
    pub(super) fn cut(&self, arrived: u64) -> bool {
        let mut state = self.lock();
        let waits = state.accepted > arrived || state.writer.is_some();
        let is_first = matches!(state.loss, Loss::None | Loss::ToCome);
        if is_first {
            state.loss = if waits { Loss::Unnoticed } else { Loss::ToCome };
        }
        is_first && waits
    }

    /// Whether bytes sent now are lost, whatever the link does.
    pub(super) fn is_cut(&self) -> bool {
        self.lock().loss != Loss::None
    }

    /// Bytes have been lost; `true` for the first.
    pub(super) fn lose(&self) -> bool {
        let mut state = self.lock();
        let is_first = matches!(state.loss, Loss::None | Loss::ToCome);
        if is_first {
            state.loss = Loss::Unnoticed;
        }
        is_first
    }

    /// The server's host gives up on bytes that were lost: the connection fails.
    pub(super) fn time_out(&self) {
        let mut state = self.lock();
        state.loss = Loss::TimedOut;
        let reader = state.reader.take();
        wake(state);
        reader.into_iter().for_each(Waker::wake);
    }

    /// What has been accepted since the last call; and whether the server has closed its end.
    pub(super) fn take_outbox(&self) -> (Vec<u8>, bool) {
        let mut state = self.lock();
        state.is_queued = false;
        (std::mem::take(&mut state.outbox), state.server_closed)
    }

    /// Puts bytes on the simulated network; an end closes it. Whether the peer is still there shows on the read side.
    pub(super) fn send(&self, bytes: &[u8], end: bool) {
        let mut state = self.lock();
        if let Some(socket) = &mut state.socket
            && !bytes.is_empty()
        {
            let mut cx = Context::from_waker(Waker::noop());
            let _ = Pin::new(socket).poll_write(&mut cx, bytes);
        }
        if end {
            state.socket = None;
        }
    }

    /// The server waits for the client to say something or to leave.
    ///
    /// # Errors
    /// When the server's host has given up on bytes that were lost.
    pub(super) fn wait_for_client(&self, cx: &Context<'_>) -> io::Result<()> {
        let mut state = self.lock();
        if state.loss == Loss::TimedOut {
            return Err(io::ErrorKind::TimedOut.into());
        }
        if !state.reader.as_ref().is_some_and(|waker| waker.will_wake(cx.waker())) {
            state.reader = Some(cx.waker().clone());
        }
        Ok(())
    }

    /// The server writes, at the time that `now` tells.
    pub(super) fn poll_write(
        &self,
        cx: &Context<'_>,
        parts: &[IoSlice<'_>],
        has_cpu: bool,
        now: impl FnOnce() -> Duration,
    ) -> Poll<io::Result<Written>> {
        let window_bytes = self.window_bytes();
        let mut state = self.lock();
        if state.loss == Loss::TimedOut {
            return Poll::Ready(Err(io::ErrorKind::TimedOut.into()));
        }
        // A delivery that waits for the CPU is sent by the driver once that is done.
        let is_held = has_cpu && !matches!(state.turn, Turn::Granted { .. });
        let Accepted { taken, kept } = state.accept(parts, window_bytes, is_held);
        if taken == 0 {
            state.writer = Some(cx.waker().clone());
            return Poll::Pending;
        }
        if self.path().is_some_and(|path| path.keeps_times) {
            state.times.note(taken, now());
        }
        let wants_cpu = is_held && state.turn == Turn::NotAsked;
        if wants_cpu {
            state.turn = Turn::Waiting;
        }
        let has_outgoing = !is_held && !std::mem::replace(&mut state.is_queued, true);
        Poll::Ready(Ok(Written { taken, kept, wants_cpu, has_outgoing }))
    }

    /// The server flushes: ready once the CPU has done the work of the delivery, with the time at which it had, if it
    /// was waited for.
    pub(super) fn poll_flush(&self, cx: &Context<'_>) -> Poll<Option<Duration>> {
        let mut state = self.lock();
        match state.turn {
            Turn::NotAsked => Poll::Ready(None),
            Turn::Waiting => {
                state.writer = Some(cx.waker().clone());
                Poll::Pending
            }
            Turn::Granted { at } => {
                state.turn = Turn::NotAsked;
                Poll::Ready(Some(at))
            }
        }
    }

    /// The server closes its end; returns how many bytes its client has not read.
    pub(super) fn close(&self) -> u64 {
        let mut state = self.lock();
        state.server_closed = true;
        let merged = state.merged.take().map_or(0, |merged| merged.bytes() + state.held.len());
        std::mem::take(&mut state.in_window) + merged as u64
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn wake(mut state: MutexGuard<'_, State>) {
    let writer = state.writer.take();
    drop(state);
    writer.into_iter().for_each(Waker::wake);
}

impl Connection for Wire {
    fn is_closed(&self) -> bool {
        self.lock().server_closed
    }
}
