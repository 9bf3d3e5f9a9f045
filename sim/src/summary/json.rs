//! The sweep document as text: what is written is byte-stable and reads back as what is drawn.
//!
//! Floats keep six significant digits, keys stand in the order of the structs, and a list of plain numbers stays on
//! one line, so that a difference between two sweeps is a short one. The room knows no file.

use std::io::{Error, Write};

use serde::Serialize;
use serde_json::ser::Formatter;

use super::document::Sweep;

/// The document as indented JSON with a final newline.
///
/// # Panics
/// Never: the document has string keys only, and writing to memory does not fail.
#[must_use]
pub fn to_json(sweep: &Sweep) -> String {
    stable(sweep)
}

/// Any document of plain data in that form.
///
/// # Panics
/// Where it has keys that are no strings.
#[must_use]
pub fn stable(document: &impl Serialize) -> String {
    let mut text = Vec::new();
    let mut serializer = serde_json::Serializer::with_formatter(&mut text, Stable::default());
    document.serialize(&mut serializer).expect("a document is plain data");
    text.push(b'\n');
    String::from_utf8(text).expect("JSON is UTF-8")
}

/// Reads a document back.
///
/// # Errors
/// The text is no JSON, or not of this shape.
pub fn from_json(text: &str) -> Result<Sweep, serde_json::Error> {
    serde_json::from_str(text)
}

/// The value with six significant digits.
#[must_use]
pub fn rounded(value: f64) -> f64 {
    // Through text: arithmetic in binary would leave digits behind the sixth, and the written form would show them.
    format!("{value:.5e}").parse().unwrap_or(value)
}

/// Objects over lines, lists of scalars on one, floats rounded.
#[derive(Default)]
struct Stable {
    depth: usize,
    /// Of the open lists: whether they were broken over lines.
    broken: Vec<bool>,
    /// A list element is due whose kind is not known yet; true for the first.
    due: Option<bool>,
    /// Whether the object that ends had any member.
    has_member: bool,
}

impl Stable {
    fn new_line<W: ?Sized + Write>(&self, writer: &mut W) -> Result<(), Error> {
        writer.write_all(b"\n")?;
        (0..self.depth).try_for_each(|_| writer.write_all(b"  "))
    }

    fn scalar<W: ?Sized + Write>(&mut self, writer: &mut W) -> Result<(), Error> {
        match self.due.take() {
            Some(false) => writer.write_all(b", "),
            Some(true) | None => Ok(()),
        }
    }

    fn nested<W: ?Sized + Write>(&mut self, writer: &mut W) -> Result<(), Error> {
        let Some(first) = self.due.take() else { return Ok(()) };
        if let Some(broken) = self.broken.last_mut() {
            *broken = true;
        }
        if !first {
            writer.write_all(b",")?;
        }
        self.new_line(writer)
    }
}

// Booleans and signed numbers keep the library's form, which puts no comma before them: no document has a list of
// these.
impl Formatter for Stable {
    fn write_null<W: ?Sized + Write>(&mut self, writer: &mut W) -> Result<(), Error> {
        self.scalar(writer)?;
        writer.write_all(b"null")
    }

    fn write_u64<W: ?Sized + Write>(&mut self, writer: &mut W, value: u64) -> Result<(), Error> {
        self.scalar(writer)?;
        write!(writer, "{value}")
    }

    fn write_f64<W: ?Sized + Write>(&mut self, writer: &mut W, value: f64) -> Result<(), Error> {
        self.scalar(writer)?;
        // The debug form is the shortest that reads back, with ".0" behind whole numbers.
        write!(writer, "{:?}", rounded(value))
    }

    fn begin_string<W: ?Sized + Write>(&mut self, writer: &mut W) -> Result<(), Error> {
        self.scalar(writer)?;
        writer.write_all(b"\"")
    }

    fn begin_array<W: ?Sized + Write>(&mut self, writer: &mut W) -> Result<(), Error> {
        self.nested(writer)?;
        self.depth += 1;
        // A list stays on one line until an object or another list comes in it.
        self.broken.push(false);
        writer.write_all(b"[")
    }

    fn begin_array_value<W: ?Sized + Write>(&mut self, _: &mut W, first: bool) -> Result<(), Error> {
        // The comma waits, because its place depends on what the element is.
        self.due = Some(first);
        Ok(())
    }

    fn end_array<W: ?Sized + Write>(&mut self, writer: &mut W) -> Result<(), Error> {
        self.depth -= 1;
        if self.broken.pop() == Some(true) {
            self.new_line(writer)?;
        }
        writer.write_all(b"]")
    }

    fn begin_object<W: ?Sized + Write>(&mut self, writer: &mut W) -> Result<(), Error> {
        self.nested(writer)?;
        self.depth += 1;
        self.has_member = false;
        writer.write_all(b"{")
    }

    fn begin_object_key<W: ?Sized + Write>(&mut self, writer: &mut W, first: bool) -> Result<(), Error> {
        if !first {
            writer.write_all(b",")?;
        }
        self.new_line(writer)
    }

    fn begin_object_value<W: ?Sized + Write>(&mut self, writer: &mut W) -> Result<(), Error> {
        writer.write_all(b": ")
    }

    fn end_object_value<W: ?Sized + Write>(&mut self, _: &mut W) -> Result<(), Error> {
        self.has_member = true;
        Ok(())
    }

    fn end_object<W: ?Sized + Write>(&mut self, writer: &mut W) -> Result<(), Error> {
        self.depth -= 1;
        if self.has_member {
            self.new_line(writer)?;
        }
        writer.write_all(b"}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::summary::fixture;

    #[test]
    fn what_is_written_reads_back_and_is_written_the_same() {
        for sweep in fixture::all() {
            let text = to_json(&sweep);
            let read = from_json(&text).unwrap();
            assert_eq!(to_json(&read), text, "{}", sweep.scenario);
            assert_eq!(read.cells.len(), sweep.cells.len());
        }
    }

    #[test]
    fn floats_keep_six_digits() {
        let mut sweep = fixture::alpha();
        sweep.virtual_seconds = 59.999_999_99;
        sweep.arrivals.mean_per_second = 1.0 / 3.0;
        sweep.drain_seconds = 1e-7;
        let read = from_json(&to_json(&sweep)).unwrap();
        assert_eq!((read.virtual_seconds, read.arrivals.mean_per_second), (60.0, 0.333_333));
        assert_eq!(read.drain_seconds, 1e-7);
    }

    #[test]
    fn the_schema_comes_first_and_lists_of_numbers_stay_on_one_line() {
        let text = to_json(&fixture::alpha());
        assert!(text.starts_with("{\n  \"schema\": \"hubbub.sweep/2\",\n"));
        assert!(text.contains("\"seeds\": [0, 1, 2, 3, 4, 5, 6, 7],\n"));
        assert!(text.contains("\"cells\": [\n    {\n      \"policy\": \"drop-newest\",\n      \"subscribers\": 10,\n"));
        assert!(text.ends_with("\n}\n"), "the last brace stands alone");
    }

    #[test]
    fn an_empty_document_is_valid_json() {
        let text = to_json(&fixture::size_only());
        assert!(text.contains("\"cells\": [],\n"));
        assert!(serde_json::from_str::<serde_json::Value>(&text).is_ok());
    }

    #[test]
    fn a_value_that_is_no_number_becomes_null_and_not_a_panic() {
        let mut sweep = fixture::alpha();
        sweep.cells[0].drop_rate = Some(f64::NAN);
        assert_eq!(from_json(&to_json(&sweep)).unwrap().cells[0].drop_rate, None);
    }
}
