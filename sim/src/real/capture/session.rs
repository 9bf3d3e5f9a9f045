//! The connections of one listening, one after the other, on one clock.

use std::collections::BTreeSet;
use std::convert::Infallible;
use std::io;
use std::pin::pin;
use std::time::Duration;

use tokio::time::{Instant, sleep, timeout_at};

use super::{Capture, Captured, Listener, Listening, ListeningEnd};
use crate::client::{NotAStream, StreamItem, StreamParser};
use crate::real::client_error::ClientError;
use crate::real::clock::Clock;
use crate::real::connection::Connection;
use crate::real::missing::Missing;
use crate::real::reconnect::Reconnect;
use crate::real::route::Route;

/// What is read at a time.
const BUFFER_BYTES: usize = 1 << 16;

/// How often a listener is asked whether to go on.
const LOOK: Duration = Duration::from_millis(200);

/// The most names of unwanted events that are remembered.
const NAMES: usize = 5;

/// Why a connection is not listened to any more.
pub(super) enum Stop {
    TimeIsUp,
    CalledOff,
    Broken(ClientError),
}

impl From<ClientError> for Stop {
    fn from(why: ClientError) -> Self {
        Self::Broken(why)
    }
}

pub(super) struct Session<'a> {
    listening: &'a Listening,
    listener: &'a mut dyn Listener,
    reconnect: Reconnect,
    /// Where the present connection goes, or went: behind redirections it is another place.
    route: Route,
    was_compressed: bool,
    /// Since the first stream was open.
    clock: Option<Clock>,
    /// Since when no stream is open, while none is.
    away_since: Option<Duration>,
    /// How long no stream was open before there was one again.
    holes: Duration,
    reconnections: u64,
    last_break: Option<ClientError>,
    missing: Missing,
    unwanted: u64,
    unwanted_names: BTreeSet<String>,
}

impl<'a> Session<'a> {
    pub(super) fn new(listening: &'a Listening, listener: &'a mut dyn Listener) -> Self {
        Self {
            listening,
            listener,
            reconnect: Reconnect::new(),
            route: listening.route.clone(),
            was_compressed: false,
            clock: None,
            away_since: None,
            holes: Duration::ZERO,
            reconnections: 0,
            last_break: None,
            missing: Missing::new(),
            unwanted: 0,
            unwanted_names: BTreeSet::new(),
        }
    }

    /// Whether there has ever been a stream.
    pub(super) fn was_open(&self) -> bool {
        self.clock.is_some()
    }

    /// One connection, from the request to whatever ends it. Redirections on the way are followed, each time anew.
    pub(super) async fn connection(&mut self) -> Result<Infallible, Stop> {
        self.route = self.listening.route.clone();
        loop {
            let mut stream = self.reconnect.stream(self.listening.format);
            let Err(stop) = self.read(&mut stream).await;
            self.was_compressed |= stream.is_compressed();
            if let Stop::Broken(ClientError::NotAStream(NotAStream::Redirect(status, location))) = &stop {
                self.route = self.route.followed(*status, location)?;
                continue;
            }
            self.reconnect.ended(&stream);
            return Err(stop);
        }
    }

    /// A connection has ended, or was not to be had.
    pub(super) fn broken(&mut self, why: ClientError) {
        // Kept where there is one: a failed attempt to come back lengthens the hole and does not begin another.
        self.away_since = self.away_since.or(Some(self.now()));
        self.last_break = Some(why);
    }

    /// Waits until it is time to come back.
    pub(super) async fn pause(&mut self) -> Result<(), Stop> {
        let pause = self.reconnect.pause();
        self.watched(sleep(pause), None).await.map(drop)
    }

    pub(super) fn finish(self, ended: ListeningEnd) -> Capture {
        // A client that is away at the end has heard nothing since the break.
        let until = self.away_since.unwrap_or_else(|| self.now()).min(self.listening.lasts);
        Capture {
            ended,
            heard_for: until.saturating_sub(self.holes),
            reconnections: self.reconnections,
            holes: self.holes,
            last_break: self.last_break,
            missing: self.missing,
            route: self.route,
            was_compressed: self.was_compressed,
            unwanted: self.unwanted,
            unwanted_names: self.unwanted_names,
        }
    }

