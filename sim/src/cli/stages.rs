//! `stages`: one mailbox beside two stages.

use std::path::Path;

use super::evidence::{self, Forms};
use super::exit::{Exit, Failure};
use super::options::StagesOptions;
use super::{console, files, progress};
use crate::summary::json;
use crate::summary::stages::Stages;
use crate::{report, stages};

/// Replications, and those of the quick form.
const SEEDS: u64 = 8;
const FEW_SEEDS: u64 = 1;

/// Compares, and leaves its files; or says whether what is published is still so.
pub(super) fn run(options: &StagesOptions) -> Result<Exit, Failure> {
    if options.check {
        return check(options);
    }
    let evidence = &options.evidence;
    let forms = Forms { folder: files::STAGES, terminal: report::stages::terminal, files: files::of_stages };
    evidence::prepare(evidence, &forms)?;
    evidence::leave(compared(options)?, evidence, &forms)?;
    Ok(Exit::AsExpected)
}

fn check(options: &StagesOptions) -> Result<Exit, Failure> {
    let file = Path::new(files::PUBLISHED).join(files::STAGES).join(files::STAGED);
    let name = file.display();
    let published = std::fs::read_to_string(&file).map_err(|why| Failure::input(format!("{name}: {why}")))?;
    if published == json::stable(&compared(options)?) {
        console::note(&format!("{name}: as published"));
        return Ok(Exit::AsExpected);
    }
    console::complain(&format!("{name}: differs from the published file; cargo sim stages writes it again"));
    Ok(Exit::Violated)
}

fn compared(options: &StagesOptions) -> Result<Stages, Failure> {
    let seeds = if options.evidence.quick { FEW_SEEDS } else { SEEDS };
    let found = stages::stages(seeds, options.threads.number(), &progress::Bars::new())?;
    Ok(Stages { command: options.evidence.command("stages"), ..found })
}
