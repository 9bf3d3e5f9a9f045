//! Options of a sweep, and of a sizing.

use std::path::PathBuf;

use clap::Args;

use super::risk::RiskOptions;
use super::{
    HistoryOptions, JsonOptions, JunitOptions, LoadOptions, Policies, ReportOptions, Threads, WorkerOptions,
    every_change, listed,
};
use crate::cli::exit::Failure;
use crate::cli::{console, files, number};
use crate::runs::RunWorld;
use crate::scenario::{DEFAULT_CURRENT_BUFFER, Overrides, Scenario};
use crate::shards::{Shard, Spread};
use crate::sweep::{self, Judge, Parts, Sizes};

#[derive(Debug, Args)]
pub(in crate::rooms::cli) struct SweepOptions {
    #[command(flatten)]
    pub(in crate::rooms::cli) load: LoadOptions,
    #[command(flatten)]
    pub(in crate::rooms::cli) workers: WorkerOptions,
    /// Mailbox sizes in frames, as 1,4,64
    #[arg(long, value_delimiter = ',', value_name = "K,…", value_parser = number::buffer)]
    buffers: Option<Vec<u64>>,
    #[arg(long, help = every_change())]
    sensitivity: bool,
    #[command(flatten)]
    risk: RiskOptions,
    /// Find only the exact sizes on the scenario's seeds, without the runs that bound the risk
    #[arg(long, conflicts_with_all = ["runs", "risk", "extrapolate"])]
    no_validate: bool,
    /// Folder for results, in a subfolder named after the scenario [default: target/sweeps, none with --json -; plots for
    /// an unchanged built-in scenario with --runs 3000]
    #[arg(long, value_name = "DIR")]
    pub(in crate::rooms::cli) out: Option<PathBuf>,
    /// Do one part of the runs, as 3/16 for part 3 of 16, and write it to part.json in the folder of --out
    #[arg(long, value_name = "I/N", requires = "out", conflicts_with_all = ["json", "report", "junit", "force", "check"])]
    pub(in crate::rooms::cli) shard: Option<Shard>,
    #[command(flatten)]
    pub(in crate::rooms::cli) json: JsonOptions,
    #[command(flatten)]
    pub(in crate::rooms::cli) report: ReportOptions,
    #[command(flatten)]
    pub(in crate::rooms::cli) junit: JunitOptions,
    /// Repeat the published sweep (or its --subscribers and --buffers), and fail on any difference
    #[arg(long, conflicts_with_all = ["json", "report", "junit", "force", "sensitivity", "no_validate", "runs", "risk", "extrapolate"])]
    pub(in crate::rooms::cli) check: bool,
}

#[derive(Debug, Args)]
pub(in crate::rooms::cli) struct MergeOptions {
    /// Parts of a sweep, each its folder or its part.json
    #[arg(value_name = "PART", required = true)]
    pub(in crate::rooms::cli) parts: Vec<PathBuf>,
    /// Folder for the result, as plots/alpha
    #[arg(long, value_name = "DIR")]
    pub(in crate::rooms::cli) out: PathBuf,
    #[command(flatten)]
    pub(in crate::rooms::cli) threads: Threads,
}

#[derive(Debug, Args)]
pub(in crate::rooms::cli) struct SizeOptions {
    #[command(flatten)]
    pub(in crate::rooms::cli) load: LoadOptions,
    #[command(flatten)]
    pub(in crate::rooms::cli) workers: WorkerOptions,
    #[arg(long, help = every_change())]
    pub(in crate::rooms::cli) sensitivity: bool,
    #[command(flatten)]
    risk: RiskOptions,
    #[command(flatten)]
    pub(in crate::rooms::cli) history: HistoryOptions,
    /// Find only the exact sizes on the scenario's seeds, without the runs that bound the risk; says how long these would take
    #[arg(long, visible_alias = "no-validate", conflicts_with_all = ["runs", "risk", "extrapolate"])]
    pub(in crate::rooms::cli) quick: bool,
    #[command(flatten)]
    pub(in crate::rooms::cli) json: JsonOptions,
    #[command(flatten)]
    pub(in crate::rooms::cli) report: ReportOptions,
    #[command(flatten)]
    pub(in crate::rooms::cli) junit: JunitOptions,
}

