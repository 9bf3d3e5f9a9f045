//! The table of settings: the single source of keys, meanings, ranges and costs. Defaults are those of [`Config`].
//!
//! The file is long because it is one literal: whoever looks for a setting finds every setting here, in the order of the page.

use std::time::Duration;

use super::policies::{self, MAX_AGE_MS};
use super::setting::{NONE, Setting, SettingKind};
use super::settings::LogFormat;
use super::{Config, TopicPolicy};
use crate::mailbox::{Capacity, MAX_CAPACITY, Overflow};
use crate::server::{MAX_FRAMES_PER_WRITE, MAX_TOKEN_BYTES, Origins, Token};

/// Longest time until a client comes back: one hour.
const MAX_RETRY_MS: u64 = 60 * 60 * 1000;
/// Largest time, one day: a longer silence or deadline would have no effect in practice.
const MAX_SECONDS: u64 = 24 * 60 * 60;
/// Longest grace period of a stop, one hour: a stop that takes longer is a mistake in the setting.
const MAX_GRACE_SECONDS: u64 = 60 * 60;
/// Largest body, 64 MiB: a body is held in memory as a whole.
const MAX_INGEST_BYTES: u64 = 64 << 20;
/// Smallest and largest limit of a request's head, in bytes.
const HEADER_BYTES: (u64, u64) = (1024, 1 << 20);
/// Most clients: more than the ports and the memory of one machine allow.
const MAX_CLIENTS: u64 = 1_000_000;
/// Most unsent bytes, 64 MiB: kernels buffer no more than that.
const MAX_UNSENT_BYTES: u64 = 64 << 20;
const MAX_PUBLISHES: u64 = 10_000;

const _: () = assert!(MAX_TOKEN_BYTES == 512, "the table says so");

/// Most bytes that may wait for one subscriber, and most bytes of the history: 1 GiB.
const MAX_KEPT_BYTES: u64 = 1 << 30;
const MAX_HISTORY_EVENTS: u64 = 10_000_000;

/// Copies of an event in memory: the payload as published, one for WebSockets, and one for each form of server-sent
/// events (alone, named, in an envelope).
const FORMS: u64 = 5;

