//! Header fields that a user gives for every request. Their values are secrets: nothing shows them.

use std::fmt;

use crate::client::REDACTED;

/// Most fields.
const MOST_FIELDS: usize = 64;
/// Longest value of a field, in bytes: servers take about as much.
const MOST_BYTES: usize = 8 * 1024;

/// Fields that say how this client reads. Another value would break it, or would be a lie.
const OWN: [&str; 11] = [
    "connection",
    "content-length",
    "content-type",
    "host",
    "last-event-id",
    "sec-websocket-extensions",
    "sec-websocket-key",
    "sec-websocket-version",
    "te",
    "transfer-encoding",
    "upgrade",
];

/// Header fields to send with every request.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct RequestHeaders {
    /// Names in lower case, and values.
    fields: Vec<(String, String)>,
}

/// A text that is not a header field which can be sent. It shows no value.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BadHeader {
    /// Without a colon.
    #[error("has no colon: must be 'Name: value'")]
    NoColon,
    /// The part before the colon.
    #[error("its name must be of letters, digits and !#$%&'*+-.^_`|~")]
    Name,
    /// The part behind it.
    #[error("the value of {0} must be 1 to {MOST_BYTES} printable characters of ASCII")]
    Value(String),
    /// Nothing behind the colon.
    #[error("{0} has no value: put the field in quotes, as 'Name: value'")]
    NoValue(String),
    /// A field that the client sets by itself.
    #[error("{0} is set by this program and cannot be given")]
    Own(String),
    /// Too many.
    #[error("is one too many: at most {MOST_FIELDS} can be sent")]
    TooMany,
}

impl RequestHeaders {
    /// Adds a field, as `Name: value`.
    ///
    /// # Errors
    /// When it is none, or none that can be given.
    pub fn add(&mut self, field: &str) -> Result<(), BadHeader> {
        let (name, value) = field.split_once(':').ok_or(BadHeader::NoColon)?;
        let is_token = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
        if name.is_empty() || !name.bytes().all(is_token) {
            return Err(BadHeader::Name);
        }
        let (name, value) = (name.to_ascii_lowercase(), value.trim());
        if OWN.contains(&name.as_str()) {
            return Err(BadHeader::Own(name));
        }
        // A line end in a value would begin a field of its own.
        let is_printable = value.bytes().all(|byte| byte == b'\t' || (b' '..=b'~').contains(&byte));
        if value.is_empty() {
            return Err(BadHeader::NoValue(name));
        }
        if value.len() > MOST_BYTES || !is_printable {
            return Err(BadHeader::Value(name));
        }
        if self.fields.len() == MOST_FIELDS {
            return Err(BadHeader::TooMany);
        }
        self.fields.push((name, value.to_owned()));
        Ok(())
    }

    /// Puts a field of this program in place of those of that name. It does not count towards the limit.
    pub(super) fn with(&self, name: &'static str, value: &'static str) -> Self {
        let others = self.fields.iter().filter(|(given, _)| given != name).cloned();
        Self { fields: others.chain([(name.to_owned(), value.to_owned())]).collect() }
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.fields.is_empty()
    }

    /// The names and values, in the order in which they were given.
    pub(super) fn fields(&self) -> impl Iterator<Item = (&str, &str)> {
        self.fields.iter().map(|(name, value)| (name.as_str(), value.as_str()))
    }

    /// The head of a request with these fields in it. They take the place of those with the same name.
    pub(super) fn in_head(&self, head: &str) -> String {
        if self.is_empty() {
            return head.to_owned();
        }
        let is_given = |line: &str| {
            line.split_once(':').is_some_and(|(name, _)| self.fields.iter().any(|(given, _)| given == name))
        };
        let lines = head.split_terminator("\r\n").filter(|line| !line.is_empty() && !is_given(line));
        let mut whole: String = lines.map(|line| format!("{line}\r\n")).collect();
        for (name, value) in &self.fields {
            whole.push_str(&format!("{name}: {value}\r\n"));
        }
        whole + "\r\n"
    }

    /// The options that gave them, without their values.
    #[must_use]
    pub fn redacted(&self) -> String {
        self.fields.iter().map(|(name, _)| format!(" --header '{name}: {REDACTED}'")).collect()
    }
}

impl fmt::Debug for RequestHeaders {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.fields.iter().map(|(name, _)| name)).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::client::{StreamFormat, request};

    #[test]
    fn fields_are_in_the_head_of_a_request_once_and_never_shown() {
        let mut headers = RequestHeaders::default();
        headers.add("Authorization: Bearer SECRET").unwrap();
        headers.add("cookie:a=SECRET; b=2").unwrap();
        headers.add("Accept: text/event-stream, */*").unwrap();
        let head = headers.in_head(&request("/a", "h", StreamFormat::Sse, Some("7-1")));
        assert_eq!(
            head,
            "GET /a HTTP/1.1\r\nhost: h\r\ncache-control: no-cache\r\nlast-event-id: 7-1\r\n\
             authorization: Bearer SECRET\r\ncookie: a=SECRET; b=2\r\naccept: text/event-stream, */*\r\n\r\n"
        );
        let shown = format!("{headers:?}{}", headers.redacted());
        assert!(shown.contains("--header 'authorization: REDACTED'") && !shown.contains("SECRET"), "{shown}");
    }

    #[test]
    fn what_is_no_field_that_can_be_given_says_why_and_not_what_it_was() {
        for (field, why) in [
            ("SECRET", "has no colon"),
            (": SECRET", "its name must be"),
            ("a b: SECRET", "its name must be"),
            ("a: SEC\r\nRET: x", "the value of a must be"),
            ("a:", "a has no value: put the field in quotes"),
            ("Sec-WebSocket-Extensions: SECRET", "sec-websocket-extensions is set by this program"),
            ("Host: SECRET", "host is set by this program"),
            ("Last-Event-ID: SECRET", "last-event-id is set by this program"),
        ] {
            let told = RequestHeaders::default().add(field).unwrap_err().to_string();
            assert!(told.contains(why) && !told.contains("SECRET"), "{told}");
        }
        let mut headers = RequestHeaders::default();
        for index in 0..MOST_FIELDS {
            headers.add(&format!("x-{index}: y")).unwrap();
        }
        assert_eq!(headers.add("x: y"), Err(BadHeader::TooMany));
        let with_own = headers.with("accept-encoding", "gzip");
        assert_eq!(with_own.fields().count(), MOST_FIELDS + 1);
        assert_eq!(with_own.with("accept-encoding", "br").fields().last(), Some(("accept-encoding", "br")));
        assert_eq!(with_own.with("accept-encoding", "br").fields().count(), MOST_FIELDS + 1);
        assert!(headers.add(&format!("y: {}", "x".repeat(MOST_BYTES + 1))).is_err());
    }
}