impl SizeOptions {
    pub(in crate::rooms::cli) fn scenario(&self) -> Result<Scenario, Failure> {
        self.load.scenario(None, self.load.seeds)
    }

    pub(in crate::rooms::cli) fn parts(&self, scenario: &Scenario) -> Result<Parts<'static>, Failure> {
        let sizes = if self.quick { Sizes::Exact } else { self.risk.sizes(scenario)? };
        let objective = Judge::Search { every_policy: self.searches_every_policy() };
        Ok(Parts { cells: false, policies: false, sizes, sensitivity: self.sensitivity, objective })
    }

    /// Runs of each N; `None` for the scenario's own seeds alone.
    pub(in crate::rooms::cli) fn runs(&self, scenario: &Scenario) -> Result<Option<u64>, Failure> {
        if self.quick { Ok(None) } else { self.risk.runs(scenario).map(Some) }
    }

    /// Whether an objective is searched for under every policy: one that is asked for is the only one of interest.
    pub(in crate::rooms::cli) fn searches_every_policy(&self) -> bool {
        self.load.policy.is_none()
    }

    pub(in crate::rooms::cli) fn command(&self) -> String {
        let sensitivity = if self.sensitivity { " --sensitivity" } else { "" };
        let quick = if self.quick { " --quick" } else { "" };
        let (history, risk, world) = (self.history.command(), self.risk.command(), self.workers.command());
        format!("{}{history}{sensitivity}{quick}{risk}{world}", self.load.command("size"))
    }
}

impl SweepOptions {
    pub(in crate::rooms::cli) fn scenario(&self) -> Result<Scenario, Failure> {
        if self.compares_policies() && self.sensitivity {
            return Err(Failure::input(
                "--sensitivity: sizes are the same for every policy; leave out --policy all".to_owned(),
            ));
        }
        if self.compares_policies() && self.risk.is_given() {
            return Err(Failure::input(
                "--runs, --risk, --extrapolate: --policy all names no sizes, so there is no risk to bound".to_owned(),
            ));
        }
        if self.compares_policies() && self.no_validate {
            return Err(Failure::input(
                "--no-validate: --policy all names no sizes, so there is nothing to leave out".to_owned(),
            ));
        }
        if self.compares_policies() {
            let scenario = self.load.overridden(self.buffers.clone(), self.load.seeds)?;
            let (_, left_out) = sweep::under_each_policy(&scenario)?;
            left_out.iter().for_each(|line| console::note(line));
            return self.with_what_is_judged(scenario);
        }
        self.with_what_is_judged(self.load.scenario(self.buffers.clone(), self.load.seeds)?)
    }

    /// The scenario with a cell for the size that has to keep its objective.
    fn with_what_is_judged(&self, scenario: Scenario) -> Result<Scenario, Failure> {
        let settings = scenario.settings();
        let current = settings.current_frames();
        if self.buffers.is_some() || !scenario.has_objective() || settings.buffers.contains(&current) {
            return Ok(scenario);
        }
        let mut buffers = settings.buffers.clone();
        buffers.push(current);
        buffers.sort_unstable();
        Ok(scenario.with(Overrides { buffers: Some(buffers), ..Overrides::default() })?)
    }

    /// The sizes that have to keep the objective: those that are asked for, else the one that the server has.
    fn judged<'a>(&'a self, scenario: &'a Scenario) -> &'a [u64] {
        let current = scenario.settings().current_buffer.as_slice();
        let current = if current.is_empty() { &[DEFAULT_CURRENT_BUFFER] } else { current };
        self.buffers.as_deref().unwrap_or(current)
    }

