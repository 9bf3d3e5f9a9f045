//! Publishing, with the CPU or without; and the server's process, which ends and begins.

use std::time::Duration;

use hubbub::{CloseReason, LossReason};

use super::cpu::{Cpu, Work};
use super::frames::{self, Framed};
use super::history::History;
use super::marks::Mark;
use super::memory::{Place, Published};
use super::run::{Run, Turn};
use super::time::at;
use crate::time::nanos;

/// An event under way to all streams, and what was seen on the way.
struct Offer {
    event: Place,
    sequence: u64,
    now: Duration,
    overflows: bool,
    replays: bool,
}

impl Run<'_> {
    /// An arrival is due. Without a server nobody takes it.
    pub(super) fn arrive(&mut self, now: u64) {
        let arrival = self.next_arrival;
        self.next_arrival += 1;
        if !self.is_up {
            return;
        }
        let connections = &self.connections;
        match &mut self.cpu {
            Some(cpu) => cpu.ask_to_publish(now, arrival, |connection| connections[connection].is_closed),
            None => self.publish(arrival),
        }
    }

    /// Asks the CPU for the work of a connection's write, if there is a CPU.
    pub(super) fn ask_to_deliver(&mut self, index: usize) {
        let connection = &mut self.connections[index];
        let frames = std::mem::take(&mut connection.frames_for_the_cpu);
        let is_first = !std::mem::replace(&mut connection.has_asked_the_cpu, true);
        let (now, connections) = (self.clock, &self.connections);
        if let Some(cpu) = &mut self.cpu {
            cpu.ask_to_deliver(now, index, (frames, is_first), |connection| connections[connection].is_closed);
        }
    }

    /// Work that the CPU has finished by `until`, before which nothing else happens: any number of deliveries, or one
    /// publish, which comes first or not at all.
    pub(super) fn work_until(&mut self, until: u64) {
        let mut has_granted = false;
        // What has been let go over a path may make something happen there.
        let next = |run: &Self| run.next_over_paths_at().map_or(until, |at| at.min(until));
        while let Some((finished_at, work)) = self.finish_work(next(self), !has_granted) {
            match work {
                Work::Deliver(connection) => {
                    // The clock stays here: a write that waits for this goes on at the time of its grant, or later.
                    let is_waited_for = self.connections[connection].socket.grant(finished_at);
                    self.let_go_over_path(connection, finished_at);
                    // Even if it is listed already, as in the full stack: a second look finds an empty outbox.
                    self.outgoing.push(connection);
                    self.tell_driver();
                    if is_waited_for {
                        self.wake(connection);
                    }
                }
                Work::Publish(arrival) => {
                    self.clock = finished_at;
                    return self.publish(arrival);
                }
            }
            has_granted = true;
        }
    }

    fn finish_work(&mut self, until: u64, may_publish: bool) -> Option<(u64, Work)> {
        let connections = &self.connections;
        self.cpu.as_mut()?.finish(until, may_publish, |connection| connections[connection].is_closed)
    }

    /// Offers an arrival to every stream that selects it, in the order of their ids. Those whose pattern has a wildcard come
    /// after all others.
    fn publish(&mut self, index: usize) {
        if !self.is_up {
            return;
        }
        let arrival = self.plan.arrivals[index];
        let table = arrival.table;
        let sequence = self.recorder.published(arrival.at, table);
        self.selections.published(table);
        let key = self.key_of(index);
        let id = self.memory.next_id(self.epoch(self.process));
        let payload_bytes = u64::from(arrival.payload_bytes);
        let is_json = frames::is_json(index as u64, payload_bytes);
        let framed = Framed { id, payload_bytes, is_json, table_bytes: self.table_bytes[usize::from(table)] };
        let frame_bytes = self.frames.event(&framed);
        // The planned time, also if the CPU publishes later: what the server keeps waiting counts as latency.
        let event = self.memory.publish(&Published { framed, frame_bytes, at: nanos(arrival.at), table, key });
        self.history.push(&mut self.memory, event);
        self.marks.add_if(self.history.is_over_its_bytes(), Mark::HistoryOfOneLargeEvent);
        let mut offer = Offer { event, sequence, now: at(self.clock), overflows: false, replays: false };
        for round in self.selections.rounds() {
            for place in 0..self.streams.len() {
                let index = self.streams[place];
                // A plan with one table has one round, for which nothing is looked up.
                let is_offered = round.is_none_or(|by_wildcard| {
                    self.selections.of_class(self.connections[index].class).is_offered(table, by_wildcard)
                });
                if is_offered {
                    self.offer(index, &mut offer);
                }
            }
        }
        self.marks.add_if(offer.overflows && offer.replays, Mark::OverflowBesideAReplay);
        // An event that neither the history nor a mailbox has taken leaves memory here.
        self.memory.release(event);
    }

    /// Offers an event to one stream.
    #[inline]
    fn offer(&mut self, index: usize, offer: &mut Offer) {
        let (sequence, now) = (offer.sequence, offer.now);
        let connection = &mut self.connections[index];
        let (subscriber, process) = (connection.subscriber, connection.process);
        let recorder = &mut self.recorder;
        let is_blocked = connection.blocked_since.is_some();
        let marks = &mut self.marks;
        let mut loses = false;
        offer.replays |= connection.mailbox.is_replaying();
        connection.mailbox.offer(&mut self.memory, offer.event, |outcome| {
            recorder.offered_to(now, subscriber, process, sequence, outcome);
            let lost_for = outcome.loss_reason();
            loses |= lost_for.is_some();
            marks.add_if(is_blocked && lost_for == Some(LossReason::Age), Mark::AgeWhileBlocked);
        });
        offer.overflows |= loses;
        if loses && let Some(paths) = &self.over_paths {
            self.marks.add_if(paths.is_timing_out(subscriber), Mark::OverflowAfterATimeout);
        }
        let is_cut_off = connection.mailbox.closed().is_some();
        // A task that has not asked for a frame is writing, or woken already. It looks into its mailbox after that.
        if std::mem::take(&mut connection.on_frame) || is_cut_off {
            self.wake(index);
        }
    }

    /// The key that the payload of an arrival has, where the server looks for one and there is room for it.
    fn key_of(&self, index: usize) -> Option<u32> {
        self.plan.server.recovery?;
        let arrival = self.plan.arrivals[index];
        frames::has_key(index as u64, u64::from(arrival.key), u64::from(arrival.payload_bytes)).then_some(arrival.key)
    }

    /// The first half of the ids of a process's events.
    pub(super) fn epoch(&self, process: usize) -> u64 {
        // Consecutive, so that a client finds the process in an id by subtraction; wrapping, as it subtracts.
        self.plan.first_epoch().wrapping_add(process as u64)
    }

    /// The server's process ends, and cuts everybody off, or the next one begins with nothing of the last.
    pub(super) fn take_turn(&mut self, now: u64) {
        match self.turns.pop_front() {
            Some((_, Turn::End)) => self.end_process(now),
            Some((_, Turn::Begin)) => self.begin_process(),
            None => {}
        }
    }

    fn end_process(&mut self, now: u64) {
        self.is_up = false;
        self.mark_end_of_process();
        // Mailboxes first: a stream that just ends counts its frames as lost by the client.
        for place in 0..self.streams.len() {
            let index = self.streams[place];
            self.connections[index].mailbox.close(&mut self.memory, CloseReason::Evicted);
            self.wake(index);
        }
        // A connection that has no stream yet is woken by no mailbox.
        for index in 0..self.connections.len() {
            if !self.connections[index].is_closed {
                self.wake(index);
            }
        }
        self.cpu.iter_mut().for_each(|cpu: &mut Cpu| cpu.clear(now));
    }

    fn begin_process(&mut self) {
        self.is_up = true;
        self.process += 1;
        self.subscribed = 0;
        self.recorder.process_began();
        self.memory.begin_process();
        self.history = History::new(self.plan.server.recovery, &self.memory);
    }
}
