//! `shrink`: an incident with less in it.

use std::path::Path;

use super::exit::{Exit, Failure};
use super::options::ShrinkOptions;
use super::progress::Bars;
use super::{console, files};
use crate::incident::IncidentError;
use crate::incident::shrink::{Size, aim, shrink};

/// Shrinks it, and writes what is left beside it or where it is told to.
pub(super) fn run(options: &ShrinkOptions) -> Result<Exit, Failure> {
    let name = options.file.display();
    let wrong = |why: IncidentError| Failure::input(format!("{name}: {why}"));
    let incident = files::incident(&options.file)?;
    let Some(aim) = aim(&incident) else {
        return Err(Failure::input(format!(
            "{name}: no subscriber loses anything and no law is broken: there is nothing to shrink to"
        )));
    };
    let out = options.out.clone().unwrap_or_else(|| beside(&options.file));
    files::prepare_one("--out", &out, options.force)?;
    let (shrunk, runs) = shrink(&incident, aim, options.most_runs, &Bars::new()).map_err(wrong)?;
    files::write_one(&out, &shrunk.to_json())?;
    let (before, after) = (Size::of(&incident.plan), Size::of(&shrunk.plan));
    let of_paths = match (after.of_paths, before.of_paths) {
        (0, 0) => String::new(),
        (after, before) => format!("  {after:>7} of {before:>7} paths, outages and lost time slots\n"),
    };
    console::print(&format!(
        "{aim}: still so after {runs} runs with\n  {:>7} of {:>7} subscribers\n  {:>7} of {:>7} faults\n{of_paths}  {:>7} of {:>7} \
         arrivals\n  {:>7.1} of {:>7.1} seconds\nwrote {}\n",
        after.subscribers,
        before.subscribers,
        after.faults,
        before.faults,
        after.arrivals,
        before.arrivals,
        after.time.as_secs_f64(),
        before.time.as_secs_f64(),
        out.display()
    ));
    Ok(Exit::AsExpected)
}

/// `FILE.json` becomes `FILE-shrunk.json`.
fn beside(file: &Path) -> std::path::PathBuf {
    let stem = file.file_stem().map_or_else(String::new, |stem| stem.to_string_lossy().into_owned());
    file.with_file_name(format!("{stem}-shrunk.json"))
}