    async fn read(&mut self, stream: &mut StreamParser) -> Result<Infallible, Stop> {
        let mut connection = self.connect().await?;
        let timeout = self.listening.head_timeout;
        // One limit for the whole head. A limit for each read would let a server that sends it byte by byte take for
        // ever.
        let late_at = Instant::now() + timeout;
        let mut buffer = vec![0; BUFFER_BYTES];
        loop {
            // Only up to the head: an open stream may be silent for as long as it likes.
            let limit = (!stream.is_open()).then_some(late_at);
            let Some(ready) = self.watched(connection.readable(), limit).await? else {
                return Err(ClientError::HeadLate(timeout).into());
            };
            let took = ready.and_then(|()| connection.take(&mut buffer)).map_err(ClientError::Broken)?;
            self.take(stream, took.said)?;
            if took.is_last && !stream.is_open() {
                return Err(ClientError::NoHead.into());
            }
            if took.is_last || stream.has_ended() {
                return Err(ClientError::Ended.into());
            }
        }
    }

    async fn connect(&mut self) -> Result<Connection, Stop> {
        let route = self.route.clone();
        let timeout = self.listening.head_timeout;
        let request = route.request(self.listening.format, self.reconnect.cursor());
        let connected = async {
            let socket = route.url().connect().await.map_err(unreachable)?;
            let mut connection = Connection::begin(socket, &route).await?;
            connection.send(request.as_bytes()).await.map_err(unreachable)?;
            Ok(connection)
        };
        match self.watched(connected, Some(Instant::now() + timeout)).await? {
            None => Err(ClientError::NoAnswer(timeout).into()),
            Some(connected) => connected.map_err(Stop::Broken),
        }
    }

    fn take(&mut self, stream: &mut StreamParser, bytes: &[u8]) -> Result<(), ClientError> {
        let was_open = stream.is_open();
        // What comes with the first head came at once.
        let at = self.now();
        let result = stream.feed(bytes, |item| self.hear(at, item));
        if stream.is_open() && !was_open {
            self.opened();
        }
        // A stream that was one, and is garbled, is a broken connection: the next may be whole.
        result.map_err(|why| if stream.is_open() { ClientError::Broken(io::Error::other(why)) } else { why.into() })
    }

    fn hear(&mut self, at: Duration, item: StreamItem<'_>) {
        match item {
            StreamItem::Begins { .. } => {}
            StreamItem::Gap { notice, .. } => self.missing.gap(notice),
            StreamItem::Place { id, .. } => self.missing.id(id, false),
            StreamItem::Event { event, .. } => {
                // Before its name is looked at: an event that is not wanted is not a missing one.
                if let Some(id) = event.id {
                    self.missing.id(id, true);
                }
                if self.listening.names.is_empty() || self.listening.names.contains(event.name) {
                    self.listener.event(Captured { at, bytes: event.bytes });
                } else {
                    self.unwanted += 1;
                    if self.unwanted_names.len() < NAMES {
                        self.unwanted_names.insert(event.name.to_owned());
                    }
                }
            }
        }
    }

    fn opened(&mut self) {
        let now = self.now();
        if self.clock.is_none() {
            self.clock = Some(Clock::starting_in(Duration::ZERO));
        } else {
            self.reconnections += 1;
        }
        self.holes += self.away_since.take().map_or(Duration::ZERO, |since| now.saturating_sub(since));
    }

    fn now(&self) -> Duration {
        self.clock.as_ref().map_or(Duration::ZERO, Clock::now)
    }

    /// Waits for something, up to `limit`, where it is `None`; and no longer than the listening lasts and is wanted.
    async fn watched<T>(&mut self, work: impl Future<Output = T>, limit: Option<Instant>) -> Result<Option<T>, Stop> {
        let mut work = pin!(work);
        loop {
            if !self.listener.goes_on(self.now()) {
                return Err(Stop::CalledOff);
            }
            let now = Instant::now();
            let ends_at = self.clock.map(|clock| clock.at(self.listening.lasts));
            if ends_at.is_some_and(|at| at <= now) {
                return Err(Stop::TimeIsUp);
            }
            if limit.is_some_and(|at| at <= now) {
                return Ok(None);
            }
            let look_at = [ends_at, limit].into_iter().flatten().fold(now + LOOK, Instant::min);
            // By reference: a look at the listener must not cancel the work.
            if let Ok(done) = timeout_at(look_at, work.as_mut()).await {
                return Ok(Some(done));
            }
        }
    }
}

fn unreachable(why: io::Error) -> ClientError {
    match why.kind() {
        io::ErrorKind::ConnectionRefused => ClientError::Refused,
        _ => why.into(),
    }
}
