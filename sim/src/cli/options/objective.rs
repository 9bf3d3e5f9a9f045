//! Options that say what is good enough, in place of a scenario's objective, and where the verdict goes.

use std::path::{Path, PathBuf};

use clap::Args;

use super::{JsonOptions, ReportOptions};
use crate::cli::exit::Failure;
use crate::cli::{files, number};
use crate::scenario::ObjectiveSettings;

#[derive(Debug, Clone, Args)]
pub(in crate::rooms::cli) struct ObjectiveOptions {
    /// Objective: largest part of the wanted events that is never read, as 0.001 [default: that of the scenario]
    #[arg(long, value_name = "PART", value_parser = number::part)]
    missed: Option<f64>,
    /// Objective: largest age on receipt of 99 % of the events that are read [default: that of the scenario]
    #[arg(long, value_name = "MS", value_parser = number::milliseconds)]
    age_p99_ms: Option<f64>,
    /// Objective: most memory that a subscriber costs, slots and its part of the payload [default: that of the scenario]
    #[arg(long, value_name = "BYTES", value_parser = number::bytes)]
    memory_bytes_per_subscriber: Option<u64>,
}

impl ObjectiveOptions {
    /// The limits that were given.
    pub(in crate::rooms::cli) fn settings(&self) -> ObjectiveSettings {
        let Self { missed, age_p99_ms, memory_bytes_per_subscriber } = *self;
        ObjectiveSettings { missed, age_p99_ms, memory_bytes_per_subscriber }
    }

    /// The options as they would be typed.
    pub(in crate::rooms::cli) fn command(&self) -> String {
        let options = [
            self.missed.map(|part| format!(" --missed {part}")),
            self.age_p99_ms.map(|ms| format!(" --age-p99-ms {ms}")),
            self.memory_bytes_per_subscriber.map(|bytes| format!(" --memory-bytes-per-subscriber {bytes}")),
        ];
        options.into_iter().flatten().collect()
    }
}

#[derive(Debug, Clone, Args)]
pub(in crate::rooms::cli) struct JunitOptions {
    /// Write the verdicts on the objective as JUnit XML, for CI: a test case for each limit, to a file that does not exist yet
    #[arg(long, value_name = "FILE")]
    junit: Option<PathBuf>,
}

impl JunitOptions {
    pub(in crate::rooms::cli) fn file(&self) -> Option<&Path> {
        self.junit.as_deref()
    }

    /// Makes sure, before anything is run, that there will be verdicts, which `is_judged` says, and that they, the result and
    /// the report can be written.
    pub(in crate::rooms::cli) fn prepare(
        &self,
        json: &JsonOptions,
        report: &ReportOptions,
        is_judged: bool,
    ) -> Result<(), Failure> {
        json.prepare_beside(self.file().or(report.file()).is_some())?;
        if self.file().is_some() {
            refuse_without_objective(is_judged)?;
        }
        let files = [("--json", json.file()), ("--report", report.file()), ("--junit", self.file())];
        files::prepare_each(files, json.is_forced())
    }
}

/// Refuses to write verdicts where nothing is judged.
pub(in crate::rooms::cli) fn refuse_without_objective(has_objective: bool) -> Result<(), Failure> {
    // Not the option for memory, which a server at --url does not say.
    let way_out = "give the scenario an [objective], or --missed or --age-p99-ms";
    if has_objective { Ok(()) } else { Err(Failure::input(format!("--junit: nothing is judged: {way_out}"))) }
}
