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
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::time::{Instant, Sleep, sleep_until};

use super::Environment;
use super::gate::Gate;
use super::gated_stream::GatedStream;
use crate::hub::SubscriberId;

/// Most bytes hyper reads ahead for a request's head; its least possible value.
const READ_BUFFER_BYTES: usize = 8192;

type Http<S, E, V> = http1::Connection<TokioIo<GatedStream<S, E>>, V>;

/// Serves one connection until it ends, is evicted, or makes no write progress for `write_deadline`.
pub(crate) struct Connection<S, E, V>
where
    S: AsyncRead + AsyncWrite + Unpin,
    E: Environment,
    V: HttpService<Incoming>,
{
    http: Pin<Box<Http<S, E, V>>>,
    gate: Arc<Gate<E>>,
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
    pub(crate) fn new(stream: S, gate: Arc<Gate<E>>, service: V, write_deadline: Duration) -> Self {
        let stream = TokioIo::new(GatedStream::new(stream, gate.clone()));
        let http = http1::Builder::new().max_buf_size(READ_BUFFER_BYTES).serve_connection(stream, service);
        Self { http: Box::pin(http), gate, write_deadline, deadline: None, on_close: None }
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
        if this.gate.is_cut_off(&mut this.on_close, cx.waker()) {
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
