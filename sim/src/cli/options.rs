//! The options, and the scenario that they amount to.

mod access;
mod capacity;
mod evidence;
mod history;
mod incidents;
mod objective;
mod output;
mod probe;
mod real;
mod risk;
mod sweep;
mod workers;

use std::path::{Path, PathBuf};

use clap::{Args, Parser, Subcommand};
use hubbub::Overflow;
use hubbub::mailbox::UnknownOverflow;

use super::exit::{Exit, Failure};
use super::import::ImportOptions;
use super::number;
use super::schema::SchemaOptions;
pub(super) use super::threads::Threads;
use super::typed::typed;
use crate::scenario::{Change, Overrides, Scenario, Trace};
use crate::summary::document::ALL_POLICIES;
use crate::summary::format;
pub(super) use workers::WorkerOptions;

/// How big must a subscriber's buffer be? Runs the real Hub in a simulated network and answers with evidence.
#[derive(Debug, Parser)]
#[command(name = "sim", bin_name = "cargo sim", version, max_term_width = 80, arg_required_else_help = true)]
#[command(after_help = Exit::list())]
pub(super) struct Options {
    #[command(subcommand)]
    pub(super) command: Command,
}

pub(super) use capacity::CapacityOptions;
pub(super) use evidence::{EvidenceOptions, FidelityOptions, PathsPart, RepeatedOptions, VerifyOptions};
pub(super) use history::HistoryOptions;
pub(super) use incidents::{ClusterOptions, ReplayOptions, ShrinkOptions, SoakOptions};
pub(super) use objective::{JunitOptions, ObjectiveOptions, refuse_without_objective};
pub(super) use output::{JsonOptions, ReportOptions};
pub(super) use probe::ProbeOptions;
pub(super) use real::{LoadPaths, RealOptions, RecordOptions};
pub(super) use sweep::{MergeOptions, SizeOptions, SweepOptions};

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Write a commented file for a new scenario, with every key
    New(NewOptions),
    /// Explain a scenario, or list all its errors
    Check(CheckOptions),
    /// Try buffer sizes: drop rate, memory and latency of each, the exact size without a drop, figures
    Sweep(SweepOptions),
    /// Put the parts of a sweep together, which sweep --shard made on one machine or many
    Merge(MergeOptions),
    /// Find only the size of a buffer, or of a history, and the risk that it leaves
    Size(SizeOptions),
    /// Find how many nodes an audience needs: what one carries, which part binds first, what is lost at that load
    Capacity(CapacityOptions),
    /// Run a scenario over real TCP, against a new server or one that runs already: losses, latency, memory
    Load(RealOptions),
    /// Record the arrivals of a live event stream as a trace for sweep --trace
    Record(RecordOptions),
    /// Find what a path to a server hides from its buffers: frames in proxies and sockets, leaves noticed late
    Probe(ProbeOptions),
    /// Repeat an incident, or one run of a scenario: verdict, digest, and who lost what, when and why
    Replay(ReplayOptions),
    /// Make a scenario from the counters of a server: estimates how fast the viewers read that lost frames in a burst
    Import(ImportOptions),
    /// Run the built-in scenarios in different ways, and compare all digests with each other and with
    /// sim/fingerprints.json
    Determinism(DeterminismOptions),
    /// Remove everything from an incident that its verdict does not need
    Shrink(ShrinkOptions),
    /// Test every law with random cases and random faults, until one is broken or the time is over
    Soak(SoakOptions),
    /// Test servers on one stream with random cases, in which brokers, servers and links fail
    Cluster(ClusterOptions),
    /// Run Hub, transport and readers as queues, and compare loss and delay with queueing theory
    Verify(VerifyOptions),
    /// Run the same plans simulated and over real TCP, and compare the losses
    Fidelity(FidelityOptions),
    /// Measure what a second buffer behind every WebSocket's mailbox costs, as some servers have it
    Stages(RepeatedOptions),
    /// Measure what the jitter of retry: does when all clients come back after a restart of the server
    Herd(RepeatedOptions),
    /// Serve one run of load as standard input says
    #[command(name = crate::real::CHILD, hide = true)]
    ServeARun,
    /// Make emulated paths, and runs over them as standard input says
    #[command(name = crate::emulated::CHILD, hide = true)]
    EmulateRuns,
    /// Print the JSON Schema of a file, for editors that check it and for programs that read it
    Schema(SchemaOptions),
    /// Draw the figures and tables in plots/ again from the stored results, and fill the generated parts of
    /// README.md and docs/*.md, without a run
    Docs(DocsOptions),
}

/// What is run.
#[derive(Debug, Args)]
pub(super) struct LoadOptions {
    #[arg(long, default_value = "alpha", value_name = "NAME|FILE", help = built_in_or_file())]
    pub(super) scenario: String,
    /// Numbers of subscribers, as 10,100
    #[arg(long, value_delimiter = ',', value_name = "N,…", value_parser = number::subscribers)]
    subscribers: Option<Vec<usize>>,
    /// Number of seeds: 0 … N − 1
    #[arg(long, value_name = "N", value_parser = number::seeds)]
    seeds: Option<u64>,
    /// Time during which events arrive in a run, as 20s or 2m
    #[arg(long, value_name = "TIME")]
    duration: Option<humantime::Duration>,
    #[arg(long, value_name = "POLICY", help = every_policy())]
    policy: Option<Policies>,
    /// Replay these arrivals and sizes, for one cycle unless --duration is given: JSON Lines of {"at_ms", "bytes", "key"}
    #[arg(long, value_name = "FILE")]
    trace: Option<PathBuf>,
    /// Factor by which events arrive faster than recorded
    #[arg(long, value_name = "X", value_parser = number::speed_up)]
    speed_up: Option<f64>,
    #[command(flatten)]
    pub(super) objective: ObjectiveOptions,
}

