//! `stages`: one mailbox beside two stages.

use super::evidence::{self, Forms};
use super::exit::{Exit, Failure};
use super::options::RepeatedOptions;
use super::{files, progress};
use crate::summary::json;
use crate::summary::stages::Stages;
use crate::{report, stages};

/// Replications, and those of the quick form.
const SEEDS: u64 = 8;
const FEW_SEEDS: u64 = 1;

/// Compares, and leaves its files; or says whether what is published is still so.
pub(super) fn run(options: &RepeatedOptions) -> Result<Exit, Failure> {
    if options.check {
        return evidence::check((files::STAGES, files::STAGED), "stages", || Ok(json::stable(&compared(options)?)));
    }
    let evidence = &options.evidence;
    let forms = Forms { folder: files::STAGES, terminal: report::stages::terminal, files: files::of_stages };
    evidence::prepare(evidence, &forms)?;
    evidence::leave(compared(options)?, evidence, &forms)?;
    Ok(Exit::AsExpected)
}

fn compared(options: &RepeatedOptions) -> Result<Stages, Failure> {
    let seeds = if options.evidence.quick { FEW_SEEDS } else { SEEDS };
    let found = stages::stages(seeds, options.threads.number(), &progress::Bars::new())?;
    Ok(Stages { command: options.evidence.command("stages"), ..found })
}
