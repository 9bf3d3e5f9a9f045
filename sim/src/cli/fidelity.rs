//! `fidelity`: both worlds side by side.

use std::path::{Path, PathBuf};

use super::exit::{Exit, Failure};
use super::options::FidelityOptions;
use super::{console, files, interrupt, run};
use crate::fidelity::{self, Extent};
use crate::summary::comparison::Fidelity;
use crate::summary::json;
use crate::{real, report};

/// Most clients of a plan, amply.
const MOST_CLIENTS: usize = 64;

/// Compares, and leaves its files.
pub(super) fn run(options: &FidelityOptions) -> Result<Exit, Failure> {
    real::need_files(MOST_CLIENTS)?;
    let folder = folder(options);
    if let Some(folder) = &folder {
        files::prepare(folder)?;
    }
    interrupt::catch();
    let extent = if options.quick { Extent::QUICK } else { Extent::FULL };
    let mut found = fidelity::fidelity(&extent, &console::Bars::new(), &|| !interrupt::was_caught())?;
    found.command = format!("cargo sim fidelity{}", if options.quick { " --quick" } else { "" });
    let text = json::stable(&found);
    let found: Fidelity = serde_json::from_str(&text).unwrap_or(found);
    match options.json.as_deref() {
        Some(path) if path == Path::new("-") => console::print(&text),
        Some(path) => files::write_one(path, &text)?,
        None => console::print(&report::worlds::terminal(&found)),
    }
    if let Some(folder) = folder {
        files::write_all(&folder, &files::of_worlds(&found))?;
        console::note(&format!("wrote {}/", folder.display()));
        if options.out.is_none() {
            run::fill_docs().unwrap_or_else(|why| console::note(&format!("not filled: {why}")));
        }
    }
    Ok(if found.agree_all { Exit::AsExpected } else { Exit::Violated })
}

fn folder(options: &FidelityOptions) -> Option<PathBuf> {
    let is_published = !options.quick && options.json.as_deref() != Some(Path::new("-"));
    let parent = options.out.clone().or_else(|| is_published.then(|| PathBuf::from(files::PUBLISHED)));
    parent.map(|parent| parent.join(files::WORLDS))
}