fn built_in_or_file() -> String {
    let names: Vec<_> = Scenario::built_in_names().collect();
    format!("A built-in scenario ({}) or a TOML file", names.join(", "))
}

fn every_policy() -> String {
    format!(
        "What happens to an event that does not fit: {}; for sweep also {ALL_POLICIES}, which compares them",
        Overflow::NAMES
    )
}

fn every_change() -> String {
    let changes = Change::ALL.map(|change| change.as_str().to_owned());
    format!("Also size the scenario at {}", format::listed(&changes))
}

/// One policy, or all.
#[derive(Debug, Clone, Copy)]
pub(super) enum Policies {
    One(Overflow),
    All,
}

impl Policies {
    fn one(self) -> Option<Overflow> {
        match self {
            Self::One(policy) => Some(policy),
            Self::All => None,
        }
    }
}

impl std::str::FromStr for Policies {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if text == ALL_POLICIES {
            return Ok(Self::All);
        }
        text.parse().map(Self::One).map_err(|why: UnknownOverflow| why.to_string())
    }
}

impl std::fmt::Display for Policies {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.one().map_or(ALL_POLICIES, Overflow::name))
    }
}

#[derive(Debug, Args)]
pub(super) struct DeterminismOptions {
    /// Store the present digests as the expected ones
    #[arg(long, conflicts_with_all = ["print", "print_run"])]
    pub(super) write: bool,
    /// Only print the digests: what a fresh process is asked for
    #[arg(long, hide = true)]
    pub(super) print: bool,
    /// Only print everything that happens in one of the runs: what a fresh process is asked for
    #[arg(long, hide = true, value_name = "RUN", conflicts_with = "print")]
    pub(super) print_run: Option<usize>,
}

#[derive(Debug, Args)]
pub(super) struct NewOptions {
    /// The scenario's name: 1 to 64 of a-z, 0-9 and -
    #[arg(value_name = "NAME")]
    pub(super) name: String,
    /// Path of the new file, which must not exist yet [default: NAME.toml]
    #[arg(long, short, value_name = "FILE")]
    pub(super) out: Option<PathBuf>,
    /// Replace the file if it exists
    #[arg(long)]
    pub(super) force: bool,
}

#[derive(Debug, Args)]
pub(super) struct CheckOptions {
    /// A built-in scenario or a TOML file
    #[arg(value_name = "NAME|FILE")]
    pub(super) file: String,
}

#[derive(Debug, Args)]
pub(super) struct DocsOptions {
    /// Fail if a figure, a table or a page differs from the stored results, and write nothing
    #[arg(long)]
    pub(super) check: bool,
}

impl LoadOptions {
    /// The scenario with the options in place; its warnings are for whoever asks.
    pub(super) fn scenario(&self, buffers: Option<Vec<u64>>, seeds: Option<u64>) -> Result<Scenario, Failure> {
        if matches!(self.policy, Some(Policies::All)) {
            return Err(Failure::input("--policy all: only a sweep compares policies".to_owned()));
        }
        self.overridden(buffers, seeds)
    }

    fn overridden(&self, buffers: Option<Vec<u64>>, seeds: Option<u64>) -> Result<Scenario, Failure> {
        let scenario = Scenario::named(&self.scenario)?;
        let trace = self.trace.as_deref().map(Trace::load).transpose()?;
        Ok(scenario.with(Overrides {
            trace,
            speed_up: self.speed_up,
            duration_seconds: self.duration.map(|duration| duration.as_secs_f64()),
            policy: self.policy.and_then(Policies::one),
            subscribers: self.subscribers.clone(),
            buffers,
            seeds,
            objective: self.objective.settings(),
        })?)
    }

    /// The options that change what is run, as they would be typed.
    fn changes(&self) -> String {
        let options = [
            Some(listed("subscribers", self.subscribers.as_deref())),
            self.seeds.map(|seeds| format!(" --seeds {seeds}")),
            // The crate puts a space between units, and a shell would take the parts for two arguments.
            self.duration.map(|duration| format!(" --duration {}", duration.to_string().replace(' ', ""))),
            self.policy.map(|policy| format!(" --policy {policy}")),
            self.trace.as_deref().map(|trace| format!(" --trace {}", typed(trace))),
            self.speed_up.map(|speed_up| format!(" --speed-up {speed_up}")),
            Some(self.objective.command()),
        ];
        options.into_iter().flatten().collect()
    }

    fn command(&self, name: &str) -> String {
        format!("cargo sim {name} --scenario {}{}", typed(Path::new(&self.scenario)), self.changes())
    }
}

/// An option with a list, as it would be typed; nothing where it was not.
fn listed<T: ToString>(name: &str, values: Option<&[T]>) -> String {
    let Some(values) = values else { return String::new() };
    format!(" --{name} {}", values.iter().map(ToString::to_string).collect::<Vec<_>>().join(","))
}
