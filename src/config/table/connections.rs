//! Settings of how a stream is written, and when a connection ends.

use std::time::Duration;

use super::bytes;
use crate::config::setting::{Setting, SettingKind};
use crate::server::MAX_FRAMES_PER_WRITE;

/// Longest time until a client comes back: one hour.
const MAX_RETRY_MS: u64 = 60 * 60 * 1000;
/// Largest time, one day: a longer silence or deadline would have no effect in practice.
const MAX_SECONDS: u64 = 24 * 60 * 60;
/// Longest grace period of a stop, one hour: a stop that takes longer is a mistake in the setting.
const MAX_GRACE_SECONDS: u64 = 60 * 60;
/// Most unsent bytes, 64 MiB: kernels buffer no more than that.
const MAX_UNSENT_BYTES: u64 = 64 << 20;

pub(super) static SETTINGS: [Setting; 8] = [
    Setting {
        key: "keepalive_seconds",
        about: "time without events after which a stream gets a keepalive",
        kind: SettingKind::Seconds { least: 1, most: MAX_SECONDS, of: |config| &mut config.server.keepalive },
        memory: None,
    },
    Setting {
        key: "retry_ms",
        about: "longest time after which a client that lost its stream comes back",
        kind: SettingKind::Limit {
            most: MAX_RETRY_MS,
            get: |config| config.server.retry.map(|retry| u64::try_from(retry.as_millis()).unwrap_or(MAX_RETRY_MS)),
            set: |config, ms| {
                config.server.retry = ms.map(Duration::from_millis);
                Some(())
            },
        },
        memory: None,
    },
    Setting {
        key: "write_deadline_seconds",
        about: "time after which a client that takes nothing is cut off",
        kind: SettingKind::Seconds { least: 1, most: MAX_SECONDS, of: |config| &mut config.server.write_deadline },
        memory: Some(|_| "a client that has stopped reading keeps its full buffer for this time".to_owned()),
    },
    Setting {
        key: "user_timeout_seconds",
        about: "time that sent bytes may stay unacknowledged (TCP_USER_TIMEOUT)",
        kind: SettingKind::Seconds { least: 1, most: MAX_SECONDS, of: |config| &mut config.server.user_timeout },
        memory: Some(|_| {
            "the buffer of a client that has vanished, and what it was sent, are kept for this time".to_owned()
        }),
    },
    Setting {
        key: "request_timeout_seconds",
        about: "time that the head of a request may take, and then its body",
        kind: SettingKind::Whole {
            least: 1,
            most: MAX_SECONDS,
            get: |config| config.server.request_timeout.map_or(0, |timeout| timeout.as_secs()),
            set: |config, seconds| {
                config.server.request_timeout = Some(Duration::from_secs(seconds));
                Some(())
            },
        },
        memory: Some(|_| "an idle connection is kept for this time".to_owned()),
    },
    Setting {
        key: "shutdown_grace_seconds",
        about: "time that streams have to end after the server was told to stop",
        kind: SettingKind::Seconds {
            least: 0,
            most: MAX_GRACE_SECONDS,
            of: |config| &mut config.server.shutdown_grace,
        },
        memory: None,
    },
    Setting {
        key: "socket_unsent_bytes",
        about: "bytes that may wait unsent in a socket (TCP_NOTSENT_LOWAT)",
        kind: SettingKind::Whole {
            least: 1,
            most: MAX_UNSENT_BYTES,
            get: |config| u64::from(config.server.socket_unsent_bytes),
            set: |config, bytes| {
                config.server.socket_unsent_bytes = u32::try_from(bytes).ok()?;
                Some(())
            },
        },
        memory: Some(|config| {
            let unsent = u64::from(config.server.socket_unsent_bytes);
            let all = unsent * config.server.max_connections as u64;
            format!("kernel memory: {} for each connection that is behind, {} if all are", bytes(unsent), bytes(all))
        }),
    },
    Setting {
        key: "frames_per_write",
        about: "most frames that share a write; 1 for policies that remove waiting frames",
        kind: SettingKind::Count {
            least: 1,
            most: MAX_FRAMES_PER_WRITE as u64,
            of: |config| &mut config.server.frames_per_write,
        },
        memory: None,
    },
];
