//! The response to a request for a stream of server-sent events, once hyper has read the request: written here, from the
//! head to the last chunk.
//!
//! hyper keeps a buffer of 8 KiB for the next request as long as it serves a connection. A stream has no next request:
//! its connection ends with it. An idle stream takes 12.5 KiB of memory with hyper, and 3.2 KiB without it (`just bench
//! memory`, N = 5,000).
//!
//! **Order**: a turn looks for the end of the client, gathers frames for a write, writes, and does that once more if the
//! socket has accepted everything at once. Then others have their turn: the flush has woken the stream if more waits.

use std::any::Any;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::{Buf, Bytes};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use super::Environment;
use super::gated_stream::GatedStream;
use super::poll_write::poll_write_all;
use super::sse::{Gather, SseBody};
use super::unsent::Unsent;
use crate::frame::chunk;

/// Bytes that are read at a time from a client that has asked for a stream. They are not looked at.
const READ_BYTES: usize = 64;

/// A stream of events, and what lasts as long as the stream does.
pub(crate) struct Events<E: Environment> {
    body: SseBody<E>,
    // Dropped behind the body: a stream leaves the Hub before another one may take its place.
    _place: Box<dyn Any + Send>,
}

impl<E: Environment> Events<E> {
    /// A stream with its permit among those that may be open.
    pub(crate) fn new(body: SseBody<E>, place: impl Any + Send) -> Self {
        Self { body, _place: Box::new(place) }
    }

    /// The body for hyper, which writes the response in some cases.
    pub(crate) fn body(&mut self) -> Pin<&mut SseBody<E>> {
        Pin::new(&mut self.body)
    }
}

/// What a request for a stream leaves for its connection to continue with.
pub(crate) struct Begin<E: Environment> {
    /// The head of the response, as it is on the wire.
    pub(crate) head: Bytes,
    pub(crate) events: Events<E>,
}

/// A response under way.
pub(super) struct EventResponse<S, E: Environment> {
    /// `None` once the last chunk is to be written.
    events: Option<Events<E>>,
    unsent: Unsent,
    stream: GatedStream<S, E>,
    /// Whether the client has sent nothing behind its request. Only then its end is seen before a write fails.
    is_listening: bool,
}

impl<S: AsyncRead + AsyncWrite + Unpin, E: Environment> EventResponse<S, E> {
    /// Continues on a stream of which the bytes `read` have been read already.
    pub(super) fn new(stream: GatedStream<S, E>, read: &[u8], Begin { head, events }: Begin<E>) -> Self {
        let mut unsent = Unsent::default();
        unsent.push(head);
        Self { events: Some(events), unsent, stream, is_listening: read.is_empty() }
    }

    /// Ready when the response is over, or its client has left.
    pub(super) fn poll(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        self.take_turn(cx).map(drop)
    }

    fn take_turn(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.listen(cx)?;
        self.gather(cx)?;
        let mut is_flushed = self.poll_flush(cx)?.is_ready();
        if is_flushed && self.events.is_some() {
            self.gather(cx)?;
            if self.unsent.has_remaining() {
                is_flushed = self.poll_flush(cx)?.is_ready();
            }
        }
        if is_flushed && self.events.is_none() {
            return Pin::new(&mut self.stream).poll_shutdown(cx);
        }
        Poll::Pending
    }

    /// Looks whether the client has left.
    ///
    /// # Errors
    /// If it has.
    fn listen(&mut self, cx: &mut Context<'_>) -> io::Result<()> {
        if !self.is_listening {
            return Ok(());
        }
        let mut room = [0; READ_BYTES];
        let mut read = ReadBuf::new(&mut room);
        if Pin::new(&mut self.stream).poll_read(cx, &mut read)?.is_pending() {
            return Ok(());
        }
        // Bytes that nobody waits for. Without a look at the rest, a client cannot keep the server busy with them.
        self.is_listening = false;
        if read.filled().is_empty() { Err(io::ErrorKind::UnexpectedEof.into()) } else { Ok(()) }
    }

    /// Gathers frames for a write until none is admitted. A write that has as much as it should have goes out at once.
    fn gather(&mut self, cx: &mut Context<'_>) -> io::Result<()> {
        while let Some(events) = &mut self.events {
            if self.unsent.is_full() {
                if self.poll_flush(cx)?.is_pending() {
                    return Ok(());
                }
                continue;
            }
            match events.body.poll_gather(cx, &mut self.unsent) {
                Poll::Pending => return Ok(()),
                Poll::Ready(Some(())) => {}
                Poll::Ready(None) => {
                    self.events = None;
                    self.unsent.push(Bytes::from_static(chunk::LAST));
                }
            }
        }
        Ok(())
    }

    /// Ready when the socket has accepted everything, which opens the gate.
    fn poll_flush(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        if !self.stream.is_write_vectored() {
            self.unsent.join();
        }
        ready!(poll_write_all(&mut self.unsent, &mut self.stream, cx))?;
        Pin::new(&mut self.stream).poll_flush(cx)
    }
}

impl Gather for Unsent {
    fn add(&mut self, chunk: Bytes) -> bool {
        self.push(chunk);
        self.is_full()
    }
}
