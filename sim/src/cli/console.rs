//! What goes to the terminal: results to stdout, everything else to stderr.

use std::io::{self, Write};

/// A result. A reader that has gone away ends nothing but the printing.
pub(super) fn print(text: &str) {
    let _ = io::stdout().lock().write_all(text.as_bytes());
}

/// A note beside the result.
pub(super) fn note(text: &str) {
    // With standard error closed, there is nobody to tell that this failed.
    let _ = writeln!(io::stderr().lock(), "{text}");
}

/// What is wrong, in one line.
pub(super) fn complain(text: &str) {
    note(&format!("sim: {text}"));
}

pub(super) fn complain_as_it_is(text: &str) {
    let _ = io::stderr().lock().write_all(text.as_bytes());
}
