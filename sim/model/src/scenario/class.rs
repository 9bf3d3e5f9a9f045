//! A class of subscribers: its shape in a file, and what follows from the preset of its path.

use std::fmt;

use serde::Deserialize;
use serde::de::{self, Deserializer, Visitor};

use super::objective::ClassObjective;
use super::path::{FIRST_WINDOW_BYTES, NetworkPath, PathSettings};
use super::reads::{Reads, RoundTrip};

/// What a browser's `EventSource` waits before it comes back, unless it is told otherwise: Chromium's 3 s.
pub(super) const EVENT_SOURCE_SECONDS: f64 = 3.0;

/// A group of subscribers alike.
#[derive(Clone, PartialEq, Deserialize)]
#[serde(try_from = "ClassTable")]
pub struct Class {
    /// Its name in results.
    pub name: String,
    /// That many whatever N is. Exactly one of `count` and `share` is given.
    pub count: Option<usize>,
    /// That part of those who are in no class with a `count`; these parts sum to 1.
    pub share: Option<f64>,
    /// Network round trip. Where it is left out, that of the path's preset.
    pub round_trip_ms: RoundTrip,
    /// What a reader's side of the socket holds before writes block. On a path: the client's receive buffer, or what it
    /// announces at first where its kernel tunes it.
    pub window_bytes: u64,
    /// How members read.
    pub reads: Reads,
    /// First and last moment at which members connect; left out, the first second or tenth of the run.
    pub connect_seconds: Option<[f64; 2]>,
    /// Shortest and longest stay; left out, members stay to the end.
    pub stay_seconds: Option<[f64; 2]>,
    /// A member whose stream ends comes back after this long; left out, it stays away.
    pub reconnect_after_seconds: Option<f64>,
    /// The tables that members watch, by name. With neither this nor `topic`, members watch all of them by name.
    pub tables: Option<Vec<String>>,
    /// The tables that members watch, as a pattern of topics.
    pub topic: Option<String>,
    /// Whether a member waits for as long as the last `retry:` said that it has read, as an `EventSource` does.
    pub obeys_retry: bool,
    /// The bottleneck between the server and each member; left out, there is only the window.
    pub path: Option<PathSettings>,
    /// What is good enough for members, beside what is for all subscribers.
    pub objective: ClassObjective,
}

impl Class {
    /// The path with its preset and all defaults, if there is one.
    #[must_use]
    pub fn path(&self) -> Option<NetworkPath> {
        self.path.as_ref().map(PathSettings::path)
    }
}

// By hand: the fingerprint of a scenario is made of this text, and one without tables, a path or an objective must have
// the one that it had before there were any.
impl fmt::Debug for Class {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            name,
            count,
            share,
            round_trip_ms,
            window_bytes,
            reads,
            connect_seconds,
            stay_seconds,
            reconnect_after_seconds,
            tables,
            topic,
            obeys_retry,
            path,
            objective,
        } = self;
        let mut text = f.debug_struct("Class");
        text.field("name", name)
            .field("count", count)
            .field("share", share)
            .field("round_trip_ms", round_trip_ms)
            .field("window_bytes", window_bytes)
            .field("reads", reads)
            .field("connect_seconds", connect_seconds)
            .field("stay_seconds", stay_seconds)
            .field("reconnect_after_seconds", reconnect_after_seconds);
        if let Some(tables) = tables {
            text.field("tables", tables);
        }
        if let Some(topic) = topic {
            text.field("topic", topic);
        }
        if *obeys_retry {
            text.field("obeys_retry", obeys_retry);
        }
        if let Some(path) = path {
            text.field("path", path);
        }
        if !objective.is_empty() {
            text.field("objective", objective);
        }
        text.finish()
    }
}

/// A class as it is written.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ClassTable {
    name: String,
    count: Option<usize>,
    share: Option<f64>,
    round_trip_ms: Option<RoundTrip>,
    window_bytes: Option<Window>,
    reads: Reads,
    connect_seconds: Option<[f64; 2]>,
    stay_seconds: Option<[f64; 2]>,
    reconnect_after_seconds: Option<f64>,
    tables: Option<Vec<String>>,
    topic: Option<String>,
    #[serde(default)]
    obeys_retry: bool,
    path: Option<PathSettings>,
    #[serde(default)]
    objective: ClassObjective,
}

impl TryFrom<ClassTable> for Class {
    type Error = &'static str;

    fn try_from(table: ClassTable) -> Result<Self, Self::Error> {
        let mut path = table.path;
        let preset = path.as_ref().and_then(|path| path.preset);
        let of_preset = preset.map(|preset| RoundTrip::Ms(preset.round_trip_ms()));
        let round_trip_ms = table.round_trip_ms.or(of_preset).ok_or("missing field `round_trip_ms`")?;
        let window_bytes = match (table.window_bytes, &mut path) {
            (Some(Window::Bytes(bytes)), _) => bytes,
            (Some(Window::Auto) | None, Some(path)) => {
                path.tunes_window = true;
                FIRST_WINDOW_BYTES
            }
            (Some(Window::Auto), None) => return Err("window_bytes = \"auto\" needs a [class.path]"),
            (None, None) => return Err("missing field `window_bytes`"),
        };
        Ok(Self {
            name: table.name,
            count: table.count,
            share: table.share,
            round_trip_ms,
            window_bytes,
            reads: table.reads,
            connect_seconds: table.connect_seconds,
            stay_seconds: table.stay_seconds,
            tables: table.tables,
            topic: table.topic,
            // One that obeys has a pause of its own all the same, for as long as it has read no `retry:`.
            reconnect_after_seconds: table
                .reconnect_after_seconds
                .or(table.obeys_retry.then_some(EVENT_SOURCE_SECONDS)),
            obeys_retry: table.obeys_retry,
            path,
            objective: table.objective,
        })
    }
}

/// What `window_bytes` may be.
enum Window {
    Bytes(u64),
    /// The client's kernel tunes it.
    Auto,
}

impl<'de> Deserialize<'de> for Window {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(WindowVisitor)
    }
}

struct WindowVisitor;

impl Visitor<'_> for WindowVisitor {
    type Value = Window;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a whole number of bytes, or \"auto\" beside a path")
    }

    fn visit_i64<E: de::Error>(self, bytes: i64) -> Result<Window, E> {
        let whole = u64::try_from(bytes).map_err(|_| E::invalid_value(de::Unexpected::Signed(bytes), &self))?;
        Ok(Window::Bytes(whole))
    }

    fn visit_u64<E: de::Error>(self, bytes: u64) -> Result<Window, E> {
        Ok(Window::Bytes(bytes))
    }

    fn visit_str<E: de::Error>(self, word: &str) -> Result<Window, E> {
        if word == "auto" { Ok(Window::Auto) } else { Err(E::invalid_value(de::Unexpected::Str(word), &self)) }
    }
}
