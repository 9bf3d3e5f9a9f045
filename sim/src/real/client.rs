//! A subscriber's life over real TCP: connect, ask for the stream, read as planned, leave, come back.

use std::cell::RefCell;
use std::io;
use std::net::SocketAddr;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use socket2::SockRef;
use tokio::net::TcpSocket;
use tokio::time::{sleep_until, timeout_at};

use super::client_error::ClientError;
use super::clock::Clock;
use super::connection::Connection;
use super::network::ClientAddresses;
use super::publisher::PublishProgress;
use super::reconnect::LEAST_PAUSE;
use super::route::Route;
use super::sockets::Sockets;
use super::url::Url;
use crate::client::{
    May, ReadPacer, Receipts, SlowPeriod, Speed, StreamFormat, StreamItem, StreamParser, SubscriberFaults, pause,
};
use crate::plan::{BufferTuning, ClassPlan, SubscriberPlan};

/// What a client has in hand at a time; a limited reader has less.
const BUFFER_BYTES: usize = 1 << 16;

/// Where all clients of a run connect to, and what they share.
pub(super) struct ClientContext {
    pub(super) clock: Clock,
    /// Where the members of each class ask for their streams, all on one server.
    pub(super) routes: Vec<Route>,
    pub(super) server: SocketAddr,
    /// Our own server knows its subscribers by the addresses that they come from.
    pub(super) addresses: Option<ClientAddresses>,
    pub(super) sockets: Sockets,
    pub(super) format: StreamFormat,
    pub(super) classes: Vec<ClassPlan>,
    /// Whether clients that come back say which event they had last.
    pub(super) resumes: bool,
    pub(super) progress: Arc<PublishProgress>,
    pub(super) receipts: RefCell<Receipts>,
    /// Bytes as they come off a socket; used between two waits, so one is enough for all.
    pub(super) buffer: RefCell<Vec<u8>>,
}

impl ClientContext {
    /// The address of a stream, for what is said of the server.
    pub(super) fn url(&self) -> &Url {
        self.routes[0].url()
    }
}

pub(super) fn buffer() -> RefCell<Vec<u8>> {
    RefCell::new(vec![0; BUFFER_BYTES])
}

/// Lives until it leaves for good; to be dropped at the end of the run.
pub(super) async fn live(
    audience: Rc<ClientContext>,
    index: usize,
    plan: SubscriberPlan,
    mut faults: SubscriberFaults,
) -> Result<(), ClientError> {
    // On loopback the kernel acknowledges for a client that is dead: one that never reads is as near as it gets.
    let stops = faults.dies_at.map(|from| SlowPeriod { from, until: Duration::MAX, speed: Speed::Stopped });
    faults.slow_periods.extend(stops);
    // One pace for all connections, since its times are those of the run.
    let mut pace = ReadPacer::new(&plan.reading, &faults.slow_periods);
    let class = audience.classes[plan.class].clone();
    let mut retry = None;
    sleep_until(audience.clock.at(plan.connect_at)).await;
    let mut cursor = None;
    loop {
        let mut session = Session::open(&audience, index, plan.class, cursor.as_deref()).await?;
        let end = session.read(&mut pace, faults.leaves_at).await?;
        // A stream that ended before it gave an id leaves the client where it was.
        cursor = session.parser.last_id().or(cursor).filter(|_| audience.resumes);
        // Not at once, whatever a server asks for: one that ends every stream would be asked without end.
        retry = session.parser.retry().map(|asked| asked.max(LEAST_PAUSE)).or(retry);
        let begun = audience.progress.begun.load(Ordering::Relaxed);
        audience.receipts.borrow_mut().ended(index, begun);
        // Wall time is plan time, and no restart of the server is a part of a run here.
        let end = match (end, pause(&class, 1, retry, None)) {
            (End::Closed, Some(back_after)) => away(audience.clock, back_after, faults.leaves_at).await,
            // It stays away, and misses what follows.
            (End::Closed, None) => return Ok(()),
            (End::Left, _) => End::Left,
        };
        if matches!(end, End::Left) {
            let begun = audience.progress.begun.load(Ordering::Relaxed);
            audience.receipts.borrow_mut().left(index, begun);
            return Ok(());
        }
    }
}

