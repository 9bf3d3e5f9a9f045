//! `herd`: restarts of the server with and without the jitter of `retry:`.

use super::evidence::{self, Forms};
use super::exit::{Exit, Failure};
use super::options::RepeatedOptions;
use super::{files, progress};
use crate::runs::{RunWorld, Workers};
use crate::summary::herd::Herd;
use crate::summary::json;
use crate::{herd, report};

/// Replications, and those of the quick form.
const SEEDS: u64 = 8;
const FEW_SEEDS: u64 = 1;

/// Compares, and leaves its files; or says whether what is published is still so.
pub(super) fn run(options: &RepeatedOptions) -> Result<Exit, Failure> {
    if options.check {
        return evidence::check((files::HERD, files::OF_HERD), "herd", || Ok(json::stable(&compared(options)?)));
    }
    let evidence = &options.evidence;
    let forms = Forms { folder: files::HERD, terminal: report::herd::terminal, files: files::of_herd };
    evidence::prepare(evidence, &forms)?;
    evidence::leave(compared(options)?, evidence, &forms)?;
    Ok(Exit::AsExpected)
}

fn compared(options: &RepeatedOptions) -> Result<Herd, Failure> {
    let seeds = if options.evidence.quick { FEW_SEEDS } else { SEEDS };
    let bars = progress::Bars::new();
    let threads = options.threads.number();
    let workers = Workers { threads, world: RunWorld::Specified, checks_a_share: false, known: None, progress: &bars };
    Ok(Herd { command: options.evidence.command("herd"), ..herd::herd(seeds, workers)? })
}
