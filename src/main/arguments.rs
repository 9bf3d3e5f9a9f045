//! The arguments of the command, and the settings that they name.

use std::fs::File;
use std::io::Read;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::error::ErrorKind;
use clap::{CommandFactory, FromArgMatches, Parser, Subcommand};
use hubbub::config::{self, Effective};

use super::{BAD_INPUT, say};

/// Largest configuration file in bytes. With a wrong path the result is a message, and not an exhausted memory.
const MAX_CONFIG_BYTES: u64 = 1 << 20;

#[derive(Parser)]
#[command(
    name = "hubbub",
    version,
    about,
    long_about = "Sends live events to all clients that watch their table.\n\n\
    To publish, POST a JSON object to /v1/ingest/{table}, or a batch as application/x-ndjson, one object a line. \
    To watch a table, GET /v1/stream/sse?table=TABLE; name several tables, or topics as topic=ingest.builds.*, to watch \
    them in one stream. A WebSocket at /v1/stream/ws does the same. \
    Each client has a buffer of its own. A slow client loses its own events and delays no other client. \
    GET /metrics is for Prometheus; /healthz and /readyz are for process supervisors and load balancers."
)]
pub(super) struct Arguments {
    #[command(subcommand)]
    pub(super) command: Command,
}

#[derive(Subcommand)]
pub(super) enum Command {
    /// Run the server until Ctrl-C or SIGTERM.
    ///
    /// An environment variable overrides the file. The server names all errors in its settings before it starts. On a
    /// signal it accepts no new connections, tells clients to come back, and ends within shutdown_grace_seconds. A
    /// second signal ends it at once. Exit codes: 0 stopped by a signal, 1 could not listen, found no broker or lost its
    /// stream, 2 bad input.
    Serve(Sources),
    /// Show the settings in effect, and where each comes from.
    ///
    /// The output is a file that serve --config accepts. It does not show the token. Exit codes: 0, or 2 for bad input.
    Config {
        #[command(flatten)]
        sources: Sources,
        /// Print docs/configuration.md instead: every setting, its range and the memory that it may cost.
        #[arg(long, conflicts_with_all = ["config", "listen"])]
        markdown: bool,
        /// Print schemas/config.json instead: the JSON Schema of a configuration file.
        #[arg(long, conflicts_with_all = ["config", "listen", "markdown"])]
        schema: bool,
    },
    /// Ask the server of the same settings whether it lives.
    ///
    /// It gets /healthz from the address to listen on, for images that have no other program. Exit codes: 0 healthy,
    /// 1 not, 2 bad input.
    Healthcheck(Sources),
    /// Print a script that completes arguments in a shell.
    Completions {
        /// The shell.
        shell: clap_complete::Shell,
    },
    /// Print the pages of the manual, as roff.
    Man,
}

#[derive(clap::Args)]
pub(super) struct Sources {
    /// Read settings from this TOML file.
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Address to listen on, instead of that of the file or the environment; port 0 takes a free one.
    #[arg(long, value_name = "ADDR", value_parser = address)]
    listen: Option<SocketAddr>,
}
pub(super) fn parse() -> Result<Arguments, ExitCode> {
    let settings =
        format!("Settings: key in [server] of the file, environment variable, default value:\n{}", config::help());
    let with_settings = |command: clap::Command| command.after_help(settings.clone());
    let command = Arguments::command().mut_subcommand("serve", with_settings).mut_subcommand("config", with_settings);
    let parsed = command.try_get_matches().and_then(|matches| Arguments::from_arg_matches(&matches));
    parsed.map_err(|why| match why.kind() {
        ErrorKind::DisplayHelp | ErrorKind::DisplayVersion | ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand => {
            // It fails when the reader of the help has gone, who needs no message.
            let _ = why.print();
            ExitCode::from(u8::try_from(why.exit_code()).unwrap_or(BAD_INPUT))
        }
        _ => {
            let text = why.to_string();
            let line = text.lines().next().unwrap_or_default();
            let line = line.strip_prefix("error: ").unwrap_or(line);
            // For a wrong value its parser has already said what is allowed.
            let hint = if why.kind() == ErrorKind::ValueValidation { "" } else { ": see hubbub serve --help" };
            say(&format!("{line}{hint}"));
            ExitCode::from(BAD_INPUT)
        }
    })
}

fn address(text: &str) -> Result<SocketAddr, &'static str> {
    text.parse().map_err(|_| "must be an IP address and a port, as 127.0.0.1:8080")
}

/// The configuration, or its faults, one line for each.
pub(super) fn configure(sources: &Sources) -> Result<Effective, Vec<String>> {
    let file = match &sources.config {
        Some(path) => Some((path.display().to_string(), read(path)?)),
        None => None,
    };
    let file = file.as_ref().map(|(name, text)| config::ConfigFile { name, text });
    let loaded = Effective::load(file, std::env::vars_os(), sources.listen);
    loaded.map_err(|refusals| refusals.iter().map(ToString::to_string).collect())
}

fn read(path: &Path) -> Result<String, Vec<String>> {
    let refused = |why: &dyn std::fmt::Display| vec![format!("{}: {why}", path.display())];
    let mut bytes = Vec::new();
    let file = File::open(path).map_err(|why| refused(&why))?;
    // Read, and not asked for its length: a pipe or a device has none. One byte more shows that a file is too long.
    file.take(MAX_CONFIG_BYTES + 1).read_to_end(&mut bytes).map_err(|why| refused(&why))?;
    if bytes.len() as u64 > MAX_CONFIG_BYTES {
        return Err(refused(&format_args!("longer than {MAX_CONFIG_BYTES} bytes, which is the most")));
    }
    String::from_utf8(bytes).map_err(|why| refused(&format_args!("no UTF-8 text: {}", why.utf8_error())))
}
