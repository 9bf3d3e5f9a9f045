//! A connection between a server and a client over a path: what a world calls.

use super::endpoint::Endpoint;
use super::handshake::Stage;
use super::link::{Link, LinkPlan};
use super::receiver::window_kind;
use super::segment::Packet;
use super::sender::SenderCounts;
use super::settings::{Reads, ReceiveBuffer, Settings};
use super::socket::Piece;
use super::units::earliest;

/// An end of a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum End {
    /// The end that listens.
    Server,
    /// The end that connects.
    Client,
}

/// Why an end has given up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Failure {
    /// No SYN was answered.
    NotEstablished,
    /// Nothing was acknowledged for the user timeout, or over 15 retransmissions.
    TimedOut,
}

/// A bottleneck in both directions. It outlives a connection: the next one meets the same lost slots.
#[derive(Debug, Clone)]
pub struct Path {
    /// From the server to the client.
    pub down: Link<Packet>,
    /// From the client to the server.
    pub up: Link<Packet>,
}

impl Path {
    /// An idle bottleneck.
    pub fn new(down: LinkPlan, up: LinkPlan) -> Self {
        Self { down: Link::new(down), up: Link::new(up) }
    }
}

/// A connection, with everything that is under way. Times are nanoseconds since the beginning of the run, and never
/// decrease from one call to the next.
///
/// A world asks [`next_event`](Self::next_event), calls [`advance`](Self::advance) at that time, and looks what has
/// changed: [`take_wake`](Self::take_wake), [`received`](Self::received), [`has_ended`](Self::has_ended),
/// [`failure`](Self::failure). Writes and reads happen in between, at their own times. Contents of the stream are the
/// world's business: this counts bytes.
///
/// ```
/// use hubbub_model::tcp::{Connection, End, LinkPlan, Path, Piece, Rate, Settings};
///
/// let way = LinkPlan { rate: Rate::BitsPerSecond(1_000_000), delay: 60_000_000, ..LinkPlan::default() };
/// let mut connection = Connection::open(Path::new(way.clone(), way), &Settings::LINUX, 0);
/// while !connection.is_established(End::Server) {
///     let at = connection.next_event().expect("a handshake under way");
///     connection.advance(at);
/// }
/// let written_at = connection.now();
/// assert_eq!(connection.write(End::Server, 700, Piece::Own, written_at), 700);
/// while connection.received(End::Client) < 700 {
///     let at = connection.next_event().expect("a segment under way");
///     connection.advance(at);
/// }
/// // 752 B take 6 ms on the line, and then the delay.
/// assert_eq!((connection.now() - written_at) / 1_000_000, 66);
/// ```
#[derive(Debug, Clone)]
pub struct Connection {
    server: Endpoint,
    client: Endpoint,
    path: Path,
    header_bytes: u64,
    now: u64,
    /// When something happens next, as of the last call.
    next: Option<u64>,
}

impl Connection {
    /// The client connects at `now`.
    pub fn open(mut path: Path, settings: &Settings, now: u64) -> Self {
        path.down.clear();
        path.up.clear();
        let of_server = window_kind(settings.congestion, ReceiveBuffer::Auto);
        let of_client = window_kind(settings.congestion, settings.receive_buffer);
        // The client's socket is an ordinary one: neither its unsent bytes nor its patience are bounded.
        let plain = Settings { unsent_low_water: u64::MAX, user_timeout: None, ..*settings };
        let mut connection = Self {
            server: Endpoint::new(settings, of_server, true),
            client: Endpoint::new(&plain, of_client, settings.reads == Reads::AtOnce),
            path,
            header_bytes: settings.header_bytes,
            now,
            next: None,
        };
        connection.client.connect(now);
        connection.send(End::Client, now);
        connection.look_ahead();
        connection
    }

    /// The bottleneck, for the next connection over it. What was under way is gone.
    pub fn into_path(self) -> Path {
        self.path
    }

    /// The time of the last call.
    pub fn now(&self) -> u64 {
        self.now
    }

    /// When something happens next without a call; `None` if nothing does.
    pub fn next_event(&self) -> Option<u64> {
        self.next
    }

    /// A time before which nothing changes that the world of a server sees without a call: bytes or the end at the client, a
    /// failure of the server. A world that looks only then misses nothing, and looks once for a segment, not at its
    /// acknowledgement and each timer as well. `None` if nothing happens any more.
    ///
    /// It is the next event itself in a handshake, while the server waits for room, and where the client has sent anything
    /// that is not acknowledged, or has closed.
    pub fn next_news(&self) -> Option<u64> {
        let next = self.next?;
        let is_established = self.is_established(End::Server) && self.is_established(End::Client);
        let client = &self.client.sender;
        let is_client_quiet = client.una() == client.next() && !client.is_closed();
        if !is_established || !is_client_quiet || self.server.sender.is_awaited() {
            return Some(next);
        }
        // Packets arrive in their order, and what is sent later arrives a propagation delay later.
        let arrives = self.path.down.next_arrival_at().unwrap_or_else(|| next + self.path.down.delay());
        Some(arrives.min(self.server.sender.gives_up_not_before(next)))
    }

    /// When an end has sent segments again, in order, since this was last asked for.
    pub fn take_sent_again(&mut self, end: End) -> Vec<u64> {
        self.end_mut(end).sender.take_sent_again()
    }

