//! Which topics have which policy, and how a Hub remembers.

use crate::event::KeyPath;
use crate::hub::HistorySettings;
use crate::mailbox::{Limits, Overflow};
use crate::topic::{Pattern, Topic};

/// What a subscriber's mailbox is like.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Policy {
    /// What may wait.
    pub limits: Limits,
    /// What happens to what may not.
    pub overflow: Overflow,
    /// Where an event's key stands, for what conflates. Without it no event has one.
    pub key: Option<KeyPath>,
}

/// A policy for the topics that a pattern matches.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rule {
    /// Which topics.
    pub pattern: Pattern,
    /// What their subscribers get.
    pub policy: Policy,
}

/// Policies, history, notices: how a Hub treats those who cannot keep up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rules {
    /// For topics that no other rule is about.
    pub policy: Policy,
    /// The first that matches a topic is its rule.
    pub by_topic: Vec<Rule>,
    /// What is kept for those who come back or are parked.
    pub history: HistorySettings,
    /// Whether subscribers are told of the holes in what they get.
    pub announces_gaps: bool,
}

impl Rules {
    /// One policy for all, no history, no notices.
    pub fn plain(limits: Limits, overflow: Overflow) -> Self {
        let policy = Policy { limits, overflow, key: None };
        Self { policy, by_topic: Vec::new(), history: HistorySettings::default(), announces_gaps: false }
    }

    /// The policy of a topic.
    pub fn of(&self, topic: &Topic) -> &Policy {
        let rule = self.by_topic.iter().find(|rule| rule.pattern.matches(topic));
        rule.map_or(&self.policy, |rule| &rule.policy)
    }

    /// The policy of a subscriber to several patterns: that of the first one that is a topic.
    pub(super) fn of_patterns(&self, patterns: &[Pattern]) -> &Policy {
        patterns.iter().find_map(Pattern::as_topic).map_or(&self.policy, |topic| self.of(&topic))
    }
}
