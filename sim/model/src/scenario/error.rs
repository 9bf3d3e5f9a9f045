//! What can be wrong with a scenario. Every message is one line: where, the value, what is allowed.

use std::io;

use super::TraceError;

/// Why there is no scenario.
#[derive(Debug, thiserror::Error)]
pub enum ScenarioError {
    /// The file cannot be read.
    #[error("{file}: cannot be read: {cause}")]
    Unreadable {
        /// Its path.
        file: String,
        /// The system's answer.
        cause: io::Error,
    },
    /// The file is not TOML, or not the TOML of a scenario.
    #[error("{place}: {message}")]
    Syntax {
        /// File and line, and the line's text where that helps.
        place: String,
        /// What is wrong.
        message: String,
    },
    /// A value makes no sense.
    #[error("{file}: {field} = {value}: {allowed}")]
    Field {
        /// Path or built-in name.
        file: String,
        /// Path of the field, classes counted from 0.
        field: String,
        /// The value as given.
        value: String,
        /// What is allowed.
        allowed: String,
    },
    /// There is no built-in scenario of that name.
    #[error("scenario {name:?}: must be one of {known}, or a path that ends in .toml or has a /")]
    UnknownName {
        /// The name asked for.
        name: String,
        /// The names there are.
        known: String,
    },
    /// The scenario's trace is wrong.
    #[error(transparent)]
    Trace(#[from] TraceError),
}

impl ScenarioError {
    /// The message without the file's name, where a report has named the file already.
    pub fn without_place(&self) -> String {
        match self {
            Self::Field { field, value, allowed, .. } => format!("{field} = {value}: {allowed}"),
            Self::Syntax { message, .. } => message.clone(),
            Self::Unreadable { .. } | Self::UnknownName { .. } | Self::Trace(_) => self.to_string(),
        }
    }
}

/// A value that makes no sense, before it is known whose it is.
#[derive(Debug)]
pub(super) struct Wrong {
    pub(super) field: String,
    pub(super) value: String,
    pub(super) allowed: String,
}

impl Wrong {
    pub(super) fn new(field: impl Into<String>, value: impl ToString, allowed: impl Into<String>) -> Self {
        Self { field: field.into(), value: value.to_string(), allowed: allowed.into() }
    }

    pub(super) fn in_file(self, file: &str) -> ScenarioError {
        ScenarioError::Field { file: file.to_owned(), field: self.field, value: self.value, allowed: self.allowed }
    }
}

/// A TOML error as one line that quotes the line it is about.
pub(super) fn syntax(file: &str, text: &str, error: &toml::de::Error) -> ScenarioError {
    let start = error.span().map_or(0, |span| span.start);
    // The parser may use several lines, and this program promises one for each error.
    let message = error.message().replace('\n', ", ");
    // A missing field has no line to quote: its span is the table that lacks it.
    let is_quoted = !message.starts_with("missing field");
    syntax_at(file, text, start, is_quoted, message)
}

/// What is wrong at a byte of the file, with the number of the line and, where that helps, its text.
pub(super) fn syntax_at(file: &str, text: &str, start: usize, is_quoted: bool, message: String) -> ScenarioError {
    const MOST_QUOTED_CHARS: usize = 80;
    // By `get`: a span that ends inside a character must not panic.
    let before = text.get(..start.min(text.len())).unwrap_or("");
    let line = before.matches('\n').count() + 1;
    let quoted = text.lines().nth(line - 1).filter(|_| is_quoted).unwrap_or("").trim();
    // A control character of a broken file must not reach the terminal.
    let quoted: String = quoted.chars().filter(|c| !c.is_control()).take(MOST_QUOTED_CHARS).collect();
    let place = if quoted.is_empty() { format!("{file}:{line}") } else { format!("{file}:{line}: `{quoted}`") };
    // Incidents and traces are files of this program too, and easily given to the wrong command.
    let is_json = file.ends_with(".json") || file.ends_with(".jsonl");
    let form = if is_json { ": a scenario is TOML; sim replay FILE runs an incident" } else { "" };
    ScenarioError::Syntax { place, message: format!("{message}{form}") }
}
