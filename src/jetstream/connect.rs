//! The connection to a broker: how to log in, and what the client tells of it later.

use std::io;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use async_nats::jetstream::{Context, ContextBuilder};
use async_nats::{Client, ConnectErrorKind, ConnectOptions, Event, ServerAddr};

use super::Settings;
use crate::shared_log::ReadState;

/// Longest time to connect, and to wait for an answer about the stream.
const PATIENCE: Duration = Duration::from_secs(5);
/// Time between two signs of life. A broker that has vanished is noticed after two of them.
const PING_EVERY: Duration = Duration::from_secs(5);
/// Longest pause between two attempts to reach a broker.
const MOST_BETWEEN_ATTEMPTS: Duration = Duration::from_secs(1);
/// Most events that may wait for an acknowledgement. Requests bound them before that.
const MOST_UNACKNOWLEDGED: usize = 65_536;

/// Why a server cannot begin to read the stream. Each text is one line.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum StartError {
    /// No broker answers, or the one that does has no JetStream.
    #[error("{0}")]
    Unreachable(String),
    /// A broker does not accept the credentials, or they cannot be read.
    #[error("{0}")]
    Credentials(String),
    /// The stream is not one that servers can share.
    #[error("{0}")]
    Stream(String),
}

impl StartError {
    /// Whether another setting would help, and not another time.
    pub fn is_bad_input(&self) -> bool {
        match self {
            Self::Unreachable(_) => false,
            Self::Credentials(_) | Self::Stream(_) => true,
        }
    }
}

/// Connects to one of the brokers. Once it is connected, it connects again by itself whenever it has to.
pub(super) async fn client(settings: &Settings, shared: Arc<ReadState>) -> Result<Client, StartError> {
    let options = ConnectOptions::new()
        .name("hubbub")
        .connection_timeout(PATIENCE)
        .request_timeout(Some(PATIENCE))
        .ping_interval(PING_EVERY)
        .reconnect_delay_callback(|attempt| {
            // 50 ms, 100 ms, 200 ms and so on.
            let doubled = 1_u32 << attempt.clamp(1, 6);
            MOST_BETWEEN_ATTEMPTS.min(Duration::from_millis(25) * doubled)
        })
        .event_callback(move |event| {
            tell(&event, &shared);
            std::future::ready(())
        });
    let options = match &settings.credentials {
        Some(path) => log_in(options, path)?,
        None => options,
    };
    let urls = settings.urls.join(", ");
    let addresses: Vec<ServerAddr> = settings.urls.iter().filter_map(|url| url.parse().ok()).collect();
    options.connect(addresses).await.map_err(|why| match why.kind() {
        ConnectErrorKind::AuthorizationViolation | ConnectErrorKind::Authentication => {
            StartError::Credentials(format!("the broker at {urls} refuses to let this server in: see nats_credentials"))
        }
        _ => StartError::Unreachable(format!("no broker at {urls}: {why}")),
    })
}

/// A context for questions about the stream, whose answers take a bounded time.
pub(super) fn context(client: Client) -> Context {
    ContextBuilder::new().timeout(PATIENCE).build(client)
}

/// A context for publishing, where an acknowledgement may take `ack_timeout`.
pub(super) fn publishing_context(client: Client, ack_timeout: Duration) -> Context {
    // The publisher has a deadline of its own, which begins before the client's. So the client's must come later.
    let timeout = ack_timeout * 2;
    ContextBuilder::new()
        .timeout(timeout)
        .ack_timeout(timeout)
        .max_ack_inflight(MOST_UNACKNOWLEDGED)
        .backpressure_on_inflight(true)
        .build(client)
}

/// Logs in with what a file has: a user's token with its key, a user with a password, or a token.
fn log_in(options: ConnectOptions, path: &Path) -> Result<ConnectOptions, StartError> {
    let refused = |why: &dyn std::fmt::Display| {
        StartError::Credentials(format!("{}: no credentials for the broker: {why}", path.display()))
    };
    let text = std::fs::read_to_string(path).map_err(|why| refused(&why))?;
    if text.contains("-----BEGIN") {
        return options.credentials(&text).map_err(|why: io::Error| refused(&why));
    }
    let line = text.trim();
    if line.is_empty() || line.lines().count() > 1 {
        return Err(refused(&"it must be a .creds file, or one line: USER:PASSWORD or a token"));
    }
    Ok(match line.split_once(':') {
        Some((user, password)) => options.user_and_password(user.to_owned(), password.to_owned()),
        None => options.token(line.to_owned()),
    })
}

/// Takes notice of what happens to the connection.
fn tell(event: &Event, shared: &ReadState) {
    match event {
        Event::Connected => shared.connected(),
        Event::Disconnected => shared.away("the connection to the broker is lost"),
        Event::SlowConsumer(_) | Event::LameDuckMode | Event::ServerError(_) | Event::ClientError(_) => {
            tracing::warn!("NATS: {event}")
        }
        // The server closes its connection only when it ends, and has said why.
        Event::Draining | Event::Closed => {}
    }
}
