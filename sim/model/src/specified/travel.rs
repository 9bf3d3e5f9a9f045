//! What goes over the network: bytes to the clients, the word of reads to the server, and what is lost for good.

use super::marks::Mark;
use super::path::{Flight, Path};
use super::run::Run;
use super::socket::Loss;
use super::time::{TICK, ticks};
use crate::time::nanos;

impl Run<'_> {
    /// What the sockets have accepted since the last look goes on its way, in the order in which it was accepted first.
    pub(super) fn transmit(&mut self) {
        let mut outgoing = std::mem::take(&mut self.outgoing);
        for index in outgoing.drain(..) {
            let connection = &mut self.connections[index];
            let has_ended = connection.end_is_sent;
            let accepted = connection.socket.take_outbox();
            // A write that the CPU finishes after the end of its connection finds nobody to take it.
            let bytes = if has_ended { 0 } else { accepted };
            self.marks.add_if(has_ended && accepted > 0, Mark::WriteAfterTheEnd);
            let is_end = connection.is_closed && !has_ended;
            connection.end_is_sent |= is_end;
            if connection.socket.is_over_path {
                if is_end {
                    self.close_over_path(index);
                }
                continue;
            }
            let class = connection.class;
            // The last millisecond of the way is the simulated network's own.
            let sent_in = self.tick + self.paths[class].one_way_ticks - 1;
            let flight = Flight { sent_in, client: connection.client, connection: index, bytes, is_end };
            let flight = if self.plan.faults.is_empty() { flight } else { self.passed(flight, class) };
            self.paths[class].send(flight);
        }
        // The same list again, so that it need not grow anew in every tick.
        self.outgoing = outgoing;
        // What has closed may tell its client at once.
        self.advance_over_paths(self.tick * TICK);
        // After the sockets: at the shortest one-way time, bytes that were accepted in this tick are due in it.
        self.paths.iter_mut().for_each(|path| path.land(self.tick));
    }

    /// What faults leave of bytes, and when it goes on.
    fn passed(&mut self, flight: Flight, class: usize) -> Flight {
        let link = &self.paths[class].link;
        let due = flight.sent_in * TICK;
        let loss = self.connections[flight.connection].socket.loss;
        // TCP's repair is left out: a connection that has lost bytes carries nothing any more.
        let is_cut = loss != Loss::None;
        let passes_at = if is_cut { None } else { link.passes_at(self.tick * TICK, due) };
        if let Some(at) = passes_at {
            return Flight { sent_in: ticks(at), ..flight };
        }
        // An end is told again whenever the client asks, until it hears it.
        let sent_in = ticks(link.up_at(due));
        self.marks.add_if(!is_cut && flight.is_end, Mark::EndLostInAnOutage);
        self.marks.add_if(loss == Loss::ToCome && flight.bytes > 0, Mark::DeathNoticedByALaterWrite);
        if flight.bytes > 0 && self.connections[flight.connection].socket.lose() {
            self.expect_timeout(self.tick * TICK, flight.connection);
        }
        Flight { sent_in, bytes: 0, ..flight }
    }

    pub(super) fn next_release_at(&self) -> Option<u64> {
        self.paths.iter().filter_map(Path::next_release_at).min()
    }

    /// The words of reads that have reached the server by `now`, class by class.
    pub(super) fn release_until(&mut self, now: u64) {
        // Called at every exact time, so all that is due is due at the same one. The order of classes only breaks ties.
        for class in 0..self.paths.len() {
            while let Some(release) = self.paths[class].released(now) {
                if self.connections[release.connection].socket.release(release.bytes) {
                    self.wake(release.connection);
                }
            }
        }
    }

    /// A client has died, with so many bytes arrived.
    pub(super) fn has_died(&mut self, connection: usize, arrived: u64) {
        if self.connections[connection].socket.is_over_path {
            return self.vanish_over_path(self.connections[connection].subscriber);
        }
        if self.connections[connection].socket.cut(arrived) {
            self.expect_timeout(self.tick * TICK, connection);
            self.tell_driver();
        }
    }

    fn expect_timeout(&mut self, now: u64, connection: usize) {
        // All connections have the same timeout, so the queue stays in the order of time.
        self.timeouts.push_back((now + nanos(self.plan.server.user_timeout), connection));
    }

    /// The server gives up on connections of which it has waited for an acknowledgement for the user timeout.
    pub(super) fn time_out_until(&mut self, now: u64) {
        while let Some((_, connection)) = self.timeouts.pop_front_if(|(at, _)| *at <= now) {
            self.connections[connection].socket.loss = Loss::TimedOut;
            self.wake(connection);
        }
    }
}
