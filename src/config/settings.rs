//! The values of a configuration, and their defaults.

use std::fmt;
use std::net::{Ipv4Addr, SocketAddr};
use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

use super::TopicPolicy;
use crate::event::KeyPath;
use crate::jetstream;
use crate::mailbox::{Capacity, Overflow};
use crate::server::{DEFAULT_HISTORY, DEFAULT_SSE_CHANNEL_BUFFER, ServerSettings};

const DEFAULT_BUFFER: Capacity = Capacity::new(DEFAULT_SSE_CHANNEL_BUFFER).expect("the default is a capacity");

/// All settings of `hubbub serve`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Config {
    /// The address to listen on; port 0 takes a free port.
    pub listen: SocketAddr,
    /// Whether anybody who reaches the address may use the server.
    pub is_public: bool,
    /// The address for health, metrics and debugging alone; `None` for none.
    pub admin_listen: Option<SocketAddr>,
    /// The file with the keys of tokens; `None` asks for no tokens.
    pub token_keys: Option<PathBuf>,
    /// The name that tokens must have as their audience; `None` takes those that name none.
    pub token_audience: Option<String>,
    /// Capacity of a subscriber's mailbox.
    pub sse_channel_buffer: Capacity,
    /// Most bytes of payload that may wait for a subscriber; `None` for no limit.
    pub sse_channel_bytes: Option<NonZeroUsize>,
    /// Greatest age of the oldest event that waits; `None` for no limit.
    pub sse_channel_age: Option<Duration>,
    /// What happens to an event that does not fit.
    pub overflow: Overflow,
    /// Where in a payload an event's key is, for policies that conflate.
    pub conflate_key: Option<KeyPath>,
    /// Policies for some topics, which replace the settings above.
    pub policies: Vec<TopicPolicy>,
    /// Most events kept for subscribers that come back or are parked.
    pub history_events: usize,
    /// Most bytes of their payloads.
    pub history_bytes: usize,
    /// Whether subscribers are told of the events that they do not get.
    pub gap_notices: bool,
    /// Where events come from.
    pub source: Source,
    /// The stream that several servers share, if the source is one.
    pub jetstream: jetstream::Settings,
    /// How much is logged.
    pub log_level: LogLevel,
    /// The form of a line of the log.
    pub log_format: LogFormat,
    /// The settings of connections and requests.
    pub server: ServerSettings,
}

impl Config {
    /// Whether only this machine reaches the address to listen on.
    pub fn is_local(&self) -> bool {
        self.listen.ip().to_canonical().is_loopback()
    }

    /// Whether strangers may reach the server. What is for its operators then needs an address of its own, or a token.
    pub fn is_exposed(&self) -> bool {
        self.is_public || !self.is_local()
    }
}

impl Default for Config {
    fn default() -> Self {
        Self {
            listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 8080)),
            is_public: false,
            admin_listen: None,
            token_keys: None,
            token_audience: None,
            sse_channel_buffer: DEFAULT_BUFFER,
            sse_channel_bytes: None,
            sse_channel_age: None,
            overflow: Overflow::default(),
            conflate_key: None,
            policies: Vec::new(),
            history_events: DEFAULT_HISTORY.events,
            history_bytes: DEFAULT_HISTORY.bytes,
            gap_notices: true,
            source: Source::default(),
            jetstream: jetstream::Settings::default(),
            log_level: LogLevel::default(),
            log_format: LogFormat::default(),
            server: ServerSettings::default(),
        }
    }
}

/// The level of the log. Each level includes those before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum LogLevel {
    /// Faults that keep the server from doing its work.
    Error,
    /// Subscribers that fall behind or are cut off, and limits that are reached.
    Warn,
    /// Start and stop.
    #[default]
    Info,
    /// The beginning, the end and the account of every stream.
    Debug,
}

impl LogLevel {
    const ALL: [Self; 4] = [Self::Error, Self::Warn, Self::Info, Self::Debug];

    /// The name in configuration.
    pub fn name(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Warn => "warn",
            Self::Info => "info",
            Self::Debug => "debug",
        }
    }
}

impl fmt::Display for LogLevel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// The error for a text that is not the name of a level.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a log level: must be error, warn, info or debug")]
pub struct UnknownLogLevel;

impl FromStr for LogLevel {
    type Err = UnknownLogLevel;

    fn from_str(text: &str) -> Result<Self, UnknownLogLevel> {
        Self::ALL.into_iter().find(|level| level.name() == text).ok_or(UnknownLogLevel)
    }
}

/// The form of a line of the log.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum LogFormat {
    /// A text for people.
    #[default]
    Text,
    /// A JSON object for programs.
    Json,
}

impl LogFormat {
    const ALL: [Self; 2] = [Self::Text, Self::Json];

    /// The name in configuration.
    pub fn name(self) -> &'static str {
        match self {
            Self::Text => "text",
            Self::Json => "json",
        }
    }

    /// The format with a name.
    pub(super) fn of_name(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|format| format.name() == text)
    }
}

/// Where the events of a server come from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Source {
    /// From its own publishers. A restart begins a new epoch.
    #[default]
    Embedded,
    /// From a stream of NATS JetStream, which several servers share.
    JetStream,
}

impl Source {
    const ALL: [Self; 2] = [Self::Embedded, Self::JetStream];
    /// All names, for messages.
    pub(super) const NAMES: &'static str = "embedded or jetstream";

    /// The name in configuration.
    pub fn name(self) -> &'static str {
        match self {
            Self::Embedded => "embedded",
            Self::JetStream => "jetstream",
        }
    }

    /// The source with a name.
    pub(super) fn of_name(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|source| source.name() == text)
    }
}
