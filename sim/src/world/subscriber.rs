//! A subscriber's life: connect, ask for the stream, read as planned, leave, come back.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::pin::{Pin, pin};
use std::rc::Rc;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use futures_util::future::{Either, select};
use hubbub::EventId;
use tokio::io::{AsyncRead, AsyncWriteExt, ReadBuf};
use tokio::time::{Instant, sleep, sleep_until};
use turmoil::net::TcpStream;

use super::account::Account;
use super::address::{SERVER, SERVER_PORT};
use super::clock::tick_not_before;
use super::network::Network;
use super::sightings::Sightings;
use super::wire::{Path, Wire};
use crate::client::{Dialect, NotAStream, Notice, Reader, StreamId, StreamItem, StreamParser, SubscriberFaults, pause};
use crate::plan::{ClassPlan, Reading, SubscriberPlan};

/// What the subscribers of a class share.
pub(super) struct Host {
    pub(super) class_index: usize,
    pub(super) class: ClassPlan,
    pub(super) dialect: Dialect,
    pub(super) time_scale: u32,
    /// Epoch of the server's first process.
    pub(super) first_epoch: u64,
    pub(super) network: Arc<Network>,
    pub(super) account: Account,
    /// Whether clients say where they were when they come back.
    pub(super) resumes: bool,
    /// Bytes as they come off a socket; used within one poll, so one is enough for all.
    pub(super) buffer: RefCell<Vec<u8>>,
}

/// Lives to the end of the run, or until it leaves for good.
///
/// # Errors
/// When the server answers with something else than a stream.
pub(super) async fn live(
    host: Rc<Host>,
    index: usize,
    plan: SubscriberPlan,
    faults: SubscriberFaults,
) -> Result<(), NotAStream> {
    let zero = Instant::now();
    let ends = [(faults.leaves_at, End::Left), (faults.dies_at, End::Died)];
    let ends = ends.into_iter().filter_map(|(at, end)| Some((zero + tick_not_before(at?), end)));
    // Where both fall into one tick, the earlier entry wins: the client leaves.
    let planned_end = ends.min_by_key(|(at, _)| *at);
    // The TCP handshake and the request: three times the one-way delay, and turmoil adds one tick.
    let hurdle = host.network.one_way(host.class_index) * 3;
    sleep_until(zero + tick_not_before(plan.connect_at)).await;
    let has_path = host.class.path.is_some();
    let (mut cursor, mut last_id, mut retry) = (None, None, None);
    loop {
        let known = cursor.map(|id: EventId| id.to_string());
        let since = if host.account.sightings().is_some() { &last_id } else { &known };
        let request = host.dialect.request(SERVER, since.as_deref().filter(|_| host.resumes));
        let way = async {
            if has_path {
                return host.network.ask_over_path(index, request.len(), zero.elapsed()).await;
            }
            host.link_up(zero).await;
            // Before the connect, because turmoil's own handshake adds one tick only, whatever the class's round trip
            // is.
            sleep(hurdle).await;
            true
        };
        let Some(has_asked) = until(planned_end, way).await else {
            host.network.abandon_path(index, zero.elapsed());
            host.left(zero.elapsed(), index);
            return Ok(());
        };
        let opened_at = zero.elapsed();
        let start = (zero, cursor, request.as_str());
        let opened = if has_asked { Session::open(&host, index, (&plan, &faults), start).await } else { None };
        let is_by_plan = || faults.back_after(opened_at, zero.elapsed()).is_some();
        if opened.is_none() {
            host.closed(zero.elapsed(), index, is_by_plan());
        }
        if let Some(mut session) = opened {
            let end = session.read_until(planned_end).await.inspect_err(|why| {
                host.account.sightings().iter().for_each(|sightings| sightings.refused(zero.elapsed(), index, why));
            })?;
            cursor = session.cursor;
            last_id = session.parser.last_id().or(last_id);
            retry = session.parser.retry().or(retry);
            if end == End::Closed {
                host.closed(zero.elapsed(), index, is_by_plan());
            } else {
                host.left(zero.elapsed(), index);
            }
            match end {
                End::Closed => {}
                End::Left => {
                    host.leave(zero, index).await;
                    return Ok(());
                }
                End::Died => {
                    host.die(zero.elapsed(), &session);
                    // Its socket says nothing more: it is not closed either.
                    return std::future::pending().await;
                }
            }
        }
        host.network.abandon_path(index, zero.elapsed());
        let after_restart = faults.back_after(opened_at, zero.elapsed());
        let back = host.comes_back(retry, after_restart);
        if until(planned_end, back).await.is_none() {
            host.left(zero.elapsed(), index);
            return Ok(());
        }
    }
}

