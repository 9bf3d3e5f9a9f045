//! `verify`: the testbed beside queueing theory.

use super::evidence::{self, Forms};
use super::exit::{Exit, Failure};
use super::options::VerifyOptions;
use super::{files, progress};
use crate::report;
use crate::verify::{self, VerifyExtent};

/// Runs it, and leaves its files.
pub(super) fn verify(VerifyOptions { evidence: options, threads }: &VerifyOptions) -> Result<Exit, Failure> {
    let forms = Forms { folder: files::THEORY, terminal: report::theory::terminal, files: files::of_theory };
    evidence::prepare(options, &forms)?;
    let extent = if options.quick { VerifyExtent::QUICK } else { VerifyExtent::FULL };
    let mut found = verify::verify(&extent, threads.number(), &progress::Bars::new())?;
    found.command = options.command("verify");
    let found = evidence::leave(found, options, &forms)?;
    Ok(if found.inside_all { Exit::AsExpected } else { Exit::Violated })
}
