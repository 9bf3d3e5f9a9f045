//! Results: each is printed as a part of a line, and kept for the file of `--json`.

use std::fs::File;
use std::io::Write;
use std::path::Path;

use serde::Serialize;

use crate::say;

/// One result. Its name is unique within its part.
#[derive(Debug, Serialize)]
pub(crate) struct Row {
    part: &'static str,
    row: String,
    value: f64,
    unit: &'static str,
    beside: Option<String>,
    ratio: Option<f64>,
}

impl Row {
    /// A result that is compared with nothing.
    pub(crate) fn new(row: impl Into<String>, value: f64, unit: &'static str) -> Self {
        Self { part: "", row: row.into(), value, unit, beside: None, ratio: None }
    }

    /// Compares the result with another value of the same unit.
    pub(crate) fn beside(self, what: impl Into<String>, other: f64) -> Self {
        // Two decimals, as it is printed.
        let ratio = (self.value / other * 100.0).round() / 100.0;
        Self { beside: Some(what.into()), ratio: Some(ratio), ..self }
    }

    /// Compares the result with the most that it may be.
    pub(crate) fn at_most(self, target: f64) -> Self {
        let what = format!("target: at most {target} {}", self.unit);
        self.beside(what, target)
    }

    /// The ratio to a target and whether it is met; nothing without a target.
    pub(crate) fn verdict(&self, target: Option<f64>) -> String {
        let (Some(target), Some(ratio)) = (target, self.ratio) else { return String::new() };
        let verdict = if self.value <= target { "met" } else { "missed" };
        format!("{ratio:.2} of {target}: {verdict}")
    }
}

/// A line of text with results in it.
#[derive(Default)]
pub(crate) struct Line {
    text: String,
    rows: Vec<Row>,
}

impl Line {
    pub(crate) fn new(text: &str) -> Self {
        Self::default().text(text)
    }

    pub(crate) fn text(mut self, text: &str) -> Self {
        self.text.push_str(text);
        self
    }

    /// Appends a result's value, right-aligned.
    pub(crate) fn value(mut self, width: usize, decimals: usize, row: Row) -> Self {
        self.text.push_str(&format!("{:>width$.decimals$}", row.value));
        self.rows.push(row);
        self
    }

    /// Appends a result's value in thousands, right-aligned.
    pub(crate) fn thousands(mut self, width: usize, row: Row) -> Self {
        self.text.push_str(&format!("{:>width$.0}k", row.value / 1000.0));
        self.rows.push(row);
        self
    }

    /// Appends the ratio of the last result to what it is compared with.
    pub(crate) fn ratio(mut self, width: usize) -> Self {
        let ratio = self.rows.last().and_then(|row| row.ratio).unwrap_or(f64::NAN);
        self.text.push_str(&format!("{ratio:>width$.2}"));
        self
    }

    /// Adds a result to the file only.
    pub(crate) fn unprinted(mut self, row: Row) -> Self {
        self.rows.push(row);
        self
    }
}

/// All results so far.
#[derive(Default)]
pub(crate) struct Rows {
    part: &'static str,
    rows: Vec<Row>,
}

impl Rows {
    /// Names the part that the next results belong to.
    pub(crate) fn begin(&mut self, part: &'static str) {
        self.part = part;
    }

    /// Prints a line and keeps its results.
    pub(crate) fn print(&mut self, line: Line) {
        say(&line.text);
        for row in line.rows {
            let is_new = self.rows.iter().all(|other| other.part != self.part || other.row != row.row);
            debug_assert!(is_new, "{}: two results named {}", self.part, row.row);
            self.rows.push(Row { part: self.part, ..row });
        }
    }

    /// Writes all results to a new file, as a JSON array.
    ///
    /// # Errors
    /// When there is such a file already, or it cannot be written.
    pub(crate) fn write(&self, path: &Path) -> std::io::Result<()> {
        let mut text = serde_json::to_vec_pretty(&self.rows)?;
        text.push(b'\n');
        let mut file = File::create_new(path)?;
        file.write_all(&text)
    }
}
