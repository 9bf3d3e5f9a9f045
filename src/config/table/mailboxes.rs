//! Settings of the mailboxes of subscribers, and of the history behind them.

use std::time::Duration;

use super::{FORMS, bytes};
use crate::config::policies::{self, MAX_AGE_MS};
use crate::config::setting::{Setting, SettingKind};
use crate::config::{Config, TopicPolicy};
use crate::mailbox::{Capacity, MAX_CAPACITY, Overflow};

/// Most bytes that may wait for one subscriber, and most bytes of the history: 1 GiB.
const MAX_KEPT_BYTES: u64 = 1 << 30;
const MAX_HISTORY_EVENTS: u64 = 10_000_000;

pub(super) static SETTINGS: [Setting; 10] = [
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
];

/// What a full buffer's slots take: a handle each.
fn slot_bytes(config: &Config) -> u64 {
    config.sse_channel_buffer.frames() as u64 * 8
}
