//! What one subscriber wants: patterns, each from one event on and perhaps up to another. What it has given up may
//! still wait for it in the history.

use crate::topic::{Pattern, Topic};

/// One pattern, and the sequences of the events that were offered for it.
#[derive(Debug, Clone)]
struct Interest {
    pattern: Pattern,
    first: u64,
    /// `None` while it is wanted.
    last: Option<u64>,
}

#[derive(Debug, Clone, Default)]
pub(super) struct Interests(Vec<Interest>);

impl Interests {
    /// All of them, from the beginning on.
    pub(super) fn new(patterns: &[Pattern]) -> Self {
        let mut interests = Self::default();
        for pattern in patterns {
            interests.add(pattern, 0);
        }
        interests
    }

    /// Wants the events from `first` on; `false` where that pattern is wanted already.
    pub(super) fn add(&mut self, pattern: &Pattern, first: u64) -> bool {
        let is_new = self.wanted().all(|wanted| wanted != pattern);
        if is_new {
            self.0.push(Interest { pattern: pattern.clone(), first, last: None });
        }
        is_new
    }

    /// Wants nothing after `last`; `false` where that pattern is not wanted.
    pub(super) fn give_up(&mut self, pattern: &Pattern, last: u64) -> bool {
        let found = self.0.iter_mut().find(|interest| interest.last.is_none() && interest.pattern == *pattern);
        found.map(|interest| interest.last = Some(last)).is_some()
    }

    /// Forgets what was given up and ended before an event.
    pub(super) fn forget_before(&mut self, first: u64) {
        self.0.retain(|interest| interest.last.is_none_or(|last| last >= first));
    }

    /// What is wanted now.
    pub(super) fn wanted(&self) -> impl Iterator<Item = &Pattern> {
        self.0.iter().filter(|interest| interest.last.is_none()).map(|interest| &interest.pattern)
    }

    /// The one topic that it is about, if there is only one.
    pub(super) fn only_topic(&self) -> Option<Topic> {
        match self.0.as_slice() {
            [interest] => interest.pattern.as_topic(),
            _ => None,
        }
    }

    /// Which of a topic's events `from ..= until` were offered: spans of sequences, in order and apart from each other.
    pub(super) fn spans(&self, topic: &Topic, from: u64, until: u64) -> Vec<(u64, u64)> {
        let of_topic = self.0.iter().filter(|interest| interest.pattern.matches(topic));
        let clipped = of_topic.map(|interest| (interest.first.max(from), interest.last.unwrap_or(until).min(until)));
        let mut spans: Vec<_> = clipped.filter(|(first, last)| first <= last).collect();
        spans.sort_unstable();
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

#[cfg(test)]
mod tests {
    use super::*;

    fn pattern(text: &str) -> Pattern {
        Pattern::new(text).unwrap()
    }

    #[test]
    fn what_is_wanted_twice_is_offered_once_and_what_was_given_up_up_to_there() {
        let mut interests = Interests::new(&[pattern("a"), pattern("a")]);
        assert_eq!(interests.only_topic(), Topic::new("a").ok());
        assert!(!interests.add(&pattern("a"), 5) && interests.add(&pattern("*"), 5));
        let topic = Topic::new("a").unwrap();
        assert_eq!(interests.spans(&topic, 3, 9), [(3, 9)]);
        assert!(interests.give_up(&pattern("a"), 6) && !interests.give_up(&pattern("a"), 7));
        assert_eq!(interests.spans(&topic, 3, 9), [(3, 9)], "the other one still wants it");
        assert!(interests.give_up(&pattern("*"), 7) && interests.add(&pattern("a"), 9));
        assert_eq!(interests.spans(&topic, 3, 20), [(3, 7), (9, 20)]);
        assert_eq!(interests.spans(&Topic::new("b").unwrap(), 0, 20), [(5, 7)]);
        interests.forget_before(8);
        assert_eq!(interests.spans(&topic, 0, 20), [(9, 20)]);
        assert_eq!(interests.spans(&topic, 10, 8), [(0, 0); 0]);
    }
}
