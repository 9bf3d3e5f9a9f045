//! One connection, from its acceptance to its end.
//!
//! hyper reads the requests, and answers all but those for streams of the server here: see `event_response`.
//!
//! A body is not polled while its socket is blocked. So what must happen to a client that reads nothing happens here:
//! the write deadline, and the end of a subscriber that its overflow policy cut off.

#[cfg(not(feature = "server"))]
#[path = "connection/no_upgrade.rs"]
mod upgrade;
#[cfg(feature = "server")]
pub(crate) mod upgrade;

mod self_waking;

use std::error::Error;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use hyper::body::{Body, Incoming};
use hyper::server::conn::http1::{self, Parts, UpgradeableConnection};
use hyper::service::HttpService;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::time::{Instant, Sleep, sleep_until};

use super::Environment;
use super::connection_set::{ConnectionGuard, Phase};
use super::gate::Gate;
use super::gated_stream::GatedStream;
use super::poll_scope::PollScope;
use crate::hub::SubscriberId;
use self_waking::SelfWaking;
use upgrade::{Continued, Handover};

/// Most bytes that hyper reads ahead for a request's head, unless heads may be larger. hyper allows no smaller value.
const READ_BUFFER_BYTES: usize = 8192;

/// The error of a service or of a body. hyper ends the connection because of it.
pub(crate) type BoxError = Box<dyn Error + Send + Sync>;

/// The limits of a connection.
pub(crate) struct Bounds {
    /// Longest time without write progress.
    pub(crate) write_deadline: Duration,
    /// Longest time for a request's head to come, and between requests.
    pub(crate) request_timeout: Option<Duration>,
    /// Largest head of a request, in bytes.
    pub(crate) max_header_bytes: usize,
    /// Whether a flush that has to wait counts as no write progress. A simulated stream waits there for its CPU.
    pub(crate) watches_flush: bool,
}

/// What a connection shares with the requests on it.
#[derive(Clone)]
pub(crate) struct Shared<E: Environment> {
    pub(crate) gate: Arc<Gate<E>>,
    pub(crate) handover: Arc<Handover<E>>,
}

impl<E: Environment> Shared<E> {
    pub(crate) fn new(environment: E) -> Self {
        Self { gate: Arc::new(Gate::new(environment)), handover: Arc::default() }
    }
}

/// The protocol that a connection speaks at the moment.
// Boxed: otherwise every connection would reserve room for the larger of the two as long as it is open.
enum Protocol<S: AsyncRead + AsyncWrite + Unpin, E: Environment, V: HttpService<Incoming>> {
    Http(Box<Http<S, E, V>>),
    /// HTTP that may be upgraded by hyper, which then hands the stream to the handler that asked.
    Upgradeable(Box<UpgradeableHttp<S, E, V>>),
    Continued(Continued<S, E>),
    Nothing,
}

type Http<S, E, V> = SelfWaking<http1::Connection<TokioIo<GatedStream<S, E>>, V>>;

type UpgradeableHttp<S, E, V> = SelfWaking<UpgradeableConnection<TokioIo<GatedStream<S, E>>, V>>;

/// One connection, as a future. It ends when the client leaves, the subscriber is evicted, the socket accepts nothing
/// until the write deadline, or the server stops.
pub(crate) struct Connection<S, E, V>
where
    S: AsyncRead + AsyncWrite + Unpin,
    E: Environment,
    V: HttpService<Incoming>,
{
    protocol: Protocol<S, E, V>,
    shared: Shared<E>,
    member: ConnectionGuard,
    is_ending: bool,
    write_deadline: Duration,
    deadline: Option<Pin<Box<Sleep>>>,
    /// The subscriber whose mailbox wakes this connection when it closes, and the waker it was given.
    on_close: Option<(SubscriberId, Waker)>,
}

