//! What the clients of a class do in a tick: those woken by timers first, then those to whom something has arrived.

use std::time::Duration;

use super::client::{End, Stage};
use super::connection::Read;
use super::marks::Mark;
use super::path::Release;
use super::run::Run;
use super::time::{TICK, at, ticks};
use crate::client::Reader;
use crate::time::nanos;

/// Of the way to the server, in the one-way time: the handshake there and back, and the request.
const WAYS_TO_A_STREAM: u64 = 3;

impl Run<'_> {
    /// Wakes a client in a tick, and not by an earlier timer.
    pub(super) fn wake_client_at(&mut self, index: usize, tick: u64) {
        let class = self.clients[index].class;
        self.clients[index].timer = Some(self.paths[class].set_timer(tick, index));
    }

    pub(super) fn run_clients(&mut self, class: usize) {
        while let Some((timer, index)) = self.paths[class].due_timer(self.tick) {
            if self.clients[index].timer == Some(timer) {
                self.clients[index].timer = None;
                self.wake_client(index);
            }
        }
        while let Some(index) = self.paths[class].next_told() {
            self.wake_client(index);
        }
        while let Some(flight) = self.paths[class].arrived(self.tick) {
            let index = flight.client;
            let client = &mut self.clients[index];
            // A client that has left takes nothing of its old connection, and a loss leaves flights without bytes.
            if client.stage == Stage::Reading(flight.connection) && (flight.bytes > 0 || flight.is_end) {
                client.arrived += flight.bytes;
                client.hears_end |= flight.is_end;
                self.wake_client(index);
            }
        }
        while let Some(index) = self.woken_clients.pop_front() {
            self.clients[index].is_woken = false;
            self.live(index);
        }
    }

    fn wake_client(&mut self, index: usize) {
        if !std::mem::replace(&mut self.clients[index].is_woken, true) {
            self.woken_clients.push_back(index);
        }
    }

    /// A client does what is next. Leaving is looked at before all else.
    pub(super) fn live(&mut self, index: usize) {
        let has_ended = self.clients[index].has_ended_by(self.tick);
        match self.clients[index].stage {
            Stage::Waiting => self.set_out(index),
            // Not while it opens: a connect is not cut short by the end, which is seen once there is a stream.
            stage @ (Stage::Held | Stage::Coming | Stage::Refused | Stage::Away) if has_ended => {
                self.marks.add_if(stage == Stage::Coming, Mark::LeftBeforeItsStream);
                let has_path = self.has_path(index);
                self.marks.add_if(stage == Stage::Coming && has_path, Mark::LeftDuringAHandshake);
                let client = &mut self.clients[index];
                self.recorder.left(at(self.tick * TICK), client.subscriber);
                client.stage = Stage::Gone;
                self.abandon_path(index);
            }
            Stage::Refused => {
                self.clients[index].opened_at = self.tick;
                self.come_back_later(index);
            }
            Stage::Held => self.come(index),
            Stage::Coming => {
                // turmoil's own handshake takes one tick more, whatever the one-way time is.
                let client = &mut self.clients[index];
                client.stage = Stage::Opening;
                client.opened_at = self.tick;
                self.wake_client_at(index, self.tick + 1);
            }
            // Where the process that accepted it has ended since, nothing is left of the connection.
            Stage::Opening if self.is_up && self.listening == Some(self.process) => self.ask_for_the_stream(index),
            Stage::Opening => {
                self.marks.add_if(self.listening.is_some() && !self.is_up, Mark::ProcessEndsAsAClientComes);
                self.come_back_later(index);
            }
            Stage::Reading(connection) => self.receive(index, connection),
            Stage::Leaving(connection) => self.say_goodbye(index, connection),
            Stage::Away => {
                self.clients[index].stage = Stage::Waiting;
                self.set_out(index);
            }
            Stage::Gone => {}
        }
    }

    /// Connects as soon as the link is up.
    fn set_out(&mut self, index: usize) {
        let client = &mut self.clients[index];
        let up_at = ticks(self.paths[client.class].link.up_at(self.tick * TICK));
        if up_at <= self.tick && !client.has_ended_by(self.tick) {
            return self.come(index);
        }
        client.stage = Stage::Held;
        let until = up_at.min(client.ends_at.max(self.tick));
        self.wake_client_at(index, until);
        // A client that leaves in this tick does so now. The timer above fires in the next one, and finds it gone.
        if self.clients[index].has_ended_by(self.tick) {
            self.live(index);
        }
    }

    fn come(&mut self, index: usize) {
        let client = &mut self.clients[index];
        client.stage = Stage::Coming;
        if self.has_path(index) {
            return self.set_out_over_its_path(index);
        }
        let client = &mut self.clients[index];
        // Rounded up once for all three ways: the full stack's client sleeps them out in one sleep, before it connects.
        let there = self.tick + ticks(WAYS_TO_A_STREAM * self.paths[client.class].one_way);
        let until = there.min(client.ends_at);
        self.wake_client_at(index, until);
    }

    fn ask_for_the_stream(&mut self, index: usize) {
        self.marks.add_if(self.clients[index].has_ended_by(self.tick), Mark::LeftWithItsRequest);
        let connection = self.open(index);
        let client = &mut self.clients[index];
        let reading = &self.plan.subscribers[client.subscriber].reading;
        let window_bytes = self.plan.classes[client.class].window_bytes;
        let one_way = at(self.paths[client.class].one_way);
        client.reader = Reader::new(reading, &client.faults.slow_periods, window_bytes, self.plan.time_scale, one_way);
        client.stage = Stage::Reading(connection);
        client.arrived = 0;
        client.hears_end = false;
        client.is_over = false;
        // One tick, which is turmoil's: the client has waited out the way of its request before it connected.
        self.requests.push_back((self.tick + 1, connection));
        // At once: a client that leaves in this tick has sent its request, and leaves the stream that it asked for.
        self.receive(index, connection);
    }

    /// The word that a client has left arrives, once the link is up.
    fn say_goodbye(&mut self, index: usize, connection: usize) {
        let client = &mut self.clients[index];
        let up_at = ticks(self.paths[client.class].link.up_at(self.tick * TICK));
        if up_at > self.tick {
            return self.wake_client_at(index, up_at);
        }
        client.stage = Stage::Gone;
        // turmoil takes one tick more for the close of the socket.
        self.byes.push_back((self.tick + 1, connection));
    }

    /// Takes what has arrived, reads as planned, and lets the server know.
    fn receive(&mut self, index: usize, connection: usize) {
        let has_ended = self.clients[index].has_ended_by(self.tick);
        let now = at(self.tick * TICK);
        // What arrives in the tick of leaving is never taken, because leaving is looked at first.
        if !has_ended && !self.clients[index].is_over {
            self.take_arrivals(index, connection, now);
        }
        loop {
            self.tell_of_reads(index, connection, now);
            self.read(index, connection, now);
            if has_ended {
                return self.leave(index, connection);
            }
            let client = &mut self.clients[index];
            // The client hears of the end only when it has read, at its own pace, what came before.
            if client.is_over && client.reader.read_by(now) == client.reader.arrived() {
                return self.lose_stream(index, connection);
            }
            let tells_at = client.reader.tells_at().map_or(u64::MAX, |time| ticks(nanos(time)));
            let next = tells_at.min(client.ends_at);
            if next == u64::MAX {
                // An earlier timer may still be set; without its name, it wakes nobody.
                client.timer = None;
                return;
            }
            if next > self.tick {
                return self.wake_client_at(index, next);
            }
        }
    }

    fn take_arrivals(&mut self, index: usize, connection: usize, now: Duration) {
        let client = &mut self.clients[index];
        let arrived = std::mem::take(&mut client.arrived);
        let in_all = client.reader.arrived() + arrived;
        let connection = &mut self.connections[connection];
        // Before the bytes count as arrived: a reader that serves frames must know where the first one starts.
        while connection.begins.front().is_some_and(|(line_end, ..)| *line_end <= in_all)
            && let Some((_, start, sequence)) = connection.begins.pop_front()
        {
            if let Some(accepted_at) = connection.socket.accepted_at(start) {
                client.reader.begin(now, start, sequence, at(accepted_at));
            }
        }
        if arrived > 0 {
            client.reader.arrive(now, arrived);
        }
        client.is_over |= client.hears_end;
    }

    /// The word of what has been read goes to the server; where nobody sends any more, nobody waits for it.
    fn tell_of_reads(&mut self, index: usize, connection: usize, now: Duration) {
        let client = &mut self.clients[index];
        let path = &mut self.paths[client.class];
        let mut has_told = false;
        while let bytes @ 1.. = client.reader.tell(now) {
            if !client.is_over {
                // TCP repeats the word of a read with every acknowledgement, so an outage delays it and loses nothing.
                let due = path.link.up_at(nanos(client.reader.told_at()) + path.one_way);
                path.tell(Release { due, connection, bytes });
                has_told = true;
                if let Some(paths) = &mut self.over_paths {
                    paths.read(client.subscriber, bytes, nanos(client.reader.told_at()));
                }
            }
        }
        if has_told {
            self.tell_driver();
        }
    }

    /// Notes what has been read whole.
    fn read(&mut self, index: usize, connection: usize, now: Duration) {
        let client = &mut self.clients[index];
        let read = client.reader.read_by(now);
        let connection = &mut self.connections[connection];
        let process = connection.process;
        while connection.unread.front().is_some_and(|(end, _)| *end <= read)
            && let Some((end, what)) = connection.unread.pop_front()
        {
            let read_at = client.reader.read_at(end, now);
            match what {
                Read::Event { sequence } => {
                    client.cursor = Some((process, sequence));
                    self.recorder.received(read_at, client.subscriber, process, sequence);
                }
                Read::Place { sequence } => {
                    client.cursor = Some((process, sequence));
                    self.recorder.placed(read_at, client.subscriber, process, sequence);
                }
                Read::Gap(missing) => {
                    self.recorder.told(read_at, client.subscriber, client.cursor, *missing);
                }
            }
        }
    }

    fn leave(&mut self, index: usize, connection: usize) {
        let client = &mut self.clients[index];
        self.recorder.left(at(self.tick * TICK), client.subscriber);
        if client.end == Some(End::Died) {
            // Nobody tells the server: it notices only that an acknowledgement does not come.
            client.stage = Stage::Gone;
            let arrived = client.reader.arrived();
            return self.has_died(connection, arrived);
        }
        client.stage = Stage::Leaving(connection);
        if self.has_path(index) {
            return self.leave_over_path(index);
        }
        let client = &mut self.clients[index];
        let until = self.tick + ticks(self.paths[client.class].one_way);
        self.wake_client_at(index, until);
    }
}
