//! The settings of a server's connections and requests, and their defaults. A program that embeds the server writes
//! them down, and `hubbub serve` reads them from its configuration.

use std::time::Duration;

use super::origins::Origins;
use super::token::Token;
use crate::hub::HistorySettings;
use crate::mailbox::Capacity;
use crate::tokens::Tokens;
#[cfg(doc)]
use crate::transport::MAX_FRAMES_PER_WRITE;

/// Default capacity of a subscriber's mailbox, in frames: 4 KiB of slots on a 64-bit machine. The sweep of the expected
/// workload recommends it (`plots/alpha/sweep.json`).
pub const DEFAULT_SSE_CHANNEL_BUFFER: usize = 512;

const DEFAULT_BUFFER: Capacity = Capacity::new(DEFAULT_SSE_CHANNEL_BUFFER).expect("the default is a capacity");

/// The history that `hubbub serve` keeps by default. At 20 events a second it lasts for more than eight minutes.
// That is a client that has gone through a tunnel, a page that was reloaded, a server behind a balancer that moved it.
pub const DEFAULT_HISTORY: HistorySettings = HistorySettings { events: 10_000, bytes: 16 << 20 };

/// The settings of connections and requests.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServerSettings {
    /// Silence after which a stream gets a keep-alive.
    pub keepalive: Duration,
    /// Longest time after which a client of a stream of server-sent events comes back when it has lost its stream. Each is
    /// told a time between a fifth of it and all of it, spread by subscriber, so that not all come back at once. `None`
    /// leaves the time to the client.
    pub retry: Option<Duration>,
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
    /// Most frames that share a write to a subscriber, 1 ..= [`MAX_FRAMES_PER_WRITE`]. It changes nothing of which frames
    /// fit into a mailbox. Policies that remove waiting frames get one frame a write, whatever is set.
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
    /// The keys of the tokens that clients and publishers must present; `None` asks for no tokens. There are none without
    /// the feature `tokens`.
    pub tokens: Option<Tokens>,
    /// Whether strangers may reach the server. If so, `/readyz`, `/metrics` and `/debug` are served on the listener of
    /// operators alone, or to a token with the claim `admin`.
    pub is_exposed: bool,
    /// Origins of web pages that may watch and publish, in addition to the server's own.
    pub allowed_origins: Origins,
}

impl Default for ServerSettings {
    fn default() -> Self {
        Self {
            keepalive: Duration::from_secs(15),
            retry: Some(Duration::from_secs(5)),
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
            // What hyper gathers before it writes. It saves writes, and CPU time, where subscribers have fallen behind.
            frames_per_write: 16,
            ws_channel_buffer: DEFAULT_BUFFER,
            max_subscribers: 10_000,
            // More than there may be streams, so that a full server can still answer that it is full.
            max_connections: 11_000,
            max_publishes: 64,
            max_ingest_bytes: 1 << 20,
            max_header_bytes: 8192,
            publish_token: None,
            tokens: None,
            is_exposed: false,
            allowed_origins: Origins::default(),
        }
    }
}
