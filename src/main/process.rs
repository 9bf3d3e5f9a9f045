//! What the command asks of the system: signals, the log, and the limit on open files.

use std::io;

use hubbub::config::{LogFormat, LogLevel};
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use tokio::signal::unix::{Signal, SignalKind, signal};
use tracing::Level;
use tracing_appender::non_blocking::NonBlocking;
use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;

/// The signals that tell a process to stop.
pub(super) struct Signals {
    interrupt: Signal,
    terminate: Signal,
}

impl Signals {
    pub(super) fn listen() -> io::Result<Self> {
        Ok(Self { interrupt: signal(SignalKind::interrupt())?, terminate: signal(SignalKind::terminate())? })
    }

    pub(super) async fn next(&mut self) {
        tokio::select! {
            biased;
            _ = self.interrupt.recv() => {}
            _ = self.terminate.recv() => {}
        }
    }
}

/// Sends log lines to `log`, which drops lines that cannot be written: a blocked log must not delay publishing.
pub(super) fn log_to(log: NonBlocking, level: LogLevel, format: LogFormat) {
    let level = match level {
        LogLevel::Error => Level::ERROR,
        LogLevel::Warn => Level::WARN,
        LogLevel::Info => Level::INFO,
        LogLevel::Debug => Level::DEBUG,
    };
    let lines = tracing_subscriber::fmt().with_max_level(level).with_writer(log).with_ansi(false).with_target(false);
    let lines = lines.log_internal_errors(false);
    // The client of NATS tells of every connection and every error, and this server tells of what comes of it.
    let targets = Targets::new().with_default(level).with_target("async_nats", LevelFilter::OFF);
    match format {
        LogFormat::Text => lines.finish().with(targets).init(),
        // The members of an event stand beside its level and time, so that a program finds them without a path.
        LogFormat::Json => {
            let lines = lines.json().flatten_event(true).with_current_span(false).with_span_list(false);
            lines.finish().with(targets).init();
        }
    }
}

/// Raises this process's limit on open files to what is needed. Logs a warning if the hard limit is too low.
pub(super) fn allow_files(needed: u64) {
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
