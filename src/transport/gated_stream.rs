//! The stream as hyper sees it, and what a connection continues with. Every flush opens the gate, and every write tells the gate whether the socket is
//! blocked.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use super::Environment;
use super::gate::Gate;

pub(super) struct GatedStream<S, E> {
    stream: S,
    gate: Arc<Gate<E>>,
    /// What the gate was told last, so that its lock is taken only for a change.
    blocked: bool,
    /// The bytes of a shared write that the socket has not accepted, until the gate has been told.
    left: Option<usize>,
    /// Whether a flush that has to wait counts as blocked.
    watches_flush: bool,
}

impl<S, E: Environment> GatedStream<S, E> {
    /// With `watches_flush`, a flush that has to wait counts as a socket that accepts nothing. So it does for a stream
    /// with a buffer, as that of TLS: it takes bytes that its socket does not.
    pub(super) fn new(stream: S, gate: Arc<Gate<E>>, watches_flush: bool) -> Self {
        Self { stream, gate, blocked: false, left: None, watches_flush }
    }

    fn set_blocked(&mut self, blocked: bool) {
        if self.blocked != blocked {
            self.blocked = blocked;
            self.gate.set_blocked(blocked);
        }
    }
}

impl<S: AsyncWrite + Unpin, E: Environment> GatedStream<S, E> {
    /// Notes the result of a write of `offered` bytes, which was all that there was to write.
    fn wrote(&mut self, cx: &mut Context<'_>, offered: usize, written: &Poll<io::Result<usize>>) {
        self.set_blocked(written.is_pending());
        if let Poll::Ready(Ok(accepted)) = written
            // A whole write is settled by the flush that follows. A single frame that was accepted in part is still in
            // flight.
            && *accepted < offered
            && self.gate.is_shared()
        {
            self.left = Some(offered - accepted);
            self.settle(cx);
        }
    }

    /// Tells the gate which frames of a partly accepted write are gone, once the stream has flushed what it accepted.
    fn settle(&mut self, cx: &mut Context<'_>) {
        if self.left.is_some()
            // A write alone is not enough: the simulated socket accepts bytes and holds them until its CPU has done the
            // work.
            && Pin::new(&mut self.stream).poll_flush(cx).is_ready()
            && let Some(left) = self.left.take()
        {
            self.gate.accepted_but(left);
        }
    }
}

impl<S: AsyncRead + Unpin, E: Environment> AsyncRead for GatedStream<S, E> {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(cx, buf)
    }
}

/// Writes are vectored, so that a frame is written from the one copy that all mailboxes share.
impl<S: AsyncWrite + Unpin, E: Environment> AsyncWrite for GatedStream<S, E> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        self.settle(cx);
        self.gate.begin_write();
        let written = Pin::new(&mut self.stream).poll_write(cx, buf);
        self.wrote(cx, buf.len(), &written);
        written
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        parts: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.settle(cx);
        self.gate.begin_write();
        let written = Pin::new(&mut self.stream).poll_write_vectored(cx, parts);
        self.wrote(cx, parts.iter().map(|part| part.len()).sum(), &written);
        written
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let flushed = Pin::new(&mut self.stream).poll_flush(cx);
        if self.watches_flush {
            self.set_blocked(flushed.is_pending());
        }
        ready!(flushed)?;
        // The flush settles all frames, also those of a write that was accepted in part.
        self.left = None;
        self.gate.flushed();
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}
