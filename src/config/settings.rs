//! The values of a configuration, and their defaults.

use std::fmt;
use std::net::{Ipv4Addr, SocketAddr};
use std::num::NonZeroUsize;
use std::str::FromStr;
use std::time::Duration;

use super::{Origins, Token, TopicPolicy};
use crate::event::KeyPath;
use crate::mailbox::{Capacity, Overflow};

/// Default capacity of a subscriber's mailbox, in frames: 2 KiB of slots on a 64-bit machine. The sweep of the expected
/// workload recommends it (`plots/alpha/sweep.json`).
pub const DEFAULT_SSE_CHANNEL_BUFFER: usize = 256;

const DEFAULT_BUFFER: Capacity = Capacity::new(DEFAULT_SSE_CHANNEL_BUFFER).expect("the default is a capacity");

/// Most frames that can share a write. hyper hands at most 64 pieces to the system at a time, and a write must be
/// handed over whole, with the response's head and the ends of its chunk.
pub const MAX_FRAMES_PER_WRITE: usize = 32;

/// The settings of connections and requests.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServerSettings {
    /// Silence after which a stream gets a keep-alive.
    pub keepalive: Duration,
    /// Time without write progress after which a connection is closed.
    pub write_deadline: Duration,
    /// Time that sent bytes may stay unacknowledged before the connection is closed, on systems that support it.
    pub user_timeout: Duration,
    /// Time that a request's head, and then its body, may take to come; also how long a connection may wait for its
    /// next request. `None` sets no timer, for a simulated world whose clients always finish.
    pub request_timeout: Option<Duration>,
    /// Time that streams have to end once the server is told to stop.
    pub shutdown_grace: Duration,
    /// Most bytes that may wait unsent in the kernel for one connection; those on their way to the client do not count.
    pub socket_unsent_bytes: u32,
    /// Most frames that share a write to a subscriber, 1 ..= [`MAX_FRAMES_PER_WRITE`]. It is also the most frames that
    /// are out of the buffer and not flushed.
    pub frames_per_write: usize,
    /// Capacity of the mailbox of a WebSocket, for all of its tables together.
    pub ws_channel_buffer: Capacity,
    /// Most streams that may be open at once.
    pub max_subscribers: usize,
    /// Most connections that may be open at once, those of streams included.
    pub max_connections: usize,
    /// Most publishes whose bodies may be in memory at once; further ones wait.
    pub max_publishes: usize,
    /// Largest body of a publish, in bytes. It is also the most memory that one publish holds.
    pub max_ingest_bytes: usize,
    /// Largest head of a request, in bytes.
    pub max_header_bytes: usize,
    /// The token that a publisher must present; `None` lets everyone publish.
    pub publish_token: Option<Token>,
    /// Origins of web pages that may watch and publish, in addition to the server's own.
    pub allowed_origins: Origins,
}

impl Default for ServerSettings {
    fn default() -> Self {
        Self {
            keepalive: Duration::from_secs(15),
            write_deadline: Duration::from_secs(30),
            // Above the write deadline: the system counts a window that stays closed as well, and a client that only
            // stalls is the deadline's affair.
            user_timeout: Duration::from_secs(40),
            request_timeout: Some(Duration::from_secs(30)),
            shutdown_grace: Duration::from_secs(5),
            // Left alone a send buffer grows to megabytes. Thousands of frames then hide behind the mailbox, where no
            // overflow policy reaches them; and as a full one says that it has room only when a third of it is free, a
            // slow client looks for many seconds as if it took nothing, and the write deadline cuts it off. Not
            // smaller, so that a fast client always has something to be sent; not larger, since what waits there is
            // late and out of the policy's reach.
            socket_unsent_bytes: 16 * 1024,
            // One: then exactly one frame is beyond the policy's reach, and the buffer that is set is the buffer there
            // is. More saves writes, and CPU time, where subscribers have fallen behind.
            frames_per_write: 1,
            ws_channel_buffer: DEFAULT_BUFFER,
            max_subscribers: 10_000,
            // More than there may be streams, so that a full server can still answer that it is full.
            max_connections: 11_000,
            max_publishes: 64,
            max_ingest_bytes: 1 << 20,
            max_header_bytes: 8192,
            publish_token: None,
            allowed_origins: Origins::default(),
        }
    }
}

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
            // At 20 events a second more than eight minutes: a client that has gone through a tunnel, a page that was
            // reloaded, a server behind a balancer that moved it.
            history_events: 10_000,
            history_bytes: 16 << 20,
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