/// Waits out the pause before a client comes back, unless it leaves for good before that.
async fn away(clock: Clock, pause: Duration, leaves_at: Option<Duration>) -> End {
    let back_at = clock.now() + pause;
    let leaves_at = leaves_at.filter(|at| *at <= back_at);
    sleep_until(clock.at(leaves_at.unwrap_or(back_at))).await;
    if leaves_at.is_some() { End::Left } else { End::Closed }
}

enum End {
    Left,
    Closed,
}

struct Session<'a> {
    audience: &'a ClientContext,
    index: usize,
    connection: Connection,
    parser: StreamParser,
}

impl<'a> Session<'a> {
    async fn open(
        audience: &'a ClientContext,
        index: usize,
        class: usize,
        cursor: Option<&str>,
    ) -> Result<Self, ClientError> {
        let socket = if audience.server.is_ipv4() { TcpSocket::new_v4()? } else { TcpSocket::new_v6()? };
        if let Some(addresses) = audience.addresses {
            socket.bind((addresses.of(index), 0).into())?;
        }
        let route = &audience.routes[class];
        let class = &audience.classes[class];
        let is_tuned = class.path.as_ref().is_some_and(|path| path.receive_buffer == BufferTuning::Auto);
        // Before it connects: the window's scale is settled then.
        if !is_tuned && !audience.sockets.leave_windows {
            let window = u32::try_from(class.window_bytes).unwrap_or(u32::MAX);
            // The system call takes a signed number.
            socket.set_recv_buffer_size(window.min(i32::MAX.unsigned_abs()))?;
        }
        if let Some(bytes) = audience.sockets.segment_bytes {
            SockRef::from(&socket).set_tcp_mss(bytes)?;
        }
        let mut connection = Connection::begin(socket.connect(audience.server).await?, route).await?;
        connection.send(route.request(audience.format, cursor).as_bytes()).await?;
        Ok(Self { audience, index, connection, parser: StreamParser::new(audience.format) })
    }

    async fn read(&mut self, pace: &mut ReadPacer, leaves_at: Option<Duration>) -> Result<End, ClientError> {
        let clock = self.audience.clock;
        loop {
            let now = clock.now();
            if leaves_at.is_some_and(|at| at <= now) {
                return Ok(End::Left);
            }
            let (most, until) = match pace.may(now) {
                May::Take(most) => (Some(most), pace.changes_at()),
                May::WaitUntil(until) => (None, until),
            };
            let until = until.into_iter().chain(leaves_at).min().map(|at| clock.at(at));
            let Some(most) = most else {
                match until {
                    Some(until) => sleep_until(until).await,
                    None => std::future::pending().await,
                }
                continue;
            };
            match until {
                // The time came before the bytes: the speed may be another one from here on.
                Some(until) if timeout_at(until, self.connection.readable()).await.is_err() => continue,
                Some(_) => {}
                None => self.connection.readable().await?,
            }
            // A reader of limited rate that was idle first looks whether there is something, and its rate counts from then.
            if most == 0 {
                pace.found(clock.now());
            } else if self.take(most, pace)? {
                return if self.parser.is_open() { Ok(End::Closed) } else { Err(ClientError::NoHead) };
            }
        }
    }

    /// Takes at most `most` bytes from the socket. Returns `true` when the stream has ended. Over TLS these are the bytes
    /// of records, so that a client that reads slowly leaves as much in the network as a plain one.
    fn take(&mut self, most: u64, pace: &mut ReadPacer) -> Result<bool, ClientError> {
        let mut buffer = self.audience.buffer.borrow_mut();
        let asked = buffer.len().min(usize::try_from(most).unwrap_or(usize::MAX));
        let took = match self.connection.take(&mut buffer[..asked]) {
            Ok(took) => took,
            // An end like any other: the server has cut the client off with bytes still under way.
            Err(why) if why.kind() == io::ErrorKind::ConnectionReset => return Ok(true),
            Err(why) => return Err(why.into()),
        };
        pace.took(took.bytes as u64, took.bytes < asked);
        let was_open = self.parser.is_open();
        let now = self.audience.clock.now();
        let index = self.index;
        let mut receipts = self.audience.receipts.borrow_mut();
        let mut take = |item: StreamItem<'_>| {
            if let Some(event) = item.event() {
                receipts.received(now, index, event.number);
            }
        };
        self.parser.feed(took.said, &mut take)?;
        if self.parser.is_open() && !was_open {
            receipts.joined(index, self.audience.progress.begun.load(Ordering::Relaxed));
        }
        Ok(took.is_last || self.parser.has_ended())
    }
}
