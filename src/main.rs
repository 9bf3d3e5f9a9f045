//! The `hubbub` command: turns arguments, environment and signals into a configured server, and its end into an exit
//! code. All input is checked before a socket is bound.

#[path = "main/healthcheck.rs"]
mod healthcheck;
#[path = "main/keys.rs"]
mod keys;
#[path = "main/manual.rs"]
mod manual;

use std::fs::File;
use std::io::{self, Read, Write};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::pin::pin;
use std::process::ExitCode;
use std::time::SystemTime;

use clap::error::ErrorKind;
use clap::{CommandFactory, FromArgMatches, Parser, Subcommand};
use hubbub::config::{self, Config, Effective, LogFormat, LogLevel};
use hubbub::hub::{HistorySettings, Policy, Rule, Rules};
use hubbub::metrics::Measured;
use hubbub::server::serve_with_admin;
use hubbub::transport::Tokio;
use hubbub::{Hub, Limits, ServerSettings};
use keys::KeyFile;
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use tokio::net::TcpListener;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tracing_appender::non_blocking::NonBlocking;

/// The exit code for bad input: an argument, a variable, or something in the file.
const BAD_INPUT: u8 = 2;
/// The exit code for a refusal of the system: an address that cannot be bound, or no threads.
const FAILED: u8 = 1;
/// Files that a process has open in addition to its connections, with room to spare.
const OTHER_FILES: u64 = 64;
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
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Run the server until Ctrl-C or SIGTERM.
    ///
    /// An environment variable overrides the file. The server names all errors in its settings before it starts. On a
    /// signal it accepts no new connections, tells clients to come back, and ends within shutdown_grace_seconds. A
    /// second signal ends it at once. Exit codes: 0 stopped by a signal, 1 could not listen, 2 bad input.
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
struct Sources {
    /// Read settings from this TOML file.
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Address to listen on, instead of that of the file or the environment; port 0 takes a free one.
    #[arg(long, value_name = "ADDR", value_parser = address)]
    listen: Option<SocketAddr>,
}

fn main() -> ExitCode {
    let arguments = match parse() {
        Ok(arguments) => arguments,
        Err(code) => return code,
    };
    let sources = match &arguments.command {
        Command::Config { markdown: true, .. } => return print(&config::markdown()),
        Command::Config { schema: true, .. } => return print(&config::schema()),
        Command::Completions { shell } => return print(&manual::completions(Arguments::command(), *shell)),
        Command::Man => return print(&manual::man(Arguments::command())),
        Command::Config { sources, .. } | Command::Serve(sources) | Command::Healthcheck(sources) => sources,
    };
    let effective = match configure(sources) {
        Ok(effective) => effective,
        Err(lines) => {
            lines.iter().for_each(|line| say(line));
            return ExitCode::from(BAD_INPUT);
        }
    };
    if matches!(arguments.command, Command::Healthcheck(_)) {
        return match healthcheck::ask(effective.config.listen) {
            Ok(()) => ExitCode::SUCCESS,
            Err(why) => {
                say(&why);
                ExitCode::from(FAILED)
            }
        };
    }
    // For `config` too: it refuses what the server would refuse.
    let keys = match KeyFile::of(&effective) {
        Ok(keys) => keys,
        Err(line) => {
            say(&line);
            return ExitCode::from(BAD_INPUT);
        }
    };
    match arguments.command {
        Command::Serve(_) => serve(&effective.config, keys),
        // The others have returned.
        _ => print(&effective.show()),
    }
}

fn serve(config: &Config, keys: Option<KeyFile>) -> ExitCode {
    // Named, since `_` would drop the guard here, and lines that are not written yet would be lost.
    let (log, _flushed_at_the_end) = tracing_appender::non_blocking(io::stderr());
    log_to(log, config.log_level, config.log_format);
    allow_files(config.server.max_connections as u64 + OTHER_FILES);
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    let ended =
        runtime.map_err(|why| format!("no threads to run on: {why}")).and_then(|it| it.block_on(run(config, keys)));
    match ended {
        Ok(()) => ExitCode::SUCCESS,
        Err(why) => {
            say(&why);
            ExitCode::from(FAILED)
        }
    }
}

