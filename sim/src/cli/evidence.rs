//! `verify`, `fidelity`, `stages` and `herd`: how what they found is shown and left, and compared with what is
//! published.

use std::path::Path;

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::exit::{Exit, Failure};
use super::files::File;
use super::options::EvidenceOptions;
use super::{console, files, run};
use crate::summary::json;

/// What is made of a document.
pub(super) struct Forms<T> {
    /// Subfolder.
    pub(super) folder: &'static str,
    pub(super) terminal: fn(&T) -> String,
    pub(super) files: fn(&T) -> Vec<File>,
}

/// Makes sure, before anything is run, that there is a place for the result.
pub(super) fn prepare<T>(options: &EvidenceOptions, forms: &Forms<T>) -> Result<(), Failure> {
    options.json.prepare()?;
    options.folder(forms.folder).as_deref().map_or(Ok(()), files::prepare)
}

/// Shows what was found and leaves its files, all of it made from the document as it is written: its numbers are
/// rounded.
pub(super) fn leave<T: Serialize + DeserializeOwned>(
    found: T,
    options: &EvidenceOptions,
    forms: &Forms<T>,
) -> Result<T, Failure> {
    let text = json::stable(&found);
    let found = serde_json::from_str(&text).unwrap_or(found);
    match options.json.file() {
        Some(file) => {
            files::write_one(file, &text)?;
            console::note(&format!("wrote {}", file.display()));
        }
        None if options.json.is_to_stdout() => console::print(&text),
        None => console::print(&(forms.terminal)(&found)),
    }
    if let Some(folder) = options.folder(forms.folder) {
        files::write_all(&folder, &(forms.files)(&found))?;
        console::note(&format!("wrote {}/", folder.display()));
        if options.is_published() {
            // No more than a note, because the result itself has been written.
            run::fill_docs().unwrap_or_else(|why| console::note(&format!("not filled: {why}")));
        }
    }
    Ok(found)
}

/// Whether a published document, given by its folder and its name, is what `command` writes now.
pub(super) fn check(
    (folder, document): (&str, &str),
    command: &str,
    now: impl FnOnce() -> Result<String, Failure>,
) -> Result<Exit, Failure> {
    let file = Path::new(files::PUBLISHED).join(folder).join(document);
    let name = file.display();
    // Before the runs: a document that is missing is known at once.
    let published = std::fs::read_to_string(&file).map_err(|why| Failure::input(format!("{name}: {why}")))?;
    if published == now()? {
        console::note(&format!("{name}: as published"));
        return Ok(Exit::AsExpected);
    }
    console::complain(&format!("{name}: differs from the published file; cargo sim {command} writes it again"));
    Ok(Exit::Violated)
}
