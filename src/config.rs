//! What an operator may set: defaults, then a TOML file, then the environment, and one check of it all.
//!
//! Pure: it is handed the file's text and the environment's pairs, and knows neither a process nor a disk. One table
//! (`setting`) names every setting; the file's keys, the variables and the help are all read off it.

mod file;
mod setting;

use std::ffi::OsString;
use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

use crate::mailbox::{Capacity, Overflow};

pub use setting::help;

/// Frames a subscriber's mailbox holds unless the operator says otherwise: what the sweep of the expected workload
/// recommends (`plots/alpha/sweep.json`), 2 KiB of slots on a 64-bit machine.
pub const DEFAULT_SSE_CHANNEL_BUFFER: usize = 256;

/// What an operator can set about connections.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ServerSettings {
    /// Silence after which a stream gets a comment.
    pub keepalive: Duration,
    /// Time without write progress after which a connection is closed.
    pub write_deadline: Duration,
    /// Largest body of a publish, in bytes. Each publish under way holds as much memory at most.
    pub max_ingest_bytes: usize,
}

impl Default for ServerSettings {
    fn default() -> Self {
        Self { keepalive: Duration::from_secs(15), write_deadline: Duration::from_secs(30), max_ingest_bytes: 1 << 20 }
    }
}

/// Everything `hubbub serve` can be told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Config {
    /// Where to listen; port 0 takes a free one.
    pub listen: SocketAddr,
    /// Frames a subscriber's mailbox holds.
    pub sse_channel_buffer: Capacity,
    /// What a full mailbox does.
    pub overflow: Overflow,
    /// About connections.
    pub server: ServerSettings,
}

impl Default for Config {
    fn default() -> Self {
        const BUFFER: Capacity = Capacity::new(DEFAULT_SSE_CHANNEL_BUFFER).expect("the default is a capacity");
        Self {
            listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 8080)),
            sse_channel_buffer: BUFFER,
            overflow: Overflow::default(),
            server: ServerSettings::default(),
        }
    }
}

/// A configuration file, read.
#[derive(Debug, Clone, Copy)]
pub struct File<'a> {
    /// What to call it in a refusal.
    pub name: &'a str,
    /// Its text, TOML.
    pub text: &'a str,
}

/// One thing that is wrong, as one line without the program's name.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// A setting has a value that it cannot have.
    #[error("{place}: {key} = {value}: must be {allowed}")]
    Value {
        /// The file and line, or the variable.
        place: String,
        /// The setting, with its section.
        key: String,
        /// The value as it was written.
        value: String,
        /// What it may be.
        allowed: String,
    },
    /// There is no such setting.
    #[error("{place}: {name}: no such setting: must be {allowed}")]
    Unknown {
        /// The file and line, or `environment`.
        place: String,
        /// The key or variable.
        name: String,
        /// What there is.
        allowed: String,
    },
    /// The file is no TOML.
    #[error("{place}: {why}")]
    Syntax {
        /// The file and line.
        place: String,
        /// What the parser says.
        why: String,
    },
}

impl Config {
    /// Defaults, changed by a file, changed by an environment. The environment's other variables are left alone.
    ///
    /// # Errors
    /// Every setting that is unknown or out of bounds, those that another source overrides among them: the file's
    /// first, line by line, then the environment's by name.
    pub fn load(
        file: Option<File<'_>>,
        environment: impl IntoIterator<Item = (OsString, OsString)>,
    ) -> Result<Self, Vec<Refusal>> {
        let (mut config, mut refusals) = (Self::default(), Vec::new());
        if let Some(file) = file {
            file::apply(file, &mut config, &mut refusals);
        }
        let mut pairs: Vec<_> = environment.into_iter().collect();
        pairs.sort();
        for (name, value) in pairs {
            setting::apply_variable(&mut config, &name.to_string_lossy(), &value.to_string_lossy(), &mut refusals);
        }
        if refusals.is_empty() { Ok(config) } else { Err(refusals) }
    }
}

#[cfg(test)]
mod tests;
