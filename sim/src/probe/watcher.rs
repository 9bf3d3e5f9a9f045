//! A client of a probe: reads what comes when it is asked to, and not otherwise.

use std::time::Duration;

use tokio::net::TcpSocket;
use tokio::time::{Instant, timeout_at};

use super::error::ProbeError;
use super::numbers::Numbers;
use crate::client::{NotAStream, StreamFormat, StreamItem, StreamParser};
use crate::real::{ClientError, Connection, Route};

/// What is read at a time.
const BUFFER_BYTES: usize = 1 << 16;

/// A client with its stream.
pub(super) struct Watcher {
    route: Route,
    connection: Connection,
    parser: StreamParser,
    buffer: Vec<u8>,
    asked_at: Instant,
    /// Positions of the probe's events, as they came.
    pub(super) received: Vec<u64>,
    /// Bytes off the socket behind the head.
    pub(super) bytes: u64,
    /// When the last event came.
    pub(super) last_at: Option<Instant>,
    pub(super) has_ended: bool,
}

impl Watcher {
    /// Connects and asks for the stream. A redirection is followed once its head is read.
    pub(super) async fn ask(
        route: &Route,
        cursor: Option<&str>,
        receive_buffer: Option<u32>,
        limit: Duration,
    ) -> Result<Self, ProbeError> {
        let failed = |why: ClientError| ProbeError::Stream(route.url().clone(), why);
        let asked_at = Instant::now();
        let connected = async {
            let address = route.url().resolve().await?;
            let socket = if address.is_ipv4() { TcpSocket::new_v4()? } else { TcpSocket::new_v6()? };
            if let Some(bytes) = receive_buffer {
                // Before it connects: the window's scale is settled then.
                socket.set_recv_buffer_size(bytes)?;
            }
            let mut connection = Connection::begin(socket.connect(address).await?, route).await?;
            connection.send(route.request(StreamFormat::Sse, cursor).as_bytes()).await?;
            Ok(connection)
        };
        let connection = timeout_at(asked_at + limit, connected).await;
        let connection = connection.unwrap_or(Err(ClientError::NoAnswer(limit))).map_err(failed)?;
        Ok(Self {
            route: route.clone(),
            connection,
            parser: StreamParser::sse_after(cursor.map(str::to_owned)),
            buffer: vec![0; BUFFER_BYTES],
            asked_at,
            received: Vec::new(),
            bytes: 0,
            last_at: None,
            has_ended: false,
        })
    }

    /// Reads up to the head of the response. Returns `None` if it has not come by then, and the place to ask instead if
    /// that is what the head says.
    pub(super) async fn head(&mut self, numbers: &Numbers, until: Instant) -> Result<Option<Head>, ProbeError> {
        match self.read_until(numbers, until, |watcher| watcher.parser.is_open()).await {
            Ok(is_open) => Ok(is_open.then(|| Head::Open(self.asked_at.elapsed()))),
            Err(ProbeError::Stream(url, ClientError::NotAStream(NotAStream::Redirect(status, location)))) => {
                let followed = self.route.followed(status, &location);
                followed.map(|route| Some(Head::Elsewhere(route))).map_err(|why| ProbeError::Stream(url, why))
            }
            Err(why) => Err(why),
        }
    }

    /// Reads until something is so, or the time is over, or the stream has ended. Returns whether it is so.
    pub(super) async fn read_until(
        &mut self,
        numbers: &Numbers,
        until: Instant,
        is_so: impl Fn(&Self) -> bool,
    ) -> Result<bool, ProbeError> {
        loop {
            self.take(numbers)?;
            if is_so(self) {
                return Ok(true);
            }
            if self.has_ended {
                return if self.parser.is_open() { Ok(false) } else { Err(self.failed(ClientError::NoHead)) };
            }
            match timeout_at(until, self.connection.readable()).await {
                Ok(ready) => ready.map_err(|why| self.failed(ClientError::Broken(why)))?,
                Err(_) => return Ok(false),
            }
        }
    }

    /// Takes what the socket has now.
    pub(super) fn take(&mut self, numbers: &Numbers) -> Result<(), ProbeError> {
        while !self.has_ended {
            let was_open = self.parser.is_open();
            let took = match self.connection.take(&mut self.buffer) {
                Ok(took) => took,
                // The server, or a proxy, has cut the client off.
                Err(why) if why.kind() == std::io::ErrorKind::ConnectionReset => {
                    self.has_ended = true;
                    break;
                }
                Err(why) => return Err(self.failed(ClientError::Broken(why))),
            };
            let (bytes, is_last) = (took.bytes, took.is_last);
            let (received, mut others) = (&mut self.received, false);
            let had = received.len();
            let fed = self.parser.feed(took.said, |item: StreamItem<'_>| {
                let Some(event) = item.event() else { return };
                match numbers.position(event.number) {
                    Some(position) => received.push(position),
                    None => others = true,
                }
            });
            fed.map_err(|why| ProbeError::Stream(self.route.url().clone(), why.into()))?;
            if others {
                return Err(ProbeError::OthersPublish(self.route.url().clone()));
            }
            if self.received.len() > had {
                self.last_at = Some(Instant::now());
            }
            self.bytes += if was_open { bytes as u64 } else { 0 };
            self.has_ended = is_last || self.parser.has_ended();
            if bytes == 0 {
                break;
            }
        }
        Ok(())
    }

    /// The id to come back with.
    pub(super) fn last_id(&self) -> Option<String> {
        self.parser.last_id()
    }

    /// Whether the stream is compressed.
    pub(super) fn is_compressed(&self) -> bool {
        self.parser.is_compressed()
    }

    /// Where the stream is.
    pub(super) fn route(&self) -> &Route {
        &self.route
    }

    /// When the stream was asked for.
    pub(super) fn asked_at(&self) -> Instant {
        self.asked_at
    }

    fn failed(&self, why: ClientError) -> ProbeError {
        ProbeError::Stream(self.route.url().clone(), why)
    }
}

/// What the head of a response says.
pub(super) enum Head {
    /// The stream is open, so long after it was asked for.
    Open(Duration),
    /// It is elsewhere.
    Elsewhere(Route),
}
