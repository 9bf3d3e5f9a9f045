//! Settings of where events come from, and of the stream of NATS that several servers share.

use std::time::Duration;

use super::{FORMS, bytes, optional};
use crate::config::setting::{NONE, Setting, SettingKind};
use crate::config::settings::Source;
use crate::jetstream::{MAX_REPLICAS, is_address, is_stream_name};

/// Most bytes of a stream: 1 TiB.
const MAX_STREAM_BYTES: u64 = 1 << 40;
/// Longest time that a stream keeps an event: ten years.
const MAX_STREAM_AGE_SECONDS: u64 = 10 * 366 * 24 * 60 * 60;
/// Longest time to wait for an acknowledgement: a publisher has given up by then.
const MAX_ACK_SECONDS: u64 = 60;
/// Longest time that a server stays ready without its broker, one hour.
const MAX_GRACE_SECONDS: u64 = 60 * 60;
/// Most events that are read for cursors older than the history, as many as the largest history has.
const MAX_REPLAY_EVENTS: u64 = 10_000_000;
/// Most bytes of them: 1 GiB, as for the history.
const MAX_REPLAY_BYTES: u64 = 1 << 30;

pub(super) static SETTINGS: [Setting; 12] = [
    Setting {
        key: "source",
        about: "where events come from: embedded, or a stream of NATS: docs/cluster.md",
        kind: SettingKind::Text {
            allowed: Source::NAMES,
            get: |config| config.source.name().to_owned(),
            set: |config, text| Source::of_name(text).map(|source| config.source = source),
        },
        memory: None,
    },
    Setting {
        key: "nats_url",
        about: "addresses of the NATS servers; tls:// asks for TLS",
        kind: SettingKind::List {
            allowed: "a list of addresses without a password, as nats://127.0.0.1:4222",
            get: |config| config.jetstream.urls.clone(),
            set: |config, texts| {
                let fit = !texts.is_empty() && texts.iter().all(|text| is_address(text));
                fit.then(|| config.jetstream.urls = texts.iter().map(|text| (*text).to_owned()).collect())
            },
        },
        memory: None,
    },
    Setting {
        key: "nats_credentials",
        about: "file with what to log in to NATS with",
        kind: SettingKind::Text {
            allowed: "none, or the path of a .creds file, or of one line: USER:PASSWORD or a token",
            get: |config| {
                let path = config.jetstream.credentials.as_ref();
                path.map_or(NONE.to_owned(), |path| path.display().to_string())
            },
            set: |config, text| {
                let path = |text: &str| (!text.is_empty()).then(|| text.into());
                optional(text, path).map(|path| config.jetstream.credentials = path)
            },
        },
        memory: None,
    },
    Setting {
        key: "nats_stream",
        about: "name of the stream, made if there is none; its subjects are NAME.>",
        kind: SettingKind::Text {
            allowed: "1 to 64 of A-Z a-z 0-9 _ -",
            get: |config| config.jetstream.stream.clone(),
            set: |config, text| is_stream_name(text).then(|| config.jetstream.stream = text.to_owned()),
        },
        memory: None,
    },
    Setting {
        key: "nats_cluster",
        about: "name of the cluster; a stream that was made for another cluster is refused",
        kind: SettingKind::Text {
            allowed: "1 to 64 of A-Z a-z 0-9 _ -",
            get: |config| config.jetstream.cluster.clone(),
            set: |config, text| is_stream_name(text).then(|| config.jetstream.cluster = text.to_owned()),
        },
        memory: None,
    },
    Setting {
        key: "nats_replicas",
        about: "servers of NATS that keep the stream",
        kind: SettingKind::Count { least: 1, most: MAX_REPLICAS as u64, of: |config| &mut config.jetstream.replicas },
        memory: None,
    },
    Setting {
        key: "nats_stream_bytes",
        about: "bytes kept by a stream that is made here; the oldest events go first",
        kind: SettingKind::Whole {
            least: 1 << 20,
            most: MAX_STREAM_BYTES,
            get: |config| config.jetstream.stream_bytes,
            set: |config, bytes| {
                config.jetstream.stream_bytes = bytes;
                Some(())
            },
        },
        memory: Some(|config| format!("disk of each replica: {}", bytes(config.jetstream.stream_bytes))),
    },
    Setting {
        key: "nats_stream_age_seconds",
        about: "time that a stream that is made here keeps an event",
        kind: SettingKind::Limit {
            most: MAX_STREAM_AGE_SECONDS,
            get: |config| config.jetstream.stream_age.map(|age| age.as_secs()),
            set: |config, seconds| {
                config.jetstream.stream_age = seconds.map(Duration::from_secs);
                Some(())
            },
        },
        memory: None,
    },
    Setting {
        key: "nats_ack_seconds",
        about: "time that an acknowledgement may take; then a publish is answered 504",
        kind: SettingKind::Seconds { least: 1, most: MAX_ACK_SECONDS, of: |config| &mut config.jetstream.ack_timeout },
        memory: None,
    },
    Setting {
        key: "nats_grace_seconds",
        about: "time that /readyz stays 200 while the broker is away",
        kind: SettingKind::Seconds { least: 0, most: MAX_GRACE_SECONDS, of: |config| &mut config.jetstream.grace },
        memory: None,
    },
    Setting {
        key: "nats_replay_events",
        about: "events read from the stream for cursors older than the history; or 0",
        kind: SettingKind::Count {
            least: 0,
            most: MAX_REPLAY_EVENTS,
            of: |config| &mut config.jetstream.replay.events,
        },
        memory: Some(|config| {
            let settings = &config.jetstream;
            let all = settings.replay.bytes as u64 * FORMS + settings.replay.events as u64 * 512;
            let holds = "older events while clients read them, and their frames, one for each form of a stream";
            format!("{holds}: {} with `nats_replay_bytes`", bytes(all))
        }),
    },
    Setting {
        key: "nats_replay_bytes",
        about: "bytes of events read from the stream for cursors older than the history",
        kind: SettingKind::Count { least: 1, most: MAX_REPLAY_BYTES, of: |config| &mut config.jetstream.replay.bytes },
        memory: None,
    },
];