    /// Lets everything happen that happens by `now`. At one time packets arrive first, the client's before the server's;
    /// then timers fire.
    pub fn advance(&mut self, now: u64) {
        while let Some(at) = self.next.filter(|at| *at <= now) {
            self.now = at;
            if let Some(packet) = self.path.up.arrived(at) {
                self.server.arrived(&packet, at);
                self.send(End::Server, at);
            } else if let Some(packet) = self.path.down.arrived(at) {
                self.client.arrived(&packet, at);
                self.send(End::Client, at);
            } else {
                for end in [End::Server, End::Client] {
                    self.end_mut(end).timers_fired(at);
                    self.send(end, at);
                }
            }
            self.look_ahead();
        }
        self.now = self.now.max(now);
    }

    /// Writes up to `bytes` into the socket of an end, and returns how many it takes: none before the connection is
    /// established, and none after [`close`](Self::close). Where it takes fewer, [`take_wake`](Self::take_wake) tells when
    /// it takes more.
    pub fn write(&mut self, end: End, bytes: u64, piece: Piece, now: u64) -> u64 {
        self.advance(now);
        let accepted = self.end_mut(end).write(bytes, piece, now);
        self.send(end, now);
        self.look_ahead();
        accepted
    }

    /// Writes as [`write`](Self::write) does, but sends nothing of it before [`let_go`](Self::let_go). What was held when an
    /// end is closed is lost.
    pub fn write_held(&mut self, end: End, bytes: u64, piece: Piece, now: u64) -> u64 {
        self.advance(now);
        self.end_mut(end).write_held(bytes, piece)
    }

    /// What was written to be held is sent from now on.
    pub fn let_go(&mut self, end: End, now: u64) {
        self.advance(now);
        self.end_mut(end).let_go(now);
        self.send(end, now);
        self.look_ahead();
    }

    /// The application at an end takes up to `bytes` of those that have arrived.
    pub fn read(&mut self, end: End, bytes: u64, now: u64) {
        self.advance(now);
        self.end_mut(end).read(bytes, now);
        self.send(end, now);
        self.look_ahead();
    }

    /// The application at an end sends nothing after what it has written: a FIN follows.
    pub fn close(&mut self, end: End, now: u64) {
        self.advance(now);
        self.end_mut(end).close(now);
        self.send(end, now);
        self.look_ahead();
    }

    /// An end is gone without a word: it neither sends nor receives any more.
    pub fn vanish(&mut self, end: End, now: u64) {
        self.advance(now);
        self.end_mut(end).vanish();
        self.look_ahead();
    }

    /// Whether the application at an end has waited for room, or for the connection, and does not have to any more. It is
    /// told once.
    pub fn take_wake(&mut self, end: End) -> bool {
        self.end_mut(end).take_wake()
    }

    /// Whether the handshake is over at an end.
    pub fn is_established(&self, end: End) -> bool {
        self.end(end).stage() == Stage::Established
    }

    /// Bytes that have arrived at an end in order, from the first on.
    pub fn received(&self, end: End) -> u64 {
        self.end(end).receiver.available()
    }

    /// Bytes that have arrived at an end in order and have not been read.
    pub fn readable(&self, end: End) -> u64 {
        self.end(end).receiver.readable()
    }

    /// Whether everything has arrived at an end that the other one has written before it closed.
    pub fn has_ended(&self, end: End) -> bool {
        self.end(end).receiver.has_ended()
    }

    /// Why an end has given up, if it has.
    pub fn failure(&self, end: End) -> Option<Failure> {
        let end = self.end(end);
        match end.stage() {
            Stage::GivenUp => Some(Failure::NotEstablished),
            _ if end.sender.has_timed_out() => Some(Failure::TimedOut),
            _ => None,
        }
    }

    /// Bytes that an end has taken and not sent.
    pub fn unsent_bytes(&self, end: End) -> u64 {
        self.end(end).sender.unsent_bytes()
    }

    /// Bytes that an end has sent and that are not acknowledged.
    pub fn unacknowledged_bytes(&self, end: End) -> u64 {
        self.end(end).sender.next() - self.end(end).sender.una()
    }

    /// Whether the application at an end has found no room and has not been told of any since.
    pub fn is_blocked(&self, end: End) -> bool {
        self.end(end).sender.is_awaited()
    }

    /// What the sender of an end has done.
    pub fn counts(&self, end: End) -> SenderCounts {
        self.end(end).sender.counts()
    }

    /// cwnd and ssthresh of an end, in segments.
    pub fn congestion_window(&self, end: End) -> (u64, u64) {
        (self.end(end).sender.cwnd(), self.end(end).sender.ssthresh())
    }

    /// The bottleneck.
    pub fn path(&self) -> &Path {
        &self.path
    }

    fn end(&self, end: End) -> &Endpoint {
        match end {
            End::Server => &self.server,
            End::Client => &self.client,
        }
    }

    fn end_mut(&mut self, end: End) -> &mut Endpoint {
        match end {
            End::Server => &mut self.server,
            End::Client => &mut self.client,
        }
    }

    fn look_ahead(&mut self) {
        let [up, down] = [self.path.up.next_arrival_at(), self.path.down.next_arrival_at()];
        self.next = earliest([up, down, self.server.next_timer_at(), self.client.next_timer_at()]);
    }

    /// Gives an end's packets to its link.
    fn send(&mut self, end: End, now: u64) {
        let (endpoint, link) = match end {
            End::Server => (&mut self.server, &mut self.path.down),
            End::Client => (&mut self.client, &mut self.path.up),
        };
        for packet in endpoint.outbox.drain(..) {
            link.send(now, packet, packet.line_bytes(self.header_bytes));
        }
    }
}
