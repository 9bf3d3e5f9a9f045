//! The last events published, for whoever comes back or was parked: bounded in events and in bytes, by topic.
//!
//! It knows what was published and not who has got it.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use super::interests::Interests;
use crate::event::Event;
use crate::topic::Topic;

/// How much is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct HistorySettings {
    /// Events; 0 keeps nothing.
    pub events: usize,
    /// Bytes of their payloads, the newest event's always.
    pub bytes: usize,
}

#[derive(Debug, Default)]
pub(super) struct History {
    settings: HistorySettings,
    /// In the order of publication.
    order: VecDeque<Arc<Event>>,
    /// The same, by topic.
    by_topic: BTreeMap<Topic, VecDeque<Arc<Event>>>,
    bytes: usize,
    /// Sequence of the last event ever published.
    last: u64,
}

impl History {
    pub(super) fn new(settings: HistorySettings) -> Self {
        Self { settings, ..Self::default() }
    }

    pub(super) fn push(&mut self, event: &Arc<Event>) {
        self.last = event.id().sequence;
        if self.settings.events == 0 {
            return;
        }
        self.bytes += event.payload().len();
        self.order.push_back(event.clone());
        match self.by_topic.get_mut(event.topic()) {
            Some(events) => events.push_back(event.clone()),
            None => drop(self.by_topic.insert(event.topic().clone(), VecDeque::from([event.clone()]))),
        }
        while self.order.len() > self.settings.events || (self.bytes > self.settings.bytes && self.order.len() > 1) {
            self.forget_oldest();
        }
    }

    fn forget_oldest(&mut self) {
        let Some(oldest) = self.order.pop_front() else { return };
        self.bytes -= oldest.payload().len();
        let Some(events) = self.by_topic.get_mut(oldest.topic()) else { return };
        events.pop_front();
        if events.is_empty() {
            self.by_topic.remove(oldest.topic());
        }
    }

    /// Sequence of the last event published.
    pub(super) fn last(&self) -> u64 {
        self.last
    }

    /// The first sequence from which on nothing has been forgotten.
    pub(super) fn reaches_back_to(&self) -> u64 {
        self.order.front().map_or(self.last + 1, |oldest| oldest.id().sequence)
    }

    /// How many of the events `from ..= until` are here and were offered for those interests.
    pub(super) fn count(&self, interests: &Interests, from: u64, until: u64) -> u64 {
        self.spans(interests, from, until).map(|(events, span)| span_of(events, span).len() as u64).sum()
    }

    /// Those events in order, `most` of them at most.
    pub(super) fn range(&self, interests: &Interests, from: u64, until: u64, most: usize) -> Vec<Arc<Event>> {
        let spans = self.spans(interests, from, until);
        let mut spans: Vec<_> = spans.map(|(events, span)| events.range(span_of(events, span)).peekable()).collect();
        let mut found = Vec::new();
        while found.len() < most {
            let next = spans.iter_mut().filter_map(|events| Some((events.peek()?.id().sequence, events)));
            let Some((_, events)) = next.min_by_key(|(sequence, _)| *sequence) else { break };
            found.extend(events.next().cloned());
        }
        found
    }

    /// The spans of every topic that is wanted.
    fn spans(
        &self,
        interests: &Interests,
        from: u64,
        until: u64,
    ) -> impl Iterator<Item = (&VecDeque<Arc<Event>>, (u64, u64))> {
        let one = interests.only_topic();
        let exact = one.as_ref().and_then(|topic| self.by_topic.get_key_value(topic));
        let others = if one.is_some() { None } else { Some(self.by_topic.iter()) };
        let topics = exact.into_iter().chain(others.into_iter().flatten());
        topics.flat_map(move |(topic, events)| {
            interests.spans(topic, from, until).into_iter().map(move |span| (events, span))
        })
    }
}

/// Indices of the events of a span.
fn span_of(events: &VecDeque<Arc<Event>>, (first, last): (u64, u64)) -> std::ops::Range<usize> {
    place(events, first)..place(events, last.saturating_add(1))
}

/// Index of the first event that is not before a sequence.
fn place(events: &VecDeque<Arc<Event>>, sequence: u64) -> usize {
    events.partition_point(|event| event.id().sequence < sequence)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use bytes::Bytes;

    use super::*;
    use crate::event::EventId;
    use crate::topic::Pattern;

    fn filled(settings: HistorySettings, topics: &[&str]) -> History {
        let mut history = History::new(settings);
        for (sequence, topic) in (1..).zip(topics) {
            let id = EventId { epoch: 1, sequence };
            let payload = Bytes::from_static(b"12345");
            let topic = Topic::new(topic).unwrap();
            history.push(&Arc::new(Event::new(id, topic, payload, Duration::ZERO, Arc::default())));
        }
        history
    }

    fn sequences(history: &History, patterns: &[&str], from: u64, until: u64, most: usize) -> Vec<u64> {
        let patterns: Vec<_> = patterns.iter().map(|text| Pattern::new(text).unwrap()).collect();
        let interests = Interests::new(&patterns);
        let events = history.range(&interests, from, until, most);
        assert!(history.count(&interests, from, until) >= events.len() as u64);
        events.iter().map(|event| event.id().sequence).collect()
    }

    const ALL: HistorySettings = HistorySettings { events: 100, bytes: 1000 };

    #[test]
    fn what_is_asked_for_comes_in_order_over_all_topics_that_match() {
        let history = filled(ALL, &["a.x", "b", "a.y", "a.x", "c", "a.y"]);
        assert_eq!(sequences(&history, &["a.x"], 1, 6, 9), [1, 4]);
        assert_eq!(sequences(&history, &["a.*"], 1, 6, 9), [1, 3, 4, 6]);
        assert_eq!(sequences(&history, &["a.*", "b", "a.x"], 2, 5, 9), [2, 3, 4]);
        assert_eq!(sequences(&history, &[">"], 2, 6, 3), [2, 3, 4]);
        assert_eq!(sequences(&history, &["d"], 1, 6, 9), [0; 0]);
        assert_eq!((history.reaches_back_to(), history.last()), (1, 6));
    }

    #[test]
    fn the_oldest_go_first_by_number_and_by_bytes_and_a_topic_that_is_empty_goes_too() {
        let history = filled(HistorySettings { events: 3, bytes: 1000 }, &["a", "b", "b", "b", "b"]);
        assert_eq!((history.reaches_back_to(), history.by_topic.len()), (3, 1));
        assert_eq!(sequences(&history, &[">"], 1, 9, 9), [3, 4, 5]);
        let history = filled(HistorySettings { events: 100, bytes: 10 }, &["a"; 5]);
        assert_eq!(sequences(&history, &["a"], 1, 9, 9), [4, 5], "to the byte");
        let history = filled(HistorySettings { events: 100, bytes: 12 }, &["a"; 5]);
        assert_eq!(sequences(&history, &["a"], 1, 9, 9), [4, 5]);
        let history = filled(HistorySettings { events: 100, bytes: 1 }, &["a"; 5]);
        assert_eq!(sequences(&history, &["a"], 1, 9, 9), [5], "the newest always");
    }

    #[test]
    fn where_nothing_is_kept_it_is_still_known_what_was_published() {
        let history = filled(HistorySettings::default(), &["a"; 5]);
        assert_eq!((history.last(), history.reaches_back_to(), history.order.len()), (5, 6, 0));
    }
}
