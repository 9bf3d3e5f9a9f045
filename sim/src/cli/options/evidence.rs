//! Options of what holds the testbed against something else: theory, reality.

use std::path::PathBuf;

use clap::Args;

use super::{JsonOptions, Threads};
use crate::cli::typed::typed;
use crate::cli::{files, number};

#[derive(Debug, Args)]
pub(in crate::rooms::cli) struct VerifyOptions {
    #[command(flatten)]
    evidence: EvidenceOptions,
    /// Seed of the first run of each queue; each further run has the next seed. With another seed than 0, plots stays
    /// as it is
    #[arg(long, value_name = "X", default_value_t = 0, value_parser = number::first_seed)]
    pub(in crate::rooms::cli) first_seed: u64,
    #[command(flatten)]
    pub(in crate::rooms::cli) threads: Threads,
}

/// Options of what can be repeated and compared with what is published.
#[derive(Debug, Args)]
pub(in crate::rooms::cli) struct RepeatedOptions {
    #[command(flatten)]
    pub(in crate::rooms::cli) evidence: EvidenceOptions,
    #[command(flatten)]
    pub(in crate::rooms::cli) threads: Threads,
    /// Repeat the published runs, fail on any difference, and write nothing
    #[arg(long, conflicts_with_all = ["quick", "out", "json", "force"])]
    pub(in crate::rooms::cli) check: bool,
}

/// Options of `fidelity`.
#[derive(Debug, Args)]
pub(in crate::rooms::cli) struct FidelityOptions {
    #[command(flatten)]
    pub(in crate::rooms::cli) evidence: EvidenceOptions,
    /// Compare the model of TCP with the kernel's over emulated paths instead, on all rows; or only measure the kernel,
    /// or compare only the rows that are not held out. Measured rows are kept
    #[arg(long, value_name = "ROWS", num_args = 0..=1, default_missing_value = "all", value_enum)]
    pub(in crate::rooms::cli) paths: Option<PathsPart>,
}

/// The rows of paths that are compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(in crate::rooms::cli) enum PathsPart {
    /// All of them.
    All,
    /// Those that are not held out.
    Fitted,
    /// None: the kernel's side is measured.
    Measure,
}

/// How much is done, and where the result goes.
#[derive(Debug, Clone, Args)]
pub(in crate::rooms::cli) struct EvidenceOptions {
    /// Run fewer cases, and each fewer times
    #[arg(long)]
    pub(in crate::rooms::cli) quick: bool,
    /// Folder for figure, tables and the document, in a subfolder [default: plots, none with --quick or --json -]
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    #[command(flatten)]
    pub(in crate::rooms::cli) json: JsonOptions,
    /// Whether the runs are others than those that are published.
    #[arg(skip)]
    has_other_runs: bool,
}

impl VerifyOptions {
    /// How much is done, and where the result goes.
    pub(in crate::rooms::cli) fn evidence(&self) -> EvidenceOptions {
        EvidenceOptions { has_other_runs: self.first_seed != 0, ..self.evidence.clone() }
    }

    /// The command that does the same again.
    pub(in crate::rooms::cli) fn command(&self) -> String {
        let first_seed =
            if self.first_seed == 0 { String::new() } else { format!(" --first-seed {}", self.first_seed) };
        self.evidence.command("verify") + &first_seed
    }
}

impl EvidenceOptions {
    /// Whether this is the run whose result is the project's own.
    pub(in crate::rooms::cli) fn is_published(&self) -> bool {
        !self.quick && !self.has_other_runs && self.out.is_none() && !self.json.is_to_stdout()
    }

    /// Where the files go, if there are to be any.
    pub(in crate::rooms::cli) fn folder(&self, name: &str) -> Option<PathBuf> {
        let parent = self.out.clone().or_else(|| self.is_published().then(|| PathBuf::from(files::PUBLISHED)));
        parent.map(|parent| parent.join(name))
    }

    /// The command that does the same again.
    pub(in crate::rooms::cli) fn command(&self, name: &str) -> String {
        let quick = if self.quick { " --quick" } else { "" };
        let out = self.out.as_deref().map_or(String::new(), |out| format!(" --out {}", typed(out)));
        format!("cargo sim {name}{quick}{out}")
    }
}