impl<S, E, V> Connection<S, E, V>
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    E: Environment,
    V: HttpService<Incoming, Error: Into<BoxError>>,
    V::ResBody: Body<Error: Into<BoxError>> + 'static,
{
    pub(crate) fn new(stream: S, shared: Shared<E>, member: ConnectionGuard, service: V, bounds: &Bounds) -> Self {
        let stream = TokioIo::new(GatedStream::new(stream, shared.gate.clone(), bounds.watches_flush));
        let mut builder = http1::Builder::new();
        builder.max_buf_size(bounds.max_header_bytes.max(READ_BUFFER_BYTES)).max_header_size(bounds.max_header_bytes);
        // No timer without a timeout: given one, hyper applies a default timeout of its own.
        if let Some(timeout) = bounds.request_timeout {
            builder.timer(TokioTimer::new()).header_read_timeout(timeout);
        }
        let protocol = Protocol::Http(Box::new(SelfWaking::new(builder.serve_connection(stream, service))));
        let write_deadline = bounds.write_deadline;
        Self { protocol, shared, member, is_ending: false, write_deadline, deadline: None, on_close: None }
    }

    /// Lets handlers upgrade the connection by hyper's means. The future then ends, and the handler has the stream.
    pub(crate) fn with_upgrades(mut self) -> Self {
        self.protocol = match self.protocol {
            Protocol::Http(http) => Protocol::Upgradeable(Box::new(SelfWaking::new(http.into_inner().with_upgrades()))),
            other => other,
        };
        self
    }

    /// Begins to end the connection if the server says so; `true` when it has to end at once.
    fn is_told_to_end(&mut self, cx: &Context<'_>) -> bool {
        let phase = self.member.phase(cx);
        match phase {
            Phase::Open => {}
            Phase::Ending if self.is_ending => {}
            Phase::Ending => {
                self.is_ending = true;
                // hyper's graceful shutdown ends keep-alive, and waits for the response under way. A stream ends only
                // by its body.
                self.shared.gate.end();
                match &mut self.protocol {
                    Protocol::Http(http) => Pin::new(http.get_mut()).graceful_shutdown(),
                    Protocol::Upgradeable(http) => Pin::new(http.get_mut()).graceful_shutdown(),
                    Protocol::Continued(_) | Protocol::Nothing => {}
                }
            }
            // Evicted, not left: the client is not the cause of the frames that are lost now.
            Phase::Over => self.shared.gate.evict(),
        }
        phase == Phase::Over
    }

    /// Ready when the protocol has ended. Errors are not reported: the client sees them, and the frames that it loses
    /// are in its account.
    fn poll_protocol(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let Shared { gate, handover } = &self.shared;
        if let Protocol::Http(http) = &mut self.protocol {
            // Polled with the socket left open: another protocol may follow on it.
            let polled = http.poll(cx, || !gate.has_stream() && !handover.is_left());
            let begin = match &polled {
                Poll::Ready(Ok(())) => handover.take_behind_answer(),
                // Not while the socket has not taken all that hyper wrote, such as answers to earlier requests.
                Poll::Pending if gate.blocked_since().is_none() => handover.take_instead_of_answer(),
                Poll::Ready(Err(_)) | Poll::Pending => None,
            };
            let Some(begin) = begin else { return polled.map(drop) };
            let Protocol::Http(http) = std::mem::replace(&mut self.protocol, Protocol::Nothing) else {
                return Poll::Ready(());
            };
            let Parts { io, read_buf, .. } = http.into_inner().into_parts();
            let Some(next) = Continued::new(io.into_inner(), &read_buf, begin) else { return Poll::Ready(()) };
            self.protocol = Protocol::Continued(next);
        }
        match &mut self.protocol {
            Protocol::Upgradeable(http) => http.poll(cx, || !gate.has_stream()).map(drop),
            Protocol::Continued(continued) => continued.poll(cx),
            Protocol::Http(_) | Protocol::Nothing => Poll::Ready(()),
        }
    }

    /// Ready when the socket has accepted nothing for too long.
    fn poll_deadline(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let Some(since) = self.shared.gate.blocked_since() else { return Poll::Pending };
        let due = since + self.write_deadline;
        let timer = self.deadline.get_or_insert_with(|| Box::pin(sleep_until(due)));
        // Polled again after a reset, since only a poll registers the waker for the new time.
        while timer.as_mut().poll(cx).is_ready() {
            if due <= Instant::now() {
                return Poll::Ready(());
            }
            // The timer was set for an earlier blockage. Setting it anew at every write would cost more than this.
            timer.as_mut().reset(due);
        }
        Poll::Pending
    }
}

impl<S, E, V> Future for Connection<S, E, V>
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    E: Environment,
    V: HttpService<Incoming, Error: Into<BoxError>>,
    V::ResBody: Body<Error: Into<BoxError>> + 'static,
{
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let this = &mut *self;
        let _scope = PollScope::enter(&this.shared.gate);
        // Asked at every poll: hyper does not poll the body of a blocked connection, and this future still is.
        if this.is_told_to_end(cx) || this.shared.gate.is_cut_off(&mut this.on_close, cx.waker()) {
            return Poll::Ready(());
        }
        // Before the deadline: bytes that the socket accepts in this poll are progress, and end the blockage.
        if this.poll_protocol(cx).is_ready() {
            return Poll::Ready(());
        }
        // A fan-out during this poll may have cut the subscriber off after the first look.
        if this.poll_deadline(cx).is_pending() && !this.shared.gate.is_cut_off(&mut this.on_close, cx.waker()) {
            return Poll::Pending;
        }
        this.shared.gate.evict();
        Poll::Ready(())
    }
}
