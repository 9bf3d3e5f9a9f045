//! What one client has seen of a server.

use std::time::Duration;

use hubbub::LossReason;

use crate::world::server_fault::ServerFaultKind;

/// What one client has seen.
pub(super) struct Client {
    /// Since when it waits for the head of a response.
    asked_at: Option<Duration>,
    stream: Option<Stream>,
    /// Bytes of all responses.
    pub(super) bytes: u64,
    /// Events with a number that was published.
    pub(super) events: u64,
    /// Events without one.
    pub(super) unnumbered: u64,
    /// A bit a sequence, from 1 on.
    seen: Vec<u64>,
    /// What streams owed it and did not bring, by what ended them.
    pub(super) lost: Vec<(LossReason, u64)>,
    /// The sequence of the first event lost to a limit.
    pub(super) first_lost: Option<u64>,
    /// Events that may still wait in the server.
    pub(super) waits: u64,
}

/// An open stream.
struct Stream {
    /// The first sequence that it owes.
    from: u64,
    /// The last number that it brought, and the sequence of that.
    last: Option<(u64, u64)>,
    /// Bytes of earlier responses, and of this one's head.
    bytes_before: u64,
}

impl Client {
    /// A client that has asked for nothing yet, in a run of at most so many events.
    pub(super) fn new(events: usize) -> Self {
        Self {
            asked_at: None,
            stream: None,
            bytes: 0,
            events: 0,
            unnumbered: 0,
            seen: vec![0; events / 64 + 1],
            lost: Vec::new(),
            first_lost: None,
            waits: 0,
        }
    }

    pub(super) fn asked(&mut self, now: Duration) {
        self.asked_at = Some(now);
    }

    /// Since when it waits for the head of a response, if it does.
    pub(super) fn waits_since(&self) -> Option<Duration> {
        self.asked_at
    }

    /// Its stream is open, after so many events had been published: it is owed the next ones.
    pub(super) fn opened(&mut self, published: u64) {
        self.asked_at = None;
        self.stream = Some(Stream { from: published + 1, last: None, bytes_before: self.bytes });
    }

    /// An event has come; returns the law that it breaks, if it does.
    pub(super) fn event(&mut self, number: u64, sequence: u64) -> Option<ServerFaultKind> {
        let was_seen = self.has_seen(sequence);
        let last = self.stream.as_mut().and_then(|stream| stream.last.replace((number, sequence)));
        if let Some((after, last)) = last
            && sequence <= last
        {
            // Seen before and in this stream: a stream may bring again what an earlier one has brought.
            let is_twice = was_seen || sequence == last;
            return Some(if is_twice {
                ServerFaultKind::Doubled { number }
            } else {
                ServerFaultKind::Reordered { number, after }
            });
        }
        // What came before the head did, or with it, was sent to an open stream: from its first event on, all are owed.
        if let Some(stream) = &mut self.stream {
            stream.from = stream.from.min(sequence);
        }
        self.events += 1;
        let (word, bit) = place(sequence);
        self.seen[word] |= bit;
        None
    }

    /// Whether the connection that ends now ended before it could be of use.
    pub(super) fn ended_early(&self) -> Option<ServerFaultKind> {
        match &self.stream {
            None if self.asked_at.is_some() => Some(ServerFaultKind::NoHead),
            Some(stream) if self.bytes == stream.bytes_before && stream.last.is_none() => {
                Some(ServerFaultKind::EndsAtOnce)
            }
            None | Some(_) => None,
        }
    }

    /// Its connection has ended after so many events had been published; `why` says what became of those behind the last
    /// one that came. Returns whether there was a stream.
    pub(super) fn closed(&mut self, published: u64, why: LossReason) -> bool {
        self.asked_at = None;
        let Some(stream) = self.stream.take() else { return false };
        let last = stream.last.map_or(0, |(_, sequence)| sequence);
        let holes = self.missing(stream.from, last);
        let rest = self.missing(stream.from.max(last + 1), published);
        self.lose(LossReason::BufferFull, holes);
        self.lose(why, rest);
        true
    }

    /// The run is over after so many events. Where the client's socket is full, what is behind the last event that came
    /// may still wait.
    pub(super) fn finish(&mut self, published: u64, is_blocked: bool) {
        let Some(stream) = self.stream.take() else { return };
        let last = stream.last.map_or(0, |(_, sequence)| sequence);
        let holes = self.missing(stream.from, last);
        let rest = self.missing(stream.from.max(last + 1), published);
        self.lose(LossReason::BufferFull, holes);
        if is_blocked {
            self.waits += rest.1;
        } else {
            self.lose(LossReason::BufferFull, rest);
        }
    }

    fn lose(&mut self, reason: LossReason, (first, count): (Option<u64>, u64)) {
        if count == 0 {
            return;
        }
        self.lost.push((reason, count));
        if reason == LossReason::BufferFull && self.first_lost.is_none() {
            self.first_lost = first;
        }
    }

    /// The first of the sequences from `from` to `to` that it has not seen, and how many there are.
    fn missing(&self, from: u64, to: u64) -> (Option<u64>, u64) {
        let mut missing = (from..=to).filter(|sequence| !self.has_seen(*sequence));
        let first = missing.next();
        (first, missing.count() as u64 + u64::from(first.is_some()))
    }

    fn has_seen(&self, sequence: u64) -> bool {
        let (word, bit) = place(sequence);
        self.seen[word] & bit != 0
    }
}

fn place(sequence: u64) -> (usize, u64) {
    (usize::try_from(sequence / 64).unwrap_or(usize::MAX), 1 << (sequence % 64))
}
