//! The description of a setting: its key, its meaning, its range, and the field that it sets. It knows values, and not
//! the sources that they come from.

use std::time::Duration;

use config_rs::{Value, ValueKind};

use super::Config;

/// The only section of the file.
pub(super) const SECTION: &str = "server";
/// The beginning of every variable's name.
pub(super) const PREFIX: &str = "WH_";
/// The value for a limit that is not set.
pub(super) const NONE: &str = "none";
/// Most characters of a value that a message quotes.
const MAX_SHOWN: usize = 60;

/// One setting.
pub(super) struct Setting {
    pub(super) key: &'static str,
    pub(super) about: &'static str,
    pub(super) kind: SettingKind,
    /// What the setting costs in memory, in the figures of a configuration; `None` if it costs nothing.
    pub(super) memory: Option<fn(&Config) -> String>,
}

/// The type and range of a setting, and how it is read and set. A setter returns `None` for a value that is not
/// allowed.
pub(super) enum SettingKind {
    /// A time in whole seconds.
    Seconds { least: u64, most: u64, of: fn(&mut Config) -> &mut Duration },
    /// A number of items or bytes.
    Count { least: u64, most: u64, of: fn(&mut Config) -> &mut usize },
    /// Any other whole number.
    Whole { least: u64, most: u64, get: fn(&Config) -> u64, set: fn(&mut Config, u64) -> Option<()> },
    /// A number, or `none`.
    Limit { most: u64, get: fn(&Config) -> Option<u64>, set: fn(&mut Config, Option<u64>) -> Option<()> },
    /// A text of the kind that `allowed` describes.
    Text { allowed: &'static str, get: fn(&Config) -> String, set: fn(&mut Config, &str) -> Option<()> },
    /// Whether something is so.
    Flag { of: fn(&mut Config) -> &mut bool },
    /// A text that is never shown.
    Secret { allowed: &'static str, is_set: fn(&Config) -> bool, set: fn(&mut Config, &str) -> Option<()> },
    /// Several texts; in a variable they are separated by commas.
    List { allowed: &'static str, get: fn(&Config) -> Vec<String>, set: fn(&mut Config, &[&str]) -> Option<()> },
}

/// A value in the forms that its source allows. A variable may be a number, a text and a list at once.
#[derive(Default)]
pub(super) struct Given<'a> {
    pub(super) number: Option<u64>,
    pub(super) flag: Option<bool>,
    pub(super) text: Option<&'a str>,
    pub(super) list: Option<Vec<&'a str>>,
}

impl<'a> Given<'a> {
    /// The number, if there is one and it is in range.
    fn within(&self, least: u64, most: u64) -> Option<u64> {
        self.number.filter(|number| (least..=most).contains(number))
    }

    /// A checked value of a layer.
    pub(super) fn of(value: &'a Value) -> Self {
        match &value.kind {
            ValueKind::U64(number) => Self { number: Some(*number), ..Self::default() },
            ValueKind::Boolean(flag) => Self { flag: Some(*flag), ..Self::default() },
            ValueKind::String(text) => Self { text: Some(text), ..Self::default() },
            ValueKind::Array(items) => {
                let texts = items.iter().filter_map(|item| match &item.kind {
                    ValueKind::String(text) => Some(text.as_str()),
                    _ => None,
                });
                Self { list: Some(texts.collect()), ..Self::default() }
            }
            _ => Self::default(),
        }
    }

    /// A variable's value.
    pub(super) fn of_variable(text: &'a str) -> Self {
        // The integer parser alone would take a sign.
        let number = text.bytes().all(|byte| byte.is_ascii_digit()).then(|| text.parse().ok()).flatten();
        // All forms: which of them is meant is known to the kind of the setting and not to the text.
        let items = text.split(',').map(str::trim).collect();
        Self {
            number,
            flag: text.parse().ok(),
            text: Some(text),
            list: Some(if text.trim().is_empty() { Vec::new() } else { items }),
        }
    }
}

impl Setting {
    /// The key with its section.
    pub(super) fn name(&self) -> String {
        format!("{SECTION}.{}", self.key)
    }

    pub(super) fn variable(&self) -> String {
        format!("{PREFIX}{}", self.key.to_ascii_uppercase())
    }

    pub(super) fn allowed(&self) -> String {
        match self.kind {
            SettingKind::Seconds { least, most, .. }
            | SettingKind::Count { least, most, .. }
            | SettingKind::Whole { least, most, .. } => {
                format!("{least} ..= {most}")
            }
            SettingKind::Limit { most, .. } => format!("{NONE} or 1 ..= {most}"),
            SettingKind::Flag { .. } => "true or false".to_owned(),
            SettingKind::Text { allowed, .. }
            | SettingKind::Secret { allowed, .. }
            | SettingKind::List { allowed, .. } => allowed.to_owned(),
        }
    }

    /// The value a configuration has, as TOML; or why it is none, in words.
    pub(super) fn as_toml(&self, config: &Config) -> Result<String, &'static str> {
        match self.kind {
            SettingKind::Seconds { .. } | SettingKind::Count { .. } | SettingKind::Whole { .. } => {
                Ok(self.number(config).to_string())
            }
            SettingKind::Limit { get, .. } => Ok(get(config).map_or(format!("{NONE:?}"), |limit| limit.to_string())),
            SettingKind::Flag { .. } => Ok(self.flag(config).to_string()),
            SettingKind::Text { get, .. } => Ok(format!("{:?}", get(config))),
            SettingKind::List { get, .. } => Ok(format!("{:?}", get(config))),
            SettingKind::Secret { is_set, .. } => {
                Err(if is_set(config) { "is set and not shown" } else { "is not set" })
            }
        }
    }

    pub(super) fn set(&self, config: &mut Config, given: &Given<'_>) -> Option<()> {
        match self.kind {
            SettingKind::Seconds { least, most, of } => *of(config) = Duration::from_secs(given.within(least, most)?),
            SettingKind::Count { least, most, of } => *of(config) = usize::try_from(given.within(least, most)?).ok()?,
            SettingKind::Whole { least, most, set, .. } => return set(config, given.within(least, most)?),
            SettingKind::Flag { of } => *of(config) = given.flag?,
            SettingKind::Limit { set, .. } if given.text == Some(NONE) => return set(config, None),
            SettingKind::Limit { most, set, .. } => return set(config, Some(given.within(1, most)?)),
            SettingKind::Text { set, .. } | SettingKind::Secret { set, .. } => return set(config, given.text?),
            SettingKind::List { set, .. } => return set(config, given.list.as_deref()?),
        }
        Some(())
    }

    /// The number a configuration has; 0 for what is none.
    pub(super) fn number(&self, config: &Config) -> u64 {
        // A setting is described by the place to write to. So reading goes through a copy.
        let mut config = config.clone();
        match self.kind {
            SettingKind::Seconds { of, .. } => of(&mut config).as_secs(),
            SettingKind::Count { of, .. } => *of(&mut config) as u64,
            SettingKind::Whole { get, .. } => get(&config),
            SettingKind::Limit { get, .. } => get(&config).unwrap_or(0),
            SettingKind::Flag { .. }
            | SettingKind::Text { .. }
            | SettingKind::Secret { .. }
            | SettingKind::List { .. } => 0,
        }
    }

    /// The flag a configuration has; `false` for what is none.
    pub(super) fn flag(&self, config: &Config) -> bool {
        match self.kind {
            SettingKind::Flag { of } => *of(&mut config.clone()),
            _ => false,
        }
    }

    pub(super) fn value(&self, given: &Given<'_>) -> Option<ValueKind> {
        match self.kind {
            SettingKind::Seconds { .. } | SettingKind::Count { .. } | SettingKind::Whole { .. } => {
                given.number.map(ValueKind::U64)
            }
            SettingKind::Flag { .. } => given.flag.map(ValueKind::Boolean),
            SettingKind::Limit { .. } => match given.number {
                Some(number) => Some(ValueKind::U64(number)),
                None => given.text.map(|text| ValueKind::String(text.to_owned())),
            },
            SettingKind::Text { .. } | SettingKind::Secret { .. } => {
                given.text.map(|text| ValueKind::String(text.to_owned()))
            }
            SettingKind::List { .. } => given.list.as_ref().map(|items| {
                ValueKind::Array(
                    items.iter().map(|item| Value::new(None, ValueKind::String((*item).to_owned()))).collect(),
                )
            }),
        }
    }
}

/// A text for a message of one line: control characters are escaped, and it is cut after [`MAX_SHOWN`] characters.
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
