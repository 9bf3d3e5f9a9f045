//! Which topics have which policy, how long the history is, and whether gaps are announced.

use crate::event::KeyPath;
use crate::hub::HistorySettings;
use crate::mailbox::{Limits, Overflow};
use crate::topic::{Pattern, Topic};

/// The limits and the overflow policy of a subscriber's mailbox.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Policy {
    /// Most that may wait in the mailbox.
    pub limits: Limits,
    /// What happens to an event that passes a limit.
    pub overflow: Overflow,
    /// Where in a payload an event's key is, for conflation. `None` gives no event a key.
    pub key: Option<KeyPath>,
}

/// A policy for the topics that a pattern matches.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rule {
    /// The topics that the rule is for.
    pub pattern: Pattern,
    /// The policy of their subscribers.
    pub policy: Policy,
}

/// How a Hub treats subscribers that cannot keep up: policies, history, gap notices.
///
/// ```
/// use std::time::Duration;
///
/// use hubbub::hub::{Cursor, HistorySettings, Rules};
/// use hubbub::{Capacity, Hub, Limits, Overflow, Pattern, Topic};
///
/// let limits = Limits::frames(Capacity::new(64).expect("1 to 1,048,576 frames"));
/// let history = HistorySettings { events: 3, bytes: 1 << 20 };
/// let rules = Rules { history, announces_gaps: true, ..Rules::plain(limits, Overflow::DropNewest) };
/// let hub = Hub::with(7, rules);
/// let topic = Topic::new("builds").expect("a topic");
/// for _ in 0..10 {
///     hub.publish(Duration::ZERO, &topic, "{}");
/// }
/// // A client comes back with the last id that it has: 3 events are kept, and 4 of those it missed are not.
/// let builds = [Pattern::new("builds").expect("a pattern")];
/// let back = hub.subscribe(&builds).after(Cursor::read("7-3")).open().expect("there is a history");
/// assert_eq!(back.replays().map(|(first, count)| (first.to_string(), count)), Some(("7-8".to_owned(), 3)));
/// let missing = back.opening().expect("events are out of reach");
/// assert_eq!(missing.first.zip(missing.last).map(|(first, last)| last.sequence - first.sequence), Some(3));
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rules {
    /// The policy of topics that no rule matches.
    pub policy: Policy,
    /// Rules for topics; the first one that matches a topic holds. For a subscriber to a pattern with wildcards it is
    /// the first one whose pattern covers all topics of the subscriber's, or else the default.
    pub by_topic: Vec<Rule>,
    /// The events that are kept for subscribers that come back or are parked.
    pub history: HistorySettings,
    /// Whether subscribers are told of the events that they do not get.
    pub announces_gaps: bool,
}

impl Rules {
    /// One policy for all, no history, no notices.
    pub fn plain(limits: Limits, overflow: Overflow) -> Self {
        let policy = Policy { limits, overflow, key: None };
        Self { policy, by_topic: Vec::new(), history: HistorySettings::NONE, announces_gaps: false }
    }

    /// The policy of a topic.
    pub fn of(&self, topic: &Topic) -> &Policy {
        let rule = self.by_topic.iter().find(|rule| rule.pattern.matches(topic));
        rule.map_or(&self.policy, |rule| &rule.policy)
    }

    /// The policy of a subscriber to several patterns, who has one mailbox for all: that of the first pattern, or the
    /// default if there is none.
    pub(super) fn of_patterns(&self, patterns: &[Pattern]) -> &Policy {
        patterns.first().map_or(&self.policy, |first| self.of_pattern(first))
    }

    /// The place of the rule that a subscriber to several patterns has its policy from; the number of rules if it has
    /// the default.
    pub(super) fn place_of(&self, patterns: &[Pattern]) -> usize {
        let place = patterns.first().and_then(|first| self.by_topic.iter().position(|rule| rule.pattern.covers(first)));
        place.unwrap_or(self.by_topic.len())
    }

    /// The policy of the first rule whose pattern covers all topics of this one, or else the default.
    pub(super) fn of_pattern(&self, pattern: &Pattern) -> &Policy {
        let rule = self.by_topic.iter().find(|rule| rule.pattern.covers(pattern));
        rule.map_or(&self.policy, |rule| &rule.policy)
    }
}
