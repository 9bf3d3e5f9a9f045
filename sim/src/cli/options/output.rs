//! Options that say where the result goes as a single file.

use std::path::{Path, PathBuf};

use clap::Args;

use crate::cli::exit::Failure;
use crate::cli::files;

#[derive(Debug, Clone, Args)]
pub(in crate::rooms::cli) struct JsonOptions {
    /// Print the result as JSON and nothing else (-), or write it to a file that does not exist yet
    #[arg(long, value_name = "-|FILE")]
    json: Option<PathBuf>,
    /// Replace a file that exists, instead of refusing it
    #[arg(long)]
    force: bool,
}

/// The result as a file that explains itself.
#[derive(Debug, Clone, Args)]
pub(in crate::rooms::cli) struct ReportOptions {
    /// Write the result as one HTML file to send, which needs no other file: the answer, figures with values under the
    /// pointer, tables that sort; to a file that does not exist yet
    #[arg(long, value_name = "FILE.html")]
    report: Option<PathBuf>,
}

impl ReportOptions {
    pub(in crate::rooms::cli) fn file(&self) -> Option<&Path> {
        self.report.as_deref()
    }
}

impl JsonOptions {
    pub(in crate::rooms::cli) fn is_to_stdout(&self) -> bool {
        self.json.as_deref() == Some(Path::new("-"))
    }

    /// The file, where it is one.
    pub(in crate::rooms::cli) fn file(&self) -> Option<&Path> {
        self.json.as_deref().filter(|_| !self.is_to_stdout())
    }

    /// Whether a file that exists is replaced.
    pub(in crate::rooms::cli) fn is_forced(&self) -> bool {
        self.force
    }

    /// Makes sure, before anything is run, that the result can be written.
    pub(in crate::rooms::cli) fn prepare(&self) -> Result<(), Failure> {
        self.prepare_beside(false)
    }

    /// Checks the file of `--json` before a run, as `prepare`, and lets `--force` be about another file instead.
    pub(in crate::rooms::cli) fn prepare_beside(&self, has_other_file: bool) -> Result<(), Failure> {
        match self.file() {
            Some(file) => files::prepare_one("--json", file, self.force),
            None if self.force && !has_other_file && self.is_to_stdout() => {
                Err(Failure::input("--force: --json - writes no file"))
            }
            None if self.force && !has_other_file => {
                Err(Failure::input("--force: there is no file to replace without --json FILE"))
            }
            None => Ok(()),
        }
    }
}
