//! Options of what runs single plans: incidents, and the search for them.

use std::path::{Path, PathBuf};

use clap::Args;
use clap::builder::PossibleValuesParser;
use hubbub::Overflow;

use super::workers::{WORLDS, world_named};
use super::{ObjectiveOptions, ReportOptions, Threads};
use crate::cli::number;
use crate::cli::typed::typed;
use crate::cluster::Trusts;
use crate::laws::{Law, World};
use crate::runs::RunWorld;

#[derive(Debug, Args)]
#[command(group = clap::ArgGroup::new("written").args(["events", "timeline", "save", "report", "junit"]).multiple(true))]
pub(in crate::rooms::cli) struct ReplayOptions {
    /// An incident's file
    #[arg(value_name = "FILE", conflicts_with_all = ["scenario", "subscribers", "seed", "policy", "buffer", "title"])]
    pub(in crate::rooms::cli) file: Option<PathBuf>,
    /// Repeat every incident in this folder, and print a line for each. The exit code is the worst, in this order: 1
    /// violated, 3 not deterministic, 2 a file that is no incident, 0
    #[arg(long, value_name = "DIR", exclusive = true)]
    pub(in crate::rooms::cli) all: Option<PathBuf>,
    /// A built-in scenario or a TOML file, in place of an incident [default: alpha]
    #[arg(long, value_name = "NAME|FILE")]
    pub(in crate::rooms::cli) scenario: Option<String>,
    /// Number of subscribers [default: the scenario's first]
    #[arg(long, value_name = "N", value_parser = number::subscribers)]
    pub(in crate::rooms::cli) subscribers: Option<usize>,
    /// Mailbox size in frames
    #[arg(long, value_name = "K", value_parser = number::buffer)]
    #[arg(default_value_t = hubbub::server::DEFAULT_SSE_CHANNEL_BUFFER as u64)]
    pub(in crate::rooms::cli) buffer: u64,
    /// The seed
    #[arg(long, value_name = "X", value_parser = number::seed, default_value_t = 0)]
    pub(in crate::rooms::cli) seed: u64,
    /// What a full mailbox does [default: the scenario's]
    #[arg(long, value_name = "POLICY")]
    pub(in crate::rooms::cli) policy: Option<Overflow>,
    /// World that does the run. `simulated`: the full stack. `specified`: the specification, which is faster; laws about the
    /// full stack are not judged
    #[arg(long, value_name = "WORLD", default_value = WORLDS[1].0, value_parser = PossibleValuesParser::new(WORLDS.map(|world| world.0)))]
    world: String,
    /// Write every event of every subscriber as JSON Lines, to a file that does not exist yet
    #[arg(long, value_name = "FILE")]
    pub(in crate::rooms::cli) events: Option<PathBuf>,
    /// Draw the run: queue depths over time with their limit, losses and stalls; over paths also outages and what was sent
    /// again (.svg or .png)
    #[arg(long, value_name = "FILE")]
    pub(in crate::rooms::cli) timeline: Option<PathBuf>,
    /// Write the run as an incident; for an incident, the present result becomes the expected one
    #[arg(long, value_name = "FILE")]
    pub(in crate::rooms::cli) save: Option<PathBuf>,
    #[command(flatten)]
    pub(in crate::rooms::cli) objective: ObjectiveOptions,
    #[command(flatten)]
    pub(in crate::rooms::cli) report: ReportOptions,
    /// Write the verdicts on the objective as JUnit XML, for CI: a test case for each limit, to a file that does not exist yet
    #[arg(long, value_name = "FILE")]
    pub(in crate::rooms::cli) junit: Option<PathBuf>,
    /// Replace the files of --events, --timeline, --save, --report and --junit if they exist
    #[arg(long, requires = "written")]
    pub(in crate::rooms::cli) force: bool,
    /// What the incident is, in a sentence
    #[arg(long, value_name = "TEXT", requires = "save")]
    pub(in crate::rooms::cli) title: Option<String>,
    /// Print the verdict and every subscriber's losses as JSON and nothing else
    #[arg(long, value_name = "-", value_parser = ["-"])]
    pub(in crate::rooms::cli) json: Option<String>,
}

#[derive(Debug, Args)]
pub(in crate::rooms::cli) struct ShrinkOptions {
    /// An incident's file
    #[arg(value_name = "FILE")]
    pub(in crate::rooms::cli) file: PathBuf,
    /// Path of the smaller incident, which must not exist yet [default: FILE-shrunk.json]
    #[arg(long, value_name = "FILE")]
    pub(in crate::rooms::cli) out: Option<PathBuf>,
    /// Replace the file of the smaller incident if it exists
    #[arg(long)]
    pub(in crate::rooms::cli) force: bool,
    /// Most runs that the search may take
    #[arg(long, value_name = "N", default_value_t = 5000, value_parser = number::times)]
    pub(in crate::rooms::cli) most_runs: u64,
}

