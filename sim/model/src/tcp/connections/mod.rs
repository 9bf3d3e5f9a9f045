//! The connections of all clients of a run, one at a time for each client, and what happens next in any of them.
//!
//! This serves worlds that move in ticks and carry the contents themselves. The rules of time, in their order:
//!
//! 1. A client's SYN leaves when the client sets out, or so much later that on an idle path the request arrives three
//!    one-way times after that. The kernel sends the request as soon as the handshake is over.
//! 2. The way to the client takes whole ticks, rounded up. The last tick of it is the world's own. So bytes that are in
//!    order by a tick reach the client in the next one.
//! 3. What the client's program does (a read, its leave) comes to its kernel a tick later, at the exact time in that tick.
//!    Without congestion control the way back is a tick shorter for that, so the word of a read takes one one-way time.
//!    With congestion control the kernel's own acknowledgements count: both ways take one round trip.
//! 4. At one time acts of clients come first, in the order in which they were told. Then events follow in the order in which
//!    the connections were opened.
//! 5. The server's writes at one moment lie right behind each other in the kernel's memory. The first one at a moment does
//!    not.
//! 6. A writer that has found no room finds none before it is told of some, as one that waits for the kernel's word.
//! 7. A server that has given up says nothing. The client hears of it when it asks: a round trip and a tick after both
//!    ways carry packets again. Nothing arrives after the end.

mod live;
mod ways;

use std::cmp::Reverse;
use std::collections::{BinaryHeap, VecDeque};

use super::connection::{End, Path};
use super::sender::SenderCounts;
use live::Live;
pub use ways::Ways;

/// What has become of a client's connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum News {
    /// The client's request has reached the server.
    Asked,
    /// The client could not connect.
    NotConnected,
    /// The server's socket has room again, for a writer that has waited.
    HasRoom,
    /// So many more bytes are in order at the client.
    Arrived(u64),
    /// Nothing more arrives at the client.
    Ended,
    /// The server's socket has seen the end of what the client sends.
    Left,
    /// The server's kernel has given up.
    GivenUp,
}

/// What a client's program does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Act {
    Reads(u64),
    Leaves,
    /// It asks a server that has given up.
    Asks,
}

/// An act of a client, and the number of the connection that it is about.
#[derive(Debug, Clone, Copy)]
struct Due {
    at: u64,
    client: usize,
    number: u64,
    act: Act,
}

#[derive(Debug)]
enum State {
    /// No connection is open.
    Idle(Box<Path>),
    Open(Box<Live>),
    /// Only while it is changed.
    Between,
}

#[derive(Debug)]
struct Client {
    ways: Ways,
    state: State,
}

/// All connections. Times are nanoseconds since the beginning of the run.
#[derive(Debug)]
pub struct Connections {
    tick: u64,
    clients: Vec<Option<Client>>,
    /// When something happens: the time, the connection's number, the client. An entry may be out of date.
    events: BinaryHeap<Reverse<(u64, u64, usize)>>,
    /// In the order of time.
    acts: VecDeque<Due>,
    opened: u64,
    /// When the server's kernel has sent something again, and to whom, as far as it has been looked at.
    sent_again: Vec<(u64, usize)>,
}

impl Connections {
    /// No connections, of as many clients as `ways` has entries. A client without an entry has no path.
    pub fn new(tick: u64, ways: impl IntoIterator<Item = Option<Ways>>) -> Self {
        let client = |ways: Ways| Client { state: State::Idle(Box::new(ways.path())), ways };
        Self {
            tick,
            clients: ways.into_iter().map(|ways| ways.map(client)).collect(),
            events: BinaryHeap::new(),
            acts: VecDeque::new(),
            opened: 0,
            sent_again: Vec::new(),
        }
    }

    /// Whether a client has a path.
    pub fn has_path(&self, client: usize) -> bool {
        self.clients.get(client).is_some_and(Option::is_some)
    }

    /// A client sets out at `now`, and is going to ask with so many bytes. A connection that it had before is gone.
    pub fn open(&mut self, client: usize, request_bytes: u64, now: u64) {
        self.abandon(client, now);
        self.opened += 1;
        let Some(Some(one)) = self.clients.get_mut(client) else { return };
        let State::Idle(path) = std::mem::replace(&mut one.state, State::Between) else { return };
        one.state = State::Open(Box::new(Live::open(*path, &one.ways, (self.opened, request_bytes), now)));
        self.schedule(client);
    }

    /// A client's connection is gone on both sides at `now` without a word.
    pub fn abandon(&mut self, client: usize, now: u64) {
        let Some(Some(one)) = self.clients.get_mut(client) else { return };
        one.state = match std::mem::replace(&mut one.state, State::Between) {
            State::Open(mut live) => {
                // What it has sent by now has taken time on the line.
                live.connection.advance(now);
                self.sent_again.extend(live.sent_again(client));
                State::Idle(Box::new(live.connection.into_path()))
            }
            idle => idle,
        };
    }

    /// The server writes up to `bytes` to a client. Returns what its socket takes. Bytes that are held are sent when they
    /// are [let go](Self::let_go).
    pub fn write(&mut self, client: usize, bytes: u64, is_held: bool, now: u64) -> u64 {
        let taken = self.live(client).map_or(0, |live| live.write(bytes, is_held, now));
        self.schedule(client);
        taken
    }

    /// What the server has written to be held is sent from now on.
    pub fn let_go(&mut self, client: usize, now: u64) {
        self.with(client, |live| {
            let now = live.not_before(now);
            live.connection.let_go(End::Server, now);
        });
    }

