//! A file and an environment that set everything, and the values that they give.

use std::num::NonZeroUsize;
use std::time::Duration;

use super::tests::{Pair, load};
use super::*;
use crate::hub::HistorySettings;
use crate::jetstream;
use crate::mailbox::{Capacity, Overflow};
use crate::server::{Origins, ServerSettings, Token};

/// What the next test sets, every setting another value than its default.
fn everything() -> Config {
    Config {
        listen: "[::1]:0".parse().unwrap(),
        is_public: true,
        admin_listen: "127.0.0.1:9".parse().ok(),
        token_keys: Some("keys.json".into()),
        token_audience: Some("hub".to_owned()),
        sse_channel_buffer: Capacity::new(1024).unwrap(),
        sse_channel_bytes: NonZeroUsize::new(70_000),
        sse_channel_age: Some(Duration::from_millis(2500)),
        overflow: Overflow::Disconnect,
        conflate_key: "build.id".parse().ok(),
        policies: ["ingest.prices conflate key=symbol frames=5", "ingest.> park"]
            .map(|text| TopicPolicy::read(text).unwrap())
            .into(),
        history_events: 11,
        history_bytes: 12,
        gap_notices: false,
        source: Source::JetStream,
        jetstream: jetstream::Settings {
            urls: ["nats://a:4222", "tls://b:4222"].map(str::to_owned).into(),
            credentials: Some("nats.creds".into()),
            stream: "events".to_owned(),
            cluster: "live".to_owned(),
            replicas: 3,
            stream_bytes: 2 << 20,
            stream_age: None,
            ack_timeout: Duration::from_secs(2),
            grace: Duration::ZERO,
            replay: HistorySettings { events: 13, bytes: 14 },
        },
        log_level: LogLevel::Debug,
        log_format: LogFormat::Json,
        server: ServerSettings {
            keepalive: Duration::from_secs(1),
            retry: Some(Duration::from_millis(2000)),
            write_deadline: Duration::from_secs(44),
            user_timeout: Duration::from_secs(45),
            max_ingest_bytes: 2000,
            request_timeout: Some(Duration::from_secs(3)),
            shutdown_grace: Duration::ZERO,
            socket_unsent_bytes: 4096,
            frames_per_write: 4,
            ws_channel_buffer: Capacity::new(2048).unwrap(),
            max_subscribers: 7,
            max_connections: 8,
            max_publishes: 9,
            max_header_bytes: 1024,
            publish_token: Token::new("s3cret"),
            allowed_origins: Origins::new(&["https://a.example", "http://b:1"]).unwrap(),
            tokens: None,
            is_exposed: false,
        },
    }
}

/// All settings, as a file has them.
const FILE: &str = "server.listen = '[::1]:0'\nserver.sse_channel_buffer = 0x400\nserver.sse_channel_bytes = 70_000\n\
                server.sse_channel_age_ms = 2500\nserver.overflow = 'disconnect'\nserver.conflate_key = 'build.id'\n\
                server.policies = ['ingest.prices conflate key=symbol frames=5', 'ingest.> park']\n\
                server.history_events = 11\nserver.history_bytes = 12\nserver.gap_notices = 'off'\n\
                server.keepalive_seconds = 1\nserver.retry_ms = 2_000\nserver.write_deadline_seconds = 44\n\
                server.user_timeout_seconds = 45\n\
                server.max_ingest_bytes = 2_000\nserver.request_timeout_seconds = 3\n\
                server.shutdown_grace_seconds = 0\nserver.socket_unsent_bytes = 4096\n\
                server.frames_per_write = 4\nserver.ws_channel_buffer = 2048\n\
                server.max_subscribers = 7\nserver.max_connections = 8\nserver.max_publishes = 9\n\
                server.max_header_bytes = 1024\nserver.publish_token = 's3cret'\n\
                server.allowed_origins = ['https://a.example', 'http://b:1']\nserver.log_level = 'debug'\n\
                server.public = true\nserver.admin_listen = '127.0.0.1:9'\nserver.token_keys = 'keys.json'\n\
                server.token_audience = 'hub'\nserver.log_format = 'json'\nserver.source = 'jetstream'\n\
                server.nats_url = ['nats://a:4222', 'tls://b:4222']\nserver.nats_credentials = 'nats.creds'\n\
                server.nats_stream = 'events'\nserver.nats_cluster = 'live'\nserver.nats_replicas = 3\nserver.nats_stream_bytes = 0x20_0000\n\
                server.nats_stream_age_seconds = 'none'\nserver.nats_ack_seconds = 2\n\
                server.nats_grace_seconds = 0\nserver.nats_replay_events = 13\nserver.nats_replay_bytes = 14\n";

