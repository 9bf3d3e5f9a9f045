//! Topics and the patterns that match them: NATS-style tokens separated by `.`.
//!
//! Pure text. This room does not know who subscribes.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

/// The beginning of the topic of every table.
const TABLES: &str = "ingest.";

/// Longest topic or pattern, in bytes.
pub const MAX_TOPIC_BYTES: usize = 256;

/// The name that an event is published to: non-empty tokens of `A-Z a-z 0-9 _ -`, separated by `.`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Topic(Arc<str>);

/// The topics that a subscriber wants: a topic in which `*` stands for exactly one token, and a final `>` for one or
/// more.
///
/// ```
/// use hubbub::{Pattern, Topic};
///
/// let matches = |pattern: &str, topic: &str| {
///     Pattern::new(pattern).expect("a pattern").matches(&Topic::new(topic).expect("a topic"))
/// };
/// assert!(matches("ingest.*", "ingest.builds") && !matches("ingest.*", "ingest.builds.eu"));
/// assert!(matches("ingest.>", "ingest.builds.eu") && !matches("ingest.>", "ingest"));
/// ```
///
/// A text that a user sends may be a wildcard, and then means more than the user may see. A topic never does:
///
/// ```
/// use hubbub::{Pattern, Topic};
///
/// let of_user = |text: &str| Topic::new(text).map(Pattern::from);
/// assert!(of_user("ingest.*").is_err() && of_user(">").is_err());
/// assert_eq!(of_user("ingest.builds").ok().and_then(|pattern| pattern.as_topic()), Topic::new("ingest.builds").ok());
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pattern(Arc<str>);

/// The error for a text that is not a topic or a pattern.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TopicError {
    /// The text is empty, or longer than [`MAX_TOPIC_BYTES`].
    #[error("{0} bytes long: must be 1 ..= {MAX_TOPIC_BYTES}")]
    Length(usize),
    /// The text has two dots in a row, or a dot at an end.
    #[error("{0:?} has an empty token: tokens are separated by single dots")]
    EmptyToken(String),
    /// The text has a character that is not allowed in a token.
    #[error("{text:?} has {character:?}: a token is made of A-Z a-z 0-9 _ -")]
    Character {
        /// The whole text.
        text: String,
        /// The first character that is not allowed.
        character: char,
    },
    /// The text names topics that are not those of tables.
    #[error("{0:?} does not begin with {TABLES}")]
    NotOfTables(String),
    /// The text has a `>` before its last token.
    #[error("{0:?} has a > that is not the last token")]
    TailNotLast(String),
}

impl Topic {
    /// Checks a text and makes it a topic.
    ///
    /// # Errors
    /// When it is empty, too long, has an empty token or a character outside `A-Z a-z 0-9 _ - .`.
    pub fn new(text: &str) -> Result<Self, TopicError> {
        check_length(text)?;
        text.split('.').try_for_each(|token| check_token(text, token))?;
        Ok(Self(text.into()))
    }

    /// The topic of a table: `ingest.<table>`.
    ///
    /// # Errors
    /// When the table's name is not exactly one token.
    pub fn of_table(table: &str) -> Result<Self, TopicError> {
        check_token(table, table)?;
        Self::new(&format!("{TABLES}{table}"))
    }

    /// Checks a text and makes it a topic that begins with `ingest.`, as those of tables do.
    ///
    /// # Errors
    /// In the cases of [`Topic::new`], and when the text begins otherwise.
    pub fn of_tables(text: &str) -> Result<Self, TopicError> {
        check_prefix(text)?;
        Self::new(text)
    }

    /// The name of the topic's table, or the whole topic if it is not that of a table.
    pub fn table(&self) -> &str {
        self.0.strip_prefix(TABLES).unwrap_or(&self.0)
    }

    /// The topic as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Pattern {
    /// Checks a text and makes it a pattern, which may have wildcards. For a text that is not trusted, make a
    /// [`Topic`] of it and a pattern of that.
    ///
    /// # Errors
    /// In the cases of [`Topic::new`], and when a `>` is not the last token.
    pub fn new(text: &str) -> Result<Self, TopicError> {
        check_length(text)?;
        let mut tokens = text.split('.').peekable();
        while let Some(token) = tokens.next() {
            match token {
                "*" => {}
                ">" if tokens.peek().is_none() => {}
                ">" => return Err(TopicError::TailNotLast(text.to_owned())),
                literal => check_token(text, literal)?,
            }
        }
        Ok(Self(text.into()))
    }

    /// Checks a text and makes it a pattern that begins with `ingest.`. So it matches topics of tables only, and no
    /// other topics that a program publishes to.
    ///
    /// ```
    /// use hubbub::Pattern;
    ///
    /// assert!(Pattern::of_tables("ingest.builds.*").is_ok());
    /// assert_eq!(Pattern::of_tables(">").expect_err("too much").to_string(), "\">\" does not begin with ingest.");
    /// ```
    ///
    /// # Errors
    /// In the cases of [`Pattern::new`], and when the text begins otherwise.
    pub fn of_tables(text: &str) -> Result<Self, TopicError> {
        check_prefix(text)?;
        Self::new(text)
    }

    /// Whether the pattern matches a topic.
    pub fn matches(&self, topic: &Topic) -> bool {
        self.takes(&topic.0)
    }

    /// Whether the pattern matches every topic that `other` matches.
    pub fn covers(&self, other: &Self) -> bool {
        self.takes(&other.0)
    }

