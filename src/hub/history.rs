//! The last events published, by topic, for subscribers that come back or were parked. Bounded in events and in bytes.
//!
//! This room knows what was published, and not who has received it.

#[cfg(any(feature = "shared-log", test))]
mod older;

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use super::interests::Interests;
use super::log::{Excerpt, Log};
use crate::event::Event;
use crate::topic::Topic;

/// The limits of a Hub's history, which keeps the last events for subscribers that come back. There is no default:
/// without a history no subscriber can come back to missed events, and a history takes the memory of its bytes.
///
/// ```
/// use hubbub::hub::{HistorySettings, Rules};
/// use hubbub::{Capacity, Limits, Overflow};
///
/// let limits = Limits::frames(Capacity::new(64).expect("1 to 1,048,576 frames"));
/// let rules = Rules::plain(limits, Overflow::DropNewest);
/// assert_eq!(rules.history, HistorySettings::NONE);
/// // 10,000 events, and at most 16 MiB of payloads.
/// let history = HistorySettings { events: 10_000, bytes: 16 << 20 };
/// assert_ne!(Rules { history, ..rules }.history, HistorySettings::NONE);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct HistorySettings {
    /// Most events; 0 keeps none.
    pub events: usize,
    /// Most bytes of payloads. The newest event is kept even if it alone has more.
    pub bytes: usize,
}

impl HistorySettings {
    /// No event is kept.
    pub const NONE: Self = Self { events: 0, bytes: 0 };
}

/// A history at one moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct HistoryState {
    /// Events that are kept.
    pub events: usize,
    /// Bytes of their payloads.
    pub bytes: usize,
    /// When the oldest of them was published, on the publisher's clock.
    pub oldest: Option<Duration>,
}

#[derive(Debug)]
pub(super) struct History {
    settings: HistorySettings,
    /// In the order of publication.
    // Beside the logs, because the limits are for all topics together and the oldest event goes first.
    order: VecDeque<Arc<Event>>,
    /// The events kept, by topic.
    by_topic: BTreeMap<Topic, Log>,
    bytes: usize,
    /// Sequence of the last event ever published.
    last: u64,
    /// The first sequence of which nothing has been forgotten.
    // Not that of the oldest event: the numbers of a log may skip some, and then nothing is missing before that event.
    complete_from: u64,
    /// How much may be kept beyond the limits, while somebody reads older events.
    older: HistorySettings,
}

impl History {
    pub(super) fn new(settings: HistorySettings) -> Self {
        let older = HistorySettings::NONE;
        Self { settings, order: VecDeque::new(), by_topic: BTreeMap::new(), bytes: 0, last: 0, complete_from: 1, older }
    }

    pub(super) fn push(&mut self, event: &Arc<Event>) {
        // Kept even without a history: it says where a new stream begins.
        self.last = event.id().sequence;
        if self.settings.events == 0 {
            self.complete_from = self.last + 1;
            return;
        }
        self.bytes += event.payload().len();
        self.order.push_back(event.clone());
        match self.by_topic.get_mut(event.topic()) {
            Some(log) => log.push(event.clone()),
            // Two lookups, so that the topic is cloned only for its first event.
            None => self.by_topic.entry(event.topic().clone()).or_default().push(event.clone()),
        }
        while self.is_over() {
            self.forget_oldest();
        }
    }

    /// Whether the oldest event has to go.
    fn is_over(&self) -> bool {
        let events = self.settings.events + self.older.events;
        let bytes = self.settings.bytes + self.older.bytes;
        self.order.len() > events || (self.bytes > bytes && self.order.len() > 1)
    }

    fn forget_oldest(&mut self) {
        let Some(oldest) = self.order.pop_front() else { return };
        self.bytes -= oldest.payload().len();
        self.complete_from = oldest.id().sequence + 1;
        let Some(log) = self.by_topic.get_mut(oldest.topic()) else { return };
        log.forget_oldest();
        if log.is_empty() {
            self.by_topic.remove(oldest.topic());
        }
    }

    /// How much is kept, and since when.
    pub(super) fn state(&self) -> HistoryState {
        let oldest = self.order.front().map(|event| event.published_at());
        HistoryState { events: self.order.len(), bytes: self.bytes, oldest }
    }

    /// Sequence of the last event published.
    pub(super) fn last(&self) -> u64 {
        self.last
    }

    /// The first sequence from which on every event is kept: that of the next event when none is kept.
    pub(super) fn reaches_back_to(&self) -> u64 {
        self.complete_from
    }

    /// Goes on after `last`, with no event in between.
    pub(super) fn advance_to(&mut self, last: u64) {
        self.last = last;
        if self.settings.events == 0 {
            self.complete_from = last + 1;
        }
    }

    /// Goes on after `last`, with events in between that nobody has. Nothing before it is of use any more.
    pub(super) fn lose_until(&mut self, last: u64) {
        self.order.clear();
        self.by_topic.clear();
        self.bytes = 0;
        self.older = HistorySettings::NONE;
        self.last = last;
        self.complete_from = last + 1;
    }

