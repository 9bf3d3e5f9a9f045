//! One connection, from its acceptance to its end.
//!
//! hyper does not poll a body while its socket is blocked, so whatever must happen to a client that takes nothing
//! happens here: the write deadline, and the end of a subscriber that its overflow policy cut off.

use std::convert::Infallible;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use hyper::body::{Body, Incoming};
use hyper::server::conn::http1;
use hyper::service::HttpService;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::time::{Instant, Sleep, sleep_until};

use super::Environment;
use super::crowd::{Member, Phase};
use super::gate::Gate;
use super::gated_stream::GatedStream;
use crate::hub::SubscriberId;

/// Most bytes hyper reads ahead for a request's head, unless heads may be larger; its least possible value.
const READ_BUFFER_BYTES: usize = 8192;

/// What bounds a connection.
pub(crate) struct Bounds {
    /// Time without write progress.
    pub(crate) write_deadline: Duration,
    /// Time for a request's head to come, and between requests.
    pub(crate) request_timeout: Option<Duration>,
    /// Of a request's head.
    pub(crate) max_header_bytes: usize,
}

type Http<S, E, V> = http1::Connection<TokioIo<GatedStream<S, E>>, V>;

/// Serves one connection until it ends, is evicted, makes no write progress for too long, or the server stops.
pub(crate) struct Connection<S, E, V>
where
    S: AsyncRead + AsyncWrite + Unpin,
    E: Environment,
    V: HttpService<Incoming>,
{
    http: Pin<Box<Http<S, E, V>>>,
    gate: Arc<Gate<E>>,
    member: Member,
    is_ending: bool,
    write_deadline: Duration,
    deadline: Option<Pin<Box<Sleep>>>,
    /// Whom a close of whose mailbox wakes.
    on_close: Option<(SubscriberId, Waker)>,
}

impl<S, E, V> Connection<S, E, V>
where
    S: AsyncRead + AsyncWrite + Unpin,
    E: Environment,
    V: HttpService<Incoming, Error = Infallible>,
    V::ResBody: Body<Error = Infallible> + 'static,
{
    pub(crate) fn new(stream: S, gate: Arc<Gate<E>>, member: Member, service: V, bounds: &Bounds) -> Self {
        let stream = TokioIo::new(GatedStream::new(stream, gate.clone()));
        let mut builder = http1::Builder::new();
        builder.max_buf_size(bounds.max_header_bytes.max(READ_BUFFER_BYTES)).max_header_size(bounds.max_header_bytes);
        if let Some(timeout) = bounds.request_timeout {
            builder.timer(TokioTimer::new()).header_read_timeout(timeout);
        }
        let http = Box::pin(builder.serve_connection(stream, service));
        let write_deadline = bounds.write_deadline;
        Self { http, gate, member, is_ending: false, write_deadline, deadline: None, on_close: None }
    }

    /// Ends it as the server says: `true` when that is now.
    fn is_told_to_end(&mut self, cx: &Context<'_>) -> bool {
        let phase = self.member.phase(cx);
        match phase {
            Phase::Open => {}
            Phase::Ending if self.is_ending => {}
            Phase::Ending => {
                self.is_ending = true;
                self.gate.end();
                self.http.as_mut().graceful_shutdown();
            }
            // What had not been flushed was not lost by the client's fault.
            Phase::Over => self.gate.evict(),
        }
        phase == Phase::Over
    }

    /// Ready when the socket has accepted nothing for too long.
    fn poll_deadline(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let Some(since) = self.gate.blocked_since() else { return Poll::Pending };
        let due = since + self.write_deadline;
        let timer = self.deadline.get_or_insert_with(|| Box::pin(sleep_until(due)));
        while timer.as_mut().poll(cx).is_ready() {
            if due <= Instant::now() {
                return Poll::Ready(());
            }
            // It was set for an earlier blockage, since over.
            timer.as_mut().reset(due);
        }
        Poll::Pending
    }
}

impl<S, E, V> Future for Connection<S, E, V>
where
    S: AsyncRead + AsyncWrite + Unpin,
    E: Environment,
    V: HttpService<Incoming, Error = Infallible>,
    V::ResBody: Body<Error = Infallible> + 'static,
{
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let this = &mut *self;
        if this.is_told_to_end(cx) || this.gate.is_cut_off(&mut this.on_close, cx.waker()) {
            return Poll::Ready(());
        }
        // How a connection failed is the client's affair; what it lost is in its account.
        if this.http.as_mut().poll(cx).is_ready() {
            return Poll::Ready(());
        }
        if this.poll_deadline(cx).is_pending() && !this.gate.is_cut_off(&mut this.on_close, cx.waker()) {
            return Poll::Pending;
        }
        this.gate.evict();
        Poll::Ready(())
    }
}
