//! The key of an event: the value at a path of its payload, which says what the event is about.

use std::fmt;
use std::hash::{DefaultHasher, Hasher};
use std::str::FromStr;

use serde::de::{DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, Visitor};
use serde_json::Value;

/// Longest key path, in bytes.
pub const MAX_KEY_PATH_BYTES: usize = 128;

/// The place of the key in a payload: the names of JSON members from the outermost object inwards, separated by `.`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyPath(String);

/// The error for a text that is not a key path.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a key path is 1 to {MAX_KEY_PATH_BYTES} bytes of names separated by single dots, as build.id")]
pub struct KeyPathError;

/// The key of an event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct EventKey {
    pub(super) hash: u64,
    pub(super) text: Box<str>,
}

impl KeyPath {
    /// The key of a payload; `None` if the payload has no value at the path, or is not JSON.
    pub(super) fn find(&self, payload: &[u8]) -> Option<EventKey> {
        let mut found = None;
        let seed = Walk { names: &self.0, found: &mut found };
        seed.deserialize(&mut serde_json::Deserializer::from_slice(payload)).ok()?;
        let text = found?.into_boxed_str();
        // This hasher has fixed keys: the same text has the same hash in every process, so runs repeat.
        let mut hasher = DefaultHasher::new();
        hasher.write(text.as_bytes());
        Some(EventKey { hash: hasher.finish(), text })
    }
}

impl fmt::Display for KeyPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for KeyPath {
    type Err = KeyPathError;

    fn from_str(text: &str) -> Result<Self, KeyPathError> {
        let is_path = (1..=MAX_KEY_PATH_BYTES).contains(&text.len()) && text.split('.').all(|name| !name.is_empty());
        if is_path { Ok(Self(text.to_owned())) } else { Err(KeyPathError) }
    }
}

/// Follows a path and keeps the value at its end, and nothing else of the payload.
struct Walk<'a> {
    names: &'a str,
    found: &'a mut Option<String>,
}

impl<'de> DeserializeSeed<'de> for Walk<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for Walk<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        // Walked and not parsed into a `Value`: of all members one is wanted, and other publishers wait meanwhile.
        let (name, rest) = self.names.split_once('.').map_or((self.names, None), |(name, rest)| (name, Some(rest)));
        while let Some(member) = map.next_key::<std::borrow::Cow<'de, str>>()? {
            match rest {
                // The first of equal members counts: JSON leaves that open, and the walk can stop there.
                _ if member != name || self.found.is_some() => drop(map.next_value::<IgnoredAny>()?),
                Some(names) => map.next_value_seed(Walk { names, found: self.found })?,
                // As JSON, so that 1 and "1" are two keys.
                None => *self.found = Some(map.next_value::<Value>()?.to_string()),
            }
        }
        // Not an error of the payload: it ends the parse where the path ends.
        if self.found.is_some() { Ok(()) } else { Err(A::Error::custom("no such member")) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(path: &str, payload: &str) -> Option<String> {
        path.parse::<KeyPath>().unwrap().find(payload.as_bytes()).map(|key| key.text.into())
    }

    #[test]
    fn a_key_is_the_value_at_its_path_as_json() {
        let payload = r#"{"x":[1,{"id":9}],"build":{"id":"a","n":1},"b":2,"b":3}"#;
        for (path, found) in [("build.id", "\"a\""), ("build.n", "1"), ("b", "2"), ("build", r#"{"id":"a","n":1}"#)] {
            assert_eq!(key(path, payload).as_deref(), Some(found), "{path}");
        }
        assert_ne!(key("k", r#"{"k":1}"#), key("k", r#"{"k":"1"}"#));
        assert_eq!(key("k", r#"{"k":"a"}"#), key("k", "{ \"k\" : \"\\u0061\" }"), "however it is written");
    }

    #[test]
    fn where_there_is_no_such_value_there_is_no_key() {
        for payload in ["{}", r#"{"build":1}"#, r#"{"build":{}}"#, "[]", "7", "", "{", r#"{"build":{"id":1}"#] {
            assert_eq!(key("build.id", payload), None, "{payload}");
        }
    }

    #[test]
    fn a_path_has_names_between_its_dots() {
        for text in ["", ".", "a.", ".a", "a..b", &"x".repeat(129)] {
            assert_eq!(text.parse::<KeyPath>(), Err(KeyPathError), "{text:?}");
        }
        assert_eq!("a.b c".parse::<KeyPath>().unwrap().to_string(), "a.b c");
    }
}
