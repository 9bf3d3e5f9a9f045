//! Keys of the server.

use crate::scenario::key::{Allowed, Key};
use crate::scenario::limits::{
    MAX_BACK_SECONDS, MAX_FRAMES_PER_WRITE, MAX_HISTORY, MAX_HISTORY_BYTES, MAX_SECONDS, MAX_TASK_US,
};
use crate::scenario::settings::{RecoverySettings, ServerSection};

pub(super) const ABOUT: &str = "The server's settings. Defaults are those of `hubbub serve`.";
pub(super) const ABOUT_CPU: &str = "One modelled worker. Without this table, CPU time costs nothing.";
pub(super) const ABOUT_RECOVERY: &str =
    "A history for clients that come back, and gap notices. Without this table there is neither.";

pub(super) static KEYS: [Key; 7] = [
    Key::new("policy", "text", Allowed::Text(hubbub::Overflow::NAMES))
        .or(|| format!("{:?}", ServerSection::default().policy.to_string()))
        .says("\"drop-newest\"", "What happens to an event that does not fit into a mailbox"),
    Key::new("keepalive_seconds", "s", Allowed::Above(MAX_SECONDS))
        .or(|| ServerSection::default().keepalive_seconds.to_string())
        .says("15", "Time without events after which a stream gets a keepalive"),
    Key::new("write_deadline_seconds", "s", Allowed::Above(MAX_SECONDS))
        .or(|| ServerSection::default().write_deadline_seconds.to_string())
        .says("30", "Time without write progress after which a connection is closed"),
    Key::new("user_timeout_seconds", "s", Allowed::Above(MAX_SECONDS))
        .or(|| ServerSection::default().user_timeout_seconds.to_string())
        .says("40", "Time that sent bytes may stay unacknowledged before the connection ends"),
    Key::new("frames_per_write", "frames", Allowed::Whole(1, MAX_FRAMES_PER_WRITE))
        .or(|| ServerSection::default().frames_per_write.to_string())
        .says("16", "Most frames that share a write; 1 for policies that remove waiting frames"),
    Key::new("transport", "text", Allowed::Text("`sse` or `ws`"))
        .or(|| format!("{:?}", ServerSection::default().transport.name()))
        .says("\"sse\"", "How subscribers connect: server-sent events (`sse`), or one WebSocket each (`ws`)"),
    Key::new("retry_seconds", "s", Allowed::Number(0.0, MAX_BACK_SECONDS))
        .or(|| ServerSection::default().retry_seconds.to_string())
        .says("5", "Longest time that the `retry:` of a stream asks for: each subscriber is told one between a fifth of it and all of it; with 0 there is no `retry:`"),
];

pub(super) static CPU: [Key; 4] = [
    Key::new("publish_us", "µs", Allowed::Number(0.0, MAX_TASK_US)).says("50", "CPU time of one publish"),
    Key::new("delivery_us", "µs", Allowed::Number(0.0, MAX_TASK_US))
        .says("10", "CPU time of one write to one subscriber"),
    Key::new("frame_us", "µs", Allowed::Number(0.0, MAX_TASK_US))
        .or(|| "0".to_owned())
        .says("1", "CPU time that each frame adds to its write"),
    Key::new("connect_us", "µs", Allowed::Number(0.0, MAX_TASK_US))
        .or(|| "0".to_owned())
        .says("100", "CPU time that a new connection adds to its first write"),
];

pub(super) static RECOVERY: [Key; 4] = [
    Key::new("history_events", "events", Allowed::Whole(1, MAX_HISTORY))
        .or(|| RecoverySettings::default().history_events.to_string())
        .says("10000", "Events that the history keeps"),
    Key::new("history_bytes", "B", Allowed::Whole(1, MAX_HISTORY_BYTES))
        .or(|| RecoverySettings::default().history_bytes.to_string())
        .says("16777216", "Bytes of payload that the history keeps"),
    Key::new("waiting_bytes", "B", Allowed::Whole(1, MAX_HISTORY_BYTES))
        .without("no limit")
        .says("1000000", "Bytes of payload that may wait for one subscriber"),
    Key::new("waiting_age_seconds", "s", Allowed::Above(MAX_SECONDS))
        .without("no limit")
        .says("5", "Age limit of the oldest event that waits for a subscriber"),
];
