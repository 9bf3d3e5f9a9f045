//! One connection as both its ends see it: a window that counts bytes, and the way the server's bytes take.
//!
//! A byte is in the window from the server's write until the client has read it, so the window stands for everything a
//! socket holds: send buffer, wire and receive buffer. Both ends live in one process and share this.

use std::collections::VecDeque;
use std::io::{self, IoSlice};
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use turmoil::net::tcp::{OwnedReadHalf, OwnedWriteHalf};

use super::merged::MergedChannel;
use super::network::Network;

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
    loss: PacketLoss,
    /// The server's task, where it waits for the client to say something or to leave.
    reader: Option<Waker>,
    /// The server's task, where it waits for room or for the CPU.
    writer: Option<Waker>,
    turn: Turn,
    socket: Option<OwnedWriteHalf>,
    times: Times,
}

/// Which bytes were accepted when, where the client asks for that.
#[derive(Default)]
struct Times {
    accepted: u64,
    /// Up to which offset, and when; oldest first.
    log: VecDeque<(u64, Duration)>,
}

impl Times {
    fn note(&mut self, bytes: usize, at: Duration) {
        self.accepted += bytes as u64;
        self.log.push_back((self.accepted, at));
    }

    /// When the byte at that offset was accepted; what lies before it is forgotten.
    fn of(&mut self, offset: u64) -> Option<Duration> {
        while self.log.front().is_some_and(|(end, _)| *end <= offset) {
            self.log.pop_front();
        }
        self.log.front().map(|(_, at)| *at)
    }
}

/// Whether bytes of this connection have been lost for good, after which none arrive.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
enum PacketLoss {
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

/// What became of a write: bytes taken, and of those the ones that have not been thrown away.
struct Accepted {
    taken: usize,
    kept: usize,
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
        let is_first = matches!(state.loss, PacketLoss::None | PacketLoss::ToCome);
        if is_first {
            state.loss = if waits { PacketLoss::Unnoticed } else { PacketLoss::ToCome };
        }
        is_first && waits
    }

    /// Whether bytes sent now are lost, whatever the link does.
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

    /// Whether the server's end is closed: nothing is delivered any more.
    pub(super) fn is_closed(&self) -> bool {
        self.lock().server_closed
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

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn wake(mut state: MutexGuard<'_, State>) {
    let writer = state.writer.take();
    drop(state);
    writer.into_iter().for_each(Waker::wake);
}

/// The server's end.
pub(super) struct ServerStream {
    reading: OwnedReadHalf,
    peer: SocketAddr,
    wire: Arc<Wire>,
    network: Arc<Network>,
}

impl ServerStream {
    pub(super) fn new(reading: OwnedReadHalf, peer: SocketAddr, wire: Arc<Wire>, network: Arc<Network>) -> Self {
        Self { reading, peer, wire, network }
    }
}

impl AsyncRead for ServerStream {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        if self.network.has_faults() {
            let mut state = self.wire.lock();
            if state.loss == PacketLoss::TimedOut {
                return Poll::Ready(Err(io::ErrorKind::TimedOut.into()));
            }
            if !state.reader.as_ref().is_some_and(|waker| waker.will_wake(cx.waker())) {
                state.reader = Some(cx.waker().clone());
            }
        }
        Pin::new(&mut self.reading).poll_read(cx, buf)
    }
}

impl AsyncWrite for ServerStream {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        self.poll_write_vectored(cx, &[IoSlice::new(buf)])
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        parts: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let window_bytes = self.wire.window_bytes();
        let mut state = self.wire.lock();
        if state.loss == PacketLoss::TimedOut {
            return Poll::Ready(Err(io::ErrorKind::TimedOut.into()));
        }
        // A delivery that waits for the CPU is sent by the driver once that is done.
        let is_held = self.network.has_cpu() && !matches!(state.turn, Turn::Granted { .. });
        let Accepted { taken, kept } = state.accept(parts, window_bytes, is_held);
        if taken == 0 {
            state.writer = Some(cx.waker().clone());
            return Poll::Pending;
        }
        if self.wire.path().is_some_and(|path| path.keeps_times) {
            state.times.note(taken, self.network.now());
        }
        let asks = is_held && state.turn == Turn::NotAsked;
        if asks {
            state.turn = Turn::Waiting;
        }
        let is_news = !is_held && !std::mem::replace(&mut state.is_queued, true);
        drop(state);
        self.network.accepted(kept as u64);
        if asks {
            self.network.wants_cpu(self.wire.clone());
        }
        if is_news {
            self.network.has_outgoing(self.wire.clone());
        }
        Poll::Ready(Ok(taken))
    }

    fn is_write_vectored(&self) -> bool {
        true
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let mut state = self.wire.lock();
        match state.turn {
            Turn::NotAsked => {}
            Turn::Waiting => {
                state.writer = Some(cx.waker().clone());
                return Poll::Pending;
            }
            Turn::Granted { at } => {
                state.turn = Turn::NotAsked;
                self.network.goes_on_at(at);
            }
        }
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}

impl Drop for ServerStream {
    fn drop(&mut self) {
        let mut state = self.wire.lock();
        state.server_closed = true;
        let merged = state.merged.take().map_or(0, |merged| merged.bytes() + state.held.len());
        let unread = std::mem::take(&mut state.in_window) + merged as u64;
        drop(state);
        self.network.has_closed(self.peer, self.wire.clone(), unread);
    }
}
