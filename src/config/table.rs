//! The table of settings: the single source of keys, meanings, ranges and costs. Defaults are those of
//! [`Config`](super::Config).

mod access;
mod connections;
mod limits;
mod listening;
mod log;
mod mailboxes;
mod source;

use super::setting::{NONE, Setting};

/// Copies of an event in memory: the payload as published, one for WebSockets, and one for each form of server-sent
/// events (alone, named, in an envelope).
const FORMS: u64 = 5;

/// All settings, in the order of pages and messages.
pub(super) static SETTINGS: Table = Table([
    &listening::SETTINGS,
    &mailboxes::SETTINGS,
    &connections::SETTINGS,
    &limits::SETTINGS,
    &access::SETTINGS,
    &source::SETTINGS,
    &log::SETTINGS,
]);

/// Settings by section.
pub(super) struct Table([&'static [Setting]; 7]);

impl Table {
    pub(super) fn iter(&self) -> impl Iterator<Item = &'static Setting> {
        self.0.into_iter().flatten()
    }
}

/// Reads a value that may be `none`. The outer `None` is for a value that is not allowed.
fn optional<T>(text: &str, read: impl FnOnce(&str) -> Option<T>) -> Option<Option<T>> {
    if text == NONE { Some(None) } else { read(text).map(Some) }
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