#[derive(Debug, Args)]
#[command(after_help = SOAK_RESULT)]
pub(in crate::rooms::cli) struct SoakOptions {
    /// Time to run, in minutes [default: 1]
    #[arg(value_name = "MINUTES", allow_negative_numbers = true, value_parser = minutes, conflicts_with = "seeds")]
    pub(in crate::rooms::cli) minutes: Option<f64>,
    /// Number of cases, instead of a time
    #[arg(long, value_name = "N", value_parser = number::times)]
    pub(in crate::rooms::cli) seeds: Option<u64>,
    /// Seed of the first case; each further case has the next seed [default: one that was not used before]
    #[arg(long, value_name = "X", value_parser = number::first_seed)]
    pub(in crate::rooms::cli) first_seed: Option<u64>,
    /// Judge by this law alone [default: all laws]. The laws `agreement` and `repetition` are about the full stack: it
    /// runs every case for them
    #[arg(long, value_name = "LAW", value_parser = PossibleValuesParser::new(Law::ALL.map(Law::name)))]
    pub(in crate::rooms::cli) law: Option<String>,
    /// World that runs the cases. `specified`: the specification, and one case in 256 by the full stack as well.
    /// `simulated`: every case by the full stack, after some 20 times as long
    #[arg(long, value_name = "WORLD", default_value = WORLDS[0].0, value_parser = PossibleValuesParser::new(WORLDS.map(|world| world.0)))]
    world: String,
    #[command(flatten)]
    pub(in crate::rooms::cli) threads: Threads,
    /// Folder for the incident of a broken law
    #[arg(long, value_name = "DIR", default_value = "target/incidents")]
    pub(in crate::rooms::cli) out: PathBuf,
}

#[derive(Debug, Args)]
#[command(after_help = CLUSTER_RESULT)]
pub(in crate::rooms::cli) struct ClusterOptions {
    /// Number of cases
    #[arg(long, value_name = "N", default_value_t = 200, value_parser = number::times)]
    pub(in crate::rooms::cli) seeds: u64,
    /// Seed of the first case; each further case has the next seed
    #[arg(long, value_name = "X", default_value_t = 0, value_parser = number::first_seed)]
    pub(in crate::rooms::cli) first_seed: u64,
    /// Run the cases of these files, in place of drawn ones, and print what came of each
    #[arg(long, value_name = "FILE", num_args = 1.., conflicts_with_all = ["seeds", "first_seed", "threads", "most_runs", "out"])]
    pub(in crate::rooms::cli) case: Vec<PathBuf>,
    #[command(flatten)]
    pub(in crate::rooms::cli) threads: Threads,
    /// Whom the servers believe about the stream. All but `leader` are mistakes on purpose, to see how they are reported
    #[arg(long, value_name = "WHOM", default_value = Trusts::Leader.name(), value_parser = PossibleValuesParser::new(Trusts::ALL.map(Trusts::name)))]
    trusts: String,
    /// Most runs to make a case that breaks a law smaller
    #[arg(long, value_name = "N", default_value_t = 1000, value_parser = number::times)]
    pub(in crate::rooms::cli) most_runs: u64,
    /// Folder for the case that breaks a law, after it was made smaller
    #[arg(long, value_name = "DIR", default_value = "target/incidents/cluster")]
    pub(in crate::rooms::cli) out: PathBuf,
}

impl ClusterOptions {
    /// Whom the servers believe.
    pub(in crate::rooms::cli) fn trusts(&self) -> Trusts {
        // The parser takes no other name.
        Trusts::ALL.into_iter().find(|trusts| trusts.name() == self.trusts).unwrap_or(Trusts::Leader)
    }
}

/// What cases of a cluster are.
const CLUSTER_RESULT: &str = "\
A case says when events are published, who watches, and what fails: servers,
brokers, links, the stream itself. sim/src/cluster/judge.rs has the laws. A
case that breaks one is made smaller and left as a file, which --case runs
again. sim/incidents/cluster has cases that are worth keeping.";

/// What a soak prints.
const SOAK_RESULT: &str = "\
The result counts rare states (marks) that the specification's run of a case
can reach, as the eviction of a subscriber in the very tick of a flush. A mark
that no case reached is reported. It does not change the exit code: it says
that these cases did not test a state, not that a law is broken.";

/// More than nothing and at most a week.
fn minutes(text: &str) -> Result<f64, String> {
    // Both comparisons fail for NaN, which is a number to the parser.
    let minutes = text.parse().ok().filter(|minutes| *minutes > 0.0 && *minutes <= 10_080.0);
    minutes.ok_or_else(|| "must be a number of minutes above 0, 10080 at most".to_owned())
}

impl ReplayOptions {
    /// The world that does the run.
    pub(in crate::rooms::cli) fn world(&self) -> World {
        match world_named(&self.world) {
            RunWorld::Specified => World::Specified,
            RunWorld::Simulated => World::Simulated,
        }
    }

    /// The command that does the same run again.
    pub(in crate::rooms::cli) fn command(&self) -> String {
        let run = self.file.as_deref().map_or_else(
            || {
                let scenario = self.scenario.as_deref().unwrap_or("alpha");
                let subscribers = self.subscribers.map_or_else(String::new, |n| format!(" --subscribers {n}"));
                let policy = self.policy.map_or_else(String::new, |policy| format!(" --policy {policy}"));
                let (buffer, seed) = (self.buffer, self.seed);
                format!(
                    "--scenario {}{subscribers} --buffer {buffer} --seed {seed}{policy}",
                    typed(Path::new(scenario))
                )
            },
            typed,
        );
        let world = if self.world == WORLDS[1].0 { String::new() } else { format!(" --world {}", self.world) };
        format!("cargo sim replay {run}{world}{}", self.objective.command())
    }
}

impl SoakOptions {
    /// The world that runs the cases.
    pub(in crate::rooms::cli) fn world(&self) -> RunWorld {
        world_named(&self.world)
    }

    /// The laws to judge by.
    pub(in crate::rooms::cli) fn laws(&self) -> Vec<Law> {
        let is_asked = |law: &Law| self.law.as_deref().is_none_or(|asked| asked == law.name());
        Law::ALL.into_iter().filter(is_asked).collect()
    }
}
