//! The events of one topic, in chunks that readers share with the history. A reader holds the history's lock only to
//! get a pointer to a chunk, so the time does not depend on how many events it reads.

#[cfg(any(feature = "shared-log", test))]
mod front;

use std::cmp::Reverse;
use std::collections::vec_deque::Iter;
use std::collections::{BinaryHeap, VecDeque};
use std::iter::Peekable;
use std::sync::Arc;

use crate::event::Event;

/// Most events in a chunk. At most this many handles are copied when a chunk changes that a reader holds.
pub(super) const CHUNK_EVENTS: usize = 64;

type Events = VecDeque<Arc<Event>>;

/// Events in order of publication: new ones are added at the back, the oldest are removed at the front.
#[derive(Debug, Default)]
pub(super) struct Log(VecDeque<Chunk>);

/// Consecutive events of the topic, at least one.
#[derive(Debug)]
struct Chunk {
    /// Sequence of the first event that was added; the oldest chunk may no longer have it.
    first: u64,
    /// Sequence of the last event.
    last: u64,
    /// How many events of the topic came before those that are in the chunk, from any number on. It wraps around: older
    /// events may come in front of the first.
    before: u64,
    events: Arc<Events>,
}

impl Log {
    pub(super) fn push(&mut self, event: Arc<Event>) {
        let sequence = event.id().sequence;
        let before = match self.0.back_mut() {
            // This copies the chunk only if a reader holds it. A reader keeps what it was given: its span ended before
            // this event.
            Some(chunk) if chunk.events.len() < CHUNK_EVENTS => {
                Arc::make_mut(&mut chunk.events).push_back(event);
                chunk.last = sequence;
                return;
            }
            Some(chunk) => chunk.before.wrapping_add(chunk.events.len() as u64),
            None => 0,
        };
        let events = Arc::new(Events::from([event]));
        self.0.push_back(Chunk { first: sequence, last: sequence, before, events });
    }

    pub(super) fn forget_oldest(&mut self) {
        let Some(chunk) = self.0.front_mut() else { return };
        if chunk.events.len() > 1 {
            // Copies the chunk only if a reader holds it.
            Arc::make_mut(&mut chunk.events).pop_front();
            chunk.before = chunk.before.wrapping_add(1);
        } else {
            self.0.pop_front();
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// How many events there are in `first ..= last`.
    pub(super) fn count(&self, first: u64, last: u64) -> u64 {
        self.before(last.saturating_add(1)).wrapping_sub(self.before(first))
    }

    /// How many events were published before a sequence, the forgotten ones included, on the scale of [`Chunk::before`].
    fn before(&self, sequence: u64) -> u64 {
        // The first chunk answers for all earlier sequences: its `before` counts the forgotten events.
        let following = self.0.partition_point(|chunk| chunk.first <= sequence).max(1);
        let Some(chunk) = self.0.get(following - 1) else { return 0 };
        chunk.before.wrapping_add(place(&chunk.events, sequence) as u64)
    }

    /// The chunk in which the events of a span begin; `None` when the span has none.
    pub(super) fn excerpt(&self, span: (u64, u64)) -> Option<Excerpt> {
        let index = self.0.partition_point(|chunk| chunk.last < span.0);
        let continues = self.0.get(index + 1).is_some_and(|next| next.first <= span.1);
        Some(Excerpt { events: self.0.get(index)?.events.clone(), span, continues })
    }
}

/// The part of one span that a reader was given.
pub(super) struct Excerpt {
    events: Arc<Events>,
    span: (u64, u64),
    /// Whether the history has more events of the span.
    continues: bool,
}

impl Excerpt {
    fn iter(&self) -> Peekable<Iter<'_, Arc<Event>>> {
        let (first, last) = self.span;
        let part = place(&self.events, first)..place(&self.events, last.saturating_add(1));
        self.events.range(part).peekable()
    }
}

/// At most `most` events of several spans, in order. It stops at the end of an excerpt that continues, since an event
/// of that span would be missing between those that follow. At least one event, if there are any.
pub(super) fn merge(excerpts: &[Excerpt], most: usize) -> Vec<Arc<Event>> {
    let mut parts: Vec<_> = excerpts.iter().map(Excerpt::iter).collect();
    let head = |part: &mut Peekable<Iter<'_, Arc<Event>>>, index| Some(Reverse((part.peek()?.id().sequence, index)));
    let heads = parts.iter_mut().enumerate().filter_map(|(index, part)| head(part, index));
    // A heap, since a subscriber to a thousand tables merges a thousand excerpts.
    let mut heads: BinaryHeap<_> = heads.collect();
    let mut merged = Vec::new();
    while merged.len() < most
        && let Some(Reverse((_, index))) = heads.pop()
    {
        merged.extend(parts[index].next().cloned());
        match head(&mut parts[index], index) {
            Some(next) => heads.push(next),
            None if excerpts[index].continues => break,
            None => {}
        }
    }
    merged
}

/// Index of the first event that is not before a sequence.
fn place(events: &Events, sequence: u64) -> usize {
    events.partition_point(|event| event.id().sequence < sequence)
}
