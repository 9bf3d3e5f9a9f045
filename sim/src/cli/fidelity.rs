//! `fidelity`: both worlds side by side.

use super::evidence::{self, Forms};
use super::exit::{Exit, Failure};
use super::options::EvidenceOptions;
use super::{files, interrupt, progress};
use crate::fidelity::{self, FidelityExtent};
use crate::{real, report};

/// Most clients of a plan, amply.
const MOST_CLIENTS: usize = 64;

/// Compares, and leaves its files.
pub(super) fn run(options: &EvidenceOptions) -> Result<Exit, Failure> {
    let forms = Forms { folder: files::WORLDS, terminal: report::worlds::terminal, files: files::of_worlds };
    real::need_files(MOST_CLIENTS)?;
    evidence::prepare(options, &forms)?;
    interrupt::catch();
    let extent = if options.quick { FidelityExtent::QUICK } else { FidelityExtent::FULL };
    let mut found = fidelity::fidelity(&extent, &progress::Bars::new(), &|| !interrupt::was_caught())?;
    found.command = options.command("fidelity");
    let found = evidence::leave(found, options, &forms)?;
    Ok(if found.agree_all { Exit::AsExpected } else { Exit::Violated })
}
