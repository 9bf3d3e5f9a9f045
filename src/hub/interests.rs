//! The patterns that one subscriber wants, each from one event on and perhaps up to another. Events for a pattern that
//! it has given up may still wait for it in the history.

use std::collections::BTreeMap;

use crate::topic::{Pattern, Topic};

/// Topics are kept apart from patterns with wildcards: the events of a topic are found by its name, without a search
/// through all topics.
#[derive(Debug, Clone, Default)]
pub(super) struct Interests {
    topics: BTreeMap<Topic, Offers>,
    wildcards: Vec<(Pattern, Offers)>,
}

/// The ranges of sequences in which a subscriber wanted one pattern, in order and without overlaps.
#[derive(Debug, Clone, Default)]
struct Offers(Vec<Offer>);

#[derive(Debug, Clone, Copy)]
struct Offer {
    first: u64,
    /// `None` while the pattern is wanted.
    last: Option<u64>,
}

impl Interests {
    /// Wants all of the patterns from the first event on.
    pub(super) fn new(patterns: &[Pattern]) -> Self {
        let mut interests = Self::default();
        for pattern in patterns {
            // From 0: where a stream really begins is decided later, under the registry's lock, and not by the
            // interests.
            interests.add(pattern, 0);
        }
        interests
    }

    /// Wants a pattern from the event `first` on; `false` if the pattern is wanted already.
    pub(super) fn add(&mut self, pattern: &Pattern, first: u64) -> bool {
        if self.wants(pattern) {
            return false;
        }
        // A pattern that was given up keeps its entry as long as its events may wait, and gets a second range.
        let offers = match (pattern.as_topic(), self.wildcards.iter().position(|(other, _)| other == pattern)) {
            (Some(topic), _) => self.topics.entry(topic).or_default(),
            (None, Some(place)) => &mut self.wildcards[place].1,
            (None, None) => &mut self.wildcards.push_mut((pattern.clone(), Offers::default())).1,
        };
        offers.0.push(Offer { first, last: None });
        true
    }

    /// Wants nothing of a pattern after the event `last`; `false` if the pattern is not wanted.
    pub(super) fn give_up(&mut self, pattern: &Pattern, last: u64) -> bool {
        let offers = match pattern.as_topic() {
            Some(topic) => self.topics.get_mut(&topic),
            None => self.wildcards.iter_mut().find(|(other, _)| other == pattern).map(|(_, offers)| offers),
        };
        // Ranges are in order, so only the last one can be open.
        let Some(offer) = offers.and_then(|offers| offers.0.last_mut()).filter(|offer| offer.last.is_none()) else {
            return false;
        };
        offer.last = Some(last);
        true
    }

    /// Forgets the ranges that ended before the event `first`, and those that ended before they began.
    pub(super) fn forget_before(&mut self, first: u64) {
        let is_kept = |offers: &mut Offers| {
            // The second condition: a pattern that was wanted and given up between two events has a range without any.
            offers.0.retain(|offer| offer.last.is_none_or(|last| last >= first && last >= offer.first));
            !offers.0.is_empty()
        };
        self.topics.retain(|_, offers| is_kept(offers));
        self.wildcards.retain_mut(|(_, offers)| is_kept(offers));
    }

    /// Whether this exact pattern is wanted now; one that covers it does not count.
    pub(super) fn wants(&self, pattern: &Pattern) -> bool {
        let offers = match pattern.as_topic() {
            Some(topic) => self.topics.get(&topic),
            None => self.wildcards.iter().find(|(other, _)| other == pattern).map(|(_, offers)| offers),
        };
        offers.is_some_and(Offers::is_wanted)
    }

    /// The patterns that are wanted now.
    pub(super) fn wanted(&self) -> impl Iterator<Item = Pattern> {
        let topics = self.topics.iter().filter(|(_, offers)| offers.is_wanted());
        let wildcards = self.wildcards.iter().filter(|(_, offers)| offers.is_wanted());
        topics.map(|(topic, _)| topic.clone().into()).chain(wildcards.map(|(pattern, _)| pattern.clone()))
    }