/// What a client that is away waits for; `None` where it leaves for good before: from there on it wants nothing.
async fn until<T>(planned_end: Option<(Instant, End)>, what: impl Future<Output = T>) -> Option<T> {
    let leaving = pin!(at(planned_end.map(|(at, _)| at)));
    match select(leaving, pin!(what)).await {
        Either::Left(((), _)) => None,
        Either::Right((value, _)) => Some(value),
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum End {
    Left,
    Died,
    Closed,
}

impl Host {
    /// Waits until a client comes back; for ever where it stays away.
    async fn comes_back(&self, retry: Option<Duration>, after_restart: Option<Duration>) {
        match pause(&self.class, self.time_scale, retry, after_restart) {
            Some(back_after) => sleep(back_after).await,
            None => std::future::pending().await,
        }
    }

    /// A client has left for good.
    fn left(&self, now: Duration, index: usize) {
        match self.account.sightings() {
            Some(sightings) => sightings.left(now, index),
            None => self.account.recorder.lock().left(now, index),
        }
    }

    /// A client ends its connection; ready when the server has the word of it.
    async fn leave(&self, zero: Instant, index: usize) {
        if self.class.path.is_some() {
            return self.network.leave_over_path(index, zero.elapsed()).await;
        }
        sleep(self.network.one_way(self.class_index)).await;
        self.link_up(zero).await;
    }

    /// A client's host is gone in the middle of a connection.
    fn die(&self, now: Duration, session: &Session<'_>) {
        if self.class.path.is_some() {
            self.network.vanish_over_path(session.index, now);
        } else {
            self.network.has_died(now, &session.wire, session.reader.arrived());
        }
    }

    /// A client's connection has ended, or there was none. A server with a probe says so itself.
    fn closed(&self, now: Duration, index: usize, is_by_plan: bool) {
        self.account.sightings().iter().for_each(|sightings| sightings.closed(now, index, is_by_plan));
    }

    /// Waits out what holds the class's link up, if anything does.
    async fn link_up(&self, zero: Instant) {
        let now = zero.elapsed();
        let up_at = self.network.up_at(self.class_index, now);
        if up_at > now {
            sleep_until(zero + tick_not_before(up_at)).await;
        }
    }
}

/// One connection.
struct Session<'a> {
    host: &'a Host,
    index: usize,
    zero: Instant,
    stream: TcpStream,
    wire: Arc<Wire>,
    reader: Reader,
    parser: StreamParser,
    /// What has arrived and has not been read, and where it ends.
    unread: VecDeque<(u64, Unread)>,
    /// The last id read.
    cursor: Option<EventId>,
    /// Whether nothing more arrives. The client hears of it when it has read what did.
    is_over: bool,
    /// Whether the head of the response has come; of a server that is known by what its clients see.
    is_open: bool,
}

enum Unread {
    Event(EventId),
    Place(EventId),
    Gap(Notice),
    /// An event of a server that is known by its payloads alone.
    Number(u64),
}

impl<'a> Session<'a> {
    async fn open(
        host: &'a Host,
        index: usize,
        (plan, faults): (&SubscriberPlan, &SubscriberFaults),
        (zero, cursor, request): (Instant, Option<EventId>, &str),
    ) -> Option<Self> {
        let sightings = host.account.sightings();
        sightings.iter().for_each(|sightings| sightings.asked(zero.elapsed(), index));
        let mut stream = TcpStream::connect((SERVER, SERVER_PORT)).await.ok()?;
        let window_bytes = host.class.window_bytes;
        let keeps_times = sightings.is_some() || matches!(plan.reading, Reading::Serves { .. });
        let is_over_path = host.class.path.is_some();
        let path = Path { subscriber: index, class: host.class_index, window_bytes, keeps_times, is_over_path };
        // There already: turmoil completes a connect when the server accepts, which is where the server's end
        // registers.
        let wire = host.network.claim(stream.local_addr().ok()?, path)?;
        stream.write_all(request.as_bytes()).await.ok()?;
        let one_way = host.network.one_way(host.class_index);
        let reader = Reader::new(&plan.reading, &faults.slow_periods, window_bytes, host.time_scale, one_way);
        Some(Self {
            host,
            index,
            zero,
            stream,
            wire,
            reader,
            parser: host.dialect.parser(),
            unread: VecDeque::new(),
            cursor,
            is_over: false,
            is_open: false,
        })
    }

    async fn read_until(&mut self, planned_end: Option<(Instant, End)>) -> Result<End, NotAStream> {
        let end_as = planned_end.map_or(End::Left, |(_, end)| end);
        let mut planned_end = pin!(at(planned_end.map(|(at, _)| at)));
        loop {
            let tells_at = self.reader.tells_at().map(|at| self.zero + tick_not_before(at));
            let mut turn = pin!(at(tells_at));
            // Polled in a fixed order: of what falls into one tick the same is always seen first, as the specification
            // has it.
            let end = std::future::poll_fn(|cx| {
                if planned_end.as_mut().poll(cx).is_ready() {
                    return Poll::Ready(Ok(Some(end_as)));
                }
                if !self.is_over
                    && let Poll::Ready(is_over) = self.poll_arrivals(cx)?
                {
                    self.is_over = is_over;
                    return Poll::Ready(Ok(None));
                }
                turn.as_mut().poll(cx).map(|()| Ok(None))
            })
            .await?;
            self.read();
            if let Some(end) = end {
                return Ok(end);
            }
            if self.is_over && self.reader.read_by(self.zero.elapsed()) == self.reader.arrived() {
                return Ok(End::Closed);
            }
        }
    }

    /// Ready when something has arrived; `true` when the stream has ended.
    fn poll_arrivals(&mut self, cx: &mut Context<'_>) -> Poll<Result<bool, NotAStream>> {
        let mut buffer = self.host.buffer.borrow_mut();
        let mut has_news = false;
        loop {
            let mut bytes = ReadBuf::new(&mut buffer);
            match Pin::new(&mut self.stream).poll_read(cx, &mut bytes) {
                Poll::Pending if has_news => return Poll::Ready(Ok(false)),
                Poll::Pending => return Poll::Pending,
                Poll::Ready(Ok(())) if !bytes.filled().is_empty() => {}
                // A reset ends the stream as a close does: what arrived before it is read all the same.
                Poll::Ready(Ok(()) | Err(_)) => return Poll::Ready(Ok(true)),
            }
            has_news = true;
            let now = self.zero.elapsed();
            if let Some(sightings) = self.host.account.sightings() {
                self.see(sightings, now, bytes.filled())?;
                self.reader.arrive(now, bytes.filled().len() as u64);
                // The connection of a response that ends by its length may stay open, and brings nothing more.
                if self.parser.has_ended() {
                    return Poll::Ready(Ok(true));
                }
                continue;
            }
            let Self { parser, unread, reader, wire, .. } = self;
            parser.feed(bytes.filled(), |item| match item {
                StreamItem::Begins { start, id } => {
                    if let Some(accepted_at) = wire.accepted_at(start) {
                        reader.begin(now, start, id.sequence, accepted_at);
                    }
                }
                StreamItem::Event { end, event } => {
                    unread.extend(event.id.and_then(StreamId::event).map(|id| (end, Unread::Event(id))));
                }
                StreamItem::Place { end, id } => unread.extend(id.event().map(|id| (end, Unread::Place(id)))),
                StreamItem::Gap { end, notice } => unread.push_back((end, Unread::Gap(notice))),
            })?;
            // After the events have begun: a reader that serves frames must know where the first one starts.
            reader.arrive(now, bytes.filled().len() as u64);
        }
    }

    /// Bytes have arrived from a server that is known by what its clients see.
    fn see(&mut self, sightings: &Sightings, now: Duration, bytes: &[u8]) -> Result<(), NotAStream> {
        let Self { index, parser, unread, wire, is_open, .. } = self;
        sightings.arrives(*index, bytes.len() as u64);
        let mut open = || {
            if !std::mem::replace(is_open, true) {
                sightings.opened(now, *index);
            }
        };
        parser.feed(bytes, |item| {
            // Events may come with the head.
            open();
            if let StreamItem::Event { end, event } = item {
                let accepted_at = wire.accepted_at(end - 1).unwrap_or(now);
                let is_read = sightings.event(now, accepted_at, *index, event.number);
                unread.extend(event.number.filter(|_| is_read).map(|number| (end, Unread::Number(number))));
            }
        })?;
        if parser.is_open() {
            open();
        }
        Ok(())
    }

    /// Reads as the plan has it, and lets the server know.
    fn read(&mut self) {
        let now = self.zero.elapsed();
        while let news @ 1.. = self.reader.tell(now) {
            // After the end of the stream the server does not wait for room.
            if !self.is_over {
                self.host.network.has_read(self.reader.told_at(), self.host.class_index, &self.wire, news);
            }
        }
        let read = self.reader.read_by(now);
        while let Some((end, unread)) = self.unread.pop_front_if(|(end, _)| *end <= read) {
            let at = self.reader.read_at(end, now);
            match unread {
                Unread::Event(id) => {
                    self.cursor = Some(id);
                    self.host.account.recorder.lock().received(at, self.index, self.process(id), id.sequence);
                }
                Unread::Place(id) => {
                    self.cursor = Some(id);
                    self.host.account.recorder.lock().placed(at, self.index, self.process(id), id.sequence);
                }
                Unread::Number(number) => {
                    let sightings = self.host.account.sightings();
                    sightings.iter().for_each(|sightings| sightings.received(at, self.index, number));
                }
                Unread::Gap(Notice { first, last, .. }) => {
                    let cursor = self.cursor.map(|id| (self.process(id), id.sequence));
                    let missing = [first, last].map(|id| id.map(|id| id.sequence));
                    self.host.account.recorder.lock().told(at, self.index, cursor, missing);
                }
            }
        }
    }

    /// The server's process that gave an id out.
    fn process(&self, id: EventId) -> usize {
        // An epoch below the first one wraps around to a process that there never was.
        usize::try_from(id.epoch.wrapping_sub(self.host.first_epoch)).unwrap_or(usize::MAX)
    }
}

/// Sleeps until then, or for ever.
async fn at(deadline: Option<Instant>) {
    match deadline {
        Some(deadline) => sleep_until(deadline).await,
        None => std::future::pending().await,
    }
}
