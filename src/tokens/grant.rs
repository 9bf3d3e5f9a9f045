//! What a token allows.

use std::time::Duration;

use crate::topic::{Pattern, Topic};

/// What the bearer of a token may do, and until when.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Grant {
    /// The topics that may be watched.
    pub subscribe: Vec<Pattern>,
    /// The topics that may be published to.
    pub publish: Vec<Pattern>,
    /// Whether what is for administrators is allowed.
    pub is_admin: bool,
    /// When it ends: time since the Unix epoch.
    pub expires_at: Duration,
}

impl Grant {
    /// Whether every topic of a pattern may be watched.
    pub fn may_subscribe(&self, pattern: &Pattern) -> bool {
        self.subscribe.iter().any(|allowed| allowed.covers(pattern))
    }

    /// Whether a topic may be published to.
    pub fn may_publish(&self, topic: &Topic) -> bool {
        self.publish.iter().any(|allowed| allowed.matches(topic))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pattern_is_allowed_only_with_every_topic_that_it_matches() {
        let patterns = |texts: &[&str]| texts.iter().map(|text| Pattern::new(text).unwrap()).collect();
        let subscribe = patterns(&["ingest.builds.*", "ingest.news"]);
        let grant = Grant { subscribe, publish: patterns(&["ingest.a.>"]), is_admin: false, expires_at: Duration::MAX };
        for (pattern, is_allowed) in [
            ("ingest.news", true),
            ("ingest.builds.eu", true),
            ("ingest.builds.*", true),
            ("ingest.builds.>", false),
            ("ingest.builds", false),
            ("ingest.>", false),
        ] {
            assert_eq!(grant.may_subscribe(&Pattern::new(pattern).unwrap()), is_allowed, "{pattern}");
        }
        assert!(grant.may_publish(&Topic::new("ingest.a.b.c").unwrap()));
        assert!(!grant.may_publish(&Topic::new("ingest.a").unwrap()), "watching is another matter");
    }
}
