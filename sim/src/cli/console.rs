//! What goes to the terminal: results to stdout, everything else to stderr.

use std::io::{self, IsTerminal, Write};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};

use crate::runs::Progress;

/// A result. A reader that has gone away ends nothing but the printing.
pub(super) fn print(text: &str) {
    let _ = io::stdout().lock().write_all(text.as_bytes());
}

/// A note beside the result.
pub(super) fn note(text: &str) {
    let _ = writeln!(io::stderr().lock(), "{text}");
}

/// What is wrong, in one line.
pub(super) fn complain(text: &str) {
    note(&format!("sim: {text}"));
}

pub(super) fn complain_as_it_is(text: &str) {
    let _ = io::stderr().lock().write_all(text.as_bytes());
}

/// A bar with the time left on a terminal, nothing in a pipe; one after the other, all in the same place.
pub(super) struct Bars(Mutex<ProgressBar>);

impl Bars {
    pub(super) fn new() -> Self {
        Self(Mutex::new(ProgressBar::hidden()))
    }

    fn with<T>(&self, work: impl FnOnce(&mut ProgressBar) -> T) -> T {
        work(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Progress for Bars {
    fn begin(&self, what: &str, units: u64) {
        if !io::stderr().is_terminal() {
            return;
        }
        let style = ProgressStyle::with_template("{prefix:>12} [{bar:30}] {percent:>3} %  {eta} left");
        let bar = ProgressBar::new(units).with_prefix(what.to_owned());
        bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()).progress_chars("=> "));
        bar.enable_steady_tick(Duration::from_millis(500));
        self.with(|current| *current = bar);
    }

    fn advance(&self, units: u64) {
        self.with(|bar| bar.inc(units));
    }

    fn end(&self) {
        self.with(|bar| bar.finish_and_clear());
    }
}
