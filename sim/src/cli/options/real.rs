//! Options of what runs over real TCP.

use std::path::PathBuf;

use clap::Args;

use super::{JsonOptions, LoadOptions, listed};
use crate::cli::exit::Failure;
use crate::real::Url;
use crate::scenario::Scenario;

#[derive(Debug, Args)]
pub(in crate::cli) struct RealOptions {
    #[command(flatten)]
    pub(in crate::cli) load: LoadOptions,
    /// Mailbox sizes in frames, as 64,256 [default: the server's]
    #[arg(long, value_delimiter = ',', value_name = "K,…", conflicts_with = "url")]
    buffers: Option<Vec<u64>>,
    /// The event stream of a server that runs already, as http://HOST:PORT/v1/stream/sse?table=T
    #[arg(long, value_name = "URL", requires = "ingest_url", conflicts_with = "policy")]
    pub(in crate::cli) url: Option<Url>,
    /// Where that server takes events, a JSON object each, as http://HOST:PORT/v1/ingest/T
    #[arg(long, value_name = "URL", requires = "url")]
    pub(in crate::cli) ingest_url: Option<Url>,
    /// Folder for results, in a subfolder named after the scenario [default: target/load, none with --json -]
    #[arg(long, value_name = "DIR")]
    pub(in crate::cli) out: Option<PathBuf>,
    #[command(flatten)]
    pub(in crate::cli) json: JsonOptions,
}

impl RealOptions {
    /// One seed unless told: every run takes its time.
    pub(in crate::cli) fn scenario(&self) -> Result<Scenario, Failure> {
        let own = vec![hubbub::config::DEFAULT_SSE_CHANNEL_BUFFER as u64];
        self.load.scenario(Some(self.buffers.clone().unwrap_or(own)), Some(self.load.seeds.unwrap_or(1)))
    }

    /// The command that measures the same again.
    pub(in crate::cli) fn command(&self) -> String {
        let others = [("url", &self.url), ("ingest-url", &self.ingest_url)];
        let others = others.iter().filter_map(|(name, url)| Some(format!(" --{name} '{}'", url.as_ref()?)));
        format!(
            "{}{}{}",
            self.load.command("load"),
            listed("buffers", self.buffers.as_deref()),
            others.collect::<String>()
        )
    }
}

#[derive(Debug, Args)]
pub(in crate::cli) struct RecordOptions {
    /// The event stream, as http://HOST:PORT/v1/stream/sse?table=T
    #[arg(value_name = "URL")]
    pub(in crate::cli) url: Url,
    /// How long to listen, as 60s
    #[arg(long = "for", value_name = "TIME", default_value = "60s")]
    pub(in crate::cli) lasts: humantime::Duration,
    /// Where the trace goes: a file that is not there yet
    #[arg(long, short, value_name = "FILE")]
    pub(in crate::cli) out: PathBuf,
    /// Replace the file of --out where there is one
    #[arg(long)]
    pub(in crate::cli) force: bool,
}
