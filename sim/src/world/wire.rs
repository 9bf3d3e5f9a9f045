//! One connection as both its ends see it: a window that counts bytes, and the way the server's bytes take.
//!
//! A byte is in the window from the server's write until the client has read it, so the window stands for everything a
//! socket holds: send buffer, wire and receive buffer. Both ends live in one process and share this.

mod state;

use std::io::{self, IoSlice};
use std::pin::Pin;
use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use tokio::io::AsyncWrite;
use turmoil::net::tcp::OwnedWriteHalf;

use super::cpu::{Connection, WriteWork};
use super::merged::MergedChannel;
use state::{Accepted, PacketLoss, State, Turn};

/// What a client says of its path before it sends anything.
#[derive(Debug, Clone, Copy)]
pub(super) struct Path {
    pub(super) subscriber: usize,
    pub(super) class: usize,
    pub(super) window_bytes: u64,
    /// Whether the client asks when its bytes were accepted.
    pub(super) keeps_times: bool,
    /// TCP says what has room, and not the window.
    pub(super) is_over_path: bool,
}

pub(super) struct Wire {
    path: OnceLock<Path>,
    state: Mutex<State>,
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

impl Wire {
    /// A connection that writes to `socket`, with a second stage of `merged_frames` frames if there is one.
    pub(super) fn new(socket: OwnedWriteHalf, merged_frames: Option<usize>) -> Self {
        let merged = merged_frames.map(MergedChannel::new);
        Self { path: OnceLock::new(), state: Mutex::new(State { socket: Some(socket), merged, ..State::default() }) }
    }

    fn window_bytes(&self) -> u64 {
        self.path().map_or(u64::MAX, |path| path.window_bytes)
    }

    /// Sets the client's path. Only the first call counts.
    pub(super) fn set_path(&self, path: Path) {
        let _ = self.path.set(path);
    }

    pub(super) fn path(&self) -> Option<&Path> {
        self.path.get()
    }

    /// The client's path, where it has more of a network than a window.
    pub(super) fn over_path(&self) -> Option<&Path> {
        self.path().filter(|path| path.is_over_path)
    }

    /// The client has read that many bytes; returns how many of them still mattered to the server, and whether a second
    /// stage has something to be sent now.
    pub(super) fn release(&self, bytes: u64) -> (u64, bool) {
        let window_bytes = self.window_bytes();
        let mut state = self.lock();
        // At most what is in the window: after the server has closed, reads of what came before still arrive.
        let released = bytes.min(state.in_window);
        state.in_window -= released;
        if self.over_path().is_some() {
            // TCP tells of room by itself.
            return (released, false);
        }
        // Told once until the outbox is taken: a second entry for the same wire would find it empty.
        let is_news = state.write_merged(window_bytes) && !std::mem::replace(&mut state.is_queued, true);
        wake(state);
        (released, is_news)
    }

    /// The server has taken a frame, which is a part of what it writes next.
    pub(super) fn takes_frame(&self) {
        self.lock().frames += 1;
    }