    /// How many ranges are stored: those of patterns that are wanted, and those that were given up.
    pub(super) fn kept(&self) -> usize {
        let all = self.topics.values().chain(self.wildcards.iter().map(|(_, offers)| offers));
        all.map(|offers| offers.0.len()).sum()
    }

    /// How many ranges of patterns with wildcards are stored.
    pub(super) fn wildcards_kept(&self) -> usize {
        self.wildcards.iter().map(|(_, offers)| offers.0.len()).sum()
    }

    /// The topics of all patterns; `None` if a pattern has a wildcard.
    pub(super) fn topics(&self) -> Option<impl Iterator<Item = &Topic>> {
        self.wildcards.is_empty().then(|| self.topics.keys())
    }

    /// Which of a topic's events `from ..= until` were offered: spans of sequences, in order and without overlaps.
    pub(super) fn spans(&self, topic: &Topic, from: u64, until: u64) -> Vec<(u64, u64)> {
        let wildcards = self.wildcards.iter().filter(|(pattern, _)| pattern.matches(topic)).map(|(_, offers)| offers);
        let offers = self.topics.get(topic).into_iter().chain(wildcards).flat_map(|offers| &offers.0);
        let clipped = offers.map(|offer| (offer.first.max(from), offer.last.unwrap_or(until).min(until)));
        let mut spans: Vec<_> = clipped.filter(|(first, last)| first <= last).collect();
        spans.sort_unstable();
        // Overlapping and adjacent ranges become one: an event that two patterns match was offered once.
        spans.dedup_by(|next, span| {
            let is_one = next.0 <= span.1.saturating_add(1);
            if is_one {
                span.1 = span.1.max(next.1);
            }
            is_one
        });
        spans
    }
}

impl Offers {
    fn is_wanted(&self) -> bool {
        self.0.last().is_some_and(|offer| offer.last.is_none())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pattern(text: &str) -> Pattern {
        Pattern::new(text).unwrap()
    }

    #[test]
    fn what_is_wanted_twice_is_offered_once_and_what_was_given_up_up_to_there() {
        let mut interests = Interests::new(&[pattern("a"), pattern("a")]);
        assert_eq!(interests.topics().map(Iterator::count), Some(1));
        assert!(!interests.add(&pattern("a"), 5) && interests.add(&pattern("*"), 5));
        let topic = Topic::new("a").unwrap();
        assert_eq!(interests.spans(&topic, 3, 9), [(3, 9)]);
        assert!(interests.give_up(&pattern("a"), 6) && !interests.give_up(&pattern("a"), 7));
        assert_eq!(interests.spans(&topic, 3, 9), [(3, 9)], "the other one still wants it");
        assert!(interests.give_up(&pattern("*"), 7) && interests.add(&pattern("a"), 9));
        assert_eq!(interests.spans(&topic, 3, 20), [(3, 7), (9, 20)]);
        assert_eq!(interests.spans(&Topic::new("b").unwrap(), 0, 20), [(5, 7)]);
        assert!(interests.topics().is_none());
        assert_eq!(interests.kept(), 3);
        assert_eq!(interests.wildcards_kept(), 1);
        interests.forget_before(8);
        assert_eq!(interests.topics().map(Iterator::count), Some(1));
        assert_eq!(interests.kept(), 1);
        assert_eq!(interests.spans(&topic, 0, 20), [(9, 20)]);
        assert_eq!(interests.spans(&topic, 10, 8), [(0, 0); 0]);
    }

    #[test]
    fn what_is_given_up_before_an_event_was_offered_for_it_leaves_nothing() {
        let mut interests = Interests::new(&[pattern("a")]);
        for wanted in ["b", "b.*"] {
            for _ in 0..100 {
                assert!(interests.add(&pattern(wanted), 7) && interests.give_up(&pattern(wanted), 6));
                interests.forget_before(1);
            }
        }
        assert_eq!(interests.kept(), 1);
        assert_eq!(interests.wanted().collect::<Vec<_>>(), vec![pattern("a")]);
    }
}
