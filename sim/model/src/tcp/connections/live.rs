//! One open connection, and what of it has been told.

use super::News;
use super::ways::Ways;
use crate::tcp::connection::{Connection, End, Path};
use crate::tcp::settings::Reads;
use crate::tcp::socket::Piece;

#[derive(Debug)]
pub(super) struct Live {
    pub(super) connection: Connection,
    /// In the order of opening, from 1 on.
    pub(super) number: u64,
    /// The time of the entry that is not out of date.
    pub(super) scheduled: Option<u64>,
    pub(super) is_told_of_reads: bool,
    request_bytes: u64,
    /// Bytes of the request that the client's socket has not taken.
    unasked: u64,
    has_asked: bool,
    arrived: u64,
    has_ended: bool,
    has_left: bool,
    pub(super) has_given_up: bool,
    /// The client has asked, and the server has given up.
    pub(super) hears_of_the_end: bool,
    /// The client has died.
    pub(super) is_gone: bool,
    last_write_at: Option<u64>,
    /// The server has found no room, and has not been told of any since.
    waits_for_room: bool,
}

impl Live {
    pub(super) fn open(path: Path, ways: &Ways, (number, request_bytes): (u64, u64), now: u64) -> Self {
        Self {
            connection: Connection::open(path, &ways.settings, now + ways.sets_out_after),
            number,
            scheduled: None,
            is_told_of_reads: ways.settings.reads == Reads::WhenTold,
            request_bytes,
            unasked: request_bytes,
            has_asked: false,
            arrived: 0,
            has_ended: false,
            has_left: false,
            has_given_up: false,
            hears_of_the_end: false,
            is_gone: false,
            last_write_at: None,
            waits_for_room: false,
        }
    }

    /// A time, or that of the last call where that is later: what timers wake on a server may come before exact events of
    /// the same tick.
    pub(super) fn not_before(&self, now: u64) -> u64 {
        now.max(self.connection.now())
    }

    pub(super) fn write(&mut self, bytes: u64, is_held: bool, now: u64) -> u64 {
        // A runtime does not ask the kernel again before that has said that there is room.
        if self.waits_for_room {
            return 0;
        }
        let piece = if self.last_write_at == Some(now) { Piece::Joined } else { Piece::Own };
        self.last_write_at = Some(now);
        let now = self.not_before(now);
        let taken = if is_held {
            self.connection.write_held(End::Server, bytes, piece, now)
        } else {
            self.connection.write(End::Server, bytes, piece, now)
        };
        self.waits_for_room = taken == 0;
        taken
    }

    /// When there is something to do or to tell.
    pub(super) fn next_at(&self) -> Option<u64> {
        // A call in between may have let something happen that was due at its own time.
        if self.has_asked && !self.has_ended && self.connection.received(End::Client) > self.arrived {
            return Some(self.connection.now());
        }
        if self.has_asked { self.connection.next_news() } else { self.connection.next_event() }
    }

    /// Sends the request when it can be sent, and tells what is new.
    pub(super) fn tell(&mut self, at: u64, tell: &mut dyn FnMut(News)) {
        if !self.has_asked {
            self.ask(at, tell);
        }
        if self.connection.take_wake(End::Server) {
            self.waits_for_room = false;
            tell(News::HasRoom);
        }
        let arrived = self.connection.received(End::Client);
        if arrived > self.arrived && !self.has_ended {
            tell(News::Arrived(arrived - self.arrived));
            self.arrived = arrived;
        }
        let failure = self.connection.failure(End::Client);
        if !self.has_ended && (self.connection.has_ended(End::Client) || self.hears_of_the_end || failure.is_some()) {
            self.has_ended = true;
            tell(if self.has_asked { News::Ended } else { News::NotConnected });
        }
        if !self.has_left && self.connection.has_ended(End::Server) {
            self.has_left = true;
            tell(News::Left);
        }
        if !self.has_given_up && self.connection.failure(End::Server).is_some() {
            self.has_given_up = true;
            tell(News::GivenUp);
        }
    }

    /// When the server's kernel has sent something again since this was asked last, for the client of that number.
    pub(super) fn sent_again(&mut self, client: usize) -> impl Iterator<Item = (u64, usize)> + use<> {
        self.connection.take_sent_again(End::Server).into_iter().map(move |at| (at, client))
    }

    fn ask(&mut self, at: u64, tell: &mut dyn FnMut(News)) {
        if self.unasked > 0 && self.connection.is_established(End::Client) {
            self.unasked -= self.connection.write(End::Client, self.unasked, Piece::Own, at);
        }
        if self.unasked == 0 && self.connection.received(End::Server) >= self.request_bytes {
            self.has_asked = true;
            tell(News::Asked);
        }
    }
}