    /// The server writes nothing more to a client.
    pub fn close(&mut self, client: usize, now: u64) {
        self.with(client, |live| {
            let now = live.not_before(now);
            live.connection.close(End::Server, now);
        });
    }

    /// A client has died: its kernel says nothing more.
    pub fn vanish(&mut self, client: usize, now: u64) {
        self.with(client, |live| {
            let now = live.not_before(now);
            live.connection.vanish(End::Client, now);
            live.is_gone = true;
        });
    }

    /// A client's program takes bytes at `at`, which may lie in the past by less than a tick.
    pub fn read(&mut self, client: usize, bytes: u64, at: u64) {
        if self.open_one(client).is_some_and(|live| live.is_told_of_reads) {
            self.act(client, Act::Reads(bytes), at + self.tick);
        }
    }

    /// A client's program closes its connection at `at`.
    pub fn leave(&mut self, client: usize, at: u64) {
        self.act(client, Act::Leaves, at + self.tick);
    }

    /// When something happens next in any connection. It may turn out to be nothing.
    pub fn next_at(&self) -> Option<u64> {
        let event = self.events.peek().map(|next| next.0.0);
        let act = self.acts.front().map(|act| act.at);
        event.into_iter().chain(act).min()
    }

    /// Lets everything happen that happens by `now`, and tells what came of it, client by client.
    pub fn advance(&mut self, now: u64, tell: &mut dyn FnMut(usize, News)) {
        while let Some(at) = self.next_at().filter(|at| *at <= now) {
            if let Some(due) = self.acts.pop_front_if(|act| act.at <= at) {
                self.perform(due, tell);
            } else if let Some(Reverse((at, number, client))) = self.events.pop() {
                self.happen(client, number, at, tell);
            }
        }
    }

    /// What the server's kernel has done for the present connection of a client, as far as it has been looked at.
    pub fn counts(&self, client: usize) -> SenderCounts {
        self.open_one(client).map_or_else(SenderCounts::default, |live| live.connection.counts(End::Server))
    }

    /// When the server's kernel has sent something again and to which client, in the order of time; more often than once at
    /// a time where it sent several segments.
    pub fn take_retransmissions(&mut self) -> Vec<(u64, usize)> {
        let mut all = std::mem::take(&mut self.sent_again);
        for client in 0..self.clients.len() {
            all.extend(self.live(client).into_iter().flat_map(|live| live.sent_again(client)));
        }
        // Connections are looked at when they have news, and that may be later.
        all.sort_unstable();
        all
    }

    /// Whether a client's path carries nothing to it at a time.
    pub fn is_out(&self, client: usize, at: u64) -> bool {
        self.clients.get(client).and_then(Option::as_ref).is_some_and(|one| one.ways.down.outages.over_at(at) > at)
    }

    fn happen(&mut self, client: usize, number: u64, at: u64, tell: &mut dyn FnMut(usize, News)) {
        let Some(live) = self.live(client).filter(|live| live.number == number && live.scheduled == Some(at)) else {
            return;
        };
        live.scheduled = None;
        live.connection.advance(at);
        self.look(client, at, tell);
    }

    fn perform(&mut self, due: Due, tell: &mut dyn FnMut(usize, News)) {
        let Due { at, client, number, act } = due;
        let Some(live) = self.live(client).filter(|live| live.number == number && !live.is_gone) else { return };
        let at = live.not_before(at);
        match act {
            Act::Reads(bytes) => live.connection.read(End::Client, bytes, at),
            Act::Leaves => live.connection.close(End::Client, at),
            Act::Asks => live.hears_of_the_end = true,
        }
        self.look(client, at, tell);
    }

    /// Tells what is new.
    fn look(&mut self, client: usize, at: u64, tell: &mut dyn FnMut(usize, News)) {
        let Some(live) = self.live(client) else { return };
        let had_given_up = live.has_given_up;
        live.tell(at, &mut |news| tell(client, news));
        if live.has_given_up && !had_given_up {
            // A tick later: what an outage has held back arrives first.
            let answered_at = self.clients[client].as_ref().map_or(at, |one| one.ways.answers_at(at)) + self.tick;
            self.act(client, Act::Asks, answered_at);
        }
        self.schedule(client);
    }

    fn act(&mut self, client: usize, act: Act, at: u64) {
        let Some(number) = self.live(client).map(|live| live.number) else { return };
        let due = Due { at, client, number, act };
        // Clients do not run in the order of the exact times of their reads. Most need no search.
        let place = match self.acts.back() {
            Some(last) if last.at > at => self.acts.partition_point(|other| other.at <= at),
            Some(_) | None => self.acts.len(),
        };
        self.acts.insert(place, due);
    }

    fn schedule(&mut self, client: usize) {
        let Some(live) = self.live(client) else { return };
        let number = live.number;
        // An entry that has become too early finds nothing to do. So only an earlier time needs a new one.
        if let Some(at) = live.next_at().filter(|at| live.scheduled.is_none_or(|scheduled| *at < scheduled)) {
            live.scheduled = Some(at);
            self.events.push(Reverse((at, number, client)));
        }
    }

    fn with(&mut self, client: usize, change: impl FnOnce(&mut Live)) {
        if let Some(live) = self.live(client) {
            change(live);
            self.schedule(client);
        }
    }

    fn live(&mut self, client: usize) -> Option<&mut Live> {
        match &mut self.clients.get_mut(client)?.as_mut()?.state {
            State::Open(live) => Some(live),
            State::Idle(_) | State::Between => None,
        }
    }

    fn open_one(&self, client: usize) -> Option<&Live> {
        match &self.clients.get(client)?.as_ref()?.state {
            State::Open(live) => Some(live),
            State::Idle(_) | State::Between => None,
        }
    }
}
