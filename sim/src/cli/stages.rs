//! `stages`: one mailbox beside two stages.

use std::path::Path;

use super::evidence::{self, Forms};
use super::exit::{Exit, Failure};
use super::options::StagesOptions;
use super::{console, files};
use crate::summary::json;
use crate::{report, stages};

/// Replications, and those of the quick form.
const SEEDS: u64 = 8;
const FEW_SEEDS: u64 = 1;

/// Compares, and leaves its files; or says how what is published differs.
pub(super) fn run(options: &StagesOptions) -> Result<Exit, Failure> {
    let evidence = &options.evidence;
    let forms = Forms { folder: files::STAGES, terminal: report::stages::terminal, files: files::of_stages };
    if !options.check {
        evidence::prepare(evidence, &forms)?;
    }
    let seeds = if evidence.quick { FEW_SEEDS } else { SEEDS };
    let mut found = stages::stages(seeds, options.threads.number(), &console::Bars::new())?;
    found.command = evidence.command("stages");
    if !options.check {
        evidence::leave(found, evidence, &forms)?;
        return Ok(Exit::AsExpected);
    }
    let file = Path::new(files::PUBLISHED).join(files::STAGES).join(files::STAGED);
    let published =
        std::fs::read_to_string(&file).map_err(|why| Failure::input(format!("{}: {why}", file.display())))?;
    let is_same = published == json::stable(&found);
    console::note(&format!("{}: {}", file.display(), if is_same { "as published" } else { "other than published" }));
    Ok(if is_same { Exit::AsExpected } else { Exit::Violated })
}
