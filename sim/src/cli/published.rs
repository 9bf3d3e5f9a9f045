//! What is published in `plots/`: its documents, and the figures and tables that are pure functions of them.

use std::path::{Path, PathBuf};

use super::exit::{Exit, Failure};
use super::files::{self, File};
use super::options::DocsOptions;
use super::{console, pages, run};

/// Makes figures, tables and generated parts of pages anew from the documents; or names what is not as it would be.
pub(super) fn docs(options: &DocsOptions) -> Result<Exit, Failure> {
    let folders = files::published_folders()?;
    if options.check {
        let mut differing: Vec<_> = folders.iter().flat_map(|(folder, files)| differences(folder, files)).collect();
        differing.extend(stale_pages()?);
        differing.iter().for_each(|line| console::complain(line));
        if differing.is_empty() {
            return Ok(Exit::AsExpected);
        }
        console::note("cargo sim docs makes these again");
        return Ok(Exit::Violated);
    }
    for (folder, files) in &folders {
        // A folder that is as it should be stays untouched, so that the notes name what has changed.
        if !differences(folder, files).is_empty() {
            files::write_all(folder, files)?;
            console::note(&format!("drew {}/", folder.display()));
        }
    }
    run::fill_docs()?;
    Ok(Exit::AsExpected)
}

/// The files of a folder that are not what its document gives, and the figures that nothing makes.
pub(super) fn differences(folder: &Path, files: &[File]) -> Vec<String> {
    let is_as_made = |(name, content): &&File| std::fs::read(folder.join(name)).ok().as_ref() == Some(content);
    let differ = files.iter().filter(|file| !is_as_made(file)).map(|(name, _)| folder.join(name));
    let mut lines: Vec<_> =
        differ.map(|file| format!("{}: not what the document beside it gives", file.display())).collect();
    let is_made = |figure: &PathBuf| files.iter().any(|(name, _)| folder.join(name) == *figure);
    let figures = files::figure_files(folder).unwrap_or_default();
    lines.extend(
        figures.iter().filter(|figure| !is_made(figure)).map(|f| format!("{}: nothing makes this file", f.display())),
    );
    lines
}

/// The pages whose generated parts are not what the documents give.
pub(super) fn stale_pages() -> Result<Vec<String>, Failure> {
    let stale = pages::pages()?.into_iter().filter(|(_, text, filled)| text != filled);
    Ok(stale.map(|(page, ..)| format!("{page}: not what plots/ give")).collect())
}
