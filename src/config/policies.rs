//! Policies for some topics, as an operator writes them: `PATTERN POLICY`, and then what differs from the default.

use std::fmt;
use std::num::NonZeroUsize;
use std::time::Duration;

use crate::event::KeyPath;
use crate::mailbox::{Capacity, Overflow};
use crate::topic::Pattern;

/// The form of the setting, for a message.
pub(super) const ALLOWED: &str = "a list of PATTERN POLICY, with frames=, bytes=, age_ms= and key= where they differ, \
                                  as \"ingest.prices.> conflate key=symbol frames=500\"";

/// Largest limit of age: one day.
pub(super) const MAX_AGE_MS: u64 = 24 * 60 * 60 * 1000;

/// The policy of the topics that match a pattern. A field that is `None` has the default.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TopicPolicy {
    /// The topics that the policy is for.
    pub pattern: Pattern,
    /// What happens to an event that does not fit.
    pub overflow: Overflow,
    /// Most frames that may wait.
    pub frames: Option<Capacity>,
    /// Most bytes of payload that may wait.
    pub bytes: Option<NonZeroUsize>,
    /// Greatest age of the oldest event that waits.
    pub age: Option<Duration>,
    /// Where in a payload an event's key is.
    pub key: Option<KeyPath>,
}

impl TopicPolicy {
    pub(super) fn read(text: &str) -> Option<Self> {
        let mut words = text.split_ascii_whitespace();
        let pattern = Pattern::new(words.next()?).ok()?;
        let overflow = words.next()?.parse().ok()?;
        let mut policy = Self { pattern, overflow, frames: None, bytes: None, age: None, key: None };
        for word in words {
            let (name, value) = word.split_once('=')?;
            policy.set(name, value)?;
        }
        Some(policy)
    }

    /// Sets a field; `None` if the name or the value is not allowed, or the field is set already.
    fn set(&mut self, name: &str, value: &str) -> Option<()> {
        let is_new = match name {
            "frames" => self.frames.replace(Capacity::new(value.parse().ok()?)?).is_none(),
            "bytes" => self.bytes.replace(value.parse().ok()?).is_none(),
            "age_ms" => {
                let ms = value.parse::<u64>().ok().filter(|ms| (1..=MAX_AGE_MS).contains(ms))?;
                self.age.replace(Duration::from_millis(ms)).is_none()
            }
            "key" => self.key.replace(value.parse().ok()?).is_none(),
            _ => false,
        };
        is_new.then_some(())
    }
}

impl fmt::Display for TopicPolicy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.pattern, self.overflow)?;
        self.frames.map_or(Ok(()), |frames| write!(f, " frames={}", frames.frames()))?;
        self.bytes.map_or(Ok(()), |bytes| write!(f, " bytes={bytes}"))?;
        self.age.map_or(Ok(()), |age| write!(f, " age_ms={}", age.as_millis()))?;
        self.key.as_ref().map_or(Ok(()), |key| write!(f, " key={key}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_policy_reads_back_as_it_was_written() {
        for text in [
            "ingest.> park",
            "ingest.prices conflate frames=500 bytes=1000000 age_ms=2500 key=item.symbol",
            "> drop-oldest age_ms=1",
        ] {
            assert_eq!(TopicPolicy::read(text).map(|policy| policy.to_string()).as_deref(), Some(text));
        }
        let spaced = TopicPolicy::read("  a   disconnect  bytes=7 ").unwrap();
        assert_eq!(spaced.overflow, Overflow::Disconnect);
        assert_eq!(spaced.bytes.map(NonZeroUsize::get), Some(7));
    }

    #[test]
    fn what_is_no_policy_is_refused() {
        for text in [
            "",
            "a",
            "a..b park",
            "a keep",
            "a park frames",
            "a park frames=0",
            "a park frames=1 frames=2",
            "a park bytes=0",
            "a park bytes=-1",
            "a park age_ms=0",
            "a park age_ms=86400001",
            "a park key=",
            "a park size=3",
        ] {
            assert_eq!(TopicPolicy::read(text), None, "{text:?}");
        }
    }
}