fn parse() -> Result<Arguments, ExitCode> {
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
fn configure(sources: &Sources) -> Result<Effective, Vec<String>> {
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

/// Serves until a signal comes and the server has ended, or a second signal comes.
async fn run(config: &Config, keys: Option<KeyFile>) -> Result<(), String> {
    let no_signals = |why: io::Error| format!("no signals to stop by: {why}");
    // Before the socket is bound: from then on a signal has to stop the server, and not to kill the process.
    let mut first = Signals::listen().map_err(no_signals)?;
    let mut second = Signals::listen().map_err(no_signals)?;
    let (listener, address) = listen(config.listen).await?;
    let admin = match config.admin_listen {
        Some(address) => Some(listen(address).await?),
        None => None,
    };
    let capacity = config.sse_channel_buffer;
    let overflow = config.overflow;
    let hub = Hub::with(epoch(), rules(config));
    let frames = match capacity.frames() {
        1 => "1 frame".to_owned(),
        frames => format!("{frames} frames"),
    };
    // Printed to standard error and not logged, so that a script can wait for it at any log level.
    say(&format!("listening on http://{address}, a buffer of {frames} a subscriber ({overflow})"));
    if let Some((_, address)) = &admin {
        say(&format!("listening on http://{address} for operators"));
    }
    let settings = ServerSettings {
        tokens: keys.as_ref().map(|keys| keys.tokens.clone()),
        is_exposed: config.is_exposed(),
        ..config.server.clone()
    };
    if let Some(keys) = keys {
        // Detached: it ends with the process.
        drop(tokio::spawn(keys.watch()));
    }
    let admin = admin.map(|(listener, _)| listener);
    let environment = Measured::new(Tokio::start());
    let served = pin!(serve_with_admin(listener, admin, hub, settings, environment, first.next()));
    // The second listener also sees the first signal, so it waits for two.
    let impatient = async {
        second.next().await;
        second.next().await;
    };
    tokio::select! {
        biased;
        () = impatient => {}
        () = served => {}
    }
    Ok(())
}

/// A socket that listens, and its address.
async fn listen(address: SocketAddr) -> Result<(TcpListener, SocketAddr), String> {
    let cannot_listen = |why: io::Error| format!("cannot listen on {address}: {why}");
    let listener = TcpListener::bind(address).await.map_err(cannot_listen)?;
    let bound = listener.local_addr().map_err(cannot_listen)?;
    Ok((listener, bound))
}

/// The Hub's rules for subscribers that cannot keep up.
fn rules(config: &Config) -> Rules {
    let bytes = config.sse_channel_bytes;
    let age = config.sse_channel_age;
    let key = &config.conflate_key;
    let by_topic = config.policies.iter().map(|topic| {
        let capacity = topic.frames.unwrap_or(config.sse_channel_buffer);
        let limits = Limits { capacity, bytes: topic.bytes.or(bytes), age: topic.age.or(age) };
        let key = topic.key.clone().or_else(|| key.clone());
        Rule { pattern: topic.pattern.clone(), policy: Policy { limits, overflow: topic.overflow, key } }
    });
    let limits = Limits { capacity: config.sse_channel_buffer, bytes, age };
    Rules {
        policy: Policy { limits, overflow: config.overflow, key: key.clone() },
        by_topic: by_topic.collect(),
        history: HistorySettings { events: config.history_events, bytes: config.history_bytes },
        announces_gaps: config.gap_notices,
    }
}

/// The signals that tell a process to stop.
struct Signals {
    interrupt: Signal,
    terminate: Signal,
}

impl Signals {
    fn listen() -> io::Result<Self> {
        Ok(Self { interrupt: signal(SignalKind::interrupt())?, terminate: signal(SignalKind::terminate())? })
    }

    async fn next(&mut self) {
        tokio::select! {
            biased;
            _ = self.interrupt.recv() => {}
            _ = self.terminate.recv() => {}
        }
    }
}

/// Sends log lines to `log`, which drops lines that cannot be written: a blocked log must not delay publishing.
fn log_to(log: NonBlocking, level: LogLevel, format: LogFormat) {
    let level = match level {
        LogLevel::Error => tracing::Level::ERROR,
        LogLevel::Warn => tracing::Level::WARN,
        LogLevel::Info => tracing::Level::INFO,
        LogLevel::Debug => tracing::Level::DEBUG,
    };
    let lines = tracing_subscriber::fmt().with_max_level(level).with_writer(log).with_ansi(false).with_target(false);
    let lines = lines.log_internal_errors(false);
    match format {
        LogFormat::Text => lines.init(),
        // The members of an event stand beside its level and time, so that a program finds them without a path.
        LogFormat::Json => lines.json().flatten_event(true).with_current_span(false).with_span_list(false).init(),
    }
}

/// Raises this process's limit on open files to what is needed. Logs a warning if the hard limit is too low.
fn allow_files(needed: u64) {
    let limit = getrlimit(Resource::Nofile);
    if limit.current.is_none_or(|current| current >= needed) {
        return;
    }
    let possible = limit.maximum.map_or(needed, |maximum| maximum.min(needed));
    let raised = setrlimit(Resource::Nofile, Rlimit { current: Some(possible), maximum: limit.maximum });
    if raised.is_err() || possible < needed {
        let files = getrlimit(Resource::Nofile).current.unwrap_or(possible);
        tracing::warn!(
            "only {files} files may be open, and max_connections needs {needed}: raise the hard limit (ulimit -Hn, \
             LimitNOFILE=) or lower max_connections"
        );
    }
}

/// The epoch of this process's event ids: milliseconds since the Unix epoch. So a restarted Hub gives out new ids.
#[expect(clippy::disallowed_methods, reason = "the one place where the date is what is wanted: ids of another life")]
fn epoch() -> u64 {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
}

/// Prints one line to standard error. A closed standard error does not stop the server.
fn say(line: &str) {
    let _ = writeln!(io::stderr(), "hubbub: {line}");
}

/// Prints the result of a command to standard output.
fn print(text: &str) -> ExitCode {
    match io::stdout().write_all(text.as_bytes()) {
        Ok(()) => ExitCode::SUCCESS,
        // The reader has closed the pipe, as `head` does, and needs no message.
        Err(why) if why.kind() == io::ErrorKind::BrokenPipe => ExitCode::SUCCESS,
        Err(why) => {
            say(&format!("cannot print: {why}"));
            ExitCode::from(FAILED)
        }
    }
}
