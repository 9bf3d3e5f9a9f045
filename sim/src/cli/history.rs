//! `size --history`.

use super::exit::{Exit, Failure};
use super::options::SizeOptions;
use super::{console, files, progress, run};
use crate::report;
use crate::runs::RunWorld;
use crate::sizing::history::{HistoryError, HistoryQuestion, check, sizes};
use crate::summary::history::HistorySizes;
use crate::summary::json;
use crate::sweep::SweepError;

/// Sizes the history of a scenario.
pub(super) fn size(options: &SizeOptions) -> Result<Exit, Failure> {
    if options.workers.world() != RunWorld::Specified {
        return Err(Failure::input(
            "--world simulated: with --history the runs are those of the specification; the full stack repeats the ones that \
             decide",
        ));
    }
    let scenario = options.scenario()?;
    options.json.prepare()?;
    let back_within = options.history.back_within();
    check(&scenario, back_within)?;
    let buffer = options.history.buffer().unwrap_or(scenario.settings().current_frames());
    let asked = HistoryQuestion { back_within, buffer, runs: options.runs(&scenario)? };
    run::warn(&scenario);
    let bars = progress::Bars::new();
    let found = sizes(&scenario, asked, options.workers.workers(&bars))?;
    show(&HistorySizes { command: options.command(), ..found }, options)?;
    Ok(Exit::AsExpected)
}

fn show(found: &HistorySizes, options: &SizeOptions) -> Result<(), Failure> {
    let text = json::stable(found);
    match options.json.file() {
        Some(file) => {
            files::write_one(file, &text)?;
            console::note(&format!("wrote {}", file.display()));
        }
        None if options.json.is_to_stdout() => console::print(&text),
        None => console::print(&report::history::terminal(found)),
    }
    Ok(())
}

impl From<HistoryError> for Failure {
    fn from(why: HistoryError) -> Self {
        match why {
            HistoryError::Run(why) => {
                let why = SweepError::Run(why);
                run::leave(&why);
                why.into()
            }
            HistoryError::NoRecovery(_)
            | HistoryError::NobodyReconnects(_)
            | HistoryError::OutOfRange { .. }
            | HistoryError::NobodyCameBack { .. }
            | HistoryError::NobodyInTime { .. } => Self::input(why),
        }
    }
}
