//! How streams begin and end on the server: requests, cursors, the end of a client, the write deadline.

use hubbub::{CloseReason, EventId, Gap, GapReason, LossReason, SubscriberId};

use super::connection::{Connection, Passing, Read, Said};
use super::frames::Frames;
use super::mailbox::Mailbox;
use super::marks::Mark;
use super::run::Run;
use super::socket::Socket;
use super::time::{at, ticks};
use crate::plan::Reading;
use crate::time::nanos;

/// Where a stream begins, and what its client is told of that.
#[derive(Debug, Default)]
struct Beginning {
    /// The last event before the stream, where the client does not know it by itself.
    at: Option<EventId>,
    /// What is out of reach.
    opening: Option<Gap>,
    /// The first sequence that is wanted.
    from: u64,
}

impl Run<'_> {
    /// The server accepts a connection of a client; the request is still to come.
    pub(super) fn open(&mut self, index: usize) -> usize {
        let client = &self.clients[index];
        let plan = &self.plan.subscribers[client.subscriber];
        let recovers = self.plan.server.recovery.is_some();
        let policy = &self.rules.policy;
        let mailbox = Mailbox::new(policy.limits, policy.overflow, recovers);
        let is_over_path = self.over_paths.as_ref().is_some_and(|paths| paths.has_path(client.subscriber));
        let keeps_times = matches!(plan.reading, Reading::Serves { .. });
        let socket = Socket::new(self.plan.classes[plan.class].window_bytes, keeps_times, is_over_path);
        let mut connection = Connection::new(index, client, mailbox, socket);
        connection.process = self.process;
        // Without a history there is nothing to resume, so clients do not say where they were.
        connection.cursor = client.cursor.filter(|_| recovers);
        let subscriber = connection.subscriber;
        self.connections.push(connection);
        let place = self.connections.len() - 1;
        self.opened_over_path(subscriber, place);
        place
    }

    /// A request has come: the stream begins with the head of the response and the first comment.
    pub(super) fn subscribe(&mut self, index: usize) {
        // The client may have left, or the process ended, while the request was on its way.
        if self.connections[index].is_closed {
            return;
        }
        self.subscribed += 1;
        let now = at(self.clock);
        let keepalive = ticks(nanos(self.plan.server.keepalive));
        let cursor = self.connections[index].cursor;
        self.mark_cursor(cursor);
        let beginning = self.beginning(cursor);
        let away = self.recorder.absence(now, self.connections[index].subscriber);
        self.begin_reach(index, away, cursor);
        let connection = &mut self.connections[index];
        connection.id = SubscriberId(self.subscribed);
        let id = connection.server_side();
        self.streams.push(index);
        self.recorder.subscribed(now, id, connection.subscriber);
        if self.plan.server.recovery.is_some() {
            let last = self.memory.last_sequence();
            let wanted = self.selections.of_class(connection.class);
            let count = wanted.count(self.memory.place(beginning.from), self.memory.published());
            let has_missed_nothing = cursor.is_some() && beginning.from <= last && count == 0;
            self.marks.add_if(has_missed_nothing, Mark::OnlyOtherTablesSince);
            connection.mailbox.begin_after(last, beginning.from, count);
            if count > 0 {
                self.recorder.replayed(now, id, beginning.from, count);
            }
        }
        connection.last_flush = self.tick;
        connection.silence = self.tick + keepalive;
        self.silences.entry(connection.silence).or_default().push(index);
        connection.begin_stream(self.frames, beginning.opening.as_ref(), beginning.at);
        self.wake(index);
    }

    fn beginning(&self, cursor: Option<(usize, u64)>) -> Beginning {
        let kept_from = self.history.kept_from(&self.memory);
        let last = self.memory.last_sequence();
        let id = |sequence| Some(EventId { epoch: self.epoch(self.process), sequence });
        if self.plan.server.recovery.is_none() {
            return Beginning::default();
        }
        let gap = |first, last, reason| Some(Gap { first, last, count: None, reason });
        match cursor {
            // Told where it begins: a client that loses its stream before its first event can still come back to there.
            None => Beginning { at: id(last), opening: None, from: last + 1 },
            // Of this process the client has seen nothing, and of an earlier one nothing is left.
            Some((process, _)) if process != self.process => {
                let until = if kept_from > 1 { id(kept_from - 1) } else { None };
                Beginning { at: None, opening: gap(None, until, GapReason::Restarted), from: kept_from }
            }
            Some((_, sequence)) => {
                let from = sequence + 1;
                let is_out_of_reach = from < kept_from;
                let opening = gap(id(from), id(kept_from - 1), GapReason::Lost(LossReason::OutOfReach))
                    .filter(|_| is_out_of_reach);
                Beginning { at: None, opening, from: from.max(kept_from) }
            }
        }
    }

    /// The server hears that the client has gone.
    pub(super) fn hear_of_the_clients_end(&mut self, index: usize) {
        let connection = &self.connections[index];
        let due = connection.blocked_since.map(|since| since + ticks(nanos(self.plan.server.write_deadline)));
        let is_due = !connection.is_closed && due.is_some_and(|due| due <= self.tick);
        self.marks.add_if(is_due, Mark::EndAndDeadlineInATick);
        self.end(index, CloseReason::ClientGone);
    }

    /// The timer of a write deadline fires. It may have been set for a blockage that is over.
    pub(super) fn look_at_deadline(&mut self, index: usize) {
        let connection = &mut self.connections[index];
        let Some(since) = connection.blocked_since.filter(|_| !connection.is_closed) else { return };
        let due = since + ticks(nanos(self.plan.server.write_deadline));
        if due > self.tick {
            self.marks.add(Mark::DeadlineOfAnEarlierBlockage);
            connection.deadline = due;
            self.deadlines.entry(due).or_default().push(index);
            return;
        }
        self.marks.add_if(connection.mailbox.is_replaying(), Mark::EvictedDuringAReplay);
        let is_out = self.over_paths.as_ref().is_some_and(|paths| paths.is_out(connection.subscriber, self.clock));
        self.marks.add_if(is_out, Mark::EvictedInAnOutage);
        self.end(index, CloseReason::Evicted);
    }

    /// The server's end of a connection. What has not been flushed is lost for the reason given, unless the mailbox was
    /// closed before.
    pub(super) fn end(&mut self, index: usize, why: CloseReason) {
        let connection = &mut self.connections[index];
        if connection.is_closed {
            return;
        }
        connection.is_closed = true;
        connection.mailbox.close(&mut self.memory, why);
        for Passing { event, .. } in connection.passing.drain() {
            event.into_iter().for_each(|event| self.memory.release(event));
        }
        connection.socket.close();
        let id = connection.server_side();
        let has_stream = connection.id != SubscriberId(0);
        let counts = connection.mailbox.counts();
        let has_flushed = counts.delivered > 0 && connection.last_flush == self.tick;
        self.marks.add_if(why == CloseReason::Evicted && has_flushed, Mark::EvictedInTheTickOfAFlush);
        self.streams.retain(|other| *other != index);
        // Before its request, a connection has no subscriber whose account could end.
        if has_stream {
            self.recorder.ended(at(self.clock), id, counts);
        }
        // The end of the stream takes the way of its bytes, behind those that the socket has accepted.
        self.outgoing.push(index);
        self.tell_driver();
    }
}

