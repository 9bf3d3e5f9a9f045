//! Options of what runs over real TCP.

use std::path::PathBuf;
use std::time::Duration;

use clap::Args;

use super::access::{AccessOptions, TypedUrl};
use super::{JsonOptions, JunitOptions, LoadOptions, ReportOptions, listed};
use crate::cli::exit::Failure;
use crate::cli::number;
use crate::client::StreamFormat;
use crate::real::{HEAD_TIMEOUT, Listening, Route};
use crate::scenario::Scenario;

/// Longest time to listen: a week has every burst that comes once a week.
const MOST_TIME: Duration = Duration::from_secs(7 * 24 * 3600);

#[derive(Debug, Args)]
pub(in crate::rooms::cli) struct RealOptions {
    #[command(flatten)]
    pub(in crate::rooms::cli) load: LoadOptions,
    /// Mailbox sizes in frames, as 64,256 [default: that of the server]
    #[arg(long, value_delimiter = ',', value_name = "K,…", value_parser = number::buffer, conflicts_with = "url")]
    buffers: Option<Vec<u64>>,
    /// Run over the paths that the scenario's classes have, emulated on this machine: needs user namespaces or root,
    /// /dev/net/tun and iproute2 [default: loopback, which has no paths]
    #[arg(long, value_name = "HOW", value_enum, conflicts_with = "url")]
    pub(in crate::rooms::cli) paths: Option<LoadPaths>,
    /// The event stream of a server that runs already, as http://HOST:PORT/v1/stream/sse?table=T, or https
    #[arg(long, value_name = "URL", requires = "ingest_url", conflicts_with = "policy")]
    url: Option<TypedUrl>,
    /// URL to which events are published, a JSON object each, as http://HOST:PORT/v1/ingest/T, or https
    #[arg(long, value_name = "URL", requires = "url")]
    ingest_url: Option<TypedUrl>,
    #[command(flatten)]
    access: AccessOptions,
    /// How the stream of that server marks its events: sse, ws for JSON messages of a WebSocket, or ndjson [default: sse]
    #[arg(long, value_name = "FORMAT", requires = "url")]
    dialect: Option<StreamFormat>,
    /// How long that server may take for a connection, and then for the head of its response [default: 30s]
    #[arg(long, value_name = "TIME", requires = "url")]
    head_timeout: Option<humantime::Duration>,
    /// Folder for results, in a subfolder named after the scenario [default: target/load, none with --json -]
    #[arg(long, value_name = "DIR")]
    pub(in crate::rooms::cli) out: Option<PathBuf>,
    #[command(flatten)]
    pub(in crate::rooms::cli) json: JsonOptions,
    #[command(flatten)]
    pub(in crate::rooms::cli) report: ReportOptions,
    #[command(flatten)]
    pub(in crate::rooms::cli) junit: JunitOptions,
}

/// How the paths of a scenario are made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(in crate::rooms::cli) enum LoadPaths {
    /// By TUN devices in network namespaces, and a thread that carries packets between them.
    Emulated,
}

impl RealOptions {
    /// One seed unless told: every run takes its time.
    pub(in crate::rooms::cli) fn scenario(&self) -> Result<Scenario, Failure> {
        if self.url.is_some() && self.load.objective.settings().memory_bytes_per_subscriber.is_some() {
            return Err(Failure::input(
                "--memory-bytes-per-subscriber: a server that runs already does not say its memory".to_owned(),
            ));
        }
        let own = vec![hubbub::server::DEFAULT_SSE_CHANNEL_BUFFER as u64];
        self.load.scenario(Some(self.buffers.clone().unwrap_or(own)), Some(self.load.seeds.unwrap_or(1)))
    }

    /// How long a server may take for a connection, and then for the head of its response.
    pub(in crate::rooms::cli) fn head_timeout(&self) -> Result<Duration, Failure> {
        head_timeout(self.head_timeout)
    }

    /// Where clients of a server that runs already watch, and where events are posted.
    pub(in crate::rooms::cli) fn routes(&self) -> Result<Option<[Route; 2]>, Failure> {
        match (&self.url, &self.ingest_url, self.access.first_given()) {
            (Some(url), Some(ingest), _) => {
                let fields = self.access.fields()?;
                self.access.routes(fields, [url.url("--url")?, ingest.url("--ingest-url")?]).map(Some)
            }
            (_, _, Some(option)) => Err(Failure::input(format!("{option}: it is for the server of --url"))),
            _ => Ok(None),
        }
    }

