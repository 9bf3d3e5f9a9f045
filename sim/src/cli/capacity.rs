//! `capacity`: how many nodes an audience needs.

use super::exit::{Exit, Failure};
use super::options::CapacityOptions;
use super::{console, files, progress, run};
use crate::capacity::{CapacityError, capacity};
use crate::report;
use crate::summary::capacity::Capacity;
use crate::summary::json;
use crate::sweep::SweepError;

/// Answers, and shows the answer.
pub(super) fn run(options: &CapacityOptions) -> Result<Exit, Failure> {
    let scenario = options.scenario()?;
    options.json.prepare()?;
    run::warn(&scenario);
    let bars = progress::Bars::new();
    let found = capacity(&scenario, options.question(&scenario), options.workers.workers(&bars))?;
    let found = Capacity { command: options.command(), ..found };
    let text = json::stable(&found);
    match options.json.file() {
        Some(file) => {
            files::write_one(file, &text)?;
            console::note(&format!("wrote {}", file.display()));
        }
        None if options.json.is_to_stdout() => console::print(&text),
        None => console::print(&report::capacity::terminal(&found)),
    }
    Ok(Exit::AsExpected)
}

impl From<CapacityError> for Failure {
    fn from(why: CapacityError) -> Self {
        match why {
            CapacityError::Run(why) => {
                let why = SweepError::Run(why);
                run::leave(&why);
                why.into()
            }
            CapacityError::NoPrices(_) | CapacityError::Nobody(_) | CapacityError::TooManyForARun(_) => {
                Self::input(why)
            }
        }
    }
}
