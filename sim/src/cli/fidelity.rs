//! `fidelity`: both worlds side by side, and the model of TCP beside the kernel's.

use std::path::{Path, PathBuf};

use super::evidence::{self, Forms};
use super::exit::{Exit, Failure};
use super::options::{EvidenceOptions, FidelityOptions, PathsPart};
use super::{console, files, interrupt, progress};
use crate::fidelity::{self, FidelityExtent, Kept, PathsExtent};
use crate::summary::comparison::Fidelity;
use crate::{emulated, real, report};

/// Most clients of a plan, amply.
const MOST_CLIENTS: usize = 64;

/// What is made of the comparison.
const FORMS: Forms<Fidelity> =
    Forms { folder: files::WORLDS, terminal: report::worlds::terminal, files: files::of_worlds };

/// Compares, and leaves its files.
pub(super) fn run(options: &FidelityOptions) -> Result<Exit, Failure> {
    real::need_files(MOST_CLIENTS)?;
    evidence::prepare(&options.evidence, &FORMS)?;
    match options.paths {
        Some(part) => paths(&options.evidence, part),
        None => worlds(&options.evidence),
    }
}

fn worlds(options: &EvidenceOptions) -> Result<Exit, Failure> {
    interrupt::catch();
    let extent = if options.quick { FidelityExtent::QUICK } else { FidelityExtent::FULL };
    let mut found = fidelity::fidelity(&extent, &progress::Bars::new(), &|| !interrupt::was_caught())?;
    found.command = options.command("fidelity");
    // The rows of paths are measured by a command of their own, and stay.
    if let Some(before) = before(options)? {
        found.paths = before.paths;
        found.unmodelled_paths = before.unmodelled_paths;
        found.paths_measured = before.paths_measured;
    }
    let found = evidence::leave(found, options, &FORMS)?;
    Ok(if found.agree_all { Exit::AsExpected } else { Exit::Violated })
}

fn paths(options: &EvidenceOptions, part: PathsPart) -> Result<Exit, Failure> {
    // Before anything is measured: where there can be no such paths, it is said at once.
    emulated::check()?;
    interrupt::catch();
    let extent = match part {
        PathsPart::Measure if options.quick => PathsExtent::QuickMeasure,
        PathsPart::All | PathsPart::Fitted if options.quick => PathsExtent::Quick,
        PathsPart::All => PathsExtent::All,
        PathsPart::Fitted => PathsExtent::Fitted,
        PathsPart::Measure => PathsExtent::Measure,
    };
    let folder = options.folder(FORMS.folder).map(|folder| folder.join(files::PATHS));
    let kept = KeptIn(folder);
    let found = fidelity::paths(extent, &kept, &progress::Bars::new(), &|| !interrupt::was_caught())?;
    for row in &found.measured {
        console::note(row);
    }
    for row in &found.late {
        console::complain(&format!("{row}: the emulated links were late, so that it is no evidence; run it again"));
    }
    if part == PathsPart::Measure {
        return Ok(if found.late.is_empty() { Exit::AsExpected } else { Exit::Violated });
    }
    let agrees = found.meets_the_target(extent);
    if part == PathsPart::Fitted || options.quick {
        console::print(&report::paths::terminal(&found.rows, &found.measured_on));
        return Ok(if agrees { Exit::AsExpected } else { Exit::Violated });
    }
    let mut document = before(options)?.unwrap_or_else(fidelity::without_plans);
    document.paths = found.rows;
    document.unmodelled_paths = found.unmodelled;
    document.paths_measured = Some(found.measured_on);
    evidence::leave(document, options, &FORMS)?;
    Ok(if agrees { Exit::AsExpected } else { Exit::Violated })
}

/// What was published before in the same folder.
fn before(options: &EvidenceOptions) -> Result<Option<Fidelity>, Failure> {
    options.folder(FORMS.folder).map_or(Ok(None), |folder| files::compared(&folder))
}

/// Measured rows as files of a folder; without one, nothing is kept.
struct KeptIn(Option<PathBuf>);

impl KeptIn {
    fn file(folder: &Path, name: &str) -> PathBuf {
        folder.join(format!("{name}.json"))
    }
}

impl Kept for KeptIn {
    fn find(&self, name: &str) -> Option<String> {
        std::fs::read_to_string(Self::file(self.0.as_ref()?, name)).ok()
    }

    fn keep(&self, name: &str, text: &str) -> Result<(), String> {
        let Some(folder) = &self.0 else { return Ok(()) };
        let written = files::prepare(folder).and_then(|()| files::write_one(&Self::file(folder, name), text));
        written.map_err(|why| why.to_string())
    }
}
