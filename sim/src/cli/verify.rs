//! `verify`: the testbed beside queueing theory.

use std::path::{Path, PathBuf};

use super::exit::{Exit, Failure};
use super::options::VerifyOptions;
use super::{console, files, run};
use crate::report;
use crate::summary::json;
use crate::theory::document::Verify;
use crate::verify::{self, Extent};

/// Runs it, and leaves its files.
pub(super) fn verify(options: &VerifyOptions) -> Result<Exit, Failure> {
    let folder = folder(options);
    if let Some(folder) = &folder {
        files::prepare(folder)?;
    }
    let extent = if options.quick { Extent::QUICK } else { Extent::FULL };
    let mut found = verify::verify(&extent, options.threads.number(), &console::Bars::new())?;
    found.command = format!("cargo sim verify{}", if options.quick { " --quick" } else { "" });
    // Everything is drawn and printed from the document as it is written: its numbers are rounded.
    let text = json::stable(&found);
    let found: Verify = serde_json::from_str(&text).unwrap_or(found);
    match options.json.as_deref() {
        Some(path) if path == Path::new("-") => console::print(&text),
        Some(path) => files::write_one(path, &text)?,
        None => console::print(&report::theory::terminal(&found)),
    }
    if let Some(folder) = folder {
        files::write_all(&folder, &files::of_theory(&found))?;
        console::note(&format!("wrote {}/", folder.display()));
        if options.is_published() {
            run::fill_docs().unwrap_or_else(|why| console::note(&format!("not filled: {why}")));
        }
    }
    Ok(if found.inside_all { Exit::AsExpected } else { Exit::Violated })
}

fn folder(options: &VerifyOptions) -> Option<PathBuf> {
    match &options.out {
        Some(out) => Some(out.join(files::THEORY)),
        None if options.is_published() => Some(Path::new(files::PUBLISHED).join(files::THEORY)),
        None => None,
    }
}
