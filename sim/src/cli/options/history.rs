//! Options that ask for the size of a history in place of a buffer.

use std::time::Duration;

use clap::Args;

use crate::cli::number;

#[derive(Debug, Clone, Args)]
pub(in crate::rooms::cli) struct HistoryOptions {
    /// Size the history instead of the buffer: the smallest, in events and in bytes, from which everybody who comes back
    /// within --back-within finds everything. The scenario needs a history and subscribers that come back
    #[arg(long, requires = "back_within", conflicts_with_all = ["sensitivity", "extrapolate", "junit", "report", "missed", "age_p99_ms", "memory_bytes_per_subscriber"])]
    pub(in crate::rooms::cli) history: bool,
    /// Longest absence that counts with --history, as 30s or 5m: the time from the end of a stream on the server to the
    /// beginning of the next one
    #[arg(long, value_name = "TIME", requires = "history")]
    back_within: Option<humantime::Duration>,
    /// Mailbox size of the server whose history is sized, in frames [default: current_buffer of the scenario]
    #[arg(long, value_name = "K", requires = "history", value_parser = number::capacity)]
    buffer: Option<u64>,
}

impl HistoryOptions {
    /// The longest absence that counts. Nothing counts where none was given, which the parser does not let happen.
    pub(in crate::rooms::cli) fn back_within(&self) -> Duration {
        self.back_within.map(Into::into).unwrap_or_default()
    }

    /// The mailbox size, if one was given.
    pub(in crate::rooms::cli) fn buffer(&self) -> Option<u64> {
        self.buffer
    }

    /// The options as they would be typed; empty where the buffer is sized.
    pub(in crate::rooms::cli) fn command(&self) -> String {
        // The crate puts a space between units, and a shell would take the parts for two arguments.
        let Some(time) = self.back_within.map(|time| time.to_string().replace(' ', "")) else { return String::new() };
        let buffer = self.buffer.map_or_else(String::new, |frames| format!(" --buffer {frames}"));
        format!(" --history --back-within {time}{buffer}")
    }
}