impl Connection {
    /// The first write: the head of the response, and with it the greeting, unless that is a message. The client reads of
    /// what is out of reach, and where the stream begins.
    fn begin_stream(&mut self, frames: Frames, opening: Option<&Gap>, begins_at: Option<EventId>) {
        let head = frames.response_head();
        self.offset = head;
        self.unsent = head;
        let notice = opening.map(|gap| Said { bytes: frames.gap(gap), read: Some(Read::of(gap)) });
        let notice_bytes = notice.as_ref().map_or(0, |notice| notice.bytes);
        let read = begins_at.map(|place| Read::Place { sequence: place.sequence });
        let hello_bytes = frames.hello(self.id, begins_at);
        let hello = Some(Said { bytes: hello_bytes, read });
        if frames.has_messages() {
            // The answer to the handshake is a write by itself: only then does the socket belong to the WebSocket.
            self.passing.push_back(Passing { event: None, bytes: head });
            self.greeting = [hello, notice].into_iter().flatten().collect();
        } else {
            // The notice first: an id moves the client's cursor, which must not pass a hole that was not told.
            self.say(frames, [notice, hello].into_iter().flatten().collect());
            let begins = head + frames.chunk_head(notice_bytes + hello_bytes) + notice_bytes;
            self.retry = frames.retry(self.id).map(|(line_end, retry)| (begins + line_end, retry));
        }
    }
}
