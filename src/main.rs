//! The `hubbub` command: turns arguments, environment and signals into a configured server, and its end into an exit
//! code. All input is checked before a socket is bound.

#[path = "main/arguments.rs"]
mod arguments;
#[path = "main/healthcheck.rs"]
mod healthcheck;
#[path = "main/keys.rs"]
mod keys;
#[path = "main/manual.rs"]
mod manual;
#[path = "main/process.rs"]
mod process;
#[path = "main/source.rs"]
mod source;

use std::io::{self, Write};
use std::net::SocketAddr;
use std::pin::pin;
use std::process::ExitCode;
use std::sync::OnceLock;

use arguments::{Arguments, Command, configure, parse};
use clap::CommandFactory;
use hubbub::ServerSettings;
use hubbub::config::{self, Config};
use hubbub::jetstream::StartError;
use hubbub::metrics::Measured;
use hubbub::server::serve_with_admin;
use hubbub::transport::Tokio;
use keys::KeyFile;
use process::{Signals, allow_files, log_to};
use source::Opened;
use tokio::net::TcpListener;

/// The exit code for bad input: an argument, a variable, or something in the file.
const BAD_INPUT: u8 = 2;
/// The exit code for a refusal of the system: an address that cannot be bound, or no threads.
const FAILED: u8 = 1;
/// Files that a process has open in addition to its connections, with room to spare.
const OTHER_FILES: u64 = 64;

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
    let no_threads = |why: io::Error| Failure::from(format!("no threads to run on: {why}"));
    match runtime.map_err(no_threads).and_then(|it| it.block_on(run(config, keys))) {
        Ok(()) => ExitCode::SUCCESS,
        Err(Failure { line, code }) => {
            say(&line);
            ExitCode::from(code)
        }
    }
}

/// Why the server ends or does not begin, in one line, and the exit code.
struct Failure {
    line: String,
    code: u8,
}

impl From<String> for Failure {
    fn from(line: String) -> Self {
        Self { line, code: FAILED }
    }
}

impl From<StartError> for Failure {
    fn from(why: StartError) -> Self {
        Self { line: why.to_string(), code: if why.is_bad_input() { BAD_INPUT } else { FAILED } }
    }
}

/// Serves until a signal comes and the server has ended, or a second signal comes.
async fn run(config: &Config, keys: Option<KeyFile>) -> Result<(), Failure> {
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
    // Before anything is said: a script that waits for the line may publish at once.
    let opened = Opened::of(config).await?;
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
    let environment = opened.measured(Measured::new(Tokio::start()));
    let (source, reading) = opened.begin(environment.clone());
    // A task of its own, so that a stop does not end it before the streams have got what it reads.
    let mut reading = tokio::spawn(reading);
    let lost = OnceLock::new();
    let stop = async {
        tokio::select! {
            biased;
            () = first.next() => {}
            why = &mut reading => {
                // It cannot be set already, and the task neither panics nor is it aborted.
                let _ = lost.set(why.unwrap_or_else(|why| why.to_string()));
            }
        }
    };
    let served = pin!(serve_with_admin(listener, admin, source, settings, environment, stop));
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
    match lost.get().cloned() {
        Some(why) => Err(Failure { line: why, code: FAILED }),
        None => Ok(()),
    }
}

/// A socket that listens, and its address.
async fn listen(address: SocketAddr) -> Result<(TcpListener, SocketAddr), String> {
    let cannot_listen = |why: io::Error| format!("cannot listen on {address}: {why}");
    let listener = TcpListener::bind(address).await.map_err(cannot_listen)?;
    let bound = listener.local_addr().map_err(cannot_listen)?;
    Ok((listener, bound))
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