    /// How the stream of a server that runs already marks its events.
    pub(in crate::rooms::cli) fn dialect(&self) -> StreamFormat {
        self.dialect.unwrap_or(StreamFormat::Sse)
    }

    /// The command that measures the same again.
    pub(in crate::rooms::cli) fn command(&self) -> String {
        let others = [("url", &self.url), ("ingest-url", &self.ingest_url)];
        // In quotes, since a query may have a `&` that means something to a shell.
        let others = others.iter().filter_map(|(name, url)| {
            // A bad one has ended the command before.
            let url = url.as_ref()?.url(name).ok()?;
            Some(format!(" --{name} '{url}'"))
        });
        let timeout = self.head_timeout.map(|timeout| format!(" --head-timeout {}", joined(timeout)));
        let dialect = self.dialect.map(|format| format!(" --dialect {format}"));
        format!(
            "{}{}{}{}{}{}{}",
            self.load.command("load"),
            listed("buffers", self.buffers.as_deref()),
            if self.paths.is_some() { " --paths emulated" } else { "" },
            others.collect::<String>(),
            self.access.command(),
            dialect.unwrap_or_default(),
            timeout.unwrap_or_default()
        )
    }
}

#[derive(Debug, Args)]
pub(in crate::rooms::cli) struct RecordOptions {
    /// The event stream, as http://HOST:PORT/v1/stream/sse?table=T, or https
    #[arg(value_name = "URL")]
    url: TypedUrl,
    #[command(flatten)]
    access: AccessOptions,
    /// How long to listen, as 60s
    #[arg(long = "for", value_name = "TIME", default_value = "60s")]
    pub(in crate::rooms::cli) lasts: humantime::Duration,
    /// File for the trace, which must not exist yet
    #[arg(long, short, value_name = "FILE")]
    pub(in crate::rooms::cli) out: PathBuf,
    /// Names of the events to record, as order,trade; events without a name are called message [default: all]
    #[arg(long = "event", value_name = "NAME,…", value_delimiter = ',')]
    pub(in crate::rooms::cli) names: Vec<String>,
    /// End when the server ends the connection [default: reconnect with Last-Event-ID, as an EventSource does]
    #[arg(long)]
    pub(in crate::rooms::cli) no_reconnect: bool,
    /// Do not count skipped ids as missing: for ids that are times, or that several tables share
    #[arg(long)]
    pub(in crate::rooms::cli) sparse_ids: bool,
    /// How long the server may take for a connection, and then for the head of its response [default: 30s]
    #[arg(long, value_name = "TIME")]
    head_timeout: Option<humantime::Duration>,
}

impl RecordOptions {
    /// What is listened to, and how.
    pub(in crate::rooms::cli) fn listening(&self) -> Result<Listening, Failure> {
        let lasts = *self.lasts;
        if lasts.is_zero() || lasts > MOST_TIME {
            return Err(Failure::input(format!("--for {}: must be above 0 and at most 7 days", self.lasts)));
        }
        if self.names.iter().any(String::is_empty) {
            return Err(Failure::input("--event: a name must not be empty; an event without a name is called message"));
        }
        let fields = self.access.fields()?;
        let [route] = self.access.routes(fields, [self.url.url("URL")?])?;
        Ok(Listening {
            route,
            format: StreamFormat::Sse,
            lasts,
            head_timeout: head_timeout(self.head_timeout)?,
            reconnects: !self.no_reconnect,
            names: self.names.iter().cloned().collect(),
        })
    }
}

pub(super) fn head_timeout(given: Option<humantime::Duration>) -> Result<Duration, Failure> {
    let Some(timeout) = given else { return Ok(HEAD_TIMEOUT) };
    if timeout.is_zero() || *timeout > MOST_TIME {
        return Err(Failure::input(format!("--head-timeout {timeout}: must be above 0 and at most 7 days")));
    }
    Ok(*timeout)
}

/// A time as it would be typed.
pub(super) fn joined(time: humantime::Duration) -> String {
    time.to_string().replace(' ', "")
}
