//! Options of what runs single plans: incidents, and the search for them.

use std::path::PathBuf;

use clap::Args;
use hubbub::Overflow;

use super::Threads;

#[derive(Debug, Args)]
#[command(group = clap::ArgGroup::new("written").args(["events", "timeline", "save"]).multiple(true))]
pub(in crate::cli) struct ReplayOptions {
    /// An incident's file
    #[arg(value_name = "FILE", conflicts_with_all = ["scenario", "subscribers", "seed", "policy", "buffer", "title"])]
    pub(in crate::cli) file: Option<PathBuf>,
    /// Every incident in this folder, a line each
    #[arg(long, value_name = "DIR", exclusive = true)]
    pub(in crate::cli) all: Option<PathBuf>,
    /// A built-in scenario or a TOML file, in place of an incident [default: alpha]
    #[arg(long, value_name = "NAME|FILE")]
    pub(in crate::cli) scenario: Option<String>,
    /// Number of subscribers [default: the scenario's first]
    #[arg(long, value_name = "N")]
    pub(in crate::cli) subscribers: Option<usize>,
    /// Mailbox size in frames
    #[arg(long, value_name = "K", default_value_t = hubbub::config::DEFAULT_SSE_CHANNEL_BUFFER as u64)]
    pub(in crate::cli) buffer: u64,
    /// The seed
    #[arg(long, value_name = "X", default_value_t = 0)]
    pub(in crate::cli) seed: u64,
    /// What a full mailbox does [default: the scenario's]
    #[arg(long, value_name = "POLICY")]
    pub(in crate::cli) policy: Option<Overflow>,
    /// Write everything that happened to everybody, as JSON Lines; no file that is there is replaced
    #[arg(long, value_name = "FILE")]
    pub(in crate::cli) events: Option<PathBuf>,
    /// Draw the run: queue depths over time with their limit, losses and stalls (.svg or .png)
    #[arg(long, value_name = "FILE")]
    pub(in crate::cli) timeline: Option<PathBuf>,
    /// Write the run as an incident; of an incident, what it gives now is taken for right
    #[arg(long, value_name = "FILE")]
    pub(in crate::cli) save: Option<PathBuf>,
    /// Replace the files of --events, --timeline and --save where there are any
    #[arg(long, requires = "written")]
    pub(in crate::cli) force: bool,
    /// What the incident is, in a sentence
    #[arg(long, value_name = "TEXT", requires = "save")]
    pub(in crate::cli) title: Option<String>,
    /// Print the verdict and every subscriber's losses as JSON and nothing else
    #[arg(long, value_name = "-", value_parser = ["-"])]
    pub(in crate::cli) json: Option<String>,
}

#[derive(Debug, Args)]
pub(in crate::cli) struct ShrinkOptions {
    /// An incident's file
    #[arg(value_name = "FILE")]
    pub(in crate::cli) file: PathBuf,
    /// Where the smaller one goes: a file that is not there yet [default: FILE-shrunk.json]
    #[arg(long, value_name = "FILE")]
    pub(in crate::cli) out: Option<PathBuf>,
    /// Replace the smaller one where there is one
    #[arg(long)]
    pub(in crate::cli) force: bool,
    /// Most runs to spend on it
    #[arg(long, value_name = "N", default_value_t = 5000, value_parser = clap::value_parser!(u64).range(1..))]
    pub(in crate::cli) most_runs: u64,
}

#[derive(Debug, Args)]
pub(in crate::cli) struct SoakOptions {
    /// How long [default: 1]
    #[arg(value_name = "MINUTES", value_parser = minutes, conflicts_with = "seeds")]
    pub(in crate::cli) minutes: Option<f64>,
    /// That many cases instead
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    pub(in crate::cli) seeds: Option<u64>,
    /// Seed of the first case; each that follows has the next [default: one that was not used before]
    #[arg(long, value_name = "X", value_parser = clap::value_parser!(u64).range(..u64::MAX / 2))]
    pub(in crate::cli) first_seed: Option<u64>,
    #[command(flatten)]
    pub(in crate::cli) threads: Threads,
    /// Folder for the incident that a broken law leaves
    #[arg(long, value_name = "DIR", default_value = "target/incidents")]
    pub(in crate::cli) out: PathBuf,
}

/// More than nothing and at most a week.
fn minutes(text: &str) -> Result<f64, String> {
    let minutes = text.parse().ok().filter(|minutes| *minutes > 0.0 && *minutes <= 10_080.0);
    minutes.ok_or_else(|| "must be a number of minutes above 0, 10080 at most".to_owned())
}