    /// Whether every policy is run, beside the others.
    pub(in crate::rooms::cli) fn compares_policies(&self) -> bool {
        matches!(self.load.policy, Some(Policies::All))
    }

    /// What is run: of policies that are compared no sizes, since these are the same for all.
    pub(in crate::rooms::cli) fn parts<'a>(
        &'a self,
        scenario: &'a Scenario,
        sensitivity: bool,
    ) -> Result<Parts<'a>, Failure> {
        let policies = self.compares_policies();
        let sizes = match (policies, self.no_validate) {
            (true, _) => Sizes::None,
            (false, true) => Sizes::Exact,
            (false, false) => self.risk.sizes(scenario)?,
        };
        let (sensitivity, objective) = (sensitivity && !policies, Judge::At(self.judged(scenario)));
        Ok(Parts { cells: true, policies, sizes, sensitivity, objective })
    }

    /// What of the sweep is spread over machines.
    ///
    /// # Errors
    /// With what cannot be spread.
    pub(in crate::rooms::cli) fn spread(&self, scenario: &Scenario) -> Result<Spread, Failure> {
        if self.compares_policies() {
            return Err(Failure::input("--shard: a comparison of policies is not spread over machines".to_owned()));
        }
        if self.workers.world() != RunWorld::Specified {
            return Err(Failure::input("--shard: only runs of --world specified are spread over machines".to_owned()));
        }
        // With 0, a part still has the runs on the scenario's own seeds.
        let runs = if self.no_validate { 0 } else { self.risk.runs(scenario)? };
        Ok(Spread { runs, sensitivity: self.wants_sensitivity(scenario) })
    }

    /// Whether sizes under a changed load are wanted.
    pub(in crate::rooms::cli) fn wants_sensitivity(&self, scenario: &Scenario) -> bool {
        // A file asks for it for its own load. Where options change that load, only the option asks.
        self.sensitivity || (scenario.settings().sensitivity && self.is_unchanged())
    }

    /// Where what is published of such a sweep has its folder.
    pub(in crate::rooms::cli) fn published(&self) -> PathBuf {
        let published = PathBuf::from(files::PUBLISHED);
        if self.compares_policies() { published.join(files::POLICIES) } else { published }
    }

    /// Whether a built-in scenario is run without a change, with as many runs as are published.
    pub(in crate::rooms::cli) fn is_as_it_stands(&self) -> bool {
        let is_built_in = Scenario::built_in_names().any(|name| name == self.load.scenario);
        let is_by_default = self.workers.world() == RunWorld::default();
        is_built_in && is_by_default && self.is_unchanged() && self.is_complete()
    }

    /// Whether nothing is left out of what is published, and nothing added.
    fn is_complete(&self) -> bool {
        self.risk.is_as_published() && !self.sensitivity && !self.no_validate
    }

    /// Whether the scenario is run as its file says, built in or not.
    fn is_unchanged(&self) -> bool {
        self.load.changes().is_empty() && self.buffers.is_none()
    }

    /// Which part of what has been published a check is about: `None` means all of it.
    pub(in crate::rooms::cli) fn subset(&self) -> (Option<&[usize]>, Option<&[u64]>) {
        (self.load.subscribers.as_deref(), self.buffers.as_deref())
    }

    /// The command that gives the same result.
    pub(in crate::rooms::cli) fn command(&self) -> String {
        let buffers = listed("buffers", self.buffers.as_deref());
        let sensitivity = if self.sensitivity { " --sensitivity" } else { "" };
        let no_validate = if self.no_validate { " --no-validate" } else { "" };
        let (risk, world) = (self.risk.command(), self.workers.command());
        format!("{}{buffers}{sensitivity}{no_validate}{risk}{world}", self.load.command("sweep"))
    }
}