    fn takes(&self, text: &str) -> bool {
        let mut tokens = text.split('.');
        for wanted in self.0.split('.') {
            match (wanted, tokens.next()) {
                // A tail is at least one token: without one left, the next arm refuses.
                (">", Some(_)) => return true,
                (_, None) => return false,
                // The other pattern's tail may be several tokens, and `*` is one.
                ("*", Some(">")) => return false,
                ("*", Some(_)) => {}
                (literal, Some(token)) if literal == token => {}
                (_, Some(_)) => return false,
            }
        }
        tokens.next().is_none()
    }

    /// The one topic that the pattern matches; `None` if it has a wildcard.
    pub fn as_topic(&self) -> Option<Topic> {
        (!self.0.contains(['*', '>'])).then(|| Topic(self.0.clone()))
    }

    /// The pattern as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Topic {
    type Err = TopicError;

    fn from_str(text: &str) -> Result<Self, TopicError> {
        Self::new(text)
    }
}

impl FromStr for Pattern {
    type Err = TopicError;

    fn from_str(text: &str) -> Result<Self, TopicError> {
        Self::new(text)
    }
}

impl From<&Topic> for Pattern {
    fn from(topic: &Topic) -> Self {
        Self(topic.0.clone())
    }
}

impl From<Topic> for Pattern {
    fn from(topic: Topic) -> Self {
        Self(topic.0)
    }
}

impl fmt::Display for Topic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Display for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

fn check_length(text: &str) -> Result<(), TopicError> {
    if (1..=MAX_TOPIC_BYTES).contains(&text.len()) { Ok(()) } else { Err(TopicError::Length(text.len())) }
}

fn check_prefix(text: &str) -> Result<(), TopicError> {
    check_length(text)?;
    if text.starts_with(TABLES) { Ok(()) } else { Err(TopicError::NotOfTables(text.to_owned())) }
}

fn check_token(text: &str, token: &str) -> Result<(), TopicError> {
    if token.is_empty() {
        return Err(TopicError::EmptyToken(text.to_owned()));
    }
    match token.chars().find(|c| !(c.is_ascii_alphanumeric() || matches!(c, '_' | '-'))) {
        Some(character) => Err(TopicError::Character { text: text.to_owned(), character }),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn matches(pattern: &str, topic: &str) -> bool {
        Pattern::new(pattern).unwrap().matches(&Topic::new(topic).unwrap())
    }

    #[test]
    fn a_star_is_exactly_one_token() {
        assert!(matches("ingest.*", "ingest.orders"));
        assert!(!matches("ingest.*", "ingest"));
        assert!(!matches("ingest.*", "ingest.orders.eu"));
        assert!(matches("*.orders", "ingest.orders"));
    }

    #[test]
    fn a_final_tail_is_one_token_or_more() {
        assert!(matches("ingest.>", "ingest.orders"));
        assert!(matches("ingest.>", "ingest.orders.eu"));
        assert!(!matches("ingest.>", "ingest"));
        assert!(matches(">", "ingest"));
    }

    #[test]
    fn a_literal_pattern_means_one_topic() {
        assert!(matches("ingest.orders", "ingest.orders"));
        assert!(!matches("ingest.orders", "ingest.order"));
        assert!(Pattern::new("ingest.orders").unwrap().as_topic().is_some());
        assert!(Pattern::new("ingest.*").unwrap().as_topic().is_none());
    }

    #[test]
    fn a_pattern_covers_another_that_means_no_topic_beside_its_own() {
        let covers = |one: &str, other: &str| Pattern::new(one).unwrap().covers(&Pattern::new(other).unwrap());
        for (one, other) in
            [("a.b", "a.b"), ("a.*", "a.b"), ("a.*", "a.*"), ("a.>", "a.*.c"), ("a.>", "a.>"), (">", "*")]
        {
            assert!(covers(one, other), "{one} {other}");
        }
        for (one, other) in [("a.b", "a.*"), ("a.*", "a.>"), ("a.*", "a.b.c"), ("a.>", "a"), ("a.*", "*.b"), ("*", ">")]
        {
            assert!(!covers(one, other), "{one} {other}");
        }
    }

    #[test]
    fn what_a_client_may_name_is_below_ingest_alone() {
        for text in ["ingest.a", "ingest.*", "ingest.>", "ingest.a.*.>"] {
            assert!(Pattern::of_tables(text).is_ok(), "{text}");
        }
        for text in [">", "*", "*.a", "ingest", "ingests.a", "admin.>", "", "ingest."] {
            assert!(Pattern::of_tables(text).is_err(), "{text}");
        }
        assert!(Topic::of_tables("ingest.a.b").is_ok());
        assert!(Topic::of_tables("ingest.*").is_err() && Topic::of_tables("a.b").is_err());
    }

    #[test]
    fn what_is_no_topic_is_refused_with_the_reason() {
        assert_eq!(Topic::new(""), Err(TopicError::Length(0)));
        assert_eq!(Topic::new("a..b"), Err(TopicError::EmptyToken("a..b".into())));
        assert_eq!(
            Topic::new("a.b c").unwrap_err().to_string(),
            "\"a.b c\" has ' ': a token is made of A-Z a-z 0-9 _ -"
        );
        assert_eq!(Pattern::new("a.>.b"), Err(TopicError::TailNotLast("a.>.b".into())));
        assert!(Topic::new("a.*").is_err() && Topic::of_table("a.b").is_err() && Topic::of_table("").is_err());
        assert_eq!(Topic::new(&"x".repeat(300)), Err(TopicError::Length(300)));
    }
}
