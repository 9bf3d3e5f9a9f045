//! What came of an objective: a line for each limit that is not kept, a report for CI, and the exit code.

use std::path::Path;

use super::exit::{Exit, Failure};
use super::{console, files};
use crate::report::junit;
use crate::summary::document::{Judgement, Sweep};

/// Writes the report of a result, if one is asked for, names what is not kept, and says how the program ends.
pub(super) fn of_sweep(sweep: &Sweep, command: &str, junit: Option<&Path>) -> Result<Exit, Failure> {
    write(junit, || junit::of_sweep(sweep, command))?;
    let Some(result) = &sweep.objective else { return Ok(Exit::AsExpected) };
    Ok(of_judgements(&result.deciding()))
}

/// Names each limit that is not kept, with what was judged, and says how the program ends.
pub(super) fn of_judgements(judgements: &[(String, &Judgement)]) -> Exit {
    let unmet: Vec<_> = judgements.iter().filter(|(_, judgement)| !judgement.is_met).collect();
    unmet.iter().for_each(|(place, judgement)| console::complain(&format!("{place}: {judgement}")));
    if unmet.is_empty() { Exit::AsExpected } else { Exit::Violated }
}

/// Writes a report where a file is named for one.
pub(super) fn write(junit: Option<&Path>, report: impl FnOnce() -> String) -> Result<(), Failure> {
    let Some(file) = junit else { return Ok(()) };
    files::write_one(file, &report())?;
    console::note(&format!("wrote {}", file.display()));
    Ok(())
}
