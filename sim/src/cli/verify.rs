//! `verify`: the testbed beside queueing theory.

use super::evidence::{self, Forms};
use super::exit::{Exit, Failure};
use super::options::VerifyOptions;
use super::{files, progress};
use crate::report;
use crate::verify::{self, VerifyExtent};

/// Runs it, and leaves its files.
pub(super) fn verify(options: &VerifyOptions) -> Result<Exit, Failure> {
    let evidence = options.evidence();
    let forms = Forms { folder: files::THEORY, terminal: report::theory::terminal, files: files::of_theory };
    evidence::prepare(&evidence, &forms)?;
    let extent = if evidence.quick { VerifyExtent::QUICK } else { VerifyExtent::FULL };
    let extent = VerifyExtent { first_seed: options.first_seed, ..extent };
    let mut found = verify::verify(&extent, options.threads.number(), &progress::Bars::new())?;
    found.command = options.command();
    let found = evidence::leave(found, &evidence, &forms)?;
    Ok(if found.inside_all { Exit::AsExpected } else { Exit::Violated })
}
