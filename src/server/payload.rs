//! The check of a published event: it must be UTF-8 text with one JSON object. A fault is told with its line and column
//! in the body that the publisher sent.

use serde::de::IgnoredAny;

/// A fault of a body, or of one line of it.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Wrong {
    what: String,
    /// Line and column, both from 1, with columns in bytes. `None` if the whole text is at fault.
    at: Option<(usize, usize)>,
}

impl Wrong {
    /// The message for a body that is one event, on any number of lines.
    pub(super) fn in_event(self) -> String {
        let Self { what, at } = self;
        at.map_or(format!("the body {what}"), |(line, column)| {
            format!("the body {what} at line {line} column {column}")
        })
    }

    /// The message for a batch with one event on each line. The checked text began at line `first` of the body.
    pub(super) fn in_batch(self, first: usize) -> String {
        let Self { what, at } = self;
        // The parser counts lines from 1, also at the end of an empty text.
        let line = first + at.map_or(0, |(line, _)| line - 1);
        let column = at.map_or(String::new(), |(_, column)| format!(" at column {column}"));
        format!("line {line} of the body {what}{column}")
    }
}

/// The body as text. This needs a check of its own: a JSON parser that keeps nothing does not look into strings.
pub(super) fn text(payload: &[u8]) -> Result<&str, Wrong> {
    std::str::from_utf8(payload).map_err(|why| {
        let before = &payload[..why.valid_up_to()];
        let line = 1 + before.iter().filter(|byte| **byte == b'\n').count();
        let column = 1 + before.iter().rev().take_while(|byte| **byte != b'\n').count();
        Wrong { what: "is not UTF-8 text".to_owned(), at: Some((line, column)) }
    })
}

/// Checks that a text is one JSON object, without keeping any of it.
pub(super) fn check_object(text: &str) -> Result<(), Wrong> {
    serde_json::from_str::<IgnoredAny>(text).map_err(|why| {
        let place = format!(" at line {} column {}", why.line(), why.column());
        let said = why.to_string();
        let what = format!("is not JSON: {}", said.strip_suffix(&place).unwrap_or(&said));
        Wrong { what, at: Some((why.line(), why.column())) }
    })?;
    // The text is valid JSON here, so its first byte tells its type.
    match text.trim_ascii_start().as_bytes().first() {
        Some(b'{') => Ok(()),
        _ => Err(Wrong { what: "must be a JSON object".to_owned(), at: None }),
    }
}

/// Whether bytes are what a server publishes: UTF-8 text with one JSON object.
#[cfg(feature = "jetstream")]
pub(crate) fn is_event(payload: &[u8]) -> bool {
    text(payload).is_ok_and(|text| check_object(text).is_ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_wrong_is_found_in_the_event_or_in_the_line_of_the_batch_and_said_once() {
        let wrong = || check_object("{\"a\":1,\n b}").unwrap_err();
        assert_eq!(wrong().in_event(), "the body is not JSON: key must be a string at line 2 column 2");
        let wrong = || check_object("{\"a\": nope}").unwrap_err();
        assert_eq!(wrong().in_event(), "the body is not JSON: expected ident at line 1 column 8");
        assert_eq!(wrong().in_batch(7), "line 7 of the body is not JSON: expected ident at column 8");
        assert_eq!(check_object(" [1]").unwrap_err().in_batch(7), "line 7 of the body must be a JSON object");
        let wrong = || text(b"{}\n{\"\xc3\xa9\xff").unwrap_err();
        assert_eq!(wrong().in_event(), "the body is not UTF-8 text at line 2 column 5");
        assert_eq!(wrong().in_batch(1), "line 2 of the body is not UTF-8 text at column 5");
    }
}
