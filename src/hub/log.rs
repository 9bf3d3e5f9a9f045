//! The events of one topic, in chunks that readers share with the history: whoever reads holds its lock for as long as
//! it takes to point at a chunk, however many events it reads.

use std::cmp::Reverse;
use std::collections::vec_deque::Iter;
use std::collections::{BinaryHeap, VecDeque};
use std::iter::Peekable;
use std::sync::Arc;

use crate::event::Event;

/// Events in a chunk: so many are copied at most when one changes that a reader has.
pub(super) const CHUNK_EVENTS: usize = 64;

type Events = VecDeque<Arc<Event>>;

/// Events in order: new ones come behind, the oldest go in front.
#[derive(Debug, Default)]
pub(super) struct Log(VecDeque<Chunk>);

/// Never empty.
#[derive(Debug)]
struct Chunk {
    /// Sequence of the first event there has been in it; the oldest chunk may have lost it.
    first: u64,
    /// Of the last.
    last: u64,
    /// How many there have been before those that are in it.
    before: u64,
    events: Arc<Events>,
}

impl Log {
    pub(super) fn push(&mut self, event: Arc<Event>) {
        let sequence = event.id().sequence;
        let before = match self.0.back_mut() {
            Some(chunk) if chunk.events.len() < CHUNK_EVENTS => {
                Arc::make_mut(&mut chunk.events).push_back(event);
                chunk.last = sequence;
                return;
            }
            Some(chunk) => chunk.before + chunk.events.len() as u64,
            None => 0,
        };
        let events = Arc::new(Events::from([event]));
        self.0.push_back(Chunk { first: sequence, last: sequence, before, events });
    }

    pub(super) fn forget_oldest(&mut self) {
        let Some(chunk) = self.0.front_mut() else { return };
        if chunk.events.len() > 1 {
            Arc::make_mut(&mut chunk.events).pop_front();
            chunk.before += 1;
        } else {
            self.0.pop_front();
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// How many events there are from one sequence to another.
    pub(super) fn count(&self, (first, last): (u64, u64)) -> u64 {
        self.before(last.saturating_add(1)) - self.before(first)
    }

    /// How many events there have been before a sequence, those forgotten among them.
    fn before(&self, sequence: u64) -> u64 {
        let following = self.0.partition_point(|chunk| chunk.first <= sequence).max(1);
        let Some(chunk) = self.0.get(following - 1) else { return 0 };
        chunk.before + place(&chunk.events, sequence) as u64
    }

    /// The chunk in which the events of a span begin; `None` where there are none.
    pub(super) fn excerpt(&self, span: (u64, u64)) -> Option<Excerpt> {
        let index = self.0.partition_point(|chunk| chunk.last < span.0);
        let continues = self.0.get(index + 1).is_some_and(|next| next.first <= span.1);
        Some(Excerpt { events: self.0.get(index)?.events.clone(), span, continues })
    }
}

/// What a reader has been given of one span.
pub(super) struct Excerpt {
    events: Arc<Events>,
    span: (u64, u64),
    /// Whether there is more of it in the history.
    continues: bool,
}

impl Excerpt {
    fn iter(&self) -> Peekable<Iter<'_, Arc<Event>>> {
        let (first, last) = self.span;
        let part = place(&self.events, first)..place(&self.events, last.saturating_add(1));
        self.events.range(part).peekable()
    }
}

/// The events of several spans in order: `most` at most, and none where one of another span may be missing before it.
/// At least one, where there are any.
pub(super) fn merge(excerpts: &[Excerpt], most: usize) -> Vec<Arc<Event>> {
    let mut parts: Vec<_> = excerpts.iter().map(Excerpt::iter).collect();
    let head = |part: &mut Peekable<Iter<'_, Arc<Event>>>, index| Some(Reverse((part.peek()?.id().sequence, index)));
    let heads = parts.iter_mut().enumerate().filter_map(|(index, part)| head(part, index));
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
