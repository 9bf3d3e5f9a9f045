//! The settings of a server: defaults, then a TOML file, then the environment, then the command line, and one check of
//! all.
//!
//! Pure: it is handed the file's text and the environment's pairs, and knows no process and no disk. One table
//! (`table`) names every setting. The file's keys, the variables, the help and `docs/configuration.md` are made from
//! it.
//!
//! A text and an environment give validated values, or all that is wrong with them, each with its place:
//!
//! ```
//! use hubbub::config::{Config, ConfigFile};
//! use hubbub::{Overflow, ServerSettings};
//!
//! let text = "[server]\nsse_channel_buffer = 64\noverflow = \"drop-oldest\"\n";
//! let file = ConfigFile { name: "hubbub.toml", text };
//! let config = Config::load(Some(file), [("WH_SSE_CHANNEL_BUFFER".into(), "512".into())]).expect("valid");
//! assert_eq!(config.sse_channel_buffer.frames(), 512, "a variable overrides the file");
//! assert_eq!(config.overflow, Overflow::DropOldest);
//! assert_eq!(config.server, ServerSettings::default());
//!
//! let file = ConfigFile { text: "[server]\nsse_channel_buffer = 0\nbuffer = 8\n", ..file };
//! let wrong = Config::load(Some(file), []).expect_err("refused").iter().map(ToString::to_string).collect::<Vec<_>>();
//! assert_eq!(wrong[0], "hubbub.toml:2: server.sse_channel_buffer = 0: must be 1 ..= 1048576");
//! assert!(wrong[1].starts_with("hubbub.toml:3: server.buffer: no such setting: must be "));
//! ```

mod file;
mod layer;
mod layers;
mod lookup;
mod page;
mod policies;
mod schema;
mod setting;
mod settings;
mod table;

use std::ffi::OsString;

pub use layers::Effective;
pub use page::{help, markdown};
pub use policies::TopicPolicy;
pub use schema::schema;
pub use settings::{Config, LogFormat, LogLevel, Source, UnknownLogLevel};

/// The name and the text of a configuration file.
#[derive(Debug, Clone, Copy)]
pub struct ConfigFile<'a> {
    /// The name of the file in messages.
    pub name: &'a str,
    /// The text of the file, TOML.
    pub text: &'a str,
}

/// One fault of a configuration. Its text is one line, without the program's name.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// A setting has a value that is not allowed.
    #[error("{place}: {key} = {value}: must be {allowed}")]
    Value {
        /// The file and line, or the variable.
        place: String,
        /// The setting, with its section.
        key: String,
        /// The value as it was written.
        value: String,
        /// The values that are allowed.
        allowed: String,
    },
    /// A key or variable is not the name of a setting.
    #[error("{place}: {name}: no such setting: must be {allowed}")]
    Unknown {
        /// The file and line, or `environment`.
        place: String,
        /// The key or variable.
        name: String,
        /// The names that are allowed.
        allowed: String,
    },
    /// The file is not valid TOML, or sets a key twice.
    #[error("{place}: {why}")]
    Syntax {
        /// The file and line.
        place: String,
        /// The message of the parser.
        why: String,
    },
}

impl Config {
    /// Loads the defaults, changed by a file, changed by an environment. Variables without the prefix `WH_` are
    /// ignored.
    ///
    /// # Errors
    /// The same as those of [`Effective::load`].
    pub fn load(
        file: Option<ConfigFile<'_>>,
        environment: impl IntoIterator<Item = (OsString, OsString)>,
    ) -> Result<Self, Vec<Refusal>> {
        Effective::load(file, environment, None).map(|effective| effective.config)
    }
}

#[cfg(test)]
mod everything_tests;
#[cfg(test)]
mod tests;
