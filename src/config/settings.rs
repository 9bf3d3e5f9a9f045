//! The values of a configuration, and their defaults.

use std::fmt;
use std::net::{Ipv4Addr, SocketAddr};
use std::num::NonZeroUsize;
use std::str::FromStr;
use std::time::Duration;

use super::TopicPolicy;
use crate::event::KeyPath;
use crate::mailbox::{Capacity, Overflow};
use crate::server::{DEFAULT_HISTORY, DEFAULT_SSE_CHANNEL_BUFFER, ServerSettings};

const DEFAULT_BUFFER: Capacity = Capacity::new(DEFAULT_SSE_CHANNEL_BUFFER).expect("the default is a capacity");

/// All settings of `hubbub serve`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Config {
    /// The address to listen on; port 0 takes a free port.
    pub listen: SocketAddr,
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
    /// How much is logged.
    pub log_level: LogLevel,
    /// The settings of connections and requests.
    pub server: ServerSettings,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 8080)),
            sse_channel_buffer: DEFAULT_BUFFER,
            sse_channel_bytes: None,
            sse_channel_age: None,
            overflow: Overflow::default(),
            conflate_key: None,
            policies: Vec::new(),
            history_events: DEFAULT_HISTORY.events,
            history_bytes: DEFAULT_HISTORY.bytes,
            gap_notices: true,
            log_level: LogLevel::default(),
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