    /// Returns the work of the write that begins: the frames that the server has taken since the CPU was last asked for, and
    /// whether it never was before.
    pub(super) fn take_work(&self) -> WriteWork {
        let mut state = self.lock();
        let is_first = !std::mem::replace(&mut state.has_asked_the_cpu, true);
        WriteWork { frames: std::mem::take(&mut state.frames), is_first }
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
        if self.path().is_some_and(|path| path.keeps_times) {
            state.times.note(held.len(), at);
        }
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

    /// The client has died after `arrived` bytes had reached it. Everything that is sent to it from now on is lost.
    /// Returns `true` if the server is already waiting for an acknowledgement: of bytes under way, or of its probes of a
    /// full window.
    pub(super) fn cut(&self, arrived: u64) -> bool {
        let mut state = self.lock();
        let waits = state.accepted > arrived || state.writer.is_some();
        let is_first = matches!(state.loss, PacketLoss::None | PacketLoss::ToCome);
        if is_first {
            state.loss = if waits { PacketLoss::Unnoticed } else { PacketLoss::ToCome };
        }
        is_first && waits
    }

    /// Whether bytes that are sent now are lost, even if the link carries them.
    pub(super) fn is_cut(&self) -> bool {
        self.lock().loss != PacketLoss::None
    }

    /// Bytes have been lost; `true` for the first.
    pub(super) fn lose(&self) -> bool {
        let mut state = self.lock();
        let is_first = matches!(state.loss, PacketLoss::None | PacketLoss::ToCome);
        if is_first {
            state.loss = PacketLoss::Unnoticed;
        }
        is_first
    }

    /// The server's host gives up on bytes that were lost: the connection fails.
    pub(super) fn time_out(&self) {
        let mut state = self.lock();
        state.loss = PacketLoss::TimedOut;
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

    /// The server's socket has room, which its task may wait for.
    pub(super) fn has_room(&self) {
        wake(self.lock());
    }

    /// Whether the server has closed its end. What it has accepted stays, until it is delivered.
    pub(super) fn take_end(&self) -> bool {
        let mut state = self.lock();
        state.is_queued = false;
        state.server_closed
    }

    /// Puts the next so many accepted bytes on the simulated network, or its end.
    pub(super) fn deliver(&self, bytes: usize, end: bool) {
        let mut state = self.lock();
        let State { socket, outbox, delivered, .. } = &mut *state;
        let from = *delivered;
        *delivered += bytes;
        put_on(socket, &outbox[from..*delivered]);
        // Only then: moving the rest to the front each time would take the square of what waits.
        if *delivered == outbox.len() {
            outbox.clear();
            *delivered = 0;
        }
        if end {
            *socket = None;
        }
    }

    /// Puts bytes on the simulated network; an end closes it.
    pub(super) fn send(&self, mut bytes: Vec<u8>, end: bool) {
        let mut state = self.lock();
        put_on(&mut state.socket, &bytes);
        // Its room is used again: a write of some parts would make it grow several times.
        if state.outbox.capacity() < bytes.capacity() && state.outbox.is_empty() {
            bytes.clear();
            state.outbox = bytes;
        }
        if end {
            // To drop it is what closes the connection for the client.
            state.socket = None;
        }
    }

    /// The server waits for the client to say something or to leave.
    ///
    /// # Errors
    /// When the server's host has given up on bytes that were lost.
    pub(super) fn wait_for_client(&self, cx: &Context<'_>) -> io::Result<()> {
        let mut state = self.lock();
        if state.loss == PacketLoss::TimedOut {
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
        over_path: impl FnOnce(&Path, u64, bool) -> u64,
        now: impl FnOnce() -> Duration,
    ) -> Poll<io::Result<Written>> {
        let window_bytes = self.window_bytes();
        let mut state = self.lock();
        if state.loss == PacketLoss::TimedOut {
            return Poll::Ready(Err(io::ErrorKind::TimedOut.into()));
        }
        // A delivery that waits for the CPU is sent by the driver once that is done.
        let is_held = has_cpu && !matches!(state.turn, Turn::Granted { .. });
        let room = self.over_path().map(|path| {
            let bytes = parts.iter().map(|part| part.len() as u64).sum();
            over_path(path, bytes, is_held)
        });
        let room = room.unwrap_or_else(|| state.room(window_bytes));
        let Accepted { taken, kept } = state.accept(parts, room, window_bytes, is_held);
        if taken == 0 {
            // One place for both waits, for room and for the CPU, since the same task makes them.
            state.writer = Some(cx.waker().clone());
            return Poll::Pending;
        }
        // What is held is accepted when the CPU has done its work.
        if !is_held && self.path().is_some_and(|path| path.keeps_times) {
            state.times.note(taken, now());
        }
        let wants_cpu = is_held && state.turn == Turn::NotAsked;
        if wants_cpu {
            state.turn = Turn::Waiting;
        }
        let has_outgoing = !is_held && !std::mem::replace(&mut state.is_queued, true);
        Poll::Ready(Ok(Written { taken, kept, wants_cpu, has_outgoing }))
    }

    /// Whether the server waits to write.
    pub(super) fn is_blocked(&self) -> bool {
        self.lock().writer.is_some()
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
        // Held bytes are in the window already where there is no second stage.
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

/// Puts bytes on the simulated network. Whether the peer is still there shows on the read side.
fn put_on(socket: &mut Option<OwnedWriteHalf>, bytes: &[u8]) {
    if let Some(socket) = socket
        && !bytes.is_empty()
    {
        let mut cx = Context::from_waker(Waker::noop());
        // turmoil takes a write whole or not at all. Its limit never binds here, so the waker is never used.
        let _ = Pin::new(socket).poll_write(&mut cx, bytes);
    }
}

impl Connection for Wire {
    fn is_closed(&self) -> bool {
        self.lock().server_closed
    }
}