pub(super) static SETTINGS: [Setting; 32] = [
    Setting {
        key: "listen",
        about: "where to listen; port 0 takes a free one",
        kind: SettingKind::Text {
            allowed: "an IP address and a port, as 127.0.0.1:8080",
            get: |config| config.listen.to_string(),
            set: |config, text| text.parse().ok().map(|listen| config.listen = listen),
        },
        memory: None,
    },
    Setting {
        key: "public",
        about: "whether strangers may use the server: see docs/tokens.md",
        kind: SettingKind::Flag { of: |config| &mut config.is_public },
        memory: None,
    },
    Setting {
        key: "admin_listen",
        about: "another address, for /healthz, /readyz, /metrics and /debug alone",
        kind: SettingKind::Text {
            allowed: "none, or an IP address and a port, as 127.0.0.1:9090",
            get: |config| config.admin_listen.map_or(NONE.to_owned(), |address| address.to_string()),
            set: |config, text| optional(text, |text| text.parse().ok()).map(|address| config.admin_listen = address),
        },
        memory: None,
    },
    Setting {
        key: "sse_channel_buffer",
        about: "frames that may wait for one subscriber",
        kind: SettingKind::Whole {
            least: 1,
            most: MAX_CAPACITY as u64,
            get: |config| config.sse_channel_buffer.frames() as u64,
            set: |config, frames| {
                config.sse_channel_buffer = Capacity::new(usize::try_from(frames).ok()?)?;
                Some(())
            },
        },
        memory: Some(|config| {
            let slots = slot_bytes(config);
            let all = slots * config.server.max_subscribers as u64;
            let slots = bytes(slots);
            let all = bytes(all);
            format!(
                "8 B a slot: {slots} for a subscriber whose buffer is full, {all} if all buffers are full. Payloads \
                 come on top; subscribers share them, so each waiting event counts once, with its frame"
            )
        }),
    },
    Setting {
        key: "ws_channel_buffer",
        about: "frames that may wait for one WebSocket, for all of its tables",
        kind: SettingKind::Whole {
            least: 1,
            most: MAX_CAPACITY as u64,
            get: |config| config.server.ws_channel_buffer.frames() as u64,
            set: |config, frames| {
                config.server.ws_channel_buffer = Capacity::new(usize::try_from(frames).ok()?)?;
                Some(())
            },
        },
        memory: Some(|_| "as `sse_channel_buffer`, for WebSockets".to_owned()),
    },
    Setting {
        key: "sse_channel_bytes",
        about: "bytes of events that may wait for one subscriber",
        kind: SettingKind::Limit {
            most: MAX_KEPT_BYTES,
            get: |config| config.sse_channel_bytes.map(|bytes| bytes.get() as u64),
            set: |config, bytes| {
                config.sse_channel_bytes =
                    bytes.map(|bytes| usize::try_from(bytes).ok()?.try_into().ok()).unwrap_or_default();
                Some(())
            },
        },
        memory: None,
    },
    Setting {
        key: "sse_channel_age_ms",
        about: "age limit of the oldest waiting event, checked when the next event comes",
        kind: SettingKind::Limit {
            most: MAX_AGE_MS,
            get: |config| config.sse_channel_age.map(|age| u64::try_from(age.as_millis()).unwrap_or(MAX_AGE_MS)),
            set: |config, ms| {
                config.sse_channel_age = ms.map(Duration::from_millis);
                Some(())
            },
        },
        memory: None,
    },
    Setting {
        key: "overflow",
        about: "what happens to an event that does not fit",
        kind: SettingKind::Text {
            allowed: Overflow::NAMES,
            get: |config| config.overflow.to_string(),
            set: |config, text| text.parse().ok().map(|overflow| config.overflow = overflow),
        },
        memory: None,
    },
    Setting {
        key: "conflate_key",
        about: "path of the member that is an event's key, for conflate",
        kind: SettingKind::Text {
            allowed: "none or names of members separated by dots, as build.id",
            get: |config| config.conflate_key.as_ref().map_or("none".to_owned(), ToString::to_string),
            set: |config, text| {
                config.conflate_key = if text == "none" { None } else { Some(text.parse().ok()?) };
                Some(())
            },
        },
        memory: None,
    },
    Setting {
        key: "policies",
        about: "policies for single topics; the first that matches applies",
        kind: SettingKind::List {
            allowed: policies::ALLOWED,
            get: |config| config.policies.iter().map(ToString::to_string).collect(),
            set: |config, texts| {
                config.policies = texts.iter().map(|text| TopicPolicy::read(text)).collect::<Option<_>>()?;
                Some(())
            },
        },
        memory: None,
    },
    Setting {
        key: "history_events",
        about: "events kept for clients that come back or are parked; 0 keeps none",
        kind: SettingKind::Count { least: 0, most: MAX_HISTORY_EVENTS, of: |config| &mut config.history_events },
        memory: Some(|config| {
            let all = config.history_bytes as u64 * FORMS + config.history_events as u64 * 512;
            let holds = "the kept events and their frames, one for each form of a stream";
            format!("{holds}: {} with `history_bytes`", bytes(all))
        }),
    },
    Setting {
        key: "history_bytes",
        about: "bytes of events kept for clients that come back or are parked",
        kind: SettingKind::Count { least: 1, most: MAX_KEPT_BYTES, of: |config| &mut config.history_bytes },
        memory: None,
    },
    Setting {
        key: "gap_notices",
        about: "whether a stream reports events that are missing from it",
        kind: SettingKind::Text {
            allowed: "on or off",
            get: |config| (if config.gap_notices { "on" } else { "off" }).to_owned(),
            set: |config, text| {
                config.gap_notices = ["off", "on"].iter().position(|word| *word == text)? == 1;
                Some(())
            },
        },
        memory: None,
    },
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
    Setting {
        key: "max_subscribers",
        about: "streams that may be open; a further client is told to come back later",
        kind: SettingKind::Count { least: 1, most: MAX_CLIENTS, of: |config| &mut config.server.max_subscribers },
        memory: Some(|_| "limits the memory of all buffers together: see `sse_channel_buffer`".to_owned()),
    },
    Setting {
        key: "max_connections",
        about: "connections that may be open; a further one is closed at once",
        kind: SettingKind::Count { least: 2, most: MAX_CLIENTS + 1, of: |config| &mut config.server.max_connections },
        memory: Some(|config| {
            let heads = config.server.max_connections as u64 * read_buffer_bytes(config);
            format!("heads that are being read: {} if every connection sends one", bytes(heads))
        }),
    },
    Setting {
        key: "max_publishes",
        about: "publishes that may be in memory at the same time; further ones wait",
        kind: SettingKind::Count { least: 1, most: MAX_PUBLISHES, of: |config| &mut config.server.max_publishes },
        memory: Some(|config| {
            let bodies = config.server.max_publishes as u64 * config.server.max_ingest_bytes as u64;
            format!("bodies: {} with `max_ingest_bytes`, and the same again while they are published", bytes(bodies))
        }),
    },
    Setting {
        key: "max_ingest_bytes",
        about: "largest body of a publish request, which is an event or a batch",
        kind: SettingKind::Count { least: 1, most: MAX_INGEST_BYTES, of: |config| &mut config.server.max_ingest_bytes },
        memory: Some(|config| {
            let frames = config.sse_channel_buffer.frames().max(config.server.ws_channel_buffer.frames()) as u64;
            let worst = frames * config.server.max_ingest_bytes as u64 * FORMS;
            format!(
                "an event of this size and its frames, one for each form of a stream, stay until no buffer holds it: {} for a \
                 buffer full of such events, and the same again for each buffer that is full of others. Over SSE a \
                 line break in a payload adds six bytes",
                bytes(worst)
            )
        }),
    },
    Setting {
        key: "max_header_bytes",
        about: "largest head of a request",
        kind: SettingKind::Count {
            least: HEADER_BYTES.0,
            most: HEADER_BYTES.1,
            of: |config| &mut config.server.max_header_bytes,
        },
        memory: Some(|config| format!("a connection's read buffer: at most {}", bytes(read_buffer_bytes(config)))),
    },
    Setting {
        key: "publish_token",
        about: "token that a publisher must send, as Authorization: Bearer TOKEN",
        kind: SettingKind::Secret {
            allowed: "1 to 512 visible ASCII characters",
            is_set: |config| config.server.publish_token.is_some(),
            set: |config, text| {
                config.server.publish_token = Some(Token::new(text)?);
                Some(())
            },
        },
        memory: None,
    },
    Setting {
        key: "token_keys",
        about: "file with the keys of tokens; it is read again when it changes",
        kind: SettingKind::Text {
            allowed: "none, or the path of a JWKS, of public keys in PEM, or of one HS256 secret",
            get: |config| config.token_keys.as_ref().map_or(NONE.to_owned(), |path| path.display().to_string()),
            set: |config, text| {
                let path = |text: &str| (!text.is_empty()).then(|| text.into());
                optional(text, path).map(|path| config.token_keys = path)
            },
        },
        memory: None,
    },
    Setting {
        key: "token_audience",
        about: "name that a token must have as its audience (aud)",
        kind: SettingKind::Text {
            allowed: "none, or a name",
            get: |config| config.token_audience.clone().unwrap_or_else(|| NONE.to_owned()),
            set: |config, text| {
                let name = |text: &str| (!text.is_empty()).then(|| text.to_owned());
                optional(text, name).map(|name| config.token_audience = name)
            },
        },
        memory: None,
    },
    Setting {
        key: "allowed_origins",
        about: "origins of web pages that may watch and publish, besides the server's own",
        kind: SettingKind::List {
            allowed: "a list of origins, as https://app.example, or *",
            get: |config| config.server.allowed_origins.texts(),
            set: |config, texts| {
                config.server.allowed_origins = Origins::new(texts)?;
                Some(())
            },
        },
        memory: None,
    },
    Setting {
        key: "log_level",
        about: "least severity of messages that are logged",
        kind: SettingKind::Text {
            allowed: "error, warn, info or debug",
            get: |config| config.log_level.to_string(),
            set: |config, text| text.parse().ok().map(|level| config.log_level = level),
        },
        memory: None,
    },
    Setting {
        key: "log_format",
        about: "form of a line of the log",
        kind: SettingKind::Text {
            allowed: "text or json",
            get: |config| config.log_format.name().to_owned(),
            set: |config, text| LogFormat::of_name(text).map(|format| config.log_format = format),
        },
        memory: None,
    },
];

/// Reads a value that may be `none`. The outer `None` is for a value that is not allowed.
fn optional<T>(text: &str, read: impl FnOnce(&str) -> Option<T>) -> Option<Option<T>> {
    if text == NONE { Some(None) } else { read(text).map(Some) }
}

/// What a full buffer's slots take: a handle each.
fn slot_bytes(config: &Config) -> u64 {
    config.sse_channel_buffer.frames() as u64 * 8
}

/// hyper's read buffer is never smaller than this.
fn read_buffer_bytes(config: &Config) -> u64 {
    (config.server.max_header_bytes as u64).max(8192)
}

/// A size as people read it, rounded down.
fn bytes(bytes: u64) -> String {
    match bytes {
        0..1024 => format!("{bytes} B"),
        1024..0x10_0000 => format!("{} KiB", bytes >> 10),
        0x10_0000..0x4000_0000 => format!("{} MiB", bytes >> 20),
        _ => format!("{:.1} GiB", bytes as f64 / f64::from(1 << 30)),
    }
}
