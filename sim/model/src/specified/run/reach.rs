//! How far back the history had to reach for each stream: from the first event that its subscriber still had to get from
//! the history, to the newest one.

use std::time::Duration;

use super::super::time::at;
use super::Run;

/// What one stream needed of the history. A stream that never asked the history for an event needed nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reach {
    /// The subscriber's index in the plan.
    pub subscriber: usize,
    /// For how long the subscriber had no stream before this one, in plan time: 0 while an earlier one had not ended.
    /// `None` for its first stream, which asks the history only for events that were parked.
    pub away: Option<Duration>,
    /// Events that the history had to keep, the newest one included.
    pub events: u64,
    /// When that many were first needed, in plan time.
    pub events_at: Duration,
    /// Bytes of their payloads. The newest event alone needs none, because the history keeps it whatever its size is.
    pub bytes: u64,
    /// When that many bytes were first needed, in plan time.
    pub bytes_at: Duration,
    /// Whether the history had every event that the stream asked for.
    pub is_met: bool,
}

impl Reach {
    fn new(subscriber: usize, away: Option<Duration>) -> Self {
        Self {
            subscriber,
            away,
            events: 0,
            events_at: Duration::ZERO,
            bytes: 0,
            bytes_at: Duration::ZERO,
            is_met: true,
        }
    }

    /// Whether the subscriber was away for at most so long, or had never been away.
    pub fn is_within(&self, longest: Duration) -> bool {
        self.away.is_none_or(|away| away <= longest)
    }
}

impl Run<'_> {
    /// A stream begins. With a cursor it asks for all events that follow it.
    pub(in crate::specified) fn begin_reach(
        &mut self,
        index: usize,
        away: Option<Duration>,
        cursor: Option<(usize, u64)>,
    ) {
        // A first stream begins with the next event, and asks for nothing.
        if away.is_none() || self.plan.server.recovery.is_none() {
            return;
        }
        self.reaches.insert(index, Reach::new(self.connections[index].subscriber, away));
        if let Some((process, sequence)) = cursor {
            // Of a process that the client has not seen it wants all. No history has the events of an earlier one.
            self.reach_back_to(index, if process == self.process { sequence + 1 } else { 1 });
        }
    }

    /// A stream asks the history for the event of that sequence and all that follow it, as far as it selects them.
    pub(in crate::specified) fn reach_back_to(&mut self, index: usize, first: u64) {
        let last = self.memory.last_sequence();
        if first > last {
            return;
        }
        let wanted = self.selections.of_class(self.connections[index].class);
        let place = wanted.first_from(&self.memory, self.memory.place(first));
        if place == self.memory.published() {
            return;
        }
        let first = self.memory.get(place).id.sequence;
        let bytes = if first == last { 0 } else { self.memory.payload_bytes_since(self.memory.place(first)) };
        let is_kept = self.history.kept_from(&self.memory) <= first;
        let subscriber = self.connections[index].subscriber;
        let now = at(self.clock) / self.plan.time_scale;
        let reach = self.reaches.entry(index).or_insert_with(|| Reach::new(subscriber, None));
        if last + 1 - first > reach.events {
            reach.events = last + 1 - first;
            reach.events_at = now;
        }
        if bytes > reach.bytes {
            reach.bytes = bytes;
            reach.bytes_at = now;
        }
        reach.is_met &= is_kept;
    }
}
