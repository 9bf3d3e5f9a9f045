//! What an operator may set: defaults, then a TOML file, then the environment, then the command line, and one check of
//! it all.
//!
//! Pure: it is handed the file's text and the environment's pairs, and knows neither a process nor a disk. One table
//! (`table`) names every setting; the file's keys, the variables, the help and `docs/configuration.md` are read off it.

mod file;
mod layer;
mod layers;
mod lookup;
mod origins;
mod page;
mod policies;
mod setting;
mod settings;
mod table;
mod token;

use std::ffi::OsString;

pub use layers::Effective;
pub use origins::Origins;
pub use page::{help, markdown};
pub use policies::TopicPolicy;
pub use settings::{
    Config, DEFAULT_SSE_CHANNEL_BUFFER, LogLevel, MAX_FRAMES_PER_WRITE, ServerSettings, UnknownLogLevel,
};
pub use token::Token;

/// A configuration file, read.
#[derive(Debug, Clone, Copy)]
pub struct ConfigFile<'a> {
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
    /// As [`Effective::load`].
    pub fn load(
        file: Option<ConfigFile<'_>>,
        environment: impl IntoIterator<Item = (OsString, OsString)>,
    ) -> Result<Self, Vec<Refusal>> {
        Effective::load(file, environment, None).map(|effective| effective.config)
    }
}

#[cfg(test)]
mod tests;