/// All settings, as an environment has them.
const ENVIRONMENT: [Pair; 44] = [
    ("WH_LISTEN", "[::1]:0"),
    ("WH_PUBLIC", "true"),
    ("WH_ADMIN_LISTEN", "127.0.0.1:9"),
    ("WH_TOKEN_KEYS", "keys.json"),
    ("WH_TOKEN_AUDIENCE", "hub"),
    ("WH_LOG_FORMAT", "json"),
    ("WH_SSE_CHANNEL_BUFFER", "1024"),
    ("WH_SSE_CHANNEL_BYTES", "70000"),
    ("WH_SSE_CHANNEL_AGE_MS", "2500"),
    ("WH_OVERFLOW", "disconnect"),
    ("WH_CONFLATE_KEY", "build.id"),
    ("WH_POLICIES", "ingest.prices conflate key=symbol frames=5, ingest.> park"),
    ("WH_HISTORY_EVENTS", "11"),
    ("WH_HISTORY_BYTES", "12"),
    ("WH_GAP_NOTICES", "off"),
    ("WH_KEEPALIVE_SECONDS", "1"),
    ("WH_RETRY_MS", "2000"),
    ("WH_WRITE_DEADLINE_SECONDS", "44"),
    ("WH_USER_TIMEOUT_SECONDS", "45"),
    ("WH_MAX_INGEST_BYTES", "2000"),
    ("WH_REQUEST_TIMEOUT_SECONDS", "3"),
    ("WH_SHUTDOWN_GRACE_SECONDS", "0"),
    ("WH_SOCKET_UNSENT_BYTES", "4096"),
    ("WH_FRAMES_PER_WRITE", "4"),
    ("WH_WS_CHANNEL_BUFFER", "2048"),
    ("WH_MAX_SUBSCRIBERS", "7"),
    ("WH_MAX_CONNECTIONS", "8"),
    ("WH_MAX_PUBLISHES", "9"),
    ("WH_MAX_HEADER_BYTES", "1024"),
    ("WH_PUBLISH_TOKEN", "s3cret"),
    ("WH_ALLOWED_ORIGINS", "https://a.example, http://b:1"),
    ("WH_LOG_LEVEL", "debug"),
    ("WH_SOURCE", "jetstream"),
    ("WH_NATS_URL", "nats://a:4222, tls://b:4222"),
    ("WH_NATS_CREDENTIALS", "nats.creds"),
    ("WH_NATS_STREAM", "events"),
    ("WH_NATS_CLUSTER", "live"),
    ("WH_NATS_REPLICAS", "3"),
    ("WH_NATS_STREAM_BYTES", "2097152"),
    ("WH_NATS_STREAM_AGE_SECONDS", "none"),
    ("WH_NATS_ACK_SECONDS", "2"),
    ("WH_NATS_GRACE_SECONDS", "0"),
    ("WH_NATS_REPLAY_EVENTS", "13"),
    ("WH_NATS_REPLAY_BYTES", "14"),
];

#[test]
fn a_file_and_an_environment_can_set_everything_alike() {
    let wanted = everything();
    for setting in table::SETTINGS.iter() {
        let (name, variable) = (setting.name(), setting.variable());
        assert!(FILE.contains(&format!("{name} = ")), "{name} is not in the file");
        assert!(ENVIRONMENT.iter().any(|(set, _)| *set == variable), "{variable} is not in the environment");
        assert_ne!(setting.as_toml(&wanted), setting.as_toml(&Config::default()), "{name} has its default");
    }
    assert_eq!(load(FILE, &[]), Ok(wanted.clone()));
    assert_eq!(load("", &ENVIRONMENT), Ok(wanted.clone()));
    let crlf = FILE.replace('\n', "\r\n");
    assert_eq!(load(&format!("\u{feff}{crlf}"), &[]), Ok(wanted), "with a byte order mark and CRLF");
}
