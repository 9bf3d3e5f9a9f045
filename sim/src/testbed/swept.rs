//! What a sweep of a server leaves: a document, figures, and a page of text.

use std::collections::BTreeMap;
use std::fmt;
use std::fs;
use std::path::Path;

use super::size::ServerSize;
use super::{Objective, TestbedError};
use crate::figure::{self, Figure};
use crate::report;
use crate::summary::document::{Cell, Sweep};
use crate::summary::json;
use crate::world::Exactness;

/// A sweep of a server under test. It prints as a page of at most 80 columns.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct ServerSweep {
    /// The name of the server.
    pub server: String,
    #[doc(hidden)]
    pub document: Sweep,
    /// The size that the server had, by the size it was asked for.
    pub effective: BTreeMap<usize, usize>,
    /// The sizes that were found, by N.
    pub sizes: Vec<ServerSize>,
    /// How exact the times are: of all runs, the least exact.
    pub exactness: Exactness,
}

impl ServerSweep {
    /// What came of the runs: a cell for each N and each size that the server can have, in that order.
    #[must_use]
    pub fn cells(&self) -> &[Cell] {
        &self.document.cells
    }

    /// For every N, the smallest swept buffer in frames from which every larger one that was swept meets an objective;
    /// `None` where the largest does not.
    #[must_use]
    pub fn smallest_meeting(&self, objective: &Objective) -> BTreeMap<usize, Option<u64>> {
        let mut by_n = BTreeMap::new();
        // Cells are in the order of N and size: a size that fails takes back what smaller ones gave.
        for cell in &self.document.cells {
            let smallest = by_n.entry(cell.subscribers).or_insert(None);
            *smallest = if objective.judge(cell).is_empty() { smallest.or(Some(cell.buffer)) } else { None };
        }
        by_n
    }

    /// The figures of [`ServerSweep::write`]: drop rate, memory and latency.
    #[must_use]
    pub fn figures(&self) -> Vec<Figure> {
        figure::draw(&self.as_written())
    }

    /// Writes the document as `sweep.json`, and figures as SVG and PNG, into a folder, which is made.
    ///
    /// # Errors
    /// When a file cannot be written.
    pub fn write(&self, folder: &Path) -> Result<(), TestbedError> {
        fs::create_dir_all(folder).map_err(|why| failed(folder, why))?;
        let mut files = vec![("sweep.json".to_owned(), json::to_json(&self.document).into_bytes())];
        for figure in self.figures() {
            files.push((format!("{}.svg", figure.name), figure.svg.into_bytes()));
            files.push((format!("{}.png", figure.name), figure.png));
        }
        for (name, content) in files {
            let path = folder.join(name);
            fs::write(&path, content).map_err(|why| failed(&path, why))?;
        }
        Ok(())
    }
}

impl ServerSweep {
    /// The document as it is written, with rounded numbers: the file alone gives the same figures.
    fn as_written(&self) -> Sweep {
        json::from_json(&json::to_json(&self.document)).unwrap_or_else(|_| self.document.clone())
    }
}

pub(super) fn failed(path: &Path, why: std::io::Error) -> TestbedError {
    TestbedError::File { path: path.display().to_string(), why }
}

impl fmt::Display for ServerSweep {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", report::terminal_of_cells(&self.document))?;
        for size in &self.sizes {
            write!(f, "\n{}", report::prose(&self.told_of(size), ""))?;
        }
        for (asked, had) in self.effective.iter().filter(|(asked, had)| asked != had) {
            write!(f, "\n{}", report::prose(&format!("Asked for {asked} frames, the server has {had}."), ""))?;
        }
        write!(f, "\n{}", report::prose(&self.exactness_in_words(), ""))
    }
}

impl ServerSweep {
    fn told_of(&self, size: &ServerSize) -> String {
        let ServerSize { subscribers, frames, tried, runs, risk_upper95, .. } = size;
        let tried: Vec<_> =
            tried.iter().map(|(frames, (lossy, runs))| format!("{frames}: {lossy} of {runs}")).collect();
        let tried = tried.join(", ");
        match frames {
            Some(frames) => format!(
                "→ N = {subscribers}: {frames} frames. No larger size that was tried loses anything on {runs} seeds, so a \
                 further run loses something with a probability of at most {:.1} % (95 % confidence). Sizes tried, and runs \
                 that lost something: {tried}.",
                100.0 * risk_upper95
            ),
            None => format!("→ N = {subscribers}: no size. Sizes tried, and runs that lost something: {tried}."),
        }
    }

    fn exactness_in_words(&self) -> String {
        let server = &self.server;
        match self.exactness {
            Exactness::Nanosecond => format!("{server}: exact to the nanosecond."),
            Exactness::Tick { own_tasks, is_posted } => {
                let mut text = format!("{server}: exact to a tick of 1 ms, and not to the nanosecond.");
                if own_tasks > 0 {
                    text += &format!(
                        " The server had up to {own_tasks} tasks of its own, for which the world cannot wait."
                    );
                }
                if is_posted {
                    text += " Events were posted over the network, which carries requests in ticks.";
                }
                text
            }
        }
    }
}
