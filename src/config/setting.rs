//! The table of settings: for each its key, what it means, what it may be, and where it goes.
//!
//! Knows what a value is, not where it was written.

use std::fmt::Write as _;
use std::time::Duration;

use super::{Config, Refusal};
use crate::mailbox::{Capacity, MAX_CAPACITY};

/// The file's one section.
pub(super) const SECTION: &str = "server";
/// What every variable begins with.
const PREFIX: &str = "WH_";
/// A day: a longer silence or deadline is none.
const MAX_SECONDS: u64 = 24 * 60 * 60;
/// 64 MiB: a body is held in memory whole.
const MAX_INGEST_BYTES: u64 = 64 << 20;
/// Longest value a refusal quotes, in characters.
const MAX_SHOWN: usize = 60;

/// One thing that can be set.
pub(super) struct Setting {
    pub(super) key: &'static str,
    about: &'static str,
    kind: Kind,
    /// The value a configuration has, as an operator would write it.
    shown: fn(&Config) -> String,
}

/// What a setting may be. A setter says `None` to what it does not take.
enum Kind {
    /// A whole number from 1 to `most`.
    Whole { most: u64, set: fn(&mut Config, u64) -> Option<()> },
    /// A text of the kind that `allowed` describes.
    Text { allowed: &'static str, set: fn(&mut Config, &str) -> Option<()> },
}

/// A value as its source understands it; an environment's may be both a number and a text.
#[derive(Default)]
pub(super) struct Given<'a> {
    pub(super) number: Option<u64>,
    pub(super) text: Option<&'a str>,
}

static SETTINGS: [Setting; 6] = [
    Setting {
        key: "listen",
        about: "where to listen; port 0 takes a free one",
        kind: Kind::Text {
            allowed: "an IP address and a port, as 127.0.0.1:8080",
            set: |config, text| text.parse().ok().map(|listen| config.listen = listen),
        },
        shown: |config| config.listen.to_string(),
    },
    Setting {
        key: "sse_channel_buffer",
        about: "frames that may wait for one subscriber",
        kind: Kind::Whole {
            most: MAX_CAPACITY as u64,
            set: |config, frames| {
                config.sse_channel_buffer = Capacity::new(usize::try_from(frames).ok()?)?;
                Some(())
            },
        },
        shown: |config| config.sse_channel_buffer.frames().to_string(),
    },
    Setting {
        key: "overflow",
        about: "what a full buffer does: drop-newest, drop-oldest or disconnect",
        kind: Kind::Text {
            allowed: "drop-newest, drop-oldest or disconnect",
            set: |config, text| text.parse().ok().map(|overflow| config.overflow = overflow),
        },
        shown: |config| config.overflow.to_string(),
    },
    Setting {
        key: "keepalive_seconds",
        about: "silence after which a stream gets a comment",
        kind: Kind::Whole {
            most: MAX_SECONDS,
            set: |config, seconds| {
                config.server.keepalive = Duration::from_secs(seconds);
                Some(())
            },
        },
        shown: |config| config.server.keepalive.as_secs().to_string(),
    },
    Setting {
        key: "write_deadline_seconds",
        about: "time after which a client that takes nothing is cut off",
        kind: Kind::Whole {
            most: MAX_SECONDS,
            set: |config, seconds| {
                config.server.write_deadline = Duration::from_secs(seconds);
                Some(())
            },
        },
        shown: |config| config.server.write_deadline.as_secs().to_string(),
    },
    Setting {
        key: "max_ingest_bytes",
        about: "largest event that can be published",
        kind: Kind::Whole {
            most: MAX_INGEST_BYTES,
            set: |config, bytes| {
                config.server.max_ingest_bytes = usize::try_from(bytes).ok()?;
                Some(())
            },
        },
        shown: |config| config.server.max_ingest_bytes.to_string(),
    },
];

impl Setting {
    pub(super) fn of_key(key: &str) -> Option<&'static Self> {
        SETTINGS.iter().find(|setting| setting.key == key)
    }

    /// The key with its section.
    fn name(&self) -> String {
        format!("{SECTION}.{}", self.key)
    }

    fn variable(&self) -> String {
        format!("{PREFIX}{}", self.key.to_ascii_uppercase())
    }

    fn allowed(&self) -> String {
        match self.kind {
            Kind::Whole { most, .. } => format!("1 ..= {most}"),
            Kind::Text { allowed, .. } => allowed.to_owned(),
        }
    }

    fn set(&self, config: &mut Config, given: &Given<'_>) -> Option<()> {
        match self.kind {
            Kind::Whole { most, set } => set(config, given.number.filter(|number| (1..=most).contains(number))?),
            Kind::Text { set, .. } => set(config, given.text?),
        }
    }

    /// Sets it, or refuses the value, which was `written` at `place`.
    pub(super) fn apply(
        &self,
        config: &mut Config,
        given: &Given<'_>,
        place: String,
        written: &str,
        refusals: &mut Vec<Refusal>,
    ) {
        if self.set(config, given).is_none() {
            let (key, value, allowed) = (self.name(), one_line(written), self.allowed());
            refusals.push(Refusal::Value { place, key, value, allowed });
        }
    }
}

/// Takes a variable of the environment, if it is one of ours.
pub(super) fn apply_variable(config: &mut Config, name: &str, value: &str, refusals: &mut Vec<Refusal>) {
    if !name.starts_with(PREFIX) {
        return;
    }
    let Some(setting) = SETTINGS.iter().find(|setting| setting.variable() == name) else {
        let allowed = either(SETTINGS.iter().map(Setting::variable));
        refusals.push(Refusal::Unknown { place: "environment".to_owned(), name: one_line(name), allowed });
        return;
    };
    let number = value.bytes().all(|byte| byte.is_ascii_digit()).then(|| value.parse().ok()).flatten();
    let written = if number.is_some() { value.to_owned() } else { format!("{value:?}") };
    setting.apply(config, &Given { number, text: Some(value) }, name.to_owned(), &written, refusals);
}

/// Every key there is.
pub(super) fn keys() -> String {
    either(SETTINGS.iter().map(|setting| setting.key.to_owned()))
}

/// What can be set, two lines each: key, variable and default, then the meaning.
pub fn help() -> String {
    let default = Config::default();
    SETTINGS.iter().fold(String::new(), |mut text, setting| {
        let (key, variable, shown) = (setting.key, setting.variable(), (setting.shown)(&default));
        // Writing to a String cannot fail.
        let _ = writeln!(text, "  {key:<23} {variable:<26} {shown}\n      {}", setting.about);
        text
    })
}

/// `a, b or c`.
fn either(names: impl Iterator<Item = String>) -> String {
    let mut names: Vec<_> = names.collect();
    let last = names.pop().unwrap_or_default();
    if names.is_empty() { last } else { format!("{} or {last}", names.join(", ")) }
}

/// A text that fits into a line, whatever was in it.
pub(super) fn one_line(text: &str) -> String {
    let mut shown = String::new();
    for (count, character) in text.chars().enumerate() {
        if count == MAX_SHOWN {
            shown.push('…');
            break;
        }
        if character.is_control() { shown.extend(character.escape_default()) } else { shown.push(character) }
    }
    shown
}