    /// How many of the events `from ..= until` are kept and were offered for those interests.
    pub(super) fn count(&self, interests: &Interests, from: u64, until: u64) -> u64 {
        self.spans(interests, from, until).map(|(log, (first, last))| log.count(first, last)).sum()
    }

    /// Where those events begin. The caller [merges](super::log::merge) them after it has released the history's lock.
    pub(super) fn excerpts(&self, interests: &Interests, from: u64, until: u64) -> Vec<Excerpt> {
        self.spans(interests, from, until).filter_map(|(log, span)| log.excerpt(span)).collect()
    }

    /// The spans of every wanted topic. Without wildcards only the topics that are named are looked up.
    fn spans(&self, interests: &Interests, from: u64, until: u64) -> impl Iterator<Item = (&Log, (u64, u64))> {
        let named = interests.topics();
        // Without wildcards only the named topics are looked up, and not all that the history has.
        let all = if named.is_some() { None } else { Some(self.by_topic.iter()) };
        let named = named.into_iter().flatten().filter_map(|topic| self.by_topic.get_key_value(topic));
        named
            .chain(all.into_iter().flatten())
            .flat_map(move |(topic, log)| interests.spans(topic, from, until).into_iter().map(move |span| (log, span)))
    }
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use proptest::prelude::*;

    use super::super::log::merge;
    use super::*;
    use crate::event::EventId;
    use crate::topic::Pattern;

    fn event(sequence: u64, topic: &str) -> Arc<Event> {
        let id = EventId { epoch: 1, sequence };
        let payload = Bytes::from_static(b"12345");
        Arc::new(Event::new(id, Topic::new(topic).unwrap(), payload, Duration::ZERO))
    }

    fn filled(settings: HistorySettings, topics: &[&str]) -> History {
        let mut history = History::new(settings);
        for (sequence, topic) in (1..).zip(topics) {
            history.push(&event(sequence, topic));
        }
        history
    }

    fn sequences(history: &History, patterns: &[&str], from: u64, until: u64, most: usize) -> Vec<u64> {
        let patterns: Vec<_> = patterns.iter().map(|text| Pattern::new(text).unwrap()).collect();
        let interests = Interests::new(&patterns);
        let events = merge(&history.excerpts(&interests, from, until), most);
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
        assert_eq!(history.reaches_back_to(), 1);
        assert_eq!(history.last(), 6);
    }

    #[test]
    fn the_oldest_go_first_by_number_and_by_bytes_and_a_topic_that_is_empty_goes_too() {
        let history = filled(HistorySettings { events: 3, bytes: 1000 }, &["a", "b", "b", "b", "b"]);
        assert_eq!(history.reaches_back_to(), 3);
        assert_eq!(history.by_topic.len(), 1);
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
        let history = filled(HistorySettings::NONE, &["a"; 5]);
        assert_eq!(history.last(), 5);
        assert_eq!(history.reaches_back_to(), 6);
        assert_eq!(history.order.len(), 0);
    }

    proptest! {
        #[test]
        fn read_a_page_at_a_time_it_is_what_a_plain_list_would_be(
            topics in prop::collection::vec(0usize..4, 1..400),
            events in 1usize..300,
            patterns in prop::sample::subsequence(vec!["a", "b", "c", "d", ">"], 1..4),
            from in 0u64..400,
            until in 0u64..400,
            most in 1usize..100,
        ) {
            let names = ["a", "b", "c", "d"];
            let topics: Vec<_> = topics.iter().map(|topic| names[*topic]).collect();
            let history = filled(HistorySettings { events, bytes: 1 << 20 }, &topics);
            let is_wanted = |topic: &str| patterns.contains(&">") || patterns.contains(&topic);
            let kept = (1..).zip(&topics).skip(topics.len().saturating_sub(events));
            let wanted = kept.filter(|(sequence, topic)| (from..=until).contains(sequence) && is_wanted(topic));
            let wanted: Vec<u64> = wanted.map(|(sequence, _)| sequence).collect();
            let mut read = Vec::new();
            let mut next = from;
            loop {
                let page = sequences(&history, &patterns, next, until, most);
                prop_assert!(page.len() <= most);
                let Some(last) = page.last() else { break };
                next = last + 1;
                read.extend(page);
            }
            prop_assert_eq!(read, wanted);
        }
    }

    #[test]
    fn what_a_reader_has_been_given_stays_while_the_history_goes_on() {
        let mut history = filled(HistorySettings { events: 3, bytes: 1000 }, &["a"; 3]);
        let interests = Interests::new(&[Pattern::new("a").unwrap()]);
        let excerpts = history.excerpts(&interests, 1, 9);
        for sequence in 4..8 {
            history.push(&event(sequence, "a"));
        }
        let read: Vec<_> = merge(&excerpts, 9).iter().map(|event| event.id().sequence).collect();
        assert_eq!(read, [1, 2, 3]);
        assert_eq!(sequences(&history, &["a"], 1, 9, 9), [5, 6, 7]);
    }
}
